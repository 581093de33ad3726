//! Sessions that were opened lately. A client sends the token of its session with every request, and
//! to find it here takes a fraction of opening it.
//!
//! Only what did open is kept, under its whole token and for whom it opened, so that nothing is found
//! here that would not open again. Bounded in number: what is full forgets all, and opens it again.

use super::{session::Session, withdrawal::Principal};
use crate::mcp::Site;
use casemate_domain::ServerId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Sessions that are kept, each of about a KiB.
const MOST: usize = 4_096;

/// For whom a session opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    server: ServerId,
    principal: Principal,
}

impl Owner {
    pub(super) fn of(site: &Site) -> Self {
        Self {
            server: site.server().record.id,
            principal: Principal::of(site.open.credential()),
        }
    }
}

/// Sessions that were opened lately, by their tokens.
#[derive(Debug, Default)]
pub(super) struct Opened {
    sessions: Mutex<HashMap<String, (Owner, Arc<Session>)>>,
}

impl Opened {
    /// The session of a token, opened now if it was not lately.
    pub(super) fn session(
        &self,
        owner: Owner,
        token: &str,
        now: u64,
        open: impl FnOnce() -> Option<Session>,
    ) -> Option<Arc<Session>> {
        if let Some((of, session)) = self.sessions().get(token)
            && *of == owner
            && session.expires >= now
        {
            return Some(Arc::clone(session));
        }
        let session = Arc::new(open()?);
        let mut sessions = self.sessions();
        if sessions.len() >= MOST {
            sessions.clear();
        }
        sessions.insert(token.to_owned(), (owner, Arc::clone(&session)));
        Some(session)
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, (Owner, Arc<Session>)>> {
        // Every entry is whole before anything could panic.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::revision::Revision;
    use casemate_domain::KeyId;
    use uuid::Uuid;

    fn owner(server: u128, key: u128) -> Owner {
        Owner {
            server: ServerId::from_uuid(Uuid::from_u128(server)),
            principal: Principal::Key(KeyId::from_uuid(Uuid::from_u128(key))),
        }
    }

    fn session() -> Session {
        Session::new(Revision::V2025_11_25, Vec::new(), None)
    }

    #[test]
    fn a_session_is_opened_once_for_its_owner_while_it_lasts() {
        let (opened, session) = (Opened::default(), session());
        let (now, expires) = (session.expires - 1, session.expires);
        let open = || Some(session.clone());
        let first = opened.session(owner(1, 1), "token", now, open).unwrap();
        let again = opened.session(owner(1, 1), "token", expires, || None);
        assert!(Arc::ptr_eq(&first, &again.unwrap()));
        let others = [
            (owner(1, 2), "token", now),
            (owner(2, 1), "token", now),
            (owner(1, 1), "token2", now),
            (owner(1, 1), "token", expires + 1),
        ];
        for (owner, token, now) in others {
            assert_eq!(opened.session(owner, token, now, || None), None);
        }
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let opened = Opened::default();
        for n in 0..=MOST {
            let token = n.to_string();
            opened.session(owner(1, 1), &token, 0, || Some(session()));
        }
        assert!(opened.sessions().len() <= MOST);
        assert!(opened.sessions().contains_key(&MOST.to_string()));
    }
}
