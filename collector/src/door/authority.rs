//! The collector's own CA: made at first start, kept in one file beside the database that only its
//! owner can read. It signs the door's certificate, which is made anew at every start and never kept,
//! and those of agents, each for ninety days.

use std::fs;
use std::io;
use std::path::Path;

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::enrolment::Code;
use daicho_common::time::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, SerialNumber,
};
use ring::rand::{SecureRandom, SystemRandom};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::beside;
use crate::private;

/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;
/// How long the CA holds: longer than any collector is in service.
const CA_DAYS: i64 = 20 * 365;
/// How long the door's certificate holds.
const DOOR_DAYS: i64 = 365;
/// How long an agent's certificate holds.
pub const AGENT_DAYS: i64 = 90;

/// The CA.
pub struct Authority {
    certificate: CertificateDer<'static>,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// An agent's certificate that was made.
#[derive(Clone, Debug)]
pub struct Issued {
    /// In PEM.
    pub pem: String,
    /// SHA-256 of its DER.
    pub digest: [u8; 32],
    /// When it was made.
    pub from: Timestamp,
    /// Until when it holds.
    pub until: Timestamp,
}

/// The door's own certificate.
#[derive(Debug)]
pub struct Own {
    /// With the CA's.
    pub chain: Vec<CertificateDer<'static>>,
    /// Its private key.
    pub key: PrivateKeyDer<'static>,
    /// When it is time for another one.
    pub renew_at: Timestamp,
}

impl std::fmt::Debug for Authority {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority(…)")
    }
}

impl Authority {
    /// The CA beside this database; made if there is none.
    ///
    /// # Errors
    /// A complaint that names the file.
    pub fn beside(database: &Path, now: Timestamp) -> Result<Self, Complaint> {
        let file = beside(database, "ca.pem");
        if !file.exists() {
            let made = make(now).map_err(io::Error::other);
            made.and_then(|text| private::write_once(&file, text.as_bytes()))
                .map_err(|error| unusable(&file, &error))?;
        }
        let of_others = private::check(&file, ("認証局の鍵", "the key of the CA"));
        of_others.map_err(|error| unusable(&file, &error))??;
        let text = fs::read_to_string(&file).map_err(|error| unusable(&file, &error))?;
        Self::read(&text).map_err(|error| damaged(&file, &error))
    }

    fn read(text: &str) -> Result<Self, String> {
        let certificate = CertificateDer::from_pem_slice(text.as_bytes());
        let certificate = certificate.map_err(|error| error.to_string())?;
        let key = PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|it| it.to_string())?;
        let key = KeyPair::try_from(key.secret_der()).map_err(|error| error.to_string())?;
        let issuer =
            Issuer::from_ca_cert_der(&certificate, key).map_err(|error| error.to_string())?;
        let end = "-----END CERTIFICATE-----";
        let pem = text.split_inclusive(end).next().unwrap_or_default().to_owned() + "\n";
        Ok(Self { certificate, pem, issuer })
    }

    /// Its certificate.
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Its certificate in PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// What codes say of it.
    pub fn fingerprint(&self) -> [u8; 16] {
        Code::fingerprint(&self.certificate)
    }

    /// A certificate for the door under these names and addresses.
    ///
    /// # Errors
    /// What rcgen says, such as that a name is none.
    pub fn own(&self, names: &[String], now: Timestamp) -> Result<Own, rcgen::Error> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::new(names.to_vec())?;
        params.distinguished_name = called("Daicho collector");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        hold(&mut params, now, DOOR_DAYS)?;
        let signed = params.signed_by(&key, &self.issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok(Own {
            chain: vec![signed.der().clone(), self.certificate.clone()],
            key,
            renew_at: Timestamp::from_micros(now.micros() + DOOR_DAYS * DAY / 3 * 2),
        })
    }

    /// A certificate for the agent of this name and the public key in this request, in PEM. What else
    /// the request asks for does not count.
    ///
    /// # Errors
    /// If the request cannot be read, or was not signed by the key in it.
    pub fn admit(
        &self,
        agent: &str,
        request: &str,
        now: Timestamp,
    ) -> Result<Issued, rcgen::Error> {
        let request = CertificateSigningRequestParams::from_pem(request)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = called(agent);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        hold(&mut params, now, AGENT_DAYS)?;
        let signed = params.signed_by(&request.public_key, &self.issuer)?;
        Ok(Issued {
            pem: signed.pem(),
            digest: Sha256::digest(signed.der()).into(),
            from: now,
            until: Timestamp::from_micros(now.micros() + AGENT_DAYS * DAY),
        })
    }
}

/// The certificate and the key of a new CA, in PEM.
fn make(now: Timestamp) -> Result<String, rcgen::Error> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::default();
    // Two CAs of one name could be taken for each other until a signature is checked.
    let mut own = [0; 4];
    SystemRandom::new().fill(&mut own).map_err(|_| rcgen::Error::RingUnspecified)?;
    params.distinguished_name = called(&format!("Daicho CA {:08x}", u32::from_be_bytes(own)));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    hold(&mut params, now, CA_DAYS)?;
    let certificate = params.self_signed(&key)?;
    Ok(certificate.pem() + &key.serialize_pem())
}

fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}

/// From a day before now, for clocks are not all right, for so many days.
fn hold(params: &mut CertificateParams, now: Timestamp, days: i64) -> Result<(), rcgen::Error> {
    let at = |micros: i64| {
        OffsetDateTime::from_unix_timestamp(micros / 1_000_000).map_err(|_| rcgen::Error::Time)
    };
    params.not_before = at(now.micros() - DAY)?;
    params.not_after = at(now.micros() + days * DAY)?;
    let mut serial = [0; 16];
    SystemRandom::new().fill(&mut serial).map_err(|_| rcgen::Error::RingUnspecified)?;
    // Positive, as RFC 5280 §4.1.2.2 has it.
    serial[0] = serial[0] & 0x7f | 0x40;
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    Ok(())
}

fn unusable(file: &Path, error: &io::Error) -> Complaint {
    let shown = file.display();
    Complaint::new(
        Exit::Privilege,
        format!(
            "認証局の鍵 {shown} が使えません（{error}）。フォルダの権限と空き容量を確かめてください"
        ),
        format!(
            "the key of the CA, {shown}, cannot be used ({error}): check the folder's permissions and the free space"
        ),
    )
}

fn damaged(file: &Path, why: &str) -> Complaint {
    let shown = file.display();
    Complaint::new(
        Exit::Integrity,
        format!(
            "認証局の鍵 {shown} が壊れています（{why}）。控えから戻してください。削除すると新しい認証局になり、すべてのエージェントの登録をやり直すことになります"
        ),
        format!(
            "the key of the CA, {shown}, is damaged ({why}): restore it from a copy; deleting it makes a new CA, and every agent has to enrol again"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_775_003_400_000_000);

    #[test]
    fn the_ca_is_made_once_and_is_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("daicho.db");
        let first = Authority::beside(&database, NOW).unwrap();
        let again = Authority::beside(&database, NOW).unwrap();
        assert_eq!(first.fingerprint(), again.fingerprint());
        assert_eq!(
            CertificateDer::from_pem_slice(first.pem().as_bytes()).unwrap(),
            first.certificate
        );
        assert!(!first.pem().contains("PRIVATE"));
        let file = folder.path().join("daicho.db.ca.pem");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
            assert!(Authority::beside(&database, NOW).unwrap_err().en.contains("chmod 600"));
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        }
        fs::write(&file, "-----BEGIN").unwrap();
        assert_eq!(Authority::beside(&database, NOW).unwrap_err().exit, Exit::Integrity);
    }

    #[test]
    fn only_the_public_key_of_a_request_counts() {
        let folder = tempfile::tempdir().unwrap();
        let ca = Authority::beside(&folder.path().join("d"), NOW).unwrap();
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut wanted = CertificateParams::new(vec!["collector.example".to_owned()]).unwrap();
        wanted.distinguished_name = called("another");
        wanted.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let request = wanted.serialize_request(&key).unwrap().pem().unwrap();
        let issued = ca.admit("3F", &request, NOW).unwrap();
        let der = CertificateDer::from_pem_slice(issued.pem.as_bytes()).unwrap();
        let holds = |octets: &[u8]| der.windows(octets.len()).any(|part| part == octets);
        assert!(holds(b"3F") && !holds(b"another") && !holds(b"collector.example"));
        assert_eq!(issued.until.micros() - issued.from.micros(), AGENT_DAYS * DAY);
        assert_ne!(
            ca.admit("3F", &request, NOW).unwrap().digest,
            issued.digest,
            "never the same twice"
        );
        assert!(ca.admit("3F", "-----BEGIN CERTIFICATE REQUEST-----", NOW).is_err());
    }
}
