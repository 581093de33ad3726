//! Streams of what a server says by itself: that one of its lists changed, or a resource that
//! somebody subscribed to.
//!
//! An idle stream costs its connection, a timer, and a place among those who wait for the next
//! change of anything; it has no task of its own. After each change it looks whether its key still
//! opens the server, and whether what clients see is something else.

mod crowd;
mod subscriptions;

pub(super) use subscriptions::Subscriptions;

use super::{
    Site,
    error::Error,
    events::COMMENT,
    legacy::SessionId,
    list::offered::Kind,
    places::{Place, Places},
    revision::Revision,
};
use bytes::Bytes;
use crowd::{Crowd, Ear};
use futures_util::{Stream, stream};
use std::{
    collections::{HashMap, VecDeque},
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
    crowd: Crowd,
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

/// The lists of a server of whose changes clients are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum List {
    Tools,
    /// Families of them as well.
    Resources,
    Prompts,
}

impl List {
    pub(super) const ALL: [Self; 3] = [Self::Tools, Self::Resources, Self::Prompts];

    /// By which a client is told of a change.
    pub(super) const fn method(self) -> &'static str {
        match self {
            Self::Tools => "notifications/tools/list_changed",
            Self::Resources => "notifications/resources/list_changed",
            Self::Prompts => "notifications/prompts/list_changed",
        }
    }

    /// Stands for what a client sees of it.
    fn digest(self, site: &Site, revision: Revision) -> blake3::Hash {
        let offered = |kind: Kind| match kind.is_served(&site.open) {
            true => site
                .prepared()
                .offered_digest(site.server(), kind, revision),
            false => blake3::hash(&[]),
        };
        match self {
            Self::Tools => site.lists().digest(&site.open, revision),
            Self::Resources => {
                let both = [offered(Kind::Resources), offered(Kind::Templates)];
                blake3::hash(both.map(|digest| *digest.as_bytes()).as_flattened())
            }
            Self::Prompts => offered(Kind::Prompts),
        }
    }
}

/// What is said on a stream, as events.
pub(super) struct Script {
    /// At the beginning.
    pub(super) greeting: Option<Bytes>,
    /// When a list changed; nothing to those who did not ask for it.
    pub(super) changed: Box<dyn Fn(List) -> Option<Bytes> + Send>,
    /// When the resource of this URI changed.
    pub(super) updated: Box<dyn Fn(&str) -> Bytes + Send>,
    /// When the server ends the stream.
    pub(super) farewell: Option<Bytes>,
}

/// A stream that has a place.
#[derive(Debug)]
pub(super) struct Listening {
    site: Site,
    revision: Revision,
    seat: Seat,
    ear: Ear,
    /// Of the lists that the client may have seen.
    digests: [blake3::Hash; List::ALL.len()],
    subscriptions: Arc<Subscriptions>,
    /// What is to be told next.
    waiting: VecDeque<Bytes>,
}

/// Where a stream is in its script.
enum Stage {
    Greeting,
    Listening { heartbeat: Instant },
    Over,
}

/// The server is not open any more.
struct Closed;

impl Listening {
    /// Takes a place for a stream of what happens from now on. What it subscribed to is asked for
    /// when it has its place.
    pub(super) fn start(
        site: &Site,
        revision: Revision,
        session: Option<SessionId>,
        subscriptions: impl FnOnce() -> Arc<Subscriptions>,
    ) -> Result<Self, Error> {
        let seat = Listeners::enter(&site.inner.listeners, site, session)?;
        // First the ear, then the look: what changes in between is told.
        let ear = site.inner.listeners.crowd.join();
        let site = site.reopened()?;
        let digests = List::ALL.map(|list| list.digest(&site, revision));
        Ok(Self {
            site,
            revision,
            seat,
            ear,
            digests,
            subscriptions: subscriptions(),
            waiting: VecDeque::new(),
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
                // A change may have come between a subscription and this stream.
                self.tell_of_resources(script);
                return Some((greeting, self.listening()));
            }
        };
        let stop = self.site.inner.background.stop().clone();
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some((event, self.listening()));
            }
            let looked = tokio::select! {
                biased;
                () = stop.cancelled() => Err(Closed),
                () = self.seat.replaced.cancelled() => Err(Closed),
                () = self.ear.changed() => self.look(script),
                () = sleep_until(heartbeat) => match self.look(script) {
                    // Keys expire without a change of anything.
                    Ok(()) if self.waiting.is_empty() => {
                        return Some((Bytes::from_static(COMMENT), self.listening()));
                    }
                    looked => looked,
                },
            };
            if looked.is_err() {
                return Some((script.farewell.take()?, Stage::Over));
            }
        }
    }

    fn listening(&self) -> Stage {
        Stage::Listening {
            heartbeat: Instant::now() + self.ear.silence,
        }
    }

    /// Looks what changed, and notes what there is to tell.
    fn look(&mut self, script: &Script) -> Result<(), Closed> {
        let site = self.site.reopened().map_err(|_| Closed)?;
        // Always the newest state, so that no old one is kept alive for an idle stream.
        let former = std::mem::replace(&mut self.site, site);
        if Arc::ptr_eq(self.site.server(), former.server()) {
            return Ok(());
        }
        for (list, known) in List::ALL.into_iter().zip(&mut self.digests) {
            let digest = list.digest(&self.site, self.revision);
            if std::mem::replace(known, digest) != digest {
                self.waiting.extend((script.changed)(list));
            }
        }
        self.tell_of_resources(script);
        Ok(())
    }

    fn tell_of_resources(&mut self, script: &Script) {
        let updated = self.subscriptions.updated(&self.site.open);
        let events = updated.iter().map(|uri| (script.updated)(uri));
        self.waiting.extend(events);
    }
}

impl Default for Listeners {
    fn default() -> Self {
        Self {
            places: Places::new(MAX_STREAMS),
            by_session: Mutex::default(),
            crowd: Crowd::default(),
        }
    }
}

impl Listeners {
    /// Passes on to everybody who listens that something changed, until there is nothing to change.
    pub(super) async fn pass_on(self: Arc<Self>, changes: watch::Receiver<()>) {
        self.crowd.pass_on(changes).await;
    }

    fn enter(
        listeners: &Arc<Self>,
        site: &Site,
        session: Option<SessionId>,
    ) -> Result<Seat, Error> {
        let places = &listeners.places;
        let former = session.and_then(|session| listeners.sessions().get(&session).cloned());
        // A stream that this one replaces gives its place back in a moment.
        let place = places.take(site, usize::from(former.is_some()));
        let place = place.ok_or(Error::TooManyStreams {
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
