//! Messages of SNMP v3 with the user-based security model (RFC 3412, RFC 3414).
//!
//! What is not authenticated although it should be, or cannot be decrypted, is nothing. Reports are
//! believed without authentication: all they can do is make the next question another one.

use async_snmp::ber::Decoder;
use async_snmp::compatibility::DecodeConfig;
use async_snmp::message::{
    MsgFlags, MsgGlobalData, RawMsgData, RawV3Message, ScopedPdu, SecurityLevel, V3Message,
};
use async_snmp::v3::auth::{authenticate_message, verify_message};
use async_snmp::v3::{
    DesSaltState, LocalizedKey, MasterKey, PersistedDesSaltState, PrivKey, ReportStatus,
    SaltCounter, UsmSecurityParams, classify_report,
};
use async_snmp::{AuthProtocol, MessageSize, Pdu, PduType, PrivProtocol, Version};
use daicho_common::time::Tick;

use super::message::{self, Reply, Request};
use crate::plan::credential::{Auth, Privacy, User};

/// The longest message that is wanted back: an Ethernet frame's worth (RFC 3412 §6, msgMaxSize).
const SIZE: usize = 1_472;

/// Largest engine boots and time (RFC 3414 §2.2).
const LARGEST: u32 = i32::MAX.unsigned_abs();

/// What a user's passwords come to, whoever is asked: making it takes a million octets of digest each
/// (RFC 3414 §A.2), so it is made once.
pub(super) struct Masters {
    auth: Option<MasterKey>,
    privacy: Option<(PrivProtocol, MasterKey)>,
    /// Never the same twice under one key.
    salts: SaltCounter,
    des_salts: DesSaltState,
}

impl Masters {
    /// Those of this user; `epoch` makes the salts of this scan others than those of the last one.
    /// `None` if a password is too short.
    pub(super) fn new(user: &User, epoch: u32) -> Option<Self> {
        let master =
            |auth, secret: &[u8]| MasterKey::from_password(auth_protocol(auth), secret).ok();
        let auth = match &user.auth {
            Some((auth, password)) => Some(master(*auth, password.secret())?),
            None => None,
        };
        let privacy = match (&user.auth, &user.privacy) {
            (Some((auth, _)), Some((privacy, password))) => {
                Some((priv_protocol(*privacy), master(*auth, password.secret())?))
            }
            (_, None) => None,
            (None, Some(_)) => return None,
        };
        let before = PersistedDesSaltState::new((epoch % (LARGEST - 1)).max(1)).ok()?;
        let kept = |_: &_| Ok::<(), std::io::Error>(());
        let des_salts = DesSaltState::restart(before, kept).ok()?;
        Some(Self { auth, privacy, salts: SaltCounter::new().ok()?, des_salts })
    }

    const fn level(&self) -> SecurityLevel {
        match (&self.auth, &self.privacy) {
            (None, _) => SecurityLevel::NoAuthNoPriv,
            (Some(_), None) => SecurityLevel::AuthNoPriv,
            (Some(_), Some(_)) => SecurityLevel::AuthPriv,
        }
    }
}

/// The engine of one target, and the user's keys for it (RFC 3414 §2).
#[derive(Debug)]
pub(super) struct Engine {
    id: Vec<u8>,
    boots: u32,
    time: u32,
    /// When `time` was told.
    at: Tick,
    auth: Option<LocalizedKey>,
    privacy: Option<PrivKey>,
}

impl Engine {
    /// The engine that a report told; `None` if no key can be made for it.
    fn told(masters: &Masters, params: &UsmSecurityParams, now: Tick) -> Option<Self> {
        let id = params.engine_id().to_vec();
        let auth = match &masters.auth {
            Some(master) => Some(master.localize(&id).ok()?),
            None => None,
        };
        let privacy = match &masters.privacy {
            Some((protocol, master)) => {
                Some(PrivKey::from_master_key(master, *protocol, &id).ok()?)
            }
            None => None,
        };
        let (boots, time) = (params.engine_boots(), params.engine_time());
        (!id.is_empty()).then_some(Self { id, boots, time, at: now, auth, privacy })
    }

    fn time(&self, now: Tick) -> u32 {
        let since = u32::try_from(now.since(self.at).as_secs()).unwrap_or(LARGEST);
        self.time.saturating_add(since).min(LARGEST)
    }

    /// Boots and time as the engine has just told them, whichever way they jumped: the message
    /// carried the number of a question that is on its way.
    fn set(&mut self, params: &UsmSecurityParams, now: Tick) {
        (self.boots, self.time, self.at) = (params.engine_boots(), params.engine_time(), now);
    }
}

/// What a message says.
#[derive(Debug)]
pub(super) enum Heard {
    /// The answer.
    Reply(Reply),
    /// The engine told what was not known of it: the question is to be asked once more.
    Learned,
    /// It knows no such user, password, level or context.
    Refused,
}

/// The question by which an engine is found out (RFC 3414 §4).
pub(super) fn discovery(id: i32) -> Option<Vec<u8>> {
    let message = V3Message::discovery_request(id, MessageSize::new(SIZE).ok()?).ok()?;
    message.encode().ok().map(|octets| octets.to_vec())
}

/// A question to this engine as this user, in the context of this name.
pub(super) fn encode(
    (user, masters): (&User, &Masters),
    engine: &Engine,
    (id, context): (i32, &str),
    request: &Request,
    now: Tick,
) -> Option<Vec<u8>> {
    let pdu = message::pdu(Version::V3, id, request)?;
    let scoped = ScopedPdu::new(engine.id.clone(), context.as_bytes().to_vec(), pdu);
    let (boots, time) = (engine.boots, engine.time(now));
    let mut params =
        UsmSecurityParams::new(engine.id.clone(), boots, time, user.name.as_bytes().to_vec())
            .ok()?;
    if let Some(key) = &engine.auth {
        params = params.with_auth_placeholder(key.mac_len()).ok()?;
    }
    let flags = MsgFlags::new(masters.level(), true);
    let global = MsgGlobalData::new(id, MessageSize::new(SIZE).ok()?, flags).ok()?;
    let message = if let Some(key) = &engine.privacy {
        let plain = scoped.encode_to_bytes().ok()?;
        let (secret, salt) = match key.protocol() {
            PrivProtocol::Des | PrivProtocol::Des3 => {
                key.encrypt_des_family(&plain, &masters.des_salts).ok()?
            }
            PrivProtocol::Aes128
            | PrivProtocol::Aes192Blumenthal
            | PrivProtocol::Aes192Reeder
            | PrivProtocol::Aes256Blumenthal
            | PrivProtocol::Aes256Reeder => {
                key.encrypt_aes(&plain, boots, time, &masters.salts).ok()?
            }
        };
        let params = params.with_priv_params(salt).ok()?.encode().ok()?;
        V3Message::new_with_opaque_encrypted_scoped_pdu(global, params, secret).ok()?
    } else {
        V3Message::new(global, params.encode().ok()?, scoped).ok()?
    };
    let mut octets = message.encode().ok()?.to_vec();
    if let Some(key) = &engine.auth {
        let (at, length) = UsmSecurityParams::find_auth_params_offset(&octets)?;
        authenticate_message(key, &mut octets, at, length).ok()?;
    }
    Some(octets)
}

/// What these octets say to the question with this number; `None` if they are nothing to it. Takes
/// over what they tell of the engine.
pub(super) fn decode(
    masters: &Masters,
    engine: &mut Option<Engine>,
    id: i32,
    octets: &[u8],
    now: Tick,
) -> Option<Heard> {
    let raw = RawV3Message::decode(octets.to_vec().into(), DecodeConfig::DEFAULT).ok()?.value;
    if raw.msg_id() != id {
        return None;
    }
    let params = UsmSecurityParams::decode(raw.security_params().clone(), DecodeConfig::DEFAULT);
    let params = params.ok()?.value;
    let level = raw.security_level();
    let scoped = opened(&raw, &params, engine.as_ref(), octets)?;
    match scoped.pdu.pdu_type() {
        PduType::Report => reported(masters, engine, &scoped.pdu, (&params, now)),
        PduType::Response if level == masters.level() && scoped.pdu.request_id() == id => {
            let engine = engine.as_mut().filter(|engine| params.engine_id() == &engine.id)?;
            let reply = message::reply(&scoped.pdu, octets.len())?;
            engine.set(&params, now);
            Some(Heard::Reply(reply))
        }
        PduType::Response
        | PduType::GetRequest
        | PduType::GetNextRequest
        | PduType::GetBulkRequest
        | PduType::SetRequest
        | PduType::TrapV1
        | PduType::TrapV2
        | PduType::InformRequest => None,
    }
}

/// What is in the message: if it says so, authenticated and decrypted; else as it is.
fn opened(
    raw: &RawV3Message,
    params: &UsmSecurityParams,
    engine: Option<&Engine>,
    octets: &[u8],
) -> Option<ScopedPdu> {
    if raw.security_level().requires_auth() {
        let key = engine.filter(|engine| params.engine_id() == &engine.id)?.auth.as_ref()?;
        let (at, length) = UsmSecurityParams::find_auth_params_offset(octets)?;
        let true = verify_message(key, octets, at, length).ok()? else { return None };
    }
    let plain = match raw.msg_data() {
        RawMsgData::Plaintext { data, .. } => data.clone(),
        RawMsgData::Encrypted(secret) => {
            let key = engine?.privacy.as_ref()?;
            let (boots, time) = (params.engine_boots(), params.engine_time());
            key.decrypt(secret, boots, time, params.priv_params()).ok()?
        }
    };
    ScopedPdu::decode(&mut Decoder::new(plain).with_decode_config(DecodeConfig::DEFAULT)).ok()
}

/// What a report comes to (RFC 3414 §3.2 and §4).
fn reported(
    masters: &Masters,
    engine: &mut Option<Engine>,
    pdu: &Pdu,
    (params, now): (&UsmSecurityParams, Tick),
) -> Option<Heard> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the crate's enum is open")]
    match classify_report(pdu).ok()? {
        ReportStatus::UnknownEngineId { .. } => {
            *engine = Some(Engine::told(masters, params, now)?);
            Some(Heard::Learned)
        }
        ReportStatus::NotInTimeWindow { .. } => {
            engine.as_mut().filter(|engine| params.engine_id() == &engine.id)?.set(params, now);
            Some(Heard::Learned)
        }
        // A user, password, level or context that it does not know, and what is not in RFC 3414.
        _ => Some(Heard::Refused),
    }
}

const fn auth_protocol(auth: Auth) -> AuthProtocol {
    match auth {
        Auth::Md5 => AuthProtocol::Md5,
        Auth::Sha1 => AuthProtocol::Sha1,
        Auth::Sha224 => AuthProtocol::Sha224,
        Auth::Sha256 => AuthProtocol::Sha256,
        Auth::Sha384 => AuthProtocol::Sha384,
        Auth::Sha512 => AuthProtocol::Sha512,
    }
}

const fn priv_protocol(privacy: Privacy) -> PrivProtocol {
    match privacy {
        Privacy::Des => PrivProtocol::Des,
        Privacy::TripleDes => PrivProtocol::Des3,
        Privacy::Aes128 => PrivProtocol::Aes128,
        Privacy::Aes192 => PrivProtocol::Aes192Blumenthal,
        Privacy::Aes192Cisco => PrivProtocol::Aes192Reeder,
        Privacy::Aes256 => PrivProtocol::Aes256Blumenthal,
        Privacy::Aes256Cisco => PrivProtocol::Aes256Reeder,
    }
}
