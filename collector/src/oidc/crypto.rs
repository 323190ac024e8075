//! Signatures for `jsonwebtoken`, by ring: RSA and ECDSA, verified only. Nothing here makes a token, and
//! no secret that two share (HMAC) verifies one.

use std::sync::Once;

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};

/// Whether a provider may sign by this algorithm (RFC 7518 §3.1). `none` and those with a shared secret
/// are not among them.
pub(super) fn is_allowed(algorithm: Algorithm) -> bool {
    known(algorithm).is_some()
}

/// Installs ring for `jsonwebtoken`, once a process.
pub(super) fn install() {
    static ONCE: Once = Once::new();
    // Somebody else's provider cannot be there: nothing else in this program installs one.
    ONCE.call_once(|| {
        let _ = PROVIDER.install_default();
    });
}

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(unsupported()),
    verifier_factory: |algorithm, key| {
        known(*algorithm).ok_or_else(unsupported)?;
        Ok(Box::new(Ring { algorithm: *algorithm, key: key.clone() }))
    },
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(unsupported()),
        rsa_pub_components_from_public_key: |_| Err(unsupported()),
        ec_pub_components_from_private_key: |_, _| Err(unsupported()),
        ed_pub_components_from_private_key: |_, _| Err(unsupported()),
        compute_digest: |_, _| Err(unsupported()),
    },
};

fn unsupported() -> Error {
    ErrorKind::UnsupportedAlgorithm.into()
}

#[derive(Clone, Copy)]
enum By {
    Rsa(&'static RsaParameters),
    Curve(&'static dyn VerificationAlgorithm),
}

static KNOWN: [(Algorithm, By); 8] = [
    (Algorithm::RS256, By::Rsa(&RSA_PKCS1_2048_8192_SHA256)),
    (Algorithm::RS384, By::Rsa(&RSA_PKCS1_2048_8192_SHA384)),
    (Algorithm::RS512, By::Rsa(&RSA_PKCS1_2048_8192_SHA512)),
    (Algorithm::PS256, By::Rsa(&RSA_PSS_2048_8192_SHA256)),
    (Algorithm::PS384, By::Rsa(&RSA_PSS_2048_8192_SHA384)),
    (Algorithm::PS512, By::Rsa(&RSA_PSS_2048_8192_SHA512)),
    (Algorithm::ES256, By::Curve(&ECDSA_P256_SHA256_FIXED)),
    (Algorithm::ES384, By::Curve(&ECDSA_P384_SHA384_FIXED)),
];

fn known(algorithm: Algorithm) -> Option<By> {
    KNOWN.iter().find(|(one, _)| *one == algorithm).map(|(_, by)| *by)
}

/// A key with the algorithm that it is used with.
struct Ring {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl JwtVerifier for Ring {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for Ring {
    fn verify(&self, message: &[u8], said: &Vec<u8>) -> Result<(), signature::Error> {
        let verified = match (known(self.algorithm), self.key.kind()) {
            (Some(By::Rsa(by)), DecodingKeyKind::RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(by, message, said)
            }
            (Some(By::Curve(by)), DecodingKeyKind::SecretOrDer(key)) => {
                UnparsedPublicKey::new(by, key).verify(message, said)
            }
            _ => return Err(signature::Error::new()),
        };
        verified.map_err(|_| signature::Error::new())
    }
}
