//! The components that are in memory, within a bound.
//!
//! When there is no room for one more, those go that were used least; one that came just now goes
//! before one that was used again and again, so that a walk through many components does not push
//! out those that everybody calls. A call that runs keeps its component until its end.

use casemate_domain::Digest;
use casemate_runtime::Component;
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter, sync::Cache};
use std::{
    fmt, mem,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::available_parallelism,
};
use tokio::runtime::Handle;

/// The room for loaded components.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Memory of all together, in bytes.
    pub bytes: u64,
    /// How many there may be. Each keeps a file open and its code mapped, and a process has only so
    /// many files and mappings.
    pub components: u64,
}

impl Room {
    /// What a component counts at least: with so much for each, no more of them fit.
    fn least(self) -> u64 {
        (self.bytes / self.components.max(1)).max(1)
    }
}

/// The least room that is locked as one. A component must fit into such a part.
const PART: u64 = 64 << 20;

/// The part of the room for components that were called again while they were here. The rest is for
/// those that came just now.
const PROVEN: f64 = 0.8;

#[derive(Clone)]
struct ByMemory {
    least: u64,
}

impl Weighter<Digest, Component> for ByMemory {
    fn weight(&self, _: &Digest, component: &Component) -> u64 {
        component.memory_bytes().max(self.least)
    }
}

/// Sees components go.
#[derive(Debug, Clone, Default)]
struct Departures {
    gone: Arc<AtomicU64>,
}

impl Lifecycle<Digest, Component> for Departures {
    type RequestState = Gone;

    fn on_evict(&self, gone: &mut Gone, digest: Digest, component: Component) {
        self.gone.fetch_add(1, Ordering::Relaxed);
        gone.0.push((digest, component));
    }
}

/// Components that had to go. They are taken apart aside: unmapping a large one takes as long as
/// many calls.
#[derive(Default)]
struct Gone(Vec<(Digest, Component)>);

impl Drop for Gone {
    fn drop(&mut self) {
        let gone = mem::take(&mut self.0);
        for (digest, _) in &gone {
            tracing::debug!(digest = %digest.short(), "a component made room for others");
        }
        if let (false, Ok(runtime)) = (gone.is_empty(), Handle::try_current()) {
            runtime.spawn_blocking(move || drop(gone));
        }
    }
}

type Kept = Cache<Digest, Component, ByMemory, DefaultHashBuilder, Departures>;

/// The components that are in memory.
pub(super) struct Loaded {
    kept: Kept,
    departures: Departures,
}

impl Loaded {
    /// Nothing is in memory yet.
    pub(super) fn new(room: Room) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        let parts = usize::try_from(room.bytes / PART).unwrap_or(usize::MAX);
        // The cache rounds up to a power of two, and parts must not become too small.
        let parts = (parts.clamp(1, 2 * cores) + 1).next_power_of_two() / 2;
        let options = OptionsBuilder::new()
            .weight_capacity(room.bytes)
            .estimated_items_capacity(usize::try_from(room.components).unwrap_or(usize::MAX))
            .hot_allocation(PROVEN)
            .shards(parts)
            .build()
            .expect("capacity and estimate are set");
        let departures = Departures::default();
        let by_memory = ByMemory {
            least: room.least(),
        };
        let kept = Cache::with_options(
            options,
            by_memory,
            DefaultHashBuilder::default(),
            departures.clone(),
        );
        Self { kept, departures }
    }

    /// A component, if it is here.
    pub(super) fn get(&self, digest: &Digest) -> Option<Component> {
        self.kept.get(digest)
    }

    /// A component, which is here or is brought by `obtain`. Whoever asks for the same one meanwhile
    /// waits for that.
    pub(super) async fn get_or<E>(
        &self,
        digest: &Digest,
        obtain: impl Future<Output = Result<Component, E>>,
    ) -> Result<Component, E> {
        self.kept.get_or_insert_async(digest, obtain).await
    }

    /// Keeps a component that was just made.
    pub(super) fn put(&self, component: Component) {
        self.kept.insert(component.digest(), component);
    }

    /// How many are here.
    pub(super) fn count(&self) -> usize {
        self.kept.len()
    }

    /// The memory that they take.
    pub(super) fn bytes(&self) -> u64 {
        let all = self.kept.iter();
        all.map(|(_, component)| component.memory_bytes()).sum()
    }

    /// How many had to go since the start.
    pub(super) fn gone(&self) -> u64 {
        self.departures.gone.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Loaded({})", self.count())
    }
}
