//! Takes the values of secrets out of what a tool says.
//!
//! Exact occurrences only, and their JSON-escaped form: a second wall behind the grant, not a
//! proof. A tool that holds a value can always write it backwards.

use casemate_domain::SecretName;
use secrecy::{ExposeSecret, SecretString};
use std::borrow::Cow;

/// One text to look for, and what to put in its place.
struct Needle {
    value: SecretString,
    mask: String,
}

/// The secrets of one call, as texts to look for.
#[derive(Default)]
pub(crate) struct Redactor {
    needles: Vec<Needle>,
}

impl Redactor {
    pub(crate) fn new(secrets: &[(SecretName, SecretString)]) -> Self {
        let mut needles = Vec::with_capacity(secrets.len());
        for (name, secret) in secrets {
            let value = secret.expose_secret();
            if value.is_empty() {
                continue;
            }
            let mask = format!("[secret {name}]");
            let quoted = serde_json::Value::from(value).to_string();
            let escaped = &quoted[1..quoted.len() - 1];
            if escaped != value {
                needles.push(Needle {
                    value: escaped.into(),
                    mask: mask.clone(),
                });
            }
            needles.push(Needle {
                value: secret.clone(),
                mask,
            });
        }
        // A secret that contains another one is masked as a whole.
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.value.expose_secret().len()));
        Self { needles }
    }

    /// Masks a text that is owned; gives it back untouched when there is nothing to mask.
    pub(crate) fn mask(&self, text: String) -> String {
        match self.masked(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(masked) => masked,
        }
    }

    /// Masks a text.
    pub(crate) fn masked<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut masked = Cow::Borrowed(text);
        for needle in &self.needles {
            let value = needle.value.expose_secret();
            if masked.contains(value) {
                masked = Cow::Owned(masked.replace(value, &needle.mask));
            }
        }
        masked
    }

    /// Masks bytes.
    pub(crate) fn mask_bytes(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for needle in &self.needles {
            let value = needle.value.expose_secret().as_bytes();
            if let Some(first) = position(&bytes, value) {
                bytes = replaced(&bytes, first, value, needle.mask.as_bytes());
            }
        }
        bytes
    }
}

fn position(bytes: &[u8], value: &[u8]) -> Option<usize> {
    bytes
        .windows(value.len())
        .position(|window| window == value)
}

fn replaced(bytes: &[u8], first: usize, value: &[u8], mask: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    let mut next = Some(first);
    while let Some(at) = next {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(mask);
        rest = &rest[at + value.len()..];
        next = position(rest, value);
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(secrets: &[(&str, &str)]) -> Redactor {
        let secrets: Vec<_> = secrets
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), SecretString::from(*value)))
            .collect();
        Redactor::new(&secrets)
    }

    #[test]
    fn every_occurrence_is_masked() {
        let redactor = redactor(&[("TOKEN", "hunter22")]);
        assert_eq!(
            redactor.mask("a hunter22 b hunter22".to_owned()),
            "a [secret TOKEN] b [secret TOKEN]"
        );
        assert_eq!(
            redactor.mask_bytes(b"hunter22\0hunter22".to_vec()),
            b"[secret TOKEN]\0[secret TOKEN]"
        );
    }

    #[test]
    fn the_json_form_of_a_secret_is_masked_too() {
        let redactor = redactor(&[("TOKEN", "pass\"word")]);
        assert_eq!(
            redactor.mask(r#"{"a":"pass\"word"}"#.to_owned()),
            r#"{"a":"[secret TOKEN]"}"#
        );
    }

    #[test]
    fn a_secret_within_a_secret_does_not_leave_its_ends() {
        let redactor = redactor(&[("A", "abcdefgh"), ("B", "xxabcdefghxx")]);
        assert_eq!(redactor.mask("xxabcdefghxx".to_owned()), "[secret B]");
    }

    #[test]
    fn an_empty_secret_masks_nothing() {
        assert_eq!(redactor(&[("A", "")]).mask("text".to_owned()), "text");
    }
}
