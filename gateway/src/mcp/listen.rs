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
    revision::Revision,
    seal::principal,
};
use bytes::Bytes;
use futures_util::{Stream, stream};
use std::{
    collections::{HashMap, hash_map::Entry},
    convert::Infallible,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// Streams that one key may have open at once: a few clients, each on a few servers.
pub(super) const MAX_STREAMS: usize = 16;

/// Who has streams open.
#[derive(Debug, Default)]
pub(super) struct Listeners {
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    by_principal: HashMap<String, usize>,
    by_session: HashMap<SessionId, CancellationToken>,
}

/// A place among the streams of a key, given back when this is dropped.
#[derive(Debug)]
struct Place {
    listeners: Arc<Listeners>,
    principal: String,
    session: Option<SessionId>,
    /// Cancelled when its session ends, or opens another stream.
    replaced: CancellationToken,
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
    place: Place,
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
        let principal = principal(site.open.credential());
        let place = Listeners::enter(&site.inner.listeners, principal, session)?;
        // First the ear, then the look: what changes in between is told.
        let changes = site.inner.service.access().changes();
        let site = site.reopened()?;
        let digest = site.prepared().list_digest(site.server(), revision);
        Ok(Self {
            site,
            revision,
            place,
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
                () = self.place.replaced.cancelled() => Meaning::Closed,
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
        if Arc::ptr_eq(site.server(), self.site.server()) {
            return Meaning::Nothing;
        }
        let digest = site.prepared().list_digest(site.server(), self.revision);
        self.site = site;
        if digest == self.digest {
            return Meaning::Nothing;
        }
        self.digest = digest;
        Meaning::AnotherList
    }
}

impl Listeners {
    fn enter(
        listeners: &Arc<Self>,
        principal: String,
        session: Option<SessionId>,
    ) -> Result<Place, Error> {
        let mut open = listeners.open();
        let streams = open.by_principal.entry(principal.clone()).or_default();
        if *streams >= MAX_STREAMS {
            return Err(Error::TooManyStreams { most: MAX_STREAMS });
        }
        *streams += 1;
        let replaced = CancellationToken::new();
        let former = session.and_then(|id| open.by_session.insert(id, replaced.clone()));
        drop(open);
        if let Some(former) = former {
            former.cancel();
        }
        Ok(Place {
            listeners: Arc::clone(listeners),
            principal,
            session,
            replaced,
        })
    }

    /// Ends the stream of a session.
    pub(super) fn end(&self, session: SessionId) {
        if let Some(stream) = self.open().by_session.remove(&session) {
            stream.cancel();
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // A panic under this lock leaves at worst a place that nobody has.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.listeners.open();
        if let Entry::Occupied(mut streams) = open.by_principal.entry(self.principal.clone()) {
            *streams.get_mut() -= 1;
            if *streams.get() == 0 {
                streams.remove();
            }
        }
        // A stream that was replaced left its entry to another.
        if let Some(session) = self.session
            && !self.replaced.is_cancelled()
        {
            open.by_session.remove(&session);
        }
    }
}
