use std::io::Read as _;
use std::sync::Arc;

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use rustls::crypto::ring as provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};

use super::*;

const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 20, 0, 9));

/// The subject of [`CERTIFICATE`].
const SUBJECT: &str = "CN=nas.example,O=例\\, 病院,C=JP";

/// A certificate of our own making.
const CERTIFICATE: &[u8] = include_bytes!("../tls/fixtures/ec.der");

fn server(version: &'static SupportedProtocolVersion) -> ServerConnection {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new())
        .unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.as_ref().to_vec()));
    let key = provider::sign::any_supported_type(&key).unwrap();
    let chain = vec![CertificateDer::from(CERTIFICATE)];
    let config = ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key))));
    ServerConnection::new(Arc::new(config)).unwrap()
}

fn challenge_token() -> Vec<u8> {
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let challenge = Challenge {
        flags: 0xe28a_8215,
        nonce: [7; 8],
        target: wide("WARD"),
        pairs: vec![(1, wide("NURSE-07")), (2, wide("WARD")), (3, wide("nurse-07.ward.example"))],
        version: (10, 0, 22631),
    };
    rdp::ts_request(&challenge.encode())
}

fn said(rdp: &mut Rdp) -> Option<Said> {
    let said = rdp.poll_fact().map(|(method, fact)| {
        assert_eq!(method, Method::Rdp);
        let Fact::Said(said) = fact else { panic!("{fact:?}") };
        *said
    });
    assert_eq!(rdp.poll_fact(), None);
    said
}

/// Feeds octets in pieces; what is said on the way goes to the server.
fn feed(rdp: &mut Rdp, octets: &[u8], piece: usize) -> (Vec<u8>, Option<Outcome>) {
    let mut asked = Vec::new();
    for octets in octets.chunks(piece) {
        match rdp.hear(octets) {
            Next::Wait => {}
            Next::Say(more) => asked.extend(more),
            Next::Anew => panic!("one connection"),
            Next::End(outcome) => return (asked, Some(outcome)),
        }
    }
    (asked, None)
}

/// Holds a whole conversation with a server that selects this protocol. Returns how it ended, what was
/// learned, and what the server was told inside TLS.
fn held(
    protocol: u32,
    version: &'static SupportedProtocolVersion,
    piece: usize,
) -> (Outcome, Said, Vec<u8>) {
    let mut rdp = Rdp::new(HOST, PORT);
    assert_eq!(rdp.begin(), Next::Say(rdp::request()));
    let selected = Answer::Selected { flags: 0x1f, protocol }.encode();
    let (mut asked, mut ended) = feed(&mut rdp, &selected, piece);
    let (mut tls, mut told) = (server(version), Vec::new());
    for _ in 0..20 {
        if let Some(outcome) = ended {
            return (outcome, said(&mut rdp).unwrap(), told);
        }
        let mut octets = asked.as_slice();
        while !octets.is_empty() {
            tls.read_tls(&mut octets).unwrap();
            let state = tls.process_new_packets().unwrap();
            let mut more = vec![0; state.plaintext_bytes_to_read()];
            tls.reader().read_exact(&mut more).unwrap();
            if !more.is_empty() {
                told.extend(more);
                tls.writer().write_all(&challenge_token()).unwrap();
            }
        }
        let mut answer = Vec::new();
        while tls.wants_write() {
            tls.write_tls(&mut answer).unwrap();
        }
        (asked, ended) = feed(&mut rdp, &answer, piece);
    }
    panic!("no end");
}

#[test]
fn a_windows_host_says_its_names_over_tls_1_2_and_1_3_however_the_octets_are_cut() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for piece in [1, 2, 5, 61, usize::MAX] {
            let (outcome, said, told) = held(rdp::HYBRID, version, piece);
            assert_eq!(outcome, Outcome::Complete);
            let fields: Vec<_> =
                said.fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            assert_eq!(
                fields,
                [
                    ("protocol", "nla"),
                    ("subject", SUBJECT),
                    ("host", "NURSE-07"),
                    ("domain", "WARD"),
                    ("dns_host", "nurse-07.ward.example"),
                    ("os_build", "10.0.22631"),
                ]
            );
            // What the server was told is the first message of NTLM, once, and nothing after it.
            let token = spnego::token(rdp::ts_token(&told).unwrap().unwrap()).unwrap();
            assert_eq!(token, ntlm::negotiate());
            assert_eq!(der::read(&told).unwrap().2, b"");
        }
    }
}

#[test]
fn a_server_of_tls_alone_says_its_certificate() {
    let (outcome, said, told) = held(rdp::TLS, &rustls::version::TLS13, usize::MAX);
    assert_eq!((outcome, told.len()), (Outcome::Complete, 0));
    assert_eq!((said.get("protocol"), said.get("subject")), (Some("tls"), Some(SUBJECT)));
}

#[test]
fn servers_that_negotiate_nothing_or_refuse_say_so() {
    for (answer, outcome, field) in [
        (Answer::Plain, Outcome::Complete, ("protocol", "rdp")),
        (Answer::Selected { flags: 0, protocol: 0 }, Outcome::Complete, ("protocol", "rdp")),
        (Answer::Failed { code: 2 }, Outcome::Refused, ("failure", "2")),
    ] {
        for piece in [1, usize::MAX] {
            let mut rdp = Rdp::new(HOST, PORT);
            let (asked, ended) = feed(&mut rdp, &answer.encode(), piece);
            assert_eq!((asked.len(), ended), (0, Some(outcome)));
            let said = said(&mut rdp).unwrap();
            assert_eq!((said.get(field.0), said.fields.len()), (Some(field.1), 1));
        }
    }
}

#[test]
fn a_handshake_that_fails_leaves_what_was_negotiated() {
    for answer in [&b"\x15\x03\x01\0\x02\x02\x46"[..], b"\x16\x03\x01\xff\xff", &[0; 4096]] {
        let mut rdp = Rdp::new(HOST, PORT);
        let selected = Answer::Selected { flags: 0, protocol: rdp::HYBRID }.encode();
        let (hello, _) = feed(&mut rdp, &selected, usize::MAX);
        assert_eq!(hello[..2], [0x16, 3]);
        let (_, ended) = feed(&mut rdp, answer, usize::MAX);
        assert!(matches!(ended, None | Some(Outcome::Partial)));
        assert_eq!(rdp.cut(Cut::Closed), Outcome::Partial);
        assert_eq!(said(&mut rdp).unwrap().get("protocol"), Some("nla"));
    }
}

#[test]
fn what_is_no_rdp_makes_no_sense_and_what_is_cut_says_what_it_was() {
    for other in [&b"HTTP/1.1 400\r\n"[..], &[3, 0, 0xff, 0xff, 0], &rdp::request()] {
        let mut rdp = Rdp::new(HOST, PORT);
        assert_eq!(feed(&mut rdp, other, usize::MAX).1, Some(Outcome::Malformed));
        assert_eq!(said(&mut rdp), None);
    }
    for (cut, outcome) in [(Cut::Closed, Outcome::Refused), (Cut::Silent, Outcome::Silent)] {
        assert_eq!(Rdp::new(HOST, PORT).cut(cut), outcome);
    }
}
