//! SNMP v3 against an authoritative engine in memory. Where it can, it makes its keys and digests
//! without the codec: from RFC 3414 §A.2 and RFC 7860 over another library.

use async_snmp::ber::Decoder;
use async_snmp::compatibility::DecodeConfig;
use async_snmp::message::{
    MsgFlags, MsgGlobalData, RawMsgData, RawV3Message, ScopedPdu, SecurityLevel, V3Message,
};
use async_snmp::pdu::{PduBody, StandardPduType};
use async_snmp::v3::{
    DesSaltState, LocalizedKey, MasterKey, PrivKey, SaltCounter, UsmSecurityParams, report_oids,
};
use async_snmp::{AuthProtocol, MessageSize, Pdu, PrivProtocol};
use daicho_common::observation::table::Cell;
use ring::{digest, hmac};

use super::zoo::{BRIDGE, bridge, told};
use super::*;
use crate::plan::credential::{Auth, Password, Privacy, User};

const ENGINE: &[u8] = b"\x80\x00\x1f\x88\x04daicho";
const SECRETS: (&str, &str) = ("authentic-words", "private-words");

fn user(auth: Option<Auth>, privacy: Option<Privacy>) -> User {
    User {
        name: "watch".into(),
        auth: auth.map(|auth| (auth, Password::new(SECRETS.0))),
        privacy: privacy.map(|privacy| (privacy, Password::new(SECRETS.1))),
        contexts: Vec::new(),
    }
}

/// A key by RFC 3414 §A.2 over a digest.
fn localized(by: &'static digest::Algorithm, secret: &[u8], engine: &[u8]) -> Vec<u8> {
    let million: Vec<u8> = secret.iter().copied().cycle().take(1 << 20).collect();
    let key = digest::digest(by, &million);
    let parts = [key.as_ref(), engine, key.as_ref()].concat();
    digest::digest(by, &parts).as_ref().to_vec()
}

/// Digest, HMAC and the octets of it that are sent, where the other library has them.
fn others(auth: Auth) -> Option<(&'static digest::Algorithm, hmac::Algorithm, usize)> {
    match auth {
        Auth::Sha1 => {
            let by = &digest::SHA1_FOR_LEGACY_USE_ONLY;
            Some((by, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, 12))
        }
        Auth::Sha256 => Some((&digest::SHA256, hmac::HMAC_SHA256, 24)),
        Auth::Sha384 => Some((&digest::SHA384, hmac::HMAC_SHA384, 32)),
        Auth::Sha512 => Some((&digest::SHA512, hmac::HMAC_SHA512, 48)),
        Auth::Md5 | Auth::Sha224 => None,
    }
}

fn protocols(auth: Auth, privacy: Privacy) -> (AuthProtocol, PrivProtocol) {
    let auth = match auth {
        Auth::Md5 => "MD5",
        Auth::Sha1 => "SHA",
        Auth::Sha224 => "SHA-224",
        Auth::Sha256 => "SHA-256",
        Auth::Sha384 => "SHA-384",
        Auth::Sha512 => "SHA-512",
    };
    let privacy = match privacy {
        Privacy::Des => "DES",
        Privacy::TripleDes => "3DES",
        Privacy::Aes128 => "AES",
        Privacy::Aes192 => "AES-192-BLUMENTHAL",
        Privacy::Aes192Cisco => "AES-192-CISCO",
        Privacy::Aes256 => "AES-256-BLUMENTHAL",
        Privacy::Aes256Cisco => "AES-256-CISCO",
    };
    (auth.parse().unwrap(), privacy.parse().unwrap())
}

/// The device's side of v3.
struct Authority {
    device: Device,
    user: User,
    engine: Vec<u8>,
    boots: u32,
    salts: SaltCounter,
    des_salts: DesSaltState,
    contexts: Vec<String>,
    reports: usize,
}

impl Authority {
    fn new(device: Device, user: User) -> Self {
        Self {
            device,
            user,
            engine: ENGINE.to_vec(),
            boots: 3,
            salts: SaltCounter::new().unwrap(),
            des_salts: DesSaltState::install(|_| Ok::<(), std::io::Error>(())).unwrap(),
            contexts: Vec::new(),
            reports: 0,
        }
    }

    /// What authenticates a message of which the digest's place holds zeros.
    fn mac(&self, message: &[u8]) -> Vec<u8> {
        let (auth, password) = self.user.auth.as_ref().unwrap();
        if let Some((digest, algorithm, length)) = others(*auth) {
            let key = localized(digest, password.secret(), &self.engine);
            let tag = hmac::sign(&hmac::Key::new(algorithm, &key), message);
            return tag.as_ref()[..length].to_vec();
        }
        let (auth, _) = protocols(*auth, Privacy::Aes128);
        let key = LocalizedKey::from_password(auth, password.secret(), &self.engine).unwrap();
        key.compute_hmac(message).unwrap()
    }

    fn privacy_key(&self) -> PrivKey {
        let (auth, _) = self.user.auth.as_ref().unwrap();
        let (privacy, password) = self.user.privacy.as_ref().unwrap();
        let (by, protocol) = protocols(*auth, *privacy);
        let long =
            others(*auth).map(|(digest, ..)| localized(digest, password.secret(), &self.engine));
        match long.filter(|key| key.len() >= protocol.key_len()) {
            Some(key) => PrivKey::from_bytes(protocol, key).unwrap(),
            None => PrivKey::from_password(by, protocol, password.secret(), &self.engine).unwrap(),
        }
    }

    fn message(&self, id: i32, level: SecurityLevel, scoped: &ScopedPdu) -> Vec<u8> {
        let size = MessageSize::new(1_472).unwrap();
        let global = MsgGlobalData::new(id, size, MsgFlags::new(level, false)).unwrap();
        let name = self.user.name.as_bytes().to_vec();
        let mut params =
            UsmSecurityParams::new(self.engine.clone(), self.boots, 500, name).unwrap();
        if level.requires_auth() {
            let length = self.mac(b"").len();
            params = params.with_auth_placeholder(length).unwrap();
        }
        let message = if level.requires_priv() {
            let (key, plain) = (self.privacy_key(), scoped.encode_to_bytes().unwrap());
            let (secret, salt) = match self.user.privacy {
                Some((Privacy::Des | Privacy::TripleDes, _)) => {
                    key.encrypt_des_family(&plain, &self.des_salts).unwrap()
                }
                _ => key.encrypt_aes(&plain, self.boots, 500, &self.salts).unwrap(),
            };
            let params = params.with_priv_params(salt).unwrap().encode().unwrap();
            V3Message::new_with_opaque_encrypted_scoped_pdu(global, params, secret).unwrap()
        } else {
            V3Message::new(global, params.encode().unwrap(), scoped.clone()).unwrap()
        };
        let mut octets = message.encode().unwrap().to_vec();
        if level.requires_auth() {
            let (at, length) = UsmSecurityParams::find_auth_params_offset(&octets).unwrap();
            let mac = self.mac(&octets);
            octets[at..at + length].copy_from_slice(&mac);
        }
        octets
    }

    fn report(&mut self, id: i32, level: SecurityLevel, what: WireOid) -> Vec<u8> {
        self.reports += 1;
        let body = PduBody::Standard {
            pdu_type: StandardPduType::Report,
            error_status: 0,
            error_index: 0,
        };
        let count = VarBind::new(what, Wire::Counter32(1));
        let pdu = Pdu::from_raw_parts(0, body, vec![count]);
        self.message(id, level, &ScopedPdu::new(self.engine.clone(), Vec::new(), pdu))
    }

    fn answer(&mut self, octets: &[u8]) -> Option<Vec<u8>> {
        let raw = RawV3Message::decode(octets.to_vec().into(), DecodeConfig::STRICT).unwrap().value;
        let params = UsmSecurityParams::decode(raw.security_params().clone(), DecodeConfig::STRICT);
        let params = params.unwrap().value;
        let (id, plain, level) = (raw.msg_id(), SecurityLevel::NoAuthNoPriv, raw.security_level());
        if params.engine_id() != &self.engine {
            return Some(self.report(id, plain, report_oids::unknown_engine_ids()));
        }
        if params.username() != self.user.name.as_bytes() {
            return Some(self.report(id, plain, report_oids::unknown_user_names()));
        }
        if level.requires_auth() {
            let (at, length) = UsmSecurityParams::find_auth_params_offset(octets).unwrap();
            let mut zeros = octets.to_vec();
            zeros[at..at + length].fill(0);
            if self.mac(&zeros) != octets[at..at + length] {
                return Some(self.report(id, plain, report_oids::wrong_digests()));
            }
            if params.engine_boots() != self.boots {
                let timely = report_oids::not_in_time_windows();
                return Some(self.report(id, SecurityLevel::AuthNoPriv, timely));
            }
        }
        let scoped = match raw.msg_data() {
            RawMsgData::Plaintext { data, .. } => data.clone(),
            RawMsgData::Encrypted(secret) => {
                let (boots, time) = (params.engine_boots(), params.engine_time());
                // What was encrypted with another key comes out as noise, and is not answered.
                self.privacy_key().decrypt(secret, boots, time, params.priv_params()).ok()?
            }
        };
        let scoped = ScopedPdu::decode(&mut Decoder::new(scoped)).ok()?;
        self.contexts.push(String::from_utf8(scoped.context_name.to_vec()).unwrap());
        let ((error_status, error_index), objects) = self.device.respond(&scoped.pdu);
        let pdu_type = StandardPduType::Response;
        let body = PduBody::Standard { pdu_type, error_status, error_index };
        let pdu = Pdu::from_raw_parts(scoped.pdu.request_id(), body, objects);
        let scoped = ScopedPdu::new(self.engine.clone(), scoped.context_name.clone(), pdu);
        Some(self.message(id, level, &scoped))
    }
}

fn interview_as(users: &[User], tables: &str) -> Snmp {
    let credentials: Vec<_> = users.iter().cloned().map(Credential::V3).collect();
    Snmp::new(TARGET, &terms(&credentials, tables), TIMEOUT, 2, 7)
}

#[test]
fn keys_are_those_of_the_standards_own_examples() {
    let engine = [[0; 11].as_slice(), &[2]].concat();
    let octets = |hex: &str| Cell::Octets(hex.to_owned());
    let key =
        |auth| MasterKey::from_password(auth, b"maplesyrup").unwrap().localize(&engine).unwrap();
    // RFC 3414 §A.3.1 and §A.3.2.
    let md5 = "526f5eed9fcce26f8964c2930787d82b";
    assert_eq!(Cell::from_octets(key(AuthProtocol::Md5).as_bytes()), octets(md5));
    let sha = "6695febc9288e36282235fc7151f128497b38f3f";
    assert_eq!(Cell::from_octets(key(AuthProtocol::Sha1).as_bytes()), octets(sha));
    for (auth, by) in [
        (AuthProtocol::Sha1, &digest::SHA1_FOR_LEGACY_USE_ONLY),
        (AuthProtocol::Sha256, &digest::SHA256),
        (AuthProtocol::Sha384, &digest::SHA384),
        (AuthProtocol::Sha512, &digest::SHA512),
    ] {
        assert_eq!(key(auth).as_bytes(), localized(by, b"maplesyrup", &engine), "{auth}");
    }
}

#[test]
fn a_device_is_interviewed_with_every_way_of_authentication_and_privacy() {
    let ways = [
        (None, None),
        (Some(Auth::Md5), None),
        (Some(Auth::Sha512), None),
        (Some(Auth::Md5), Some(Privacy::Des)),
        (Some(Auth::Sha1), Some(Privacy::TripleDes)),
        (Some(Auth::Sha224), Some(Privacy::Aes192)),
        (Some(Auth::Sha1), Some(Privacy::Aes192Cisco)),
        (Some(Auth::Sha1), Some(Privacy::Aes256Cisco)),
        (Some(Auth::Sha256), Some(Privacy::Aes128)),
        (Some(Auth::Sha384), Some(Privacy::Aes192)),
        (Some(Auth::Sha512), Some(Privacy::Aes256)),
    ];
    for (auth, privacy) in ways {
        let user = user(auth, privacy);
        let mut authority = Authority::new(switch(), user.clone());
        let (facts, sent) = run(&mut interview_as(&[user], ""), |it| authority.answer(it));
        assert_eq!(facts, everything(), "{auth:?} {privacy:?}");
        assert_eq!((sent, authority.reports), (5, 1), "one packet more than v2c");
    }
}

#[test]
fn engine_boots_that_jump_are_followed_both_ways() {
    let user = user(Some(Auth::Sha1), Some(Privacy::Aes128));
    let mut authority = Authority::new(bridge(200), user.clone());
    let mut turn = 0;
    let (facts, _) = run(&mut interview_as(&[user], BRIDGE), |octets| {
        turn += 1;
        authority.boots = match turn {
            3..6 => 900,
            6..9 => 1,
            _ => 3,
        };
        authority.answer(octets)
    });
    assert_eq!(facts[..everything().len()], everything());
    let (rows, reads) = told(&facts, "dot1dTpFdbTable");
    assert_eq!((rows.len(), reads[0].outcome), (200, Outcome::Complete));
    assert_eq!(authority.reports, 4, "discovery and three jumps");
}

#[test]
fn an_engine_whose_boots_jump_with_every_message_is_given_up_as_refused() {
    let user = user(Some(Auth::Sha1), None);
    let mut authority = Authority::new(switch(), user.clone());
    let (facts, sent) = run(&mut interview_as(&[user], ""), |octets| {
        authority.boots += 1;
        authority.answer(octets)
    });
    assert_eq!(facts, [asked(Question::SnmpSystem, Outcome::Refused)]);
    assert!(sent < 8, "{sent}");
}

#[test]
fn a_device_that_was_exchanged_tells_its_new_engine() {
    let user = user(Some(Auth::Sha256), Some(Privacy::Aes128));
    let mut authority = Authority::new(switch(), user.clone());
    let mut turn = 0;
    let (facts, _) = run(&mut interview_as(&[user], ""), |octets| {
        turn += 1;
        if turn == 3 {
            authority.engine = b"\x80\x00\x1f\x88\x04another".to_vec();
        }
        authority.answer(octets)
    });
    assert_eq!(facts, everything());
}

#[test]
fn a_wrong_user_or_password_is_refused_and_the_next_is_tried() {
    let right = user(Some(Auth::Sha256), Some(Privacy::Aes128));
    let nobody = User { name: "nobody".into(), ..right.clone() };
    let wrong = User { auth: Some((Auth::Sha256, Password::new("wrong-words"))), ..right.clone() };
    let authority = || Authority::new(switch(), right.clone());
    for user in [&nobody, &wrong] {
        let mut one = authority();
        let (facts, sent) =
            run(&mut interview_as(std::slice::from_ref(user), ""), |it| one.answer(it));
        assert_eq!(facts, [asked(Question::SnmpSystem, Outcome::Refused)]);
        assert_eq!(sent, 2);
    }
    let mut one = authority();
    let all = [nobody, wrong, right.clone()];
    let (facts, _) = run(&mut interview_as(&all, ""), |it| one.answer(it));
    assert_eq!(facts, everything());
    // With another key for privacy the question is noise to the device, and it says nothing.
    let deaf =
        User { privacy: Some((Privacy::Aes128, Password::new("wrong-words"))), ..right.clone() };
    let mut one = authority();
    let (facts, _) = run(&mut interview_as(&[deaf], ""), |it| one.answer(it));
    assert_eq!(facts, [asked(Question::SnmpSystem, Outcome::Silent)]);
}

#[test]
fn an_answer_that_is_not_authenticated_changes_nothing() {
    let user = user(Some(Auth::Sha256), None);
    let mut authority = Authority::new(switch(), user.clone());
    let mut snmp = interview_as(&[user], "");
    let discovery = snmp.poll_transmit(Tick::ZERO).unwrap();
    assert!(snmp.handle_datagram(
        TARGET,
        &authority.answer(&discovery.octets).unwrap(),
        Tick::ZERO
    ));
    let ask = snmp.poll_transmit(Tick::ZERO).unwrap();
    let answer = authority.answer(&ask.octets).unwrap();
    let before = format!("{snmp:?}");
    for at in 0..answer.len() {
        let mut damaged = answer.clone();
        damaged[at] ^= 1;
        assert!(!snmp.handle_datagram(TARGET, &damaged, Tick::ZERO), "{at}");
    }
    authority.user.auth = None;
    let mut open = RawV3Message::decode(answer.clone().into(), DecodeConfig::STRICT).unwrap().value;
    let RawMsgData::Plaintext { data, .. } = open.msg_data() else { panic!("it is not encrypted") };
    let scoped = ScopedPdu::decode(&mut Decoder::new(data.clone())).unwrap();
    open = RawV3Message::decode(
        authority.message(open.msg_id(), SecurityLevel::NoAuthNoPriv, &scoped).into(),
        DecodeConfig::STRICT,
    )
    .unwrap()
    .value;
    let bare = authority.message(open.msg_id(), SecurityLevel::NoAuthNoPriv, &scoped);
    assert!(!snmp.handle_datagram(TARGET, &bare, Tick::ZERO), "a lower level");
    assert_eq!(format!("{snmp:?}"), before);
    assert!(snmp.handle_datagram(TARGET, &answer, Tick::ZERO));
}

#[test]
fn contexts_of_the_user_are_read_by_their_names() {
    let tables = BRIDGE.replace("most = 500", "per_vlan = true");
    let right = user(Some(Auth::Sha1), None);
    let user = User { contexts: vec!["vlan-20".into(), "ward".into()], ..right.clone() };
    let mut authority = Authority::new(bridge(2), right);
    let (facts, _) = run(&mut interview_as(&[user], &tables), |it| authority.answer(it));
    let (rows, reads) = told(&facts, "dot1dTpFdbTable");
    assert_eq!(rows.len(), 6);
    let contexts: Vec<_> = reads.iter().map(|read| read.context.as_str()).collect();
    assert_eq!(contexts, ["", "20", "ward"]);
    assert_eq!(authority.contexts[authority.contexts.len() - 2..], ["vlan-20", "ward"]);
}

#[test]
fn a_user_whom_a_target_does_not_know_is_not_tried_there_every_day() {
    let right = user(Some(Auth::Sha256), None);
    let nobody = User { name: "nobody".into(), ..right.clone() };
    let credentials = [nobody, right.clone()].map(Credential::V3);
    let mut kept = Kept::anew(1);
    for (day, refusals) in [(0, 1), (1, 0), (2, 0)] {
        let memory = Arc::new(Memory::of(kept, day));
        let keyring = Arc::new(Keyring::new(&credentials, 1, Some(Arc::clone(&memory))));
        let terms = Terms { keyring, ..terms(&credentials, "") };
        let mut authority = Authority::new(switch(), right.clone());
        let mut snmp = Snmp::new(TARGET, &terms, TIMEOUT, 2, 7);
        let (facts, _) = run(&mut snmp, |octets| authority.answer(octets));
        assert_eq!(facts, everything());
        // Each user asks once for the engine.
        assert_eq!(authority.reports, 1 + 2 * refusals, "day {day}");
        kept = memory.kept(None).unwrap();
    }
}

#[test]
fn what_was_refused_lately_and_is_left_out_is_still_told_as_a_refusal() {
    let known = user(Some(Auth::Sha256), None);
    let nobody = User { name: "nobody".into(), ..known.clone() };
    let other = User { name: "other".into(), ..known.clone() };
    let memory = Arc::new(Memory::of(Kept::anew(1), 20_000));
    let asked_as = |users: &[User]| {
        let credentials: Vec<_> = users.iter().cloned().map(Credential::V3).collect();
        let keyring = Arc::new(Keyring::new(&credentials, 1, Some(Arc::clone(&memory))));
        let terms = Terms { keyring, ..terms(&credentials, "") };
        Snmp::new(TARGET, &terms, TIMEOUT, 2, 7)
    };
    let mut authority = Authority::new(switch(), known);
    run(&mut asked_as(std::slice::from_ref(&nobody)), |octets| authority.answer(octets));
    // The next one stays without an answer.
    let (facts, sent) = run(&mut asked_as(&[nobody, other]), |_| None);
    assert_eq!((facts, sent), (vec![asked(Question::SnmpSystem, Outcome::Refused)], 2));
}
