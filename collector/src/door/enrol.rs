//! Enrolment and renewal of certificates.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use daicho_common::batch::AgentKey;
use daicho_common::enrolment::{Admission, Application, Code, Renewal};
use ring::signature::{ED25519, UnparsedPublicKey};

use super::Door;
use super::authority::Issued;
use super::refuse::{Refused, blocking};
use super::who::{Known, Shown};
use crate::clock;
use crate::store::{Enrolled, NewCertificate};

/// Lets a stranger in who knows a code.
pub(super) async fn enrol(
    State(door): State<Arc<Door>>,
    shown: Shown,
    Json(application): Json<Application>,
) -> Result<Json<Admission>, Refused> {
    let from = shown.from.ip();
    if !door.guesses.may_try(from, clock::now()) {
        return Err(too_many());
    }
    blocking(move || {
        let admitted = admit(&door, &application);
        if admitted.as_ref().is_err_and(|refused| refused.1) {
            door.guesses.wrong(from);
        }
        admitted.map(Json).map_err(|(refused, _)| refused)
    })
    .await
}

/// The refusal says whether it was a wrong code.
fn admit(door: &Door, application: &Application) -> Result<Admission, (Refused, bool)> {
    let now = clock::now();
    let broken = |error| (Refused::store(door, &error), false);
    let secret = octets(&application.secret).ok_or_else(|| (malformed(), true))?;
    let code = Code { secret, ca: door.authority.fingerprint() }.kept();
    let agent = match door.site.store.admissions().invited(code, now).map_err(broken)? {
        Enrolled::In(agent) => agent,
        refused @ (Enrolled::NoSuchCode | Enrolled::Expired(_)) => {
            return Err((not_in(&refused), true));
        }
    };
    let key: [u8; 32] = octets(&application.batch_key).ok_or_else(|| (malformed(), false))?;
    let proof: [u8; 64] = octets(&application.proof).ok_or_else(|| (malformed(), false))?;
    let claim = Application::claim(&application.secret, &application.request);
    UnparsedPublicKey::new(&ED25519, key)
        .verify(&claim, &proof)
        .map_err(|_| (malformed(), false))?;
    let issued = door
        .authority
        .admit(&agent, &application.request, now)
        .map_err(|_| (malformed(), false))?;
    let key = AgentKey::new(key);
    let enrolled = door.site.store.admissions().enrol(code, key, certificate(&issued));
    match enrolled.map_err(broken)? {
        Enrolled::In(agent) => {
            tracing::info!(agent, "enrolled");
            Ok(admission(door, agent, issued))
        }
        refused @ (Enrolled::NoSuchCode | Enrolled::Expired(_)) => Err((not_in(&refused), true)),
    }
}

/// Gives an agent its next certificate.
pub(super) async fn renew(
    State(door): State<Arc<Door>>,
    known: Known,
    Json(renewal): Json<Renewal>,
) -> Result<Json<Admission>, Refused> {
    blocking(move || {
        let issued = door.authority.admit(&known.agent, &renewal.request, clock::now());
        let issued = issued.map_err(|_| malformed())?;
        let kept = door.site.store.admissions().renew(known.agent.clone(), certificate(&issued));
        kept.map_err(|error| Refused::store(&door, &error))?;
        Ok(Json(admission(&door, known.agent, issued)))
    })
    .await
}

const fn certificate(issued: &Issued) -> NewCertificate {
    NewCertificate { digest: issued.digest, issued_at: issued.from, until: issued.until }
}

fn admission(door: &Door, agent: String, issued: Issued) -> Admission {
    let ca = door.authority.pem().to_owned();
    Admission { agent, certificate: issued.pem, ca, from: issued.from, until: issued.until }
}

/// The octets that hexadecimal digits write.
fn octets<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return None;
    }
    let mut octets = [0; N];
    for (n, octet) in octets.iter_mut().enumerate() {
        *octet = u8::from_str_radix(text.get(2 * n..2 * n + 2)?, 16).ok()?;
    }
    Some(octets)
}

fn malformed() -> Refused {
    Refused::new(
        StatusCode::BAD_REQUEST,
        "登録の申請が読めません。エージェントの版を確かめてください",
        "the application cannot be read: check the version of the agent",
    )
}

fn not_in(enrolled: &Enrolled) -> Refused {
    let (ja, en) = match enrolled {
        Enrolled::Expired(_) => (
            "登録コードの期限が切れています。`daicho-collector agent invite` で新しいコードを発行してください",
            "the code has expired: issue a new one by `daicho-collector agent invite`",
        ),
        Enrolled::NoSuchCode | Enrolled::In(_) => (
            "登録コードが違うか、使用済みです。`daicho-collector agent invite` で新しいコードを発行してください",
            "the code is wrong or was used: issue a new one by `daicho-collector agent invite`",
        ),
    };
    Refused::new(StatusCode::FORBIDDEN, ja, en)
}

fn too_many() -> Refused {
    Refused::new(
        StatusCode::TOO_MANY_REQUESTS,
        "誤った登録コードが続いたため、しばらく受け付けません。1 分待ってください",
        "too many wrong codes: wait a minute",
    )
}
