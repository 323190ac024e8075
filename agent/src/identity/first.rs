//! The first word with a collector: nothing is known of it but the fingerprint in the code. The
//! handshake goes on only if the collector shows a CA certificate of just that fingerprint and its own
//! certificate, for the name that it was called by, is signed by it. What is learned is the CA.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use daicho_common::enrolment::Code;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore,
    SignatureScheme,
};

/// How long each step may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why the collector is not the one that made the code, or could not be asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unknown {
    /// It shows another CA than the code says.
    #[error("another CA")]
    OtherCa,
    /// Its certificate is not for the name by which it was called.
    #[error("not for this name")]
    OtherName,
    /// It could not be reached, or speaks no TLS.
    #[error("{0}")]
    Unreachable(io::Error),
}

/// The CA certificate (DER) of the collector at `host:port`.
pub(super) fn ca(place: &str, code: &Code) -> Result<Vec<u8>, Unknown> {
    let wrong = |what: &str| Unknown::Unreachable(io::Error::other(what.to_owned()));
    let (host, _) = place.rsplit_once(':').ok_or_else(|| wrong("no port"))?;
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(bare).map_err(|_| wrong("no host name"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Arc::new(ByFingerprint {
        code: *code,
        provider: Arc::clone(&provider),
        learned: Mutex::default(),
    });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&verifier) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let mut socket = connect(place).map_err(Unknown::Unreachable)?;
    let mut talk =
        ClientConnection::new(Arc::new(config), name).map_err(|error| wrong(&error.to_string()))?;
    while talk.is_handshaking() {
        talk.complete_io(&mut socket).map_err(explain)?;
    }
    talk.send_close_notify();
    // Whether the other side hears of the end makes no difference.
    let _ = talk.complete_io(&mut socket);
    let learned = verifier.learned.lock().unwrap_or_else(PoisonError::into_inner).take();
    learned.ok_or(Unknown::OtherCa)
}

fn connect(place: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in place.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(socket) => {
                socket.set_read_timeout(Some(PATIENCE))?;
                socket.set_write_timeout(Some(PATIENCE))?;
                return Ok(socket);
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn explain(error: io::Error) -> Unknown {
    let inner = error.get_ref().and_then(|it| it.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => Unknown::OtherName,
        Some(rustls::Error::InvalidCertificate(_)) => Unknown::OtherCa,
        Some(_) | None => Unknown::Unreachable(error),
    }
}

/// Trusts whom the CA of the code has signed.
#[derive(Debug)]
struct ByFingerprint {
    code: Code,
    provider: Arc<CryptoProvider>,
    learned: Mutex<Option<Vec<u8>>>,
}

impl ServerCertVerifier for ByFingerprint {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let ours = |it: &&CertificateDer<'_>| Code::fingerprint(it) == self.code.ca;
        let unknown = || rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let ca = chain.iter().find(ours).ok_or_else(unknown)?;
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone().into_owned())?;
        let provider = Arc::clone(&self.provider);
        let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        let verified = inner.verify_server_cert(own, chain, name, ocsp, now)?;
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        *learned = Some(ca.to_vec());
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
