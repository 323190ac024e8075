//! SSH (TCP 22): the identification string, and the host keys.
//!
//! Sends its own identification string, a KEXINIT made of algorithms that the server offers, one public
//! value, and when the server's reply has brought its host key, a DISCONNECT. One connection shows one key,
//! so that there are up to [`MOST_KEYS`], one after the other. Nobody logs in, no user is named, and no
//! request for authentication is ever sent. The public value is a valid one that is written down here
//! (X25519's base point, P-256's generator, an integer of the group), because nothing is going to be
//! encrypted. Costs the device a key agreement and a signature for each key, up to a second of a small
//! processor; most write down that somebody disconnected before authentication.
//!
//! Fields: `protocol` (`2.0`, `1.99`), `banner` (what follows it in the identification string),
//! `server_host_key_algorithms` as offered, `hostkey_` with the format of a key and its SHA-256 as
//! `ssh-keygen -l` prints it, `hostkey_bits` of an RSA key. A server of SSH 1 alone is told nothing, and
//! shows its identification string only.

use ring::digest;

use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::text::Text;
use daicho_common::wire::ssh::{self, HostKey, Identification, KexInit};
use daicho_common::wire::{Malformed, Wire};

use super::base64;
use super::talk::{Conversation, Cut, Next, told};

/// The port of SSH.
pub const PORT: u16 = 22;

/// Most host keys that are asked for.
pub const MOST_KEYS: usize = 3;

/// Longest name of an algorithm (RFC 4251 §6).
const MOST_NAME: usize = 64;

/// Formats of host keys, dearest first, and the signature algorithms that lead to each (RFC 4253 §6.6,
/// RFC 5656 §3.1, RFC 8332 §3, RFC 8709 §4).
const FORMATS: [(&str, &[&str]); 6] = [
    ("ssh-ed25519", &["ssh-ed25519"]),
    ("ssh-rsa", &["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"]),
    ("ecdsa-sha2-nistp256", &["ecdsa-sha2-nistp256"]),
    ("ecdsa-sha2-nistp384", &["ecdsa-sha2-nistp384"]),
    ("ecdsa-sha2-nistp521", &["ecdsa-sha2-nistp521"]),
    ("ssh-dss", &["ssh-dss"]),
];

/// Methods of key exchange, the one that costs the device least first (RFC 8731, RFC 5656 §6.3, RFC 4253
/// §8.1 and §8.2, RFC 8268, RFC 4419). Groups with the octets of their primes.
const EXCHANGES: [(&str, Exchange); 9] = [
    ("curve25519-sha256", Exchange::X25519),
    ("curve25519-sha256@libssh.org", Exchange::X25519),
    ("ecdh-sha2-nistp256", Exchange::P256),
    ("diffie-hellman-group1-sha1", Exchange::Group(128)),
    ("diffie-hellman-group14-sha256", Exchange::Group(256)),
    ("diffie-hellman-group14-sha1", Exchange::Group(256)),
    ("diffie-hellman-group16-sha512", Exchange::Group(512)),
    ("diffie-hellman-group-exchange-sha256", Exchange::AskedFor),
    ("diffie-hellman-group-exchange-sha1", Exchange::AskedFor),
];

/// Bits of a group that is asked for: least, best, most.
const BITS: (u32, u32, u32) = (1024, 2048, 8192);

/// Octets of groups that are taken.
const GROUPS: std::ops::RangeInclusive<usize> = 128..=1024;

/// X25519's base point (RFC 7748 §4.1).
const U: [u8; 32] = {
    let mut u = [0; 32];
    u[0] = 9;
    u
};

/// The generator of P-256 (FIPS 186-4 §D.1.2.3), uncompressed.
const G: [u8; 65] = [
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40,
    0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2,
    0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e,
    0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51,
    0xf5,
];

/// The octet of which an integer of a group is made: one less octet than the prime, which begins with
/// set bits in all of them, so that it is less; and with bits enough to pass for a public value.
const DIGIT: u8 = 0x5a;

/// A method of key exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exchange {
    X25519,
    P256,
    /// A known group, with a prime of so many octets.
    Group(usize),
    /// A group of the server's.
    AskedFor,
}

impl Exchange {
    /// What is said first.
    fn begin(self) -> Vec<u8> {
        match self {
            Self::X25519 => ssh::public(ssh::KEX_INIT, &U),
            Self::P256 => ssh::public(ssh::KEX_INIT, &G),
            Self::Group(octets) => ssh::public(ssh::KEX_INIT, &integer(octets)),
            Self::AskedFor => ssh::group_request(BITS.0, BITS.1, BITS.2),
        }
    }
}

/// An integer that is less than a prime of so many octets.
fn integer(octets: usize) -> Vec<u8> {
    vec![DIGIT; octets.saturating_sub(1)]
}

/// How far the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The identification string is awaited.
    Identification,
    /// The server's KEXINIT is awaited.
    KexInit,
    /// The server's group is awaited.
    Group,
    /// The reply of this number is awaited.
    Reply(u8),
    /// It was said that the conversation is over.
    Farewell,
}

/// A conversation with one SSH server.
#[derive(Debug)]
pub struct Ssh {
    cookie: [u8; 16],
    step: Step,
    heard: Vec<u8>,
    /// Formats that are still to be asked for; the first is the one at hand. `None` until the server has
    /// said which it has.
    wanted: Option<Vec<&'static str>>,
    /// Whether the next message is a guess that was wrong (RFC 4253 §7).
    misguessed: bool,
    outcome: Outcome,
    said: Said,
}

impl Ssh {
    /// A conversation at this port. `random` are octets that nobody can foresee.
    pub fn new(port: u16, random: [u8; 32]) -> Self {
        Self {
            cookie: random.first_chunk().copied().unwrap_or_default(),
            step: Step::Identification,
            heard: Vec::new(),
            wanted: None,
            misguessed: false,
            outcome: Outcome::Partial,
            said: Said::at(port),
        }
    }

    /// Takes the next thing that is all there, and adds what is to be said to `out`. Returns whether
    /// there was one.
    fn advance(&mut self, out: &mut Vec<u8>) -> Result<bool, Stop> {
        if self.step == Step::Farewell {
            self.heard.clear();
            return Ok(false);
        }
        let mut heard = std::mem::take(&mut self.heard);
        let rest = if self.step == Step::Identification {
            let read = Identification::decode(&heard)?;
            if let Some((of, _)) = &read {
                self.identified(of, out)?;
            }
            read.map(|(_, rest)| rest.len())
        } else {
            let read = ssh::message(&heard)?;
            if let Some((message, _)) = read {
                self.told(message, out)?;
            }
            read.map(|(_, rest)| rest.len())
        };
        if let Some(rest) = rest {
            heard.drain(..heard.len().saturating_sub(rest));
        }
        self.heard = heard;
        Ok(rest.is_some())
    }

    fn identified(&mut self, of: &Identification, out: &mut Vec<u8>) -> Result<(), Stop> {
        if self.said.get("protocol").is_none() {
            self.said.add("protocol", Text::from_wire(&of.protocol));
            self.said.add("banner", Text::from_wire(&of.software));
        }
        if !matches!(of.protocol.as_slice(), b"2.0" | b"1.99") {
            return Err(Stop(Outcome::Complete));
        }
        let own = Identification { protocol: b"2.0".to_vec(), software: b"Daicho".to_vec() };
        out.extend(own.encode());
        self.step = Step::KexInit;
        Ok(())
    }

    fn told(&mut self, message: &[u8], out: &mut Vec<u8>) -> Result<(), Stop> {
        let number = message.first().copied().unwrap_or_default();
        match self.step {
            _ if number == ssh::DISCONNECT => return Err(Stop(Outcome::Partial)),
            // Messages below those of algorithms may come at any time, and say nothing here; nor does
            // what follows the reply.
            _ if number < ssh::KEXINIT => {}
            Step::KexInit if number == ssh::KEXINIT => {
                let (offer, _) = KexInit::decode(message)?;
                self.offered(&offer, out);
            }
            Step::Group | Step::Reply(_) if self.misguessed => self.misguessed = false,
            Step::Group => {
                let octets = ssh::group_octets(message)?;
                if !GROUPS.contains(&octets) {
                    return Err(Stop(Outcome::Partial));
                }
                out.extend(ssh::packet(&ssh::public(ssh::GEX_INIT, &integer(octets))));
                self.step = Step::Reply(ssh::GEX_REPLY);
            }
            Step::Reply(of) => {
                let key = HostKey::decode(of, message)?;
                self.learn(&key)?;
                self.bid_farewell(out);
            }
            Step::Identification | Step::KexInit | Step::Farewell => {}
        }
        Ok(())
    }

    /// The server said what it can do: one key of it is asked for.
    fn offered(&mut self, offer: &KexInit, out: &mut Vec<u8>) {
        let offers = |name: &str| offer.host_keys.iter().any(|of| of == name);
        if self.wanted.is_none() {
            self.said.add("server_host_key_algorithms", Text::clean(&offer.host_keys.join(",")));
            let there = FORMATS.iter().filter(|(_, names)| names.iter().any(|name| offers(name)));
            self.wanted = Some(there.map(|(format, _)| *format).take(MOST_KEYS).collect());
        }
        let format = self.wanted.as_ref().and_then(|wanted| wanted.first());
        let names = FORMATS.iter().find(|(of, _)| Some(of) == format).map(|(_, names)| names);
        let exchange = EXCHANGES.iter().find(|(name, _)| offer.kex.iter().any(|of| of == name));
        let (Some(names), Some((name, exchange))) = (names, exchange) else {
            self.wanted = Some(Vec::new());
            self.bid_farewell(out);
            self.outcome = Outcome::Partial;
            return;
        };
        let host_keys: Vec<_> =
            names.iter().filter(|name| offers(name)).map(|name| (*name).to_owned()).collect();
        // The server's guess is right if both sides name the same first (RFC 4253 §7).
        let guessed = (offer.kex.first().map(String::as_str), offer.host_keys.first());
        self.misguessed = offer.guesses && guessed != (Some(name), host_keys.first());
        let first = |names: &Vec<String>| {
            names.iter().find(|name| name.len() <= MOST_NAME).into_iter().cloned().collect()
        };
        let own = KexInit {
            cookie: self.cookie,
            kex: vec![(*name).to_owned()],
            host_keys,
            others: offer.others.each_ref().map(first),
            guesses: false,
        };
        let mut message = Vec::new();
        own.encode(&mut message);
        out.extend(ssh::packet(&message));
        out.extend(ssh::packet(&exchange.begin()));
        let asks = *exchange == Exchange::AskedFor;
        self.step = if asks { Step::Group } else { Step::Reply(ssh::KEX_REPLY) };
    }

    fn learn(&mut self, key: &HostKey) -> Result<(), Malformed> {
        let wanted = self.wanted.as_ref().and_then(|wanted| wanted.first());
        if wanted.is_none_or(|format| *format != key.format) {
            return Err(Malformed::Inconsistent { field: "key format" });
        }
        let digest = digest::digest(&digest::SHA256, &key.blob);
        let print = String::from_utf8(base64::encode(digest.as_ref())).unwrap_or_default();
        let print = format!("SHA256:{}", print.trim_end_matches('='));
        self.said.add(&format!("hostkey_{}", key.format), Text::clean(&print));
        if let Some(bits) = key.rsa_bits() {
            self.said.add("hostkey_bits", Text::clean(&bits.to_string()));
        }
        Ok(())
    }

    /// The key at hand is done with.
    fn bid_farewell(&mut self, out: &mut Vec<u8>) {
        if let Some(wanted) = &mut self.wanted {
            *wanted = wanted.split_off(wanted.len().min(1));
        }
        if self.left() == 0 {
            self.outcome = Outcome::Complete;
        }
        out.extend(ssh::packet(&ssh::disconnect()));
        self.step = Step::Farewell;
    }

    fn left(&self) -> usize {
        self.wanted.as_ref().map_or(0, Vec::len)
    }
}

/// Why nothing more is said.
struct Stop(Outcome);

impl From<Malformed> for Stop {
    fn from(_: Malformed) -> Self {
        Self(Outcome::Malformed)
    }
}

impl Conversation for Ssh {
    fn method(&self) -> Method {
        Method::Ssh
    }

    fn begin(&mut self) -> Next {
        self.heard.clear();
        (self.step, self.misguessed) = (Step::Identification, false);
        Next::Wait
    }

    fn hear(&mut self, octets: &[u8]) -> Next {
        self.heard.extend_from_slice(octets);
        let mut out = Vec::new();
        loop {
            match self.advance(&mut out) {
                Ok(true) => {}
                Ok(false) if out.is_empty() => return Next::Wait,
                Ok(false) => return Next::Say(out),
                Err(Stop(Outcome::Malformed)) if !self.said.fields.is_empty() => {
                    return Next::End(Outcome::Partial);
                }
                Err(Stop(outcome)) => return Next::End(outcome),
            }
        }
    }

    fn resumes(&mut self, _cut: Cut) -> bool {
        // Who closes while a key is awaited is left in peace.
        self.step == Step::Farewell && self.left() > 0
    }

    fn cut(&mut self, cut: Cut) -> Outcome {
        match cut {
            _ if !self.said.fields.is_empty() => self.outcome,
            _ if !self.heard.is_empty() => Outcome::Malformed,
            Cut::Closed => Outcome::Refused,
            Cut::Silent => Outcome::Silent,
            Cut::Flooded => Outcome::Malformed,
        }
    }

    fn poll_fact(&mut self) -> Option<(Method, Fact)> {
        told(Method::Ssh, &mut self.said)
    }
}

#[cfg(test)]
mod tests;
