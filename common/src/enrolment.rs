//! How an agent comes to be known: the one-time code that a person carries from the collector to the
//! agent, and what the two say to each other while the agent's certificates are made.
//!
//! The code holds a secret, by which the collector knows the agent, and the beginning of the SHA-256
//! of the collector's own CA certificate, by which the agent knows the collector before it has ever
//! seen it. Thirty octets in Crockford's Base32 are 48 characters, which can be read out over a
//! telephone: no letter stands for two, and a slip is told before anything is sent.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::time::Timestamp;

/// Digits of Crockford's Base32: no I, L, O or U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Octets of the secret, of the CA's fingerprint, and of both with the check.
const SECRET: usize = 10;
const CA: usize = 16;
const WHOLE: usize = 30;
/// Characters of a code without hyphens, and how many stand together.
const LENGTH: usize = WHOLE * 8 / 5;
const GROUP: usize = 6;

/// A one-time code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// What only who was given the code knows: 80 random bits.
    pub secret: [u8; SECRET],
    /// The first 16 octets of the SHA-256 of the CA's certificate (DER).
    pub ca: [u8; CA],
}

/// Why text is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadCode {
    /// Another number of characters than a code has.
    #[error("a code has {LENGTH} characters, this has {0}")]
    Length(usize),
    /// A character that no code has.
    #[error("no code has the character {0:?}")]
    Character(char),
    /// A slip: the check does not fit.
    #[error("a character is wrong")]
    Check,
}

impl Code {
    /// The fingerprint of a CA certificate as codes hold it.
    pub fn fingerprint(certificate: &[u8]) -> [u8; CA] {
        beginning(certificate)
    }

    /// What is kept of the secret: its SHA-256. The secret has 80 random bits, so that nobody finds
    /// it from this.
    pub fn kept(&self) -> [u8; 32] {
        Sha256::digest(self.secret).into()
    }

    fn octets(&self) -> [u8; WHOLE] {
        let said: Vec<u8> = self.secret.into_iter().chain(self.ca).collect();
        let check: [u8; WHOLE - SECRET - CA] = beginning(&said);
        let mut octets = [0; WHOLE];
        for (to, from) in octets.iter_mut().zip(said.into_iter().chain(check)) {
            *to = from;
        }
        octets
    }
}

fn beginning<const N: usize>(of: &[u8]) -> [u8; N] {
    let mut octets = [0; N];
    for (to, from) in octets.iter_mut().zip(Sha256::digest(of)) {
        *to = from;
    }
    octets
}

impl fmt::Display for Code {
    /// Eight groups of six characters.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bits = self
            .octets()
            .into_iter()
            .flat_map(|octet| (0..8).rev().map(move |bit| usize::from(octet >> bit & 1)));
        for place in 0..LENGTH {
            let digit = bits.by_ref().take(5).fold(0, |digit, bit| digit << 1 | bit);
            if place > 0 && place % GROUP == 0 {
                f.write_str("-")?;
            }
            let digit = DIGITS.get(digit).copied().unwrap_or(b'0');
            fmt::Write::write_char(f, char::from(digit))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Code {
    /// Without the secret: codes must not get into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

impl FromStr for Code {
    type Err = BadCode;

    /// Hyphens and spaces are left out, small letters are capitals, O is 0, I and L are 1.
    fn from_str(text: &str) -> Result<Self, BadCode> {
        let mut digits = Vec::new();
        for character in text.chars().filter(|c| *c != '-' && !c.is_whitespace()) {
            let plain = match character.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let digit = DIGITS.iter().position(|digit| char::from(*digit) == plain);
            let digit = digit.and_then(|digit| u8::try_from(digit).ok());
            digits.push(digit.ok_or(BadCode::Character(character))?);
        }
        if digits.len() != LENGTH {
            return Err(BadCode::Length(digits.len()));
        }
        let bits: Vec<u8> = digits
            .into_iter()
            .flat_map(|digit| (0..5).rev().map(move |bit| digit >> bit & 1))
            .collect();
        let mut octets =
            bits.chunks(8).map(|bits| bits.iter().fold(0_u8, |octet, bit| octet << 1 | bit));
        let mut code = Self { secret: [0; SECRET], ca: [0; CA] };
        code.secret.iter_mut().zip(octets.by_ref()).for_each(|(to, from)| *to = from);
        code.ca.iter_mut().zip(octets.by_ref()).for_each(|(to, from)| *to = from);
        let check = octets;
        if check.eq(code.octets().into_iter().skip(SECRET + CA)) {
            Ok(code)
        } else {
            Err(BadCode::Check)
        }
    }
}

/// What an agent says to be let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Application {
    /// The code's secret, in hexadecimal digits.
    pub secret: String,
    /// A certificate signing request (PKCS#10, RFC 2986) in PEM: only its public key counts.
    pub request: String,
    /// The key that will sign the agent's batches, in hexadecimal digits.
    pub batch_key: String,
    /// That key's signature over [`Application::claim`], in hexadecimal digits.
    pub proof: String,
    /// Name and version of the software.
    pub software: String,
}

impl Application {
    /// What the proof is over: whoever holds the batch key wants this certificate with this code.
    pub fn claim(secret: &str, request: &str) -> Vec<u8> {
        format!("daicho enrolment\n{secret}\n{request}").into_bytes()
    }
}

/// What an agent says for its next certificate, over the door that its present one opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renewal {
    /// A certificate signing request in PEM: only its public key counts.
    pub request: String,
}

/// A certificate, and by whom it was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Admission {
    /// The agent's name, as the invitation said.
    pub agent: String,
    /// Its certificate, in PEM.
    pub certificate: String,
    /// The collector's CA, in PEM.
    pub ca: String,
    /// When the certificate was made, by the collector's clock.
    pub from: Timestamp,
    /// Until when it holds, by the collector's clock.
    pub until: Timestamp,
}

/// A sentence in each language, as either side refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_reads_as_people_type_it() {
        let code = Code { secret: [0, 1, 2, 3, 4, 5, 6, 7, 8, 255], ca: [9; CA] };
        let shown = code.to_string();
        assert_eq!((shown.len(), shown.matches('-').count()), (55, 7), "{shown}");
        assert_eq!(shown.parse(), Ok(code));
        let typed = shown.replace('-', " ").to_lowercase().replace('0', "o").replace('1', "l");
        assert_eq!(typed.parse(), Ok(code), "{typed}");
        assert!(!format!("{code:?}").contains(&shown[..6]));
    }

    #[test]
    fn a_slip_is_told_before_anything_is_sent() {
        let shown = Code { secret: [7; SECRET], ca: [9; CA] }.to_string();
        assert_eq!(shown[1..].parse::<Code>(), Err(BadCode::Length(47)));
        assert_eq!(shown.replacen('-', "!", 1).parse::<Code>(), Err(BadCode::Character('!')));
        for (at, right) in shown.char_indices().filter(|(_, c)| *c != '-') {
            let wrong = if right == '7' { '8' } else { '7' };
            let mut slip = shown.clone();
            slip.replace_range(at..=at, &wrong.to_string());
            assert_eq!(slip.parse::<Code>(), Err(BadCode::Check), "{slip}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_what_is_read(secret: [u8; SECRET], ca: [u8; CA]) {
            let code = Code { secret, ca };
            prop_assert_eq!(code.to_string().parse(), Ok(code));
        }

        #[test]
        fn no_text_is_too_hostile(text: String) {
            let _ = text.parse::<Code>();
        }
    }
}
