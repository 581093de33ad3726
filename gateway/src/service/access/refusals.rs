//! The trace of credentials that were refused: who tries what, without what they tried.
//!
//! A line for the operator with the public id of a key or token that was once good, where the
//! request came from and what it wanted. Never a part of the credential. Bounded in number, so that
//! whoever guesses keys cannot fill a disk.

use super::{Access, KeyStatus, tokens};
use crate::service::credential::{self, Class};
use casemate_domain::{KeyId, ServerId, TokenId};
use jiff::Timestamp;
use std::{
    fmt,
    net::IpAddr,
    sync::Mutex,
    time::{Duration, Instant},
};

/// Lines in one period, at most.
const LINES: u32 = 20;
const PERIOD: Duration = Duration::from_secs(60);

/// How many lines may still be written in this period.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    period: Mutex<Period>,
}

#[derive(Debug, Default)]
struct Period {
    started: Option<Instant>,
    lines: u32,
    unsaid: u64,
}

impl Refusals {
    /// Whether to write a line now, and how many were not written since the last one.
    fn may_say(&self, now: Instant) -> Option<u64> {
        let mut period = self
            .period
            .lock()
            .expect("nothing panics while it holds this lock");
        let is_over = period
            .started
            .is_none_or(|started| now.duration_since(started) >= PERIOD);
        if is_over {
            period.started = Some(now);
            period.lines = 0;
        }
        if period.lines == LINES {
            period.unsaid += 1;
            return None;
        }
        period.lines += 1;
        Some(std::mem::take(&mut period.unsaid))
    }
}

/// Why a credential was refused, as far as the operator may know.
enum Reason<T> {
    Missing,
    Malformed,
    Unknown,
    /// It is known; so is its public id.
    Known(T, &'static str),
}

impl<T: fmt::Display> fmt::Display for Reason<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("none was sent"),
            Self::Malformed => f.write_str("it is malformed"),
            Self::Unknown => f.write_str("it is not known"),
            Self::Known(id, why) => write!(f, "{id} {why}"),
        }
    }
}

impl Access {
    /// Leaves a trace of a key that did not open a server.
    pub fn key_refused(&self, source: Option<IpAddr>, server: &str, key: Option<&str>) {
        // Only what can be an id: the path is the sender's text.
        let Ok(server) = server.parse::<ServerId>() else {
            return;
        };
        let Some(unsaid) = self.refusals.may_say(Instant::now()) else {
            return;
        };
        let reason = self.key_reason(server, key);
        let source = source.map(tracing::field::display);
        tracing::warn!(source, %server, %reason, unsaid, "a key was refused");
    }

    /// Leaves a trace of an access token that did not open the admin API.
    pub fn token_refused(&self, source: Option<IpAddr>, token: Option<&str>) {
        let Some(unsaid) = self.refusals.may_say(Instant::now()) else {
            return;
        };
        let reason = self.token_reason(token);
        let source = source.map(tracing::field::display);
        tracing::warn!(source, %reason, unsaid, "an access token was refused");
    }

    fn key_reason(&self, server: ServerId, key: Option<&str>) -> Reason<KeyId> {
        let Some(key) = key else {
            return Reason::Missing;
        };
        let Ok(key) = credential::parse(Class::Key, key) else {
            return Reason::Malformed;
        };
        let snapshot = self.state.snapshot();
        let id = snapshot.keys_by_hash.get(&self.pepper.hash(key));
        let Some(record) = id.and_then(|id| snapshot.keys.get(id)) else {
            return Reason::Unknown;
        };
        let why = match KeyStatus::of(record, Timestamp::now()) {
            KeyStatus::Revoked => "was revoked",
            KeyStatus::Expired => "has expired",
            KeyStatus::Active if !record.servers.contains(&server) => "is for another server",
            KeyStatus::Active => "was not sent as it must be",
        };
        Reason::Known(record.id, why)
    }

    fn token_reason(&self, token: Option<&str>) -> Reason<TokenId> {
        let Some(token) = token else {
            return Reason::Missing;
        };
        let snapshot = self.state.snapshot();
        let id = snapshot.tokens_by_hash.get(&self.pepper.hash(token.trim()));
        let Some(record) = id.and_then(|id| snapshot.tokens.get(id)) else {
            return Reason::Unknown;
        };
        let why = match tokens::status(record, Timestamp::now()) {
            KeyStatus::Revoked => "was revoked",
            KeyStatus::Expired => "has expired",
            KeyStatus::Active => "was not sent as it must be",
        };
        Reason::Known(record.id, why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded_and_what_was_not_said_is_counted() {
        let refusals = Refusals::default();
        let start = Instant::now();
        for _ in 0..LINES {
            assert_eq!(refusals.may_say(start), Some(0));
        }
        assert_eq!(refusals.may_say(start), None);
        assert_eq!(refusals.may_say(start + PERIOD / 2), None);
        assert_eq!(refusals.may_say(start + PERIOD), Some(2));
        assert_eq!(refusals.may_say(start + PERIOD), Some(0));
    }
}
