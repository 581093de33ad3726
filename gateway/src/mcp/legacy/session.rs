//! What a handshake agreed on, carried by the client in `Mcp-Session-Id`.
//!
//! A session is a name and not a credential: every request brings its key as well, and a session
//! is sealed for one key and one server. The token holds everything that a later request needs to
//! know, so a session costs no memory and outlives restarts. Only what changes later is noted here:
//! the level of log lines, and that a session has ended. Notes are bounded in number for each key and
//! forgotten from the oldest on; then a client is told less of the log, or may use a session that it
//! ended. No client can make the notes of another key go.

use super::opened::Owner;
use crate::mcp::{
    Exchange, Site,
    error::Error,
    revision::Revision,
    seal::{Seal, principal},
    transport::{Single, single},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use casemate_domain::{ClaimedClient, LogLevel};
use http::HeaderName;
use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub(in crate::mcp) const HEADER: HeaderName = HeaderName::from_static("mcp-session-id");
/// How long a session may be used, in seconds.
const LIFETIME: u64 = 30 * 24 * 60 * 60;
/// Sessions of one key about which something is noted.
const MAX_NOTES: usize = 1_024;

/// Names a session among all.
pub(in crate::mcp) type SessionId = [u8; 16];

/// What a handshake agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mcp) struct Session {
    pub(in crate::mcp) id: SessionId,
    pub(in crate::mcp) revision: Revision,
    /// What the client can do, by the names of the contract.
    pub(in crate::mcp) capabilities: Vec<String>,
    pub(in crate::mcp) client: Option<ClaimedClient>,
    /// Until when it may be used, in seconds since 1970.
    pub(in crate::mcp) expires: u64,
}

/// A session as it is written into its token.
#[derive(Serialize, Deserialize)]
struct Token {
    id: String,
    revision: String,
    capabilities: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client: Option<(String, String)>,
    expires: u64,
}

/// What changed since the handshakes.
#[derive(Debug, Default)]
pub(in crate::mcp) struct Notes {
    notes: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    sessions: HashMap<SessionId, Note>,
    /// Whose they are, the oldest first.
    of_keys: HashMap<String, VecDeque<SessionId>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Note {
    level: Option<LogLevel>,
    has_ended: bool,
}

impl Session {
    /// A session that nobody knows yet.
    pub(in crate::mcp) fn new(
        revision: Revision,
        capabilities: Vec<String>,
        client: Option<ClaimedClient>,
    ) -> Self {
        let capabilities = capabilities
            .into_iter()
            .filter(|name| revision.has_capability(name))
            .collect();
        Self {
            id: crate::mcp::seal::random(),
            revision,
            capabilities,
            client,
            expires: now() + LIFETIME,
        }
    }

    /// The session of a request, if it names one. One that is unknown here, of another key or
    /// server, too old or ended is not found: the client then shakes hands again.
    pub(in crate::mcp) fn of(exchange: &Exchange) -> Result<Option<Arc<Self>>, Error> {
        let token = match single(&exchange.headers, &HEADER) {
            Single::None => return Ok(None),
            Single::One(token) => token,
            Single::Unclear => return Err(Error::SessionNotFound),
        };
        let site = &exchange.site;
        let (legacy, now) = (&site.inner.legacy, now());
        let open = || Self::open(&site.inner.seal, &place(site), token, now);
        let session = legacy.opened.session(Owner::of(site), token, now, open);
        session
            .filter(|session| !legacy.notes.has_ended(&session.id))
            .map(Some)
            .ok_or(Error::SessionNotFound)
    }

    /// The token that a client carries.
    pub(in crate::mcp) fn token(&self, site: &Site) -> String {
        self.seal(&site.inner.seal, &place(site))
    }

    fn seal(&self, seal: &Seal, place: &[u8]) -> String {
        let client = self.client.as_ref();
        let token = Token {
            id: URL_SAFE_NO_PAD.encode(self.id),
            revision: self.revision.to_string(),
            capabilities: self.capabilities.clone(),
            client: client.map(|client| (client.name.to_string(), client.version.to_string())),
            expires: self.expires,
        };
        let plain = serde_json::to_vec(&token).expect("tokens have only string keys");
        seal.close(place, &plain)
    }

    fn open(seal: &Seal, place: &[u8], token: &str, now: u64) -> Option<Self> {
        let plain = seal.disclose(place, token).ok()?;
        let token: Token = serde_json::from_slice(&plain).ok()?;
        if token.expires < now {
            return None;
        }
        let client = token.client;
        Some(Self {
            id: URL_SAFE_NO_PAD.decode(token.id).ok()?.try_into().ok()?,
            revision: Revision::parse(&token.revision)?,
            capabilities: token.capabilities,
            client: client.map(|(name, version)| ClaimedClient {
                name: name.into(),
                version: version.into(),
            }),
            expires: token.expires,
        })
    }
}

/// Where a session may be used.
fn place(site: &Site) -> Vec<u8> {
    let server = site.server().record.id;
    let principal = principal(site.open.credential());
    format!("session\n{server}\n{principal}").into_bytes()
}

fn now() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or_default()
}

impl Notes {
    /// From which level on a session wants lines of the log.
    pub(in crate::mcp) fn level(&self, session: &SessionId) -> Option<LogLevel> {
        self.notes().sessions.get(session)?.level
    }

    /// Notes from which level on a session wants lines of the log.
    pub(in crate::mcp) fn set_level(&self, site: &Site, session: SessionId, level: LogLevel) {
        self.note(principal(site.open.credential()), session, |note| {
            note.level = Some(level);
        });
    }

    /// Ends a session.
    pub(in crate::mcp) fn end(&self, site: &Site, session: SessionId) {
        self.note(principal(site.open.credential()), session, |note| {
            note.has_ended = true;
        });
    }

    /// Forgets the keys of which this is not true.
    pub(super) fn keep(&self, is_usable: impl Fn(&str) -> bool) {
        let mut notes = self.notes();
        let Noted { sessions, of_keys } = &mut *notes;
        for (_, gone) in of_keys.extract_if(|key, _| !is_usable(key)) {
            for session in gone {
                sessions.remove(&session);
            }
        }
    }

    fn note(&self, key: String, session: SessionId, change: impl FnOnce(&mut Note)) {
        change(self.notes().of(key, session));
    }

    fn has_ended(&self, session: &SessionId) -> bool {
        self.notes()
            .sessions
            .get(session)
            .is_some_and(|note| note.has_ended)
    }

    fn notes(&self) -> MutexGuard<'_, Noted> {
        // Every note is whole before anything could panic.
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Noted {
    /// The note on a session; the oldest of its key makes room for a new one.
    fn of(&mut self, key: String, session: SessionId) -> &mut Note {
        if !self.sessions.contains_key(&session) {
            let oldest_first = self.of_keys.entry(key).or_default();
            if oldest_first.len() == MAX_NOTES
                && let Some(oldest) = oldest_first.pop_front()
            {
                self.sessions.remove(&oldest);
            }
            oldest_first.push_back(session);
        }
        self.sessions.entry(session).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> Session {
        let client = ClaimedClient {
            name: "inspector".into(),
            version: "2.1".into(),
        };
        let can = ["elicitation", "sampling.tools", "tasks"].map(str::to_owned);
        Session::new(Revision::V2025_06_18, can.into(), Some(client))
    }

    #[test]
    fn a_session_comes_back_from_its_token_at_its_place_for_its_time() {
        let (seal, session) = (Seal::ephemeral(), session());
        let token = session.seal(&seal, b"here");
        let expires = session.expires;
        assert!(token.bytes().all(|byte| byte.is_ascii_graphic()), "{token}");
        let open = |seal: &Seal, place: &[u8], now| Session::open(seal, place, &token, now);
        assert_eq!(open(&seal, b"here", expires), Some(session));
        assert_eq!(open(&seal, b"there", expires), None);
        assert_eq!(open(&Seal::ephemeral(), b"here", expires), None);
        assert_eq!(open(&seal, b"here", expires + 1), None);
        assert_eq!(Session::open(&seal, b"here", "made up", expires), None);
    }

    #[test]
    fn only_what_a_revision_knows_can_be_asked_for() {
        assert_eq!(session().capabilities, ["elicitation"]);
        let can = ["elicitation", "roots", "sampling"].map(str::to_owned);
        let oldest = Session::new(Revision::V2024_11_05, can.into(), None);
        assert_eq!(oldest.capabilities, ["roots", "sampling"]);
    }

    #[test]
    fn notes_are_bounded_for_each_key_and_its_oldest_goes_first() {
        let notes = Notes::default();
        let id = |n: usize| (n as u128).to_le_bytes();
        let end = |key: &str, n| notes.note(key.to_owned(), id(n), |note| note.has_ended = true);
        let other = usize::MAX;
        end("other", other);
        for n in 0..=MAX_NOTES {
            end("key", n);
        }
        assert!(notes.has_ended(&id(other)), "it is not of that key");
        assert!(!notes.has_ended(&id(0)));
        assert!(notes.has_ended(&id(1)) && notes.has_ended(&id(MAX_NOTES)));
        notes.note("key".to_owned(), id(1), |note| {
            note.level = Some(LogLevel::Error);
        });
        assert_eq!(notes.level(&id(1)), Some(LogLevel::Error));
        assert!(notes.has_ended(&id(1)));
        assert_eq!(notes.notes().sessions.len(), MAX_NOTES + 1);
        notes.keep(|key| key == "other");
        assert!(notes.has_ended(&id(other)) && !notes.has_ended(&id(1)));
        assert_eq!(notes.notes().sessions.len(), 1);
    }
}
