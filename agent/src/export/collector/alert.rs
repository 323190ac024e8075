//! Why a handshake failed, in words: what the other side's alert (RFC 8446 §6.2) or our own check of
//! its certificate means to the person who has to mend it.

use daicho_common::complaint::{Complaint, Exit};
use rustls::{AlertDescription, CertificateError, Error};

/// The complaint about a failure that has to do with certificates; `None` for any other.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "of the many failures few are about certificates"
)]
pub(super) fn complaint(url: &str, failure: &ureq::Error) -> Option<Complaint> {
    let (ja, en) = match inner(failure)? {
        Error::AlertReceived(AlertDescription::CertificateExpired) => (
            "このエージェントの証明書の期限が切れています。サーバーで `daicho-collector agent invite` を実行し、新しいコードで `daicho-agent enrol` をやり直してください",
            "this agent's certificate has expired; run `daicho-collector agent invite` there and `daicho-agent enrol` here with the new code",
        ),
        Error::AlertReceived(
            AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::DecryptError
            | AlertDescription::AccessDenied,
        ) => (
            "このエージェントの証明書は、この収集サーバーのものではありません。新しいコードで `daicho-agent enrol` をやり直してください",
            "this agent's certificate is not of that collector; run `daicho-agent enrol` here with a new code",
        ),
        Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => (
            "収集サーバーの証明書にこの名前がありません。収集サーバーの設定 agent_names に加えてください",
            "the collector's certificate is not for this name; add it to agent_names in the collector's configuration",
        ),
        Error::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        ) => (
            "収集サーバーの証明書の期間外です。両方の時計を確かめてください",
            "the collector's certificate does not hold at this time; check both clocks",
        ),
        Error::InvalidCertificate(_) => (
            "相手は登録した収集サーバーではありません。接続先と、途中で通信を書き換える装置がないかを確かめてください",
            "this is not the collector with which the agent is enrolled; check the address, and whether something on the way rewrites traffic",
        ),
        _ => return None,
    };
    Some(Complaint::new(
        Exit::Integrity,
        format!("収集サーバー {url} と安全に通信できません。{ja}"),
        format!("no safe connection to the collector {url}: {en}"),
    ))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only two hold an error of rustls")]
fn inner(failure: &ureq::Error) -> Option<&Error> {
    match failure {
        ureq::Error::Rustls(error) => Some(error),
        ureq::Error::Io(error) => error.get_ref()?.downcast_ref(),
        _ => None,
    }
}
