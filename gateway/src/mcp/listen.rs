//! Streams of what a server says by itself: that its list of tools changed.
//!
//! An idle stream costs its connection, a timer, and a place among those who wait for the next
//! change of anything; it has no task of its own. After each change it looks whether its key still
//! opens the server, and whether the list that clients see is another one.

use super::{
    Site,
    error::Error,
    events::{COMMENT, SILENCE},
    legacy::SessionId,
    places::{Place, Places},
    revision::Revision,
};
use bytes::Bytes;
use futures_util::{Stream, stream};
use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// Streams that one key may have open at once: a few clients, each on a few servers.
const MAX_STREAMS: usize = 16;

/// Who has streams open.
#[derive(Debug)]
pub(super) struct Listeners {
    places: Arc<Places>,
    by_session: Mutex<HashMap<SessionId, CancellationToken>>,
}

/// A stream among those that are open, until this is dropped.
#[derive(Debug)]
struct Seat {
    listeners: Arc<Listeners>,
    session: Option<SessionId>,
    /// Cancelled when its session ends, or opens another stream.
    replaced: CancellationToken,
    _place: Place,
}

/// What is said on a stream, as events.
#[derive(Debug)]
pub(super) struct Script {
    /// At the beginning.
    pub(super) greeting: Option<Bytes>,
    /// When the list of tools changed; nothing to those who did not ask for it.
    pub(super) changed: Option<Bytes>,
    /// When the server ends the stream.
    pub(super) farewell: Option<Bytes>,
}

/// A stream that has a place.
#[derive(Debug)]
pub(super) struct Listening {
    site: Site,
    revision: Revision,
    seat: Seat,
    changes: watch::Receiver<()>,
    /// Of the list that the client may have seen.
    digest: blake3::Hash,
}

/// Where a stream is in its script.
enum Stage {
    Greeting,
    Listening { heartbeat: Instant },
    Over,
}

/// What a change of anything means to a stream.
enum Meaning {
    Nothing,
    AnotherList,
    Closed,
}

impl Listening {
    /// Takes a place for a stream of what happens from now on.
    pub(super) fn start(
        site: &Site,
        revision: Revision,
        session: Option<SessionId>,
    ) -> Result<Self, Error> {
        let seat = Listeners::enter(&site.inner.listeners, site, session)?;
        // First the ear, then the look: what changes in between is told.
        let changes = site.inner.service.access().changes();
        let site = site.reopened()?;
        let digest = site.lists().digest(&site.open, revision);
        Ok(Self {
            site,
            revision,
            seat,
            changes,
            digest,
        })
    }

    /// The stream.
    pub(super) fn events(self, script: Script) -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::unfold((self, script, Stage::Greeting), |state| async move {
            let (mut listening, mut script, stage) = state;
            let (event, next) = listening.next(&mut script, stage).await?;
            Some((Ok(event), (listening, script, next)))
        })
    }

    /// The next event, and where the script goes on.
    async fn next(&mut self, script: &mut Script, stage: Stage) -> Option<(Bytes, Stage)> {
        let heartbeat = match stage {
            Stage::Over => return None,
            Stage::Listening { heartbeat } => heartbeat,
            Stage::Greeting => {
                // A comment at least, so that the client sees that it is heard.
                let greeting = script.greeting.take();
                let greeting = greeting.unwrap_or(Bytes::from_static(COMMENT));
                return Some((greeting, Self::listening()));
            }
        };
        let stop = self.site.inner.background.stop().clone();
        loop {
            let meaning = tokio::select! {
                biased;
                () = stop.cancelled() => Meaning::Closed,
                () = self.seat.replaced.cancelled() => Meaning::Closed,
                Ok(()) = self.changes.changed() => self.look(),
                () = sleep_until(heartbeat) => match self.look() {
                    // Keys expire without a change of anything.
                    Meaning::Nothing => {
                        return Some((Bytes::from_static(COMMENT), Self::listening()));
                    }
                    other => other,
                },
            };
            match (meaning, &script.changed) {
                (Meaning::AnotherList, Some(event)) => {
                    return Some((event.clone(), Self::listening()));
                }
                (Meaning::Closed, _) => return Some((script.farewell.take()?, Stage::Over)),
                _ => {}
            }
        }
    }

    fn listening() -> Stage {
        Stage::Listening {
            heartbeat: Instant::now() + SILENCE,
        }
    }

    fn look(&mut self) -> Meaning {
        let Ok(site) = self.site.reopened() else {
            return Meaning::Closed;
        };
        // Always the newest state, so that no old one is kept alive for an idle stream.
        let former = std::mem::replace(&mut self.site, site);
        let site = &self.site;
        if Arc::ptr_eq(site.server(), former.server()) {
            return Meaning::Nothing;
        }
        let digest = site.lists().digest(&site.open, self.revision);
        if digest == self.digest {
            return Meaning::Nothing;
        }
        self.digest = digest;
        Meaning::AnotherList
    }
}

impl Default for Listeners {
    fn default() -> Self {
        Self {
            places: Places::new(MAX_STREAMS),
            by_session: Mutex::default(),
        }
    }
}

impl Listeners {
    fn enter(
        listeners: &Arc<Self>,
        site: &Site,
        session: Option<SessionId>,
    ) -> Result<Seat, Error> {
        let places = &listeners.places;
        let place = places.take(site).ok_or(Error::TooManyStreams {
            most: places.most(),
        })?;
        let replaced = CancellationToken::new();
        if let Some(session) = session {
            let mut sessions = listeners.sessions();
            if let Some(former) = sessions.insert(session, replaced.clone()) {
                former.cancel();
            }
        }
        Ok(Seat {
            listeners: Arc::clone(listeners),
            session,
            replaced,
            _place: place,
        })
    }

    /// Ends the stream of a session.
    pub(super) fn end(&self, session: SessionId) {
        if let Some(stream) = self.sessions().remove(&session) {
            stream.cancel();
        }
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<SessionId, CancellationToken>> {
        // A panic under this lock leaves at worst an entry that nobody uses.
        self.by_session
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(session) = self.session else {
            return;
        };
        let mut sessions = self.listeners.sessions();
        // A stream that was replaced left its entry to another.
        if !self.replaced.is_cancelled() {
            sessions.remove(&session);
        }
    }
}
