//! Enrolment: with a one-time code from a person, the agent gets its first certificate.

use std::path::Path;
use std::time::Duration;

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::enrolment::{Admission, Application, Code};

use super::first::{self, Unknown};
use super::{Identity, admitted, request};
use crate::export::Collector;
use crate::export::collector::SOFTWARE;
use crate::key;

/// How long the collector may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Enrols the agent of this state directory with the collector at `place`, `host:port`, and keeps what
/// it is known by.
///
/// # Errors
/// A complaint if the collector is not the one that made the code, refuses, or cannot be reached, or
/// if the result cannot be kept.
pub fn enrol(place: &str, code: &Code, state: &Path) -> Result<Identity, Complaint> {
    let pair = key::load_or_create(state)?;
    let ca = first::ca(place, code).map_err(|unknown| unknown.complaint(place))?;
    let (key, request) = request()?;
    let secret = hex(&code.secret);
    let application = Application {
        proof: hex(pair.sign(&Application::claim(&secret, &request)).as_ref()),
        batch_key: key::public(&pair).to_string(),
        secret,
        request,
        software: SOFTWARE.to_owned(),
    };
    let door = Collector::unenrolled(place, &ca);
    let admission: Admission = door.post("enrol", &application, PATIENCE)?;
    let identity = admitted(place, key, admission);
    identity.save(state)?;
    Ok(identity)
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |text, octet| text + &format!("{octet:02x}"))
}

impl Unknown {
    fn complaint(&self, place: &str) -> Complaint {
        match self {
            Self::OtherCa => Complaint::new(
                Exit::Integrity,
                format!(
                    "{place} は、このコードを発行した収集サーバーではありません。接続先と、途中で通信を書き換える装置がないかを確かめてください。何も送っていません"
                ),
                format!(
                    "{place} is not the collector that issued this code; check the address, and whether something on the way rewrites traffic; nothing was sent"
                ),
            ),
            Self::OtherName => Complaint::new(
                Exit::Integrity,
                format!(
                    "収集サーバーの証明書に {place} の名前がありません。収集サーバーの設定 agent_names に加えるか、そこにある名前で接続してください"
                ),
                format!(
                    "the collector's certificate is not for {place}; add the name to agent_names in the collector's configuration, or use one that is there"
                ),
            ),
            Self::Unreachable(error) => Complaint::new(
                Exit::Remote,
                format!(
                    "収集サーバー {place} に接続できません（{error}）。エージェント用のポート（既定 8471）と途中の経路を確かめてください"
                ),
                format!(
                    "the collector {place} cannot be reached ({error}); check the port for agents (8471 by default) and the way there"
                ),
            ),
        }
    }
}
