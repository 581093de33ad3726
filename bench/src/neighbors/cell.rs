//! One cell of the table: the victim beside one hostile load.

use super::{HEAD_START, family::Family, guards::Guards, setup::Scene};
use crate::{
    driver::{Client, Measured, Pace, Request, Tally},
    machine::{Sample, memory, others_quiet, resident},
};
use anyhow::{Result, ensure};
use serde::Serialize;
use serde_json::json;
use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

/// Calls of the victim in a second.
const VICTIM_RATE: u32 = 20;
/// Probes of `/livez` in a second.
const PROBE_RATE: u32 = 20;
/// Between two looks at the memory of the gateway.
const GLANCE: Duration = Duration::from_millis(50);
/// Calls before anything is measured: the first one loads the component.
const WARM_UP: Pace = Pace {
    rate: VICTIM_RATE,
    time: Duration::from_secs(1),
};

/// How long everything is measured, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    /// How long a row is measured.
    pub(super) time: Duration,
    /// How long to wait, before a row, until other programs are quiet.
    pub(super) patience: Duration,
}

/// Who is hostile, and how much.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Plan {
    pub(super) family: Family,
    pub(super) tenants: usize,
    pub(super) in_flight: usize,
}

impl Plan {
    /// Whether this is not another plan in disguise: a workspace without a request in flight is
    /// not hostile.
    pub(super) fn is_sensible(&self) -> bool {
        self.tenants == 1 || (self.family.has_tenants() && self.in_flight >= self.tenants)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            family,
            tenants,
            in_flight,
        } = self;
        write!(f, "{family}: {in_flight} in flight from {tenants}")
    }
}

/// What was seen in one cell.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Cell {
    #[serde(flatten)]
    pub(super) plan: Plan,
    pub(super) guards: Guards,
    pub(super) victim: Measured,
    pub(super) livez: Measured,
    /// How much the gateway grew, at most, in bytes.
    pub(super) growth: u64,
    /// What the hostile calls may hold, in bytes.
    pub(super) granted: u64,
    /// What came of the hostile requests.
    pub(super) hostile: Tally,
    /// What other programs used of this machine meanwhile, in cores.
    pub(super) others: f64,
}

/// What was seen of the victim alone.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Baseline {
    pub(super) victim: Measured,
    pub(super) livez: Measured,
    /// What other programs used of this machine meanwhile, in cores.
    pub(super) others: f64,
}

/// Measures the victim alone.
pub(super) fn baseline(scene: &mut Scene, timing: Timing) -> Result<Baseline> {
    scene.gateway.start_again(&Guards::On.config())?;
    warm_up(scene)?;
    others_quiet(scene.gateway.pid(), timing.patience);
    let before = Sample::now(scene.gateway.pid());
    let (victim, livez) = runtime()?.block_on(watch(Watched::of(scene), timing.time));
    let used = before.until(Sample::now(scene.gateway.pid()));
    Ok(Baseline {
        victim,
        livez,
        others: used.others,
    })
}

/// Measures the victim beside a hostile load.
pub(super) fn measure(
    scene: &mut Scene,
    guards: Guards,
    plan: Plan,
    timing: Timing,
) -> Result<Cell> {
    require_memory(&plan)?;
    scene.gateway.start_again(&guards.config())?;
    warm_up(scene)?;
    others_quiet(scene.gateway.pid(), timing.patience);
    let pid = scene.gateway.pid();
    let hostile = &scene.hostile[..plan.tenants];
    let load = plan.family.load(scene, hostile, plan.in_flight);
    let watched = Watched::of(scene);
    let stop = CancellationToken::new();
    let memory = Memory::watch(pid, stop.clone());
    // Runtimes of their own: whoever measures must not wait for whoever makes the load.
    let stopped = stop.clone();
    let loading =
        thread::spawn(move || Ok::<_, anyhow::Error>(runtime()?.block_on(load.run(stopped))));
    thread::sleep(HEAD_START);
    let before = Sample::now(pid);
    let (victim, livez) = runtime()?.block_on(watch(watched, timing.time));
    let used = before.until(Sample::now(pid));
    stop.cancel();
    let hostile = loading.join().expect("the load does not panic")?;
    Ok(Cell {
        plan,
        guards,
        victim,
        livez,
        growth: memory.growth(),
        granted: plan.family.granted(plan.in_flight),
        hostile,
        others: used.others,
    })
}

/// What is measured.
struct Watched {
    call: Request,
    probe: Request,
}

impl Watched {
    fn of(scene: &Scene) -> Self {
        let arguments = json!({ "rounds": scene.rounds });
        Self {
            call: scene.gateway.call(&scene.victim, "burn", arguments),
            probe: scene.gateway.probe(),
        }
    }

    /// Calls of the victim.
    async fn calls(&self, pace: Pace) -> Measured {
        let client = Client::new();
        pace.run(|| {
            let (client, call) = (client.clone(), self.call.clone());
            async move { Some(client.call(&call).await).filter(|outcome| outcome != "ok") }
        })
        .await
    }

    /// Probes of the gateway.
    async fn probes(&self, pace: Pace) -> Measured {
        let client = Client::new();
        pace.run(|| {
            let (client, probe) = (client.clone(), self.probe.clone());
            async move { client.probe(&probe).await.err().map(|e| e.to_string()) }
        })
        .await
    }
}

/// The victim and the probes, side by side.
async fn watch(watched: Watched, time: Duration) -> (Measured, Measured) {
    let victim = watched.calls(Pace {
        rate: VICTIM_RATE,
        time,
    });
    let probes = watched.probes(Pace {
        rate: PROBE_RATE,
        time,
    });
    tokio::join!(victim, probes)
}

fn warm_up(scene: &Scene) -> Result<()> {
    let warm = runtime()?.block_on(Watched::of(scene).calls(WARM_UP));
    ensure!(
        warm.errors.sum() == 0,
        "the victim fails before anybody is hostile: {}",
        warm.errors.words()
    );
    scene.gateway.settle();
    Ok(())
}

/// A control on a small machine must not end other programs.
fn require_memory(plan: &Plan) -> Result<()> {
    /// The most that one call holds with the guards off.
    const MOST: u64 = 256 << 20;
    let wanted = match plan.family {
        Family::Memory => plan.in_flight as u64 * MOST,
        _ => 0,
    };
    let available = memory("MemAvailable");
    ensure!(
        wanted <= available / 4 * 3,
        "{plan} may take {} MiB and {} MiB are available; choose fewer with --in-flight",
        wanted >> 20,
        available >> 20,
    );
    Ok(())
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// The memory of the gateway, watched by a thread of its own until it is told to stop.
struct Memory {
    before: u64,
    most: Arc<AtomicU64>,
}

impl Memory {
    fn watch(process: u32, stop: CancellationToken) -> Self {
        let before = resident(process);
        let most = Arc::new(AtomicU64::new(before));
        let seen = Arc::clone(&most);
        thread::spawn(move || {
            while !stop.is_cancelled() {
                seen.fetch_max(resident(process), Ordering::Relaxed);
                thread::sleep(GLANCE);
            }
        });
        Self { before, most }
    }

    fn growth(&self) -> u64 {
        self.most.load(Ordering::Relaxed) - self.before
    }
}
