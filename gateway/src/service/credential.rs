//! Credentials as text: how they are made, read and hashed.
//!
//! `mcp_` and 44 characters, `_` and 6 more. The 44 are 256 random bits in base 62; the 6 are a
//! checksum, so that a cut or mistyped key is told apart from a wrong one before any look-up, and
//! so that scanners can tell a real key from a look-alike without asking anybody.

use casemate_domain::Invalid;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// What a credential opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// An API key: MCP endpoints.
    Key,
    /// An access token: the admin API.
    Token,
}

impl Class {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Key => "mcp_",
            Self::Token => "cma_",
        }
    }

    const fn what(self) -> &'static str {
        match self {
            Self::Key => "API key",
            Self::Token => "access token",
        }
    }
}

const SECRET_LENGTH: usize = 44;
const CHECKSUM_LENGTH: usize = 6;

/// Makes a new credential from the operating system's randomness.
pub(crate) fn generate(class: Class) -> SecretString {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).expect("the operating system has randomness");
    let (high, low) = bytes.split_at(16);
    let half = |part: &[u8]| {
        base62::encode(u128::from_le_bytes(
            part.try_into().expect("half of 32 bytes is 16"),
        ))
    };
    let secret = format!("{:0>22}{:0>22}", half(high), half(low));
    zeroize::Zeroize::zeroize(&mut bytes);
    let sum = checksum(class, &secret);
    let sum = std::str::from_utf8(&sum).expect("digits are ASCII");
    SecretString::from(format!("{}{secret}_{sum}", class.prefix()))
}

/// Reads a credential as it was pasted: white space around it is trimmed; anything else that is
/// not exactly a credential is refused with a reason that repeats none of it.
pub(crate) fn parse(class: Class, text: &str) -> Result<&str, Invalid> {
    let text = text.trim();
    let malformed = |problem: &str| Invalid::new(class.what(), problem);
    let rest = text.strip_prefix(class.prefix()).ok_or_else(|| {
        malformed(&format!(
            "is malformed: it must start with `{}`",
            class.prefix()
        ))
    })?;
    let expected = SECRET_LENGTH + 1 + CHECKSUM_LENGTH;
    let (secret, sum) = rest
        .split_once('_')
        .filter(|(secret, sum)| secret.len() == SECRET_LENGTH && sum.len() == CHECKSUM_LENGTH)
        .filter(|(secret, _)| secret.bytes().all(|b| b.is_ascii_alphanumeric()))
        .ok_or_else(|| {
            malformed(&format!(
                "is malformed: after `{}` come {expected} characters; copy it again, whole",
                class.prefix()
            ))
        })?;
    if sum.as_bytes() != checksum(class, secret) {
        return Err(malformed(
            "is malformed: its checksum is wrong; copy it again, whole",
        ));
    }
    Ok(text)
}

/// In base 62 too, digit by digit: every request brings a key.
fn checksum(class: Class, secret: &str) -> [u8; CHECKSUM_LENGTH] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(class.prefix().as_bytes());
    hasher.update(secret.as_bytes());
    let mut rest = hasher.finalize() as usize;
    let mut digits = [0; CHECKSUM_LENGTH];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[rest % 62];
        rest /= 62;
    }
    digits
}

/// Turns credentials into what is stored of them: a hash keyed with a secret of this installation.
/// A slow hash would gain nothing against 256 random bits, and would be a lever for overload.
pub(crate) struct Pepper([u8; 32]);

impl Pepper {
    /// Wraps a key that is used for nothing else.
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The stored form of a credential.
    pub(crate) fn hash(&self, credential: &str) -> [u8; 32] {
        *blake3::keyed_hash(&self.0, credential.as_bytes()).as_bytes()
    }

    /// The stored form of a credential that was just made.
    pub(crate) fn hash_secret(&self, credential: &SecretString) -> [u8; 32] {
        self.hash(credential.expose_secret())
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_parses_and_two_differ() {
        let (a, b) = (generate(Class::Key), generate(Class::Key));
        assert_ne!(a.expose_secret(), b.expose_secret());
        assert_eq!(
            parse(Class::Key, a.expose_secret()).unwrap(),
            a.expose_secret()
        );
    }

    #[test]
    fn the_checksum_is_spelled_as_it_always_was() {
        for secret in ["", "a", &"0".repeat(44), &"zZ9".repeat(14)] {
            let mut hasher = crc32fast::Hasher::new();
            hasher.update(format!("mcp_{secret}").as_bytes());
            let spelled = format!("{:0>6}", base62::encode(hasher.finalize()));
            assert_eq!(checksum(Class::Key, secret), spelled.as_bytes());
        }
    }

    #[test]
    fn white_space_around_a_pasted_key_is_trimmed() {
        let key = generate(Class::Key);
        let pasted = format!("  {}\r\n", key.expose_secret());
        assert_eq!(parse(Class::Key, &pasted).unwrap(), key.expose_secret());
    }

    #[test]
    fn a_cut_or_mistyped_key_says_so_and_repeats_nothing() {
        let key = generate(Class::Key);
        let key = key.expose_secret();
        let mut swapped = key.to_owned();
        swapped.replace_range(10..11, if &key[10..11] == "a" { "b" } else { "a" });
        for broken in [
            &key[..30],
            &key[1..],
            &swapped,
            "hello",
            "",
            "mcp_",
            "mcp_ä_x",
        ] {
            let error = parse(Class::Key, broken).unwrap_err().to_string();
            assert!(error.starts_with("API key is malformed"), "{error}");
            assert!(broken.len() < 5 || !error.contains(broken), "{error}");
        }
    }

    #[test]
    fn a_token_is_no_key() {
        let token = generate(Class::Token);
        assert!(parse(Class::Key, token.expose_secret()).is_err());
    }

    #[test]
    fn the_hash_depends_on_the_installation() {
        let (one, two) = (Pepper::new([1; 32]), Pepper::new([2; 32]));
        assert_eq!(one.hash("mcp_x"), one.hash("mcp_x"));
        assert_ne!(one.hash("mcp_x"), two.hash("mcp_x"));
    }
}
