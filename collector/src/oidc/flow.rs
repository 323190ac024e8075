//! What is remembered between the two halves of a login: of the browser that was sent to the provider, so
//! that nobody else comes back in its name (RFC 6749 §10.12), and of the question, so that the answer
//! fits it (RFC 7636, OpenID Connect Core 1.0 §15.5.2).

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daicho_common::time::Timestamp;
use sha2::{Digest, Sha256};

use crate::credential::{Failed, Kept, kept, secret};

/// How long somebody may take at the provider.
pub const HOLDS: Duration = Duration::from_mins(10);
/// Logins that are under way at once; of more the oldest is forgotten.
const MOST: usize = 10_000;

/// A login that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// What the ID token has to answer.
    pub nonce: String,
    /// What the code is exchanged with (RFC 7636 §4.1).
    pub verifier: String,
    /// Where to go afterwards: a path of this server.
    pub next: String,
    /// What is kept of the secret in the browser's cookie.
    browser: Kept,
    until: Timestamp,
}

/// What the browser takes along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The state parameter.
    pub state: String,
    /// The secret of its cookie.
    pub browser: String,
    /// The nonce parameter.
    pub nonce: String,
    /// The code challenge (S256, RFC 7636 §4.2).
    pub challenge: String,
}

/// The logins that are under way. They are in memory only: who is at the provider while the server starts
/// again begins anew.
#[derive(Debug, Default)]
pub struct Waiting(HashMap<Kept, Pending>);

impl Waiting {
    /// Remembers a login that begins.
    ///
    /// # Errors
    /// [`Failed`] if the system has no random numbers.
    pub fn begin(&mut self, next: &str, now: Timestamp) -> Result<Begun, Failed> {
        self.0.retain(|_, pending| now < pending.until);
        if self.0.len() >= MOST
            && let Some(oldest) =
                self.0.iter().min_by_key(|(_, pending)| pending.until).map(|(state, _)| *state)
        {
            self.0.remove(&oldest);
        }
        let ((state, kept_state), (browser, kept_browser)) = (secret()?, secret()?);
        let ((nonce, _), (verifier, _)) = (secret()?, secret()?);
        let challenge = challenge(&verifier);
        let pending = Pending {
            nonce: nonce.clone(),
            verifier,
            next: next.to_owned(),
            browser: kept_browser,
            until: now.after(HOLDS),
        };
        self.0.insert(kept_state, pending);
        Ok(Begun { state, browser, nonce, challenge })
    }

    /// The login that this browser began with this state: once, and not too late.
    pub fn take(&mut self, state: &str, browser: &str, now: Timestamp) -> Option<Pending> {
        let state = kept(state);
        // Another browser's state stays for the one that it belongs to.
        let fits = self.0.get(&state).is_some_and(|pending| pending.browser == kept(browser));
        let pending = if fits { self.0.remove(&state) } else { None };
        pending.filter(|pending| now < pending.until)
    }
}

/// The challenge of a verifier.
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn the_challenge_is_that_of_the_standards_example() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn a_login_comes_back_once_in_time_and_to_its_own_browser() {
        let mut waiting = Waiting::default();
        let begun = waiting.begin("/devices", at(0)).unwrap();
        assert_eq!(waiting.take(&begun.state, "another", at(1)), None);
        assert_eq!(waiting.take("another", &begun.browser, at(1)), None);
        let pending = waiting.take(&begun.state, &begun.browser, at(1)).unwrap();
        assert_eq!((pending.next.as_str(), pending.nonce == begun.nonce), ("/devices", true));
        assert_eq!(challenge(&pending.verifier), begun.challenge);
        assert_eq!(waiting.take(&begun.state, &begun.browser, at(2)), None, "once");
        let late = waiting.begin("/", at(0)).unwrap();
        assert_eq!(waiting.take(&late.state, &late.browser, at(600)), None);
    }

    #[test]
    fn no_flood_of_logins_is_remembered_without_bound() {
        let mut waiting = Waiting::default();
        for second in 0..3 {
            for _ in 0..MOST / 2 {
                waiting.begin("/", at(second)).unwrap();
            }
        }
        assert_eq!(waiting.0.len(), MOST);
    }
}
