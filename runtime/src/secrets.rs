//! The secrets of one call: who may see which, and where a stand-in is filled in.
//!
//! Only secrets that are both granted and set reach a call. A tool asks for a placeholder, a
//! random word of this call, and writes it into a header; the value takes its place on the way
//! out, and only towards hosts that the grant binds the secret to.

use crate::{egress::Target, runtime::Environment};
use casemate_domain::{Grant, SecretGrant, SecretName};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Why a secret is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The grant does not name it, or not for this use.
    NotGranted,
    /// It is granted, and nobody has set it.
    NotSet,
}

/// A placeholder was written into a request to a host that its secret is not for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WrongHost {
    /// The name of the secret.
    pub(crate) secret: String,
}

struct Placeholder {
    token: String,
    name: SecretName,
}

/// The secrets of one call.
pub(crate) struct Secrets {
    grant: Arc<Grant>,
    values: Vec<(SecretName, SecretString)>,
    placeholders: Vec<Placeholder>,
    used: Vec<String>,
}

impl Secrets {
    pub(crate) fn new(environment: Environment) -> Self {
        Self {
            grant: environment.grant,
            values: environment.secrets,
            placeholders: Vec::new(),
            used: Vec::new(),
        }
    }

    /// A word of this call that stands for the secret.
    pub(crate) fn placeholder(&mut self, name: &str) -> Result<String, Refusal> {
        let granted = self.granted(name)?.name.clone();
        self.value(&granted)?;
        if let Some(known) = self.placeholders.iter().find(|p| p.name == granted) {
            return Ok(known.token.clone());
        }
        let token = token();
        self.placeholders.push(Placeholder {
            token: token.clone(),
            name: granted,
        });
        Ok(token)
    }

    /// The value itself.
    pub(crate) fn reveal(&mut self, name: &str) -> Result<String, Refusal> {
        let grant = self.granted(name)?;
        if !grant.reveal {
            return Err(Refusal::NotGranted);
        }
        let granted = grant.name.clone();
        let value = self.value(&granted)?.expose_secret().to_owned();
        self.note_use(&granted);
        Ok(value)
    }

    /// A header value with its placeholders filled in, or `None` if it has none.
    pub(crate) fn fill(
        &mut self,
        text: &str,
        target: &Target<'_>,
    ) -> Result<Option<Zeroizing<String>>, WrongHost> {
        let mut filled: Option<Zeroizing<String>> = None;
        let mut used = Vec::new();
        for placeholder in &self.placeholders {
            let current = filled.as_ref().map_or(text, |filled| filled.as_str());
            if !current.contains(&placeholder.token) {
                continue;
            }
            let name = &placeholder.name;
            let wrong = || WrongHost {
                secret: name.to_string(),
            };
            let grant = self.grant.secret(name.as_str()).ok_or_else(wrong)?;
            if !is_bound(grant, target) {
                return Err(wrong());
            }
            let value = self.value(name).map_err(|_| wrong())?;
            let replaced = current.replace(&placeholder.token, value.expose_secret());
            filled = Some(Zeroizing::new(replaced));
            used.push(name.clone());
        }
        used.iter().for_each(|name| self.note_use(name));
        Ok(filled)
    }

    /// The names of the secrets that were revealed or sent.
    pub(crate) fn take_used(&mut self) -> Vec<String> {
        std::mem::take(&mut self.used)
    }

    fn granted(&self, name: &str) -> Result<&SecretGrant, Refusal> {
        self.grant.secret(name).ok_or(Refusal::NotGranted)
    }

    fn value(&self, name: &SecretName) -> Result<&SecretString, Refusal> {
        let known = self.values.iter().find(|(known, _)| known == name);
        known.map(|(_, value)| value).ok_or(Refusal::NotSet)
    }

    fn note_use(&mut self, name: &SecretName) {
        if !self.used.iter().any(|used| used == name.as_str()) {
            self.used.push(name.to_string());
        }
    }
}

/// Whether a secret may be sent to a target that the grant already allows.
fn is_bound(grant: &SecretGrant, target: &Target<'_>) -> bool {
    grant.hosts.is_empty()
        || grant
            .hosts
            .iter()
            .any(|pattern| pattern.matches(target.scheme, target.host, target.port))
}

const TOKEN_START: &str = "{{casemate-secret-";

/// Whether a text holds what looks like a placeholder.
pub(crate) fn is_placeholder_in(text: &str) -> bool {
    text.contains(TOKEN_START)
}

fn token() -> String {
    let mut random = [0; 16];
    getrandom::fill(&mut random).expect("the operating system gives random bytes");
    format!("{TOKEN_START}{:032x}}}}}", u128::from_be_bytes(random))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Target<'static> = Target {
        scheme: "https",
        host: "api.example.com",
        port: 443,
    };
    const OTHER: Target<'static> = Target {
        scheme: "https",
        host: "evil.example.com",
        port: 443,
    };

    fn secrets() -> Secrets {
        let grant = |name: &str, host: &str, reveal| SecretGrant {
            name: name.parse().unwrap(),
            hosts: vec![host.parse().unwrap()],
            reveal,
        };
        let grant = Grant {
            secrets: vec![
                grant("BOUND", "api.example.com", false),
                grant("OPEN", "api.example.com", true),
                grant("UNSET", "api.example.com", true),
            ],
            ..Grant::default()
        };
        let set = |name: &str| (name.parse().unwrap(), SecretString::from("value-of-it"));
        Secrets::new(Environment {
            grant: Arc::new(grant),
            secrets: vec![set("BOUND"), set("OPEN")],
            ..Environment::default()
        })
    }

    #[test]
    fn a_placeholder_is_filled_in_towards_its_host_only() {
        let mut secrets = secrets();
        let token = secrets.placeholder("BOUND").unwrap();
        let header = format!("Bearer {token}");
        let filled = secrets.fill(&header, &BOUND).unwrap().unwrap();
        assert_eq!(filled.as_str(), "Bearer value-of-it");
        let refused = secrets.fill(&header, &OTHER).unwrap_err();
        assert_eq!(refused.secret, "BOUND");
        assert_eq!(secrets.take_used(), ["BOUND"]);
    }

    #[test]
    fn a_placeholder_is_one_word_per_call_and_secret() {
        let mut first = secrets();
        let token = first.placeholder("BOUND").unwrap();
        assert_eq!(first.placeholder("BOUND").unwrap(), token);
        assert_ne!(first.placeholder("OPEN").unwrap(), token);
        assert_ne!(secrets().placeholder("BOUND").unwrap(), token);
    }

    #[test]
    fn only_a_grant_that_says_so_reveals() {
        let mut secrets = secrets();
        assert_eq!(secrets.reveal("OPEN").unwrap(), "value-of-it");
        assert_eq!(secrets.reveal("BOUND"), Err(Refusal::NotGranted));
        assert_eq!(secrets.reveal("UNSET"), Err(Refusal::NotSet));
        assert_eq!(secrets.reveal("UNKNOWN"), Err(Refusal::NotGranted));
        assert_eq!(secrets.placeholder("UNKNOWN"), Err(Refusal::NotGranted));
        assert_eq!(secrets.placeholder("UNSET"), Err(Refusal::NotSet));
    }

    #[test]
    fn text_without_a_placeholder_is_left_alone() {
        assert!(secrets().fill("plain", &OTHER).unwrap().is_none());
    }
}
