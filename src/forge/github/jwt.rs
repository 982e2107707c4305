//! The short-lived token with which an App proves who it is.
//! <https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app>

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

/// Clocks differ: the token is dated back.
const BACK: SignedDuration = SignedDuration::from_secs(60);
/// How long it is good for. GitHub takes ten minutes at most.
const LIFE: SignedDuration = SignedDuration::from_mins(9);

/// Why a private key is of no use. It does not say what stands in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// There is no key in it.
    #[error("the App's private key is no PEM text; it begins with `-----BEGIN RSA PRIVATE KEY-----`")]
    NoPem,
    /// The key is damaged, or is no RSA key.
    #[error("the App's private key is no RSA key")]
    NoRsa,
    /// It does not sign.
    #[error("the App's private key does not sign")]
    NoSignature,
}

/// An App's private key.
pub(super) struct Key(KeyPair);

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(redacted)")
    }
}

impl Key {
    /// Reads the text of a `.pem` file. `\n` may stand for the end of a line, as it does in many environment variables.
    pub(super) fn parse(pem: &SecretString) -> Result<Self, KeyError> {
        let text = pem.expose_secret();
        let unfolded = SecretString::from(text.replace("\\n", "\n"));
        let der = PrivateKeyDer::from_pem_slice(unfolded.expose_secret().as_bytes())
            .map_err(|_| KeyError::NoPem)?;
        let pair = match &der {
            PrivateKeyDer::Pkcs1(der) => KeyPair::from_der(der.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(der) => KeyPair::from_pkcs8(der.secret_pkcs8_der()),
            _ => return Err(KeyError::NoRsa),
        };
        Ok(Self(pair.map_err(|_| KeyError::NoRsa)?))
    }

    /// Returns a token for the App `id`, good for some minutes from `now`.
    pub(super) fn sign(&self, id: &str, now: Timestamp) -> Result<SecretString, KeyError> {
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let seconds = |time: Result<Timestamp, jiff::Error>| time.unwrap_or(now).as_second();
        let head = part(json!({"alg": "RS256", "typ": "JWT"}));
        let claims = part(json!({
            "iat": seconds(now.checked_sub(BACK)),
            "exp": seconds(now.checked_add(LIFE)),
            "iss": id,
        }));
        let signed = format!("{head}.{claims}");
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| KeyError::NoSignature)?;
        Ok(SecretString::from(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    const PEM: &str = include_str!("../../../tests/fixtures/app-key.pem");

    #[track_caller]
    fn check(pem: &str, expected: Option<KeyError>) {
        assert_eq!(Key::parse(&SecretString::from(pem.to_owned())).err(), expected, "{pem}");
    }

    #[test]
    fn a_token_says_who_when_and_is_signed() {
        let key = Key::parse(&SecretString::from(PEM)).unwrap();
        let token = key.sign("4711", Timestamp::from_second(1_800_000_000).unwrap()).unwrap();
        let (signed, signature) = token.expose_secret().rsplit_once('.').unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.0.public().as_ref());
        public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        let parts: Vec<serde_json::Value> = signed
            .split('.')
            .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
            .collect();
        assert_eq!(parts[0], json!({"alg": "RS256", "typ": "JWT"}));
        assert_eq!(parts[1], json!({"iat": 1_799_999_940, "exp": 1_800_000_540, "iss": "4711"}));
        assert_eq!(format!("{key:?}"), "Key(redacted)");
    }

    #[test]
    fn a_key_is_read_as_environments_hold_it() {
        check(PEM, None);
        check(&PEM.replace('\n', "\\n"), None);
        check(&PEM.replace('\n', "\r\n"), None);
        check("", Some(KeyError::NoPem));
        check("hunter2", Some(KeyError::NoPem));
        check(&PEM.replace("MII", "AAA"), Some(KeyError::NoRsa));
        let elliptic = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
        check(elliptic, Some(KeyError::NoRsa));
    }
}
