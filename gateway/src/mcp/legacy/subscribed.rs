//! The subscriptions of sessions. A session is a token that its client carries, so what it subscribed
//! to is remembered here: for as many sessions of a key as may have streams. The oldest without a
//! stream makes room for a new one; those with streams stay. Nothing is kept of a revoked key.

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
        // One more than that if all of them have streams: the next new one takes its place.
        while sessions.len() >= SESSIONS
            && let Some(place) = least_missed(sessions)
        {
            sessions.remove(place);
        }
        let new = Arc::new(Subscriptions::default());
        sessions.push_back((session, Arc::clone(&new)));
        new
    }

    /// Forgets the keys of which this is not true.
    pub(super) fn keep(&self, is_usable: impl Fn(&str) -> bool) {
        self.by_key().retain(|principal, _| is_usable(principal));
    }

    fn by_key(&self) -> MutexGuard<'_, HashMap<String, Sessions>> {
        // Each change is whole before anything could panic.
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of the session to forget: the oldest without a stream, rather one without
/// subscriptions.
fn least_missed(sessions: &Sessions) -> Option<usize> {
    let has_stream = |of: &Arc<Subscriptions>| Arc::strong_count(of) > 1;
    let mut all = sessions.iter();
    all.position(|(_, of)| !has_stream(of) && of.is_empty())
        .or_else(|| sessions.iter().position(|(_, of)| !has_stream(of)))
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

    #[test]
    fn a_session_with_a_stream_is_never_forgotten_and_a_revoked_key_is() {
        let subscribed = Subscribed::default();
        let of = |session: u8| subscribed.of_key("a".to_owned(), [session; 16]);
        let all = 0..u8::try_from(SESSIONS).unwrap();
        let streams: Vec<_> = all.clone().map(of).collect();
        for session in 100..110 {
            of(session);
        }
        for (session, stream) in all.zip(&streams) {
            assert!(Arc::ptr_eq(stream, &of(session)), "{session}");
        }
        assert_eq!(subscribed.by_key()["a"].len(), SESSIONS + 1);
        subscribed.of_key("b".to_owned(), [0; 16]);
        subscribed.keep(|key| key == "b");
        assert_eq!(subscribed.by_key().keys().collect::<Vec<_>>(), ["b"]);
    }
}
