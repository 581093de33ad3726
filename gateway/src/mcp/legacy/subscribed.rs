//! The subscriptions of sessions. A session is a token that its client carries, so what it subscribed
//! to is remembered here: for as many sessions of a key as may have streams, the oldest forgotten
//! first.

use super::SessionId;
use crate::mcp::{Site, listen::Subscriptions, seal::principal};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Sessions of one key whose subscriptions are remembered.
const SESSIONS: usize = 16;

/// What is remembered, the newest of each key last.
#[derive(Debug, Default)]
pub(super) struct Subscribed {
    by_key: Mutex<HashMap<String, Sessions>>,
}

type Sessions = VecDeque<(SessionId, Arc<Subscriptions>)>;

impl Subscribed {
    /// What a session subscribed to. A stream that was opened with it holds on to it.
    pub(super) fn of(&self, site: &Site, session: SessionId) -> Arc<Subscriptions> {
        self.of_key(principal(site.open.credential()), session)
    }

    /// Forgets what a session subscribed to.
    pub(super) fn end(&self, site: &Site, session: SessionId) {
        let principal = principal(site.open.credential());
        let mut by_key = self.by_key();
        if let Some(sessions) = by_key.get_mut(&principal) {
            sessions.retain(|(id, _)| *id != session);
            if sessions.is_empty() {
                by_key.remove(&principal);
            }
        }
    }

    fn of_key(&self, principal: String, session: SessionId) -> Arc<Subscriptions> {
        let mut by_key = self.by_key();
        let sessions = by_key.entry(principal).or_default();
        if let Some((_, known)) = sessions.iter().find(|(id, _)| *id == session) {
            return Arc::clone(known);
        }
        if sessions.len() == SESSIONS {
            sessions.pop_front();
        }
        let new = Arc::new(Subscriptions::default());
        sessions.push_back((session, Arc::clone(&new)));
        new
    }

    fn by_key(&self) -> MutexGuard<'_, HashMap<String, Sessions>> {
        // Each change is whole before anything could panic.
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_sessions_and_the_oldest_is_forgotten_first() {
        let subscribed = Subscribed::default();
        let of = |key: &str, session: u8| subscribed.of_key(key.to_owned(), [session; 16]);
        let first = of("a", 0);
        assert!(Arc::ptr_eq(&first, &of("a", 0)));
        assert!(!Arc::ptr_eq(&first, &of("b", 0)));
        for session in 1..u8::try_from(SESSIONS).unwrap() {
            of("a", session);
        }
        assert!(Arc::ptr_eq(&first, &of("a", 0)), "there is room for all");
        of("a", 200);
        assert!(!Arc::ptr_eq(&first, &of("a", 0)), "the oldest went");
    }
}
