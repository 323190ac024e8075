//! A provider of our own, on loopback; and what makes its tokens good or not.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use daicho_common::time::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};

use super::token::{Expected, Identity, Key, Refused, check};

/// A key that signs nothing but the tokens of this suite.
const RSA: &str = include_str!("tests/rsa.base64");

/// Who signs.
pub(crate) enum Signer {
    Curve(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    /// HMAC by the public key, which is how a verifier is fooled that takes any algorithm.
    Shared,
    Nobody,
}

impl Signer {
    pub(crate) fn curve() -> Self {
        let by = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(by, &random).unwrap();
        Self::Curve(EcdsaKeyPair::from_pkcs8(by, document.as_ref(), &random).unwrap())
    }

    pub(crate) fn rsa() -> Self {
        let der = STANDARD.decode(RSA.split_whitespace().collect::<String>()).unwrap();
        Self::Rsa(RsaKeyPair::from_der(&der).unwrap())
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Curve(_) => "ES256",
            Self::Rsa(_) => "RS256",
            Self::Shared => "HS256",
            Self::Nobody => "none",
        }
    }

    /// The public key as a JWK (RFC 7517).
    pub(crate) fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::Curve(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256",
                       "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y)})
            }
            Self::Rsa(pair) => {
                let key = ring::rsa::PublicKeyComponents::<Vec<u8>>::from(pair.public());
                let (n, e) = (key.n, key.e);
                json!({"kty": "RSA", "kid": kid, "use": "sig",
                       "n": URL_SAFE_NO_PAD.encode(n), "e": URL_SAFE_NO_PAD.encode(e)})
            }
            Self::Shared => json!({"kty": "oct", "kid": kid, "k": "c2VjcmV0"}),
            Self::Nobody => json!({"kty": "?", "kid": kid}),
        }
    }

    /// A token of these claims.
    pub(crate) fn token(&self, kid: &str, claims: &Value) -> String {
        let header = json!({"alg": self.algorithm(), "typ": "JWT", "kid": kid});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&header), part(claims));
        let random = SystemRandom::new();
        let signature = match self {
            Self::Curve(pair) => pair.sign(&random, message.as_bytes()).unwrap().as_ref().to_vec(),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature).unwrap();
                signature
            }
            Self::Shared => {
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"secret");
                ring::hmac::sign(&key, message.as_bytes()).as_ref().to_vec()
            }
            Self::Nobody => Vec::new(),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// What the provider does, which a test may change at any moment.
pub(crate) struct State {
    pub(crate) signer: Signer,
    pub(crate) kid: String,
    /// The keys that it publishes.
    pub(crate) keys: Vec<Value>,
    /// Claims that take the place of the right ones.
    pub(crate) instead: Value,
    /// Codes that were not used yet: challenge and nonce.
    codes: HashMap<String, (String, String)>,
    pub(crate) asked_for_keys: usize,
}

/// A provider on loopback. Its thread ends with the process.
pub(crate) struct OwnProvider {
    pub(crate) address: SocketAddr,
    pub(crate) state: Arc<Mutex<State>>,
}

pub(crate) const CLIENT: &str = "daicho";
pub(crate) const SECRET: &str = "s e:cret";

impl OwnProvider {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let signer = Signer::curve();
        let state = Arc::new(Mutex::new(State {
            keys: vec![signer.jwk("one")],
            signer,
            kid: "one".into(),
            instead: json!({}),
            codes: HashMap::new(),
            asked_for_keys: 0,
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(&mut stream.unwrap(), address, &shared);
            }
        });
        Self { address, state }
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Somebody logged in there, for this question; the code that the browser takes back.
    pub(crate) fn authorise(&self, question: &str) -> String {
        let query: HashMap<String, String> = parsed(question.split_once('?').unwrap().1);
        assert_eq!(query["response_type"], "code");
        assert_eq!(query["client_id"], CLIENT);
        assert_eq!(query["code_challenge_method"], "S256");
        assert!(query["scope"].split(' ').any(|scope| scope == "openid"));
        let mut state = self.state.lock().unwrap();
        let code = format!("code-{}", query["state"]);
        let half = (query["code_challenge"].clone(), query["nonce"].clone());
        state.codes.insert(code.clone(), half);
        code
    }
}

fn parsed(query: &str) -> HashMap<String, String> {
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

fn request(stream: &mut TcpStream) -> (String, String) {
    let mut read = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_lowercase();
            let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.trim().parse().unwrap()) {
                return (head.to_owned(), body.to_owned());
            }
        }
        let count = stream.read(&mut buffer).unwrap();
        if count == 0 {
            return (text_of(&read), String::new());
        }
        read.extend_from_slice(&buffer[..count]);
    }
}

fn text_of(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

fn serve(stream: &mut TcpStream, address: SocketAddr, state: &Mutex<State>) {
    let (head, body) = request(stream);
    let path = head.split_whitespace().nth(1).unwrap_or_default().to_owned();
    let mut state = state.lock().unwrap();
    let (status, answer) = match path.as_str() {
        "/.well-known/openid-configuration" => (
            200,
            json!({
                "issuer": format!("http://{address}"),
                "authorization_endpoint": format!("http://{address}/authorize"),
                "token_endpoint": format!("http://{address}/token"),
                "jwks_uri": format!("http://{address}/keys"),
            }),
        ),
        "/keys" => {
            state.asked_for_keys += 1;
            (200, json!({"keys": state.keys}))
        }
        "/token" => token(&mut state, address, (&head, &body)),
        _ => (404, json!({})),
    };
    let answer = answer.to_string();
    let _ = write!(
        stream,
        "HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
        answer.len()
    );
}

fn token(state: &mut State, address: SocketAddr, (head, body): (&str, &str)) -> (u16, Value) {
    let form = parsed(body);
    let wanted = format!("Basic {}", STANDARD.encode("daicho:s+e%3Acret"));
    let known = head.lines().any(|line| {
        line.split_once(": ").is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("authorization") && value == wanted
        })
    });
    // A code holds once (RFC 6749 §4.1.2).
    let half = state.codes.remove(form.get("code").map_or("", String::as_str));
    let verifier = form.get("code_verifier").map_or("", String::as_str);
    let Some((_, nonce)) =
        half.filter(|(challenge, _)| known && *challenge == super::flow::challenge(verifier))
    else {
        return (400, json!({"error": "invalid_grant"}));
    };
    let now = crate::clock::now().micros() / 1_000_000;
    let mut claims = json!({
        "iss": format!("http://{address}"), "sub": "248289761001", "aud": CLIENT,
        "iat": now, "exp": now + 300, "nonce": nonce, "name": "田中 一郎",
    });
    for (name, value) in state.instead.as_object().unwrap() {
        claims[name] = value.clone();
    }
    (200, json!({"id_token": state.signer.token(&state.kid, &claims), "token_type": "Bearer"}))
}

const NOW: i64 = 1_775_003_400;

fn claims() -> Value {
    json!({"iss": "https://id.example", "sub": "1", "aud": CLIENT, "iat": NOW, "exp": NOW + 300,
           "nonce": "n", "name": "田中"})
}

fn judged(signer: &Signer, keys: &[Value], claims: &Value) -> Result<Identity, Refused> {
    let keys: Vec<Key> =
        keys.iter().filter_map(|key| serde_json::from_value(key.clone()).ok()).collect();
    let expected = Expected {
        issuer: "https://id.example",
        client_id: CLIENT,
        nonce: "n",
        now: Timestamp::from_micros(NOW * 1_000_000),
    };
    check(&signer.token("one", claims), &keys, expected)
}

#[test]
fn tokens_by_curve_and_by_rsa_are_good_whatever_stands_beside_their_key() {
    for signer in [Signer::curve(), Signer::rsa()] {
        let other = json!({"kty": "OKP", "crv": "Ed25519", "kid": "two", "x": "AA"});
        let encrypts =
            json!({"kty": "RSA", "use": "enc", "kid": "three", "n": "AQAB", "e": "AQAB"});
        let keys = [other, encrypts, signer.jwk("one")];
        let identity = judged(&signer, &keys, &claims()).unwrap();
        assert_eq!((identity.subject.as_str(), identity.called.as_str()), ("1", "田中"));
    }
}

#[test]
fn what_proves_nothing_is_refused_however_it_is_signed() {
    let signer = Signer::curve();
    let keys = [signer.jwk("one"), Signer::rsa().jwk("rsa"), Signer::Shared.jwk("one")];
    assert_eq!(judged(&Signer::Shared, &keys, &claims()), Err(Refused::Algorithm));
    assert_eq!(judged(&Signer::Nobody, &keys, &claims()), Err(Refused::Algorithm));
    assert_eq!(judged(&Signer::curve(), &keys, &claims()), Err(Refused::Signature));
    assert_eq!(judged(&Signer::rsa(), &keys, &claims()), Err(Refused::UnknownKey), "another kind");
    assert_eq!(judged(&signer, &[signer.jwk("two")], &claims()), Err(Refused::UnknownKey));
    let expected =
        Expected { issuer: "i", client_id: "c", nonce: "n", now: Timestamp::from_micros(0) };
    for text in ["", "a", "a.b", "a.b.c", "....", "日本.語.。"] {
        assert!(check(text, &[], expected).is_err(), "{text}");
    }
}

#[test]
fn each_claim_is_held_against_what_was_expected() {
    let signer = Signer::curve();
    let keys = [signer.jwk("one")];
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        judged(&signer, &keys, &claims)
    };
    assert_eq!(with("iss", json!("https://id.example/")), Err(Refused::Issuer));
    assert_eq!(with("aud", json!("other")), Err(Refused::Audience));
    assert_eq!(with("aud", json!([CLIENT, "other"])), Err(Refused::Audience), "no azp");
    assert_eq!(with("azp", json!("other")), Err(Refused::Audience));
    assert!(with("aud", json!([CLIENT])).is_ok());
    assert_eq!(with("exp", json!(NOW - 61)), Err(Refused::Expired));
    assert!(with("exp", json!(NOW - 30)).is_ok(), "clocks differ");
    assert_eq!(with("iat", json!(NOW + 61)), Err(Refused::Early));
    assert_eq!(with("nbf", json!(NOW + 61)), Err(Refused::Early));
    assert_eq!(with("nonce", json!("other")), Err(Refused::Nonce));
    assert_eq!(with("nonce", Value::Null), Err(Refused::Nonce));
    for subject in [json!(""), json!("x".repeat(256)), json!("a\u{7}"), json!(1), Value::Null] {
        assert_eq!(with("sub", subject), Err(Refused::Malformed));
    }
}
