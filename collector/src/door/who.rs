//! Whose certificate was shown. TLS has checked that our CA signed it and that the caller holds its
//! key; whether it still holds is asked of the store at every request.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use daicho_common::job::Welcome;
use daicho_common::time::Timestamp;

use super::Door;
use super::refuse::Refused;
use crate::clock;
use crate::store::CallingAgent;

/// What a connection showed of itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    /// Where it comes from.
    pub(super) from: SocketAddr,
    /// SHA-256 of the certificate, if it showed one.
    pub(super) certificate: Option<[u8; 32]>,
}

/// An agent whose certificate holds.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) agent: String,
    pub(super) certificate: [u8; 32],
    /// Whether it is time for the next certificate.
    pub(super) renew: bool,
}

impl FromRequestParts<Arc<Door>> for Shown {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Door>) -> Result<Self, Refused> {
        parts.extensions.get::<Self>().copied().ok_or_else(Refused::broken)
    }
}

impl FromRequestParts<Arc<Door>> for Known {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, door: &Arc<Door>) -> Result<Self, Refused> {
        let shown = Shown::from_request_parts(parts, door).await?;
        let certificate = shown.certificate.ok_or_else(stranger)?;
        let known = look(door, certificate)?;
        let (door, agent) = (Arc::clone(door), known.agent.clone());
        super::refuse::blocking(move || {
            door.saw(&agent, clock::now()).map_err(|error| Refused::store(&door, &error))
        })
        .await?;
        Ok(known)
    }
}

/// The agent that this certificate is of, if it holds now.
pub(super) fn look(door: &Door, certificate: [u8; 32]) -> Result<Known, Refused> {
    let caller = door.site.store.admissions().caller(certificate);
    let caller = caller.map_err(|error| Refused::store(door, &error))?.ok_or_else(unknown)?;
    let now = clock::now();
    if caller.revoked_at.is_some() {
        return Err(revoked(&caller.agent));
    }
    if caller.until <= now {
        return Err(expired(&caller.agent));
    }
    let renew = is_due(&caller, now);
    Ok(Known { agent: caller.agent, certificate, renew })
}

/// Whether two thirds of the certificate's life are over.
fn is_due(caller: &CallingAgent, now: Timestamp) -> bool {
    let life = caller.until.micros().saturating_sub(caller.issued_at.micros());
    now.micros() >= caller.issued_at.micros().saturating_add(life / 3 * 2)
}

pub(super) async fn hello(State(_): State<Arc<Door>>, known: Known) -> Json<Welcome> {
    Json(Welcome { agent: known.agent, now: clock::now(), renew: known.renew })
}

fn stranger() -> Refused {
    Refused::new(
        StatusCode::UNAUTHORIZED,
        "証明書がありません。先に登録してください",
        "no certificate was shown: enrol first",
    )
}

fn unknown() -> Refused {
    Refused::new(
        StatusCode::FORBIDDEN,
        "この証明書は登録されていません。データベースを古い控えから戻した場合は、エージェントの登録をやり直してください",
        "this certificate is not on record: if the database was restored from an old copy, enrol the agent again",
    )
}

fn revoked(agent: &str) -> Refused {
    Refused::new(
        StatusCode::FORBIDDEN,
        format!(
            "エージェント「{agent}」の証明書は失効しています。使い続けるには、管理者から新しい登録コードを受け取ってください"
        ),
        format!(
            "the certificate of agent {agent:?} was revoked: to go on, get a new code from the administrator"
        ),
    )
}

fn expired(agent: &str) -> Refused {
    Refused::new(
        StatusCode::FORBIDDEN,
        format!(
            "エージェント「{agent}」の証明書の期限が切れています。管理者から新しい登録コードを受け取ってください"
        ),
        format!(
            "the certificate of agent {agent:?} has expired: get a new code from the administrator"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_due_at_two_thirds_of_its_life() {
        let caller = CallingAgent {
            agent: "a".into(),
            issued_at: Timestamp::from_micros(1000),
            until: Timestamp::from_micros(1900),
            revoked_at: None,
        };
        assert!(!is_due(&caller, Timestamp::from_micros(1599)));
        assert!(is_due(&caller, Timestamp::from_micros(1600)));
        assert!(!is_due(&caller, Timestamp::from_micros(0)), "a clock that was put back");
    }
}
