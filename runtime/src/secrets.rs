//! The secrets of one call: who may see which, and where a stand-in is filled in.
//!
//! Only secrets that are both granted and set reach a call. Where the grant names a header, the host
//! adds it to requests to the hosts that the secret is bound to. Else a tool asks for a placeholder,
//! a random word of this call, and writes it into a header; the value takes its place on the way
//! out, and only towards hosts that the grant binds the secret to. A placeholder anywhere else, in a
//! URL or a body, stays the word it is.
//!
//! From its first use on, a secret is looked for in all that leaves the call.

use crate::{
    egress::Target,
    redact::{Redactor, Sight},
    runtime::Environment,
};
use casemate_domain::{Grant, SecretGrant, SecretHeader, SecretName};
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

/// Why a request cannot have a secret that it needs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Withheld {
    /// A placeholder was written into a request to a host that its secret is not for.
    WrongHost {
        /// The name of the secret.
        secret: String,
        /// The hosts that it is for.
        bound: String,
    },
    /// The host would add it, and nobody has set it.
    NotSet {
        /// The name of the secret.
        secret: String,
    },
}

/// A header that the host adds to a request.
pub(crate) struct Added {
    pub(crate) secret: SecretName,
    pub(crate) header: SecretHeader,
    pub(crate) value: Zeroizing<String>,
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
    redactor: Arc<Redactor>,
    used: Vec<String>,
}

impl Secrets {
    pub(crate) fn new(environment: Environment, redactor: Arc<Redactor>) -> Self {
        Self {
            redactor,
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
    ) -> Result<Option<Zeroizing<String>>, Withheld> {
        let mut filled: Option<Zeroizing<String>> = None;
        let mut used = Vec::new();
        for placeholder in &self.placeholders {
            let current = filled.as_ref().map_or(text, |filled| filled.as_str());
            if !current.contains(&placeholder.token) {
                continue;
            }
            let name = &placeholder.name;
            let grant = self.grant.secret(name.as_str());
            if !grant.is_some_and(|grant| is_bound(grant, target)) {
                return Err(wrong_host(name, grant));
            }
            let value = self.value(name).map_err(|_| wrong_host(name, grant))?;
            let replaced = current.replace(&placeholder.token, value.expose_secret());
            filled = Some(Zeroizing::new(replaced));
            used.push(name.clone());
        }
        used.iter().for_each(|name| self.note_use(name));
        Ok(filled)
    }

    /// The headers that the host adds to a request to this target. After a redirect, only secrets
    /// that the request before it had: a host must not be able to send a tool elsewhere with more
    /// than it was given itself.
    pub(crate) fn added(
        &mut self,
        target: &Target<'_>,
        before: Option<&[SecretName]>,
    ) -> Result<Vec<Added>, Withheld> {
        let mut added: Vec<Added> = Vec::new();
        for grant in &self.grant.secrets {
            let Some(header) = &grant.header else {
                continue;
            };
            let named = |added: &Added| added.header.name().eq_ignore_ascii_case(header.name());
            let is_meant = grant.hosts.iter().any(|host| target.fits(host))
                && before.is_none_or(|before| before.contains(&grant.name))
                && !added.iter().any(named);
            if !is_meant {
                continue;
            }
            let value = self.value(&grant.name).map_err(|_| Withheld::NotSet {
                secret: grant.name.to_string(),
            })?;
            let (front, back) = header.form();
            let value = [front, value.expose_secret(), back].concat();
            added.push(Added {
                secret: grant.name.clone(),
                header: header.clone(),
                value: Zeroizing::new(value),
            });
        }
        added.iter().for_each(|added| self.note_use(&added.secret));
        Ok(added)
    }

    /// Takes out of an answer what was sent and the tool may not read.
    pub(crate) fn hide(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.redactor.hide(bytes)
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
        if self.used.iter().any(|used| used == name.as_str()) {
            return;
        }
        self.used.push(name.to_string());
        let reveals = |grant: &SecretGrant| grant.reveal;
        let sight = if self.grant.secret(name.as_str()).is_some_and(reveals) {
            Sight::Revealed
        } else {
            Sight::Hidden
        };
        if let Ok(value) = self.value(name) {
            self.redactor.arm(name, value.expose_secret(), sight);
        }
    }
}

fn wrong_host(name: &SecretName, grant: Option<&SecretGrant>) -> Withheld {
    let hosts = grant.map(|grant| &grant.hosts[..]).unwrap_or_default();
    let hosts: Vec<_> = hosts.iter().map(ToString::to_string).collect();
    Withheld::WrongHost {
        secret: name.to_string(),
        bound: hosts.join(", "),
    }
}

/// Whether a secret may be sent to a target that the grant already allows.
fn is_bound(grant: &SecretGrant, target: &Target<'_>) -> bool {
    grant.hosts.is_empty() || grant.hosts.iter().any(|host| target.fits(host))
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
            header: None,
            reveal,
        };
        let header = |name: &str, header: &str| SecretGrant {
            header: Some(header.parse().unwrap()),
            ..grant(name, "api.example.com", false)
        };
        let grant = Grant {
            secrets: vec![
                grant("BOUND", "api.example.com", false),
                grant("OPEN", "api.example.com", true),
                grant("UNSET", "api.example.com", true),
                header("ADDED", "Authorization: Bearer {}"),
                header("SECOND", "authorization: {}"),
            ],
            ..Grant::default()
        };
        let set = |name: &str| (name.parse().unwrap(), SecretString::from("value-of-it"));
        let environment = Environment {
            grant: Arc::new(grant),
            secrets: ["BOUND", "OPEN", "ADDED", "SECOND"].map(set).into(),
        };
        Secrets::new(environment, Arc::default())
    }

    fn added(secrets: &mut Secrets, target: &Target<'_>, before: Option<&[&str]>) -> Vec<String> {
        let before: Option<Vec<SecretName>> =
            before.map(|names| names.iter().map(|name| name.parse().unwrap()).collect());
        let added = secrets.added(target, before.as_deref()).unwrap();
        let shown = |added: &Added| format!("{}: {}", added.header.name(), added.value.as_str());
        added.iter().map(shown).collect()
    }

    #[test]
    fn a_header_is_added_towards_its_host_only_and_once() {
        let mut secrets = secrets();
        assert!(added(&mut secrets, &OTHER, None).is_empty());
        assert!(secrets.take_used().is_empty());
        let expected = ["Authorization: Bearer value-of-it"];
        assert_eq!(added(&mut secrets, &BOUND, None), expected);
        assert_eq!(secrets.take_used(), ["ADDED"]);
    }

    #[test]
    fn after_a_redirect_a_header_is_added_only_if_the_request_before_had_it() {
        let mut secrets = secrets();
        assert_eq!(added(&mut secrets, &BOUND, Some(&["ADDED"])).len(), 1);
        assert!(added(&mut secrets, &BOUND, Some(&[])).is_empty());
        assert!(added(&mut secrets, &OTHER, Some(&["ADDED"])).is_empty());
    }

    #[test]
    fn a_header_without_a_value_is_named_rather_than_left_out() {
        let mut secrets = secrets();
        secrets.values.clear();
        let refused = secrets.added(&BOUND, None).err();
        let secret = "ADDED".to_owned();
        assert_eq!(refused, Some(Withheld::NotSet { secret }));
    }

    #[test]
    fn a_secret_is_looked_for_from_its_first_use_on() {
        let mut secrets = secrets();
        let text = || "value-of-it".to_owned();
        secrets.placeholder("BOUND").unwrap();
        assert_eq!(secrets.redactor.mask(text()), text(), "not used yet");
        secrets.reveal("OPEN").unwrap();
        assert_eq!(secrets.redactor.mask(text()), "[secret OPEN]");
    }

    #[test]
    fn a_placeholder_is_filled_in_towards_its_host_only() {
        let mut secrets = secrets();
        let token = secrets.placeholder("BOUND").unwrap();
        let header = format!("Bearer {token}");
        let filled = secrets.fill(&header, &BOUND).unwrap().unwrap();
        assert_eq!(filled.as_str(), "Bearer value-of-it");
        let refused = secrets.fill(&header, &OTHER).unwrap_err();
        let expected = Withheld::WrongHost {
            secret: "BOUND".to_owned(),
            bound: "api.example.com".to_owned(),
        };
        assert_eq!(refused, expected);
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
