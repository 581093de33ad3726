//! The secrets of one call: who may see which, and where a stand-in is filled in.
//!
//! Only secrets that are both granted and set reach a call. Where the grant names a header, the host
//! adds it to requests to the hosts that the secret is bound to. Else a tool asks for a placeholder,
//! a random word of this call, and writes it into a header; the value takes its place on the way
//! out, and only towards hosts that the grant binds the secret to. A placeholder anywhere else, in a
//! URL or a body, stays the word it is.
//!
//! From its first use on, a secret is looked for in all that leaves the call. What a tool leaves for
//! its next round can hold what it has read, so there it is looked for from the beginning.

use crate::{
    egress::Target,
    redact::{Redactor, Sight},
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
    pub(crate) fn new(
        grant: Arc<Grant>,
        values: Vec<(SecretName, SecretString)>,
        redactor: Arc<Redactor>,
    ) -> Self {
        Self {
            redactor,
            grant,
            values,
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

    /// Looks for all that the tool could have read in an earlier round.
    pub(crate) fn recall(&self) {
        for grant in self.grant.secrets.iter().filter(|grant| grant.reveal) {
            if let Ok(value) = self.value(&grant.name) {
                let value = value.expose_secret();
                self.redactor.arm(&grant.name, value, Sight::Revealed);
            }
        }
    }

    /// Takes out of an answer what was sent and the tool may not read.
    pub(crate) fn hide(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.redactor.hide(bytes)
    }

    /// The same for what may be large, if there is room for the copy.
    pub(crate) fn hide_if<E>(
        &self,
        bytes: Vec<u8>,
        room: impl FnOnce(usize) -> Result<(), E>,
    ) -> Result<Vec<u8>, E> {
        self.redactor.hide_if(bytes, room)
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
mod tests;
