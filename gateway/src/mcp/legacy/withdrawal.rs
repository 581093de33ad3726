//! Calls that can be withdrawn by `notifications/cancelled`.
//!
//! A call is found by who made it and by the id of its request. Without a session the ids of two
//! clients with the same key may be the same; then none of the two is withdrawn.

use super::session::SessionId;
use crate::mcp::Site;
use casemate_domain::{Credential, KeyId, ServerId, TokenId};
use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio_util::sync::CancellationToken;

/// Who made a call, and under which id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::mcp) struct Name {
    server: ServerId,
    principal: Principal,
    session: Option<SessionId>,
    request: String,
}

/// Who uses a server: the key or the access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Principal {
    Key(KeyId),
    Token(TokenId),
}

impl Principal {
    pub(super) fn of(credential: &Credential) -> Self {
        match credential {
            Credential::Key { id, .. } => Self::Key(*id),
            Credential::Token { id } => Self::Token(*id),
        }
    }
}

impl Name {
    /// The name of a request; `id` is its text as JSON.
    pub(in crate::mcp) fn new(site: &Site, session: Option<SessionId>, id: &str) -> Self {
        let is_text = id.starts_with('"');
        // The same string can be written in several ways.
        let text = is_text.then(|| serde_json::from_str::<String>(id).ok());
        Self {
            server: site.server().record.id,
            principal: Principal::of(site.open.credential()),
            session,
            request: text
                .flatten()
                .map_or_else(|| id.to_owned(), |text| format!("\"{text}")),
        }
    }
}

/// Nearly always one call for each name.
type Calls = HashMap<Arc<Name>, Vec<Arc<CancellationToken>>>;

/// The calls that run now.
#[derive(Debug, Default)]
pub(in crate::mcp) struct RunningCalls {
    calls: Mutex<Calls>,
}

/// A call in the register, until this is dropped.
#[derive(Debug)]
pub(in crate::mcp) struct Registered {
    calls: Arc<RunningCalls>,
    name: Arc<Name>,
    withdrawn: Arc<CancellationToken>,
}

impl RunningCalls {
    pub(in crate::mcp) fn register(self: &Arc<Self>, name: Name) -> Registered {
        let (name, withdrawn) = (Arc::new(name), Arc::new(CancellationToken::new()));
        self.calls()
            .entry(Arc::clone(&name))
            .or_default()
            .push(Arc::clone(&withdrawn));
        Registered {
            calls: Arc::clone(self),
            name,
            withdrawn,
        }
    }

    /// Withdraws a call, if there is exactly one of this name.
    pub(in crate::mcp) fn withdraw(&self, name: &Name) {
        if let Some([call]) = self.calls().get(name).map(Vec::as_slice) {
            call.cancel();
        }
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        // A panic under this lock leaves at worst a call that cannot be withdrawn.
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registered {
    /// Waits until the call is withdrawn.
    pub(in crate::mcp) async fn withdrawn(&self) {
        self.withdrawn.cancelled().await;
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut calls = self.calls.calls();
        if let Entry::Occupied(mut entry) = calls.entry(Arc::clone(&self.name)) {
            entry
                .get_mut()
                .retain(|call| !Arc::ptr_eq(call, &self.withdrawn));
            if entry.get().is_empty() {
                entry.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn name(session: Option<SessionId>, request: &str) -> Name {
        Name {
            server: ServerId::from_uuid(Uuid::from_u128(1)),
            principal: Principal::Key(KeyId::from_uuid(Uuid::from_u128(2))),
            session,
            request: request.to_owned(),
        }
    }

    #[test]
    fn a_call_is_withdrawn_by_its_own_name_only() {
        let calls = Arc::new(RunningCalls::default());
        let call = calls.register(name(Some([1; 16]), "7"));
        for other in [
            name(None, "7"),
            name(Some([2; 16]), "7"),
            name(Some([1; 16]), "8"),
        ] {
            calls.withdraw(&other);
        }
        assert!(!call.withdrawn.is_cancelled());
        calls.withdraw(&name(Some([1; 16]), "7"));
        assert!(call.withdrawn.is_cancelled());
    }

    #[test]
    fn of_two_calls_that_cannot_be_told_apart_none_is_withdrawn() {
        let calls = Arc::new(RunningCalls::default());
        let (one, other) = (
            calls.register(name(None, "7")),
            calls.register(name(None, "7")),
        );
        calls.withdraw(&name(None, "7"));
        assert!(!one.withdrawn.is_cancelled() && !other.withdrawn.is_cancelled());
        drop(one);
        calls.withdraw(&name(None, "7"));
        assert!(other.withdrawn.is_cancelled());
    }

    #[test]
    fn a_call_that_has_ended_leaves_nothing_behind() {
        let calls = Arc::new(RunningCalls::default());
        drop(calls.register(name(None, "7")));
        assert!(calls.calls().is_empty());
    }
}
