//! Components that could not be compiled a moment ago.
//!
//! One that was taken in compiles as a rule. If it does not any more, after an update or with tighter
//! limits, each of its calls would cost a whole compilation to find that out again.

use casemate_domain::Digest;
use casemate_runtime::{Rejection, RejectionKind};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long a refusal is remembered. An operator who mends the cause waits no longer than this.
const REMEMBERED: Duration = Duration::from_secs(60);

/// How many are remembered at most; of more, each costs what it costs.
const MOST: usize = 1_024;

/// What was refused, and when.
#[derive(Debug, Default)]
pub(super) struct Refused(Mutex<HashMap<Digest, (Instant, Rejection)>>);

impl Refused {
    /// Why a component was refused a moment ago, if it was.
    pub(super) fn recall(&self, digest: &Digest, now: Instant) -> Option<Rejection> {
        let refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, rejection) = refused.get(digest)?;
        is_recent(*at, now).then(|| rejection.clone())
    }

    /// Remembers that a component was refused, for what it is and not for a failure of the host.
    pub(super) fn remember(&self, digest: Digest, rejection: &Rejection, now: Instant) {
        if rejection.kind == RejectionKind::Internal {
            return;
        }
        tracing::warn!(
            digest = %digest.short(),
            %rejection,
            "a stored component does not compile any more; it is tried again in a minute, or when \
             it is uploaded again"
        );
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.len() >= MOST {
            refused.retain(|_, (at, _)| is_recent(*at, now));
        }
        if refused.len() < MOST {
            refused.insert(digest, (now, rejection.clone()));
        }
    }

    /// Forgets a component: it is tried again.
    pub(super) fn forget(&self, digest: &Digest) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refused.remove(digest);
    }
}

fn is_recent(at: Instant, now: Instant) -> bool {
    now.saturating_duration_since(at) < REMEMBERED
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(number: usize) -> Digest {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        Digest::from_bytes(bytes)
    }

    fn rejection() -> Rejection {
        Rejection {
            kind: RejectionKind::CompileBudget,
            message: "no".to_owned(),
        }
    }

    #[test]
    fn a_refusal_is_remembered_for_a_minute_or_until_the_component_comes_again() {
        let (refused, now) = (Refused::default(), Instant::now());
        refused.remember(digest(1), &rejection(), now);
        let internal = Rejection {
            kind: RejectionKind::Internal,
            ..rejection()
        };
        refused.remember(digest(3), &internal, now);
        assert_eq!(
            refused.recall(&digest(3), now),
            None,
            "the host's own fault"
        );
        let later = |ms: u64| now + Duration::from_millis(ms);
        assert_eq!(refused.recall(&digest(1), later(59_999)), Some(rejection()));
        assert_eq!(refused.recall(&digest(2), now), None);
        assert_eq!(refused.recall(&digest(1), later(60_000)), None);
        refused.forget(&digest(1));
        assert_eq!(refused.recall(&digest(1), now), None);
    }

    #[test]
    fn so_many_are_remembered_and_no_more_until_the_first_are_forgotten() {
        let (refused, now) = (Refused::default(), Instant::now());
        (0..=MOST).for_each(|number| refused.remember(digest(number), &rejection(), now));
        assert_eq!(refused.recall(&digest(MOST), now), None);
        let later = now + REMEMBERED;
        refused.remember(digest(MOST), &rejection(), later);
        assert!(refused.recall(&digest(MOST), later).is_some());
    }
}
