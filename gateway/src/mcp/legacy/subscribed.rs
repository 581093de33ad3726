//! The subscriptions of sessions. A session is a token that its client carries, so what it subscribed
//! to is remembered here: for as many sessions of a key as may have streams, the oldest without a
//! stream forgotten first.

use super::{SessionId, Terms};
use crate::mcp::{Exchange, Params, Site, error::Error, listen::Subscriptions, seal::principal};
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

/// `resources/subscribe` and `resources/unsubscribe`.
pub(super) fn take(
    exchange: &Exchange,
    method: &str,
    params: &Params<'_>,
    terms: Terms,
) -> Result<(), Error> {
    let invalid = |problem: &str| Error::InvalidParams(problem.to_owned());
    let uri = params.members.string("uri");
    let uri = uri.ok_or_else(|| invalid("`uri` must be a string"))?;
    let session = terms.session.ok_or_else(|| {
        invalid("a subscription is of a session; send the Mcp-Session-Id that `initialize` gave")
    })?;
    let site = &exchange.site;
    let subscriptions = site.inner.legacy.subscribed.of(site, session.id);
    if method == "resources/subscribe" {
        return subscriptions.add(&site.open, &uri);
    }
    subscriptions.remove(&uri);
    Ok(())
}

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
            sessions.remove(least_missed(sessions));
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

/// The place of the session to forget: the oldest without a stream, rather one without
/// subscriptions.
fn least_missed(sessions: &Sessions) -> usize {
    let has_stream = |of: &Arc<Subscriptions>| Arc::strong_count(of) > 1;
    let mut all = sessions.iter();
    all.position(|(_, of)| !has_stream(of) && of.is_empty())
        .or_else(|| sessions.iter().position(|(_, of)| !has_stream(of)))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_sessions_and_those_without_a_stream_are_forgotten_first() {
        let subscribed = Subscribed::default();
        let of = |key: &str, session: u8| subscribed.of_key(key.to_owned(), [session; 16]);
        let first = of("a", 0);
        assert!(Arc::ptr_eq(&first, &of("a", 0)));
        assert!(!Arc::ptr_eq(&first, &of("b", 0)));
        for session in 1..u8::try_from(SESSIONS).unwrap() {
            of("a", session);
        }
        assert!(Arc::ptr_eq(&first, &of("a", 0)), "there is room for all");
        let second = Arc::downgrade(&of("a", 1));
        of("a", 200);
        assert!(Arc::ptr_eq(&first, &of("a", 0)), "somebody holds it");
        assert!(second.upgrade().is_none(), "the oldest of the others went");
    }
}
