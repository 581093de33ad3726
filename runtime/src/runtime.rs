//! The one thing an embedder holds: an engine, a linker and the policy for outgoing HTTP.

use crate::{
    artifact::{self, VerifiedArtifact},
    call::{self, Common},
    component,
    component::Component,
    control::Control,
    describe,
    egress::{self, Egress, Trace, Way},
    engine,
    limiter::Budget,
    linker,
    rejection::Rejection,
    state::State,
    ticker,
    turns::{Meter, Tenant, Turns},
};
use casemate_domain::{Call, Definitions, Grant, Limits, LogLine, Outcome, SecretName};
use ipnet::IpNet;
use secrecy::SecretString;
use std::{
    fmt, net::SocketAddr, num::NonZeroUsize, pin::pin, sync::Arc, thread::available_parallelism,
};
use wasmtime::{Engine, component::Linker};

/// How many tasks an executor that runs calls should poll between two looks at its sockets and
/// timers. A guest may compute for milliseconds at a time; with tokio's default of 61, a busy
/// executor would hear of a new request after a tenth of a second. It should also have one thread
/// more than guests compute at once.
pub const EVENT_INTERVAL: u32 = 7;

/// How a runtime is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Calls that can run at once. More than that are stopped as overloaded, so keep a queue in
    /// front.
    pub slots: u32,
    /// The most memory that any one memory of a call may have, whatever its limits say.
    pub max_memory_bytes: u64,
    /// The memory of all running calls together, shared fairly between tenants. A call that would
    /// need more is stopped as overloaded.
    pub total_memory_bytes: u64,
    /// The stack of a guest, in bytes.
    pub stack_bytes: usize,
    /// Guests that compute at once: the threads that there are for them. Those of more tenants
    /// take turns, fairly. None lets all compute in the order in which they come.
    pub computing_at_once: Option<NonZeroUsize>,
    /// Where tools may send HTTP requests at all.
    pub egress: EgressPolicy,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            slots: 1_000,
            max_memory_bytes: 256 << 20,
            total_memory_bytes: u64::MAX,
            stack_bytes: 512 << 10,
            computing_at_once: Some(available_parallelism().unwrap_or(NonZeroUsize::MIN)),
            egress: EgressPolicy::default(),
        }
    }
}

impl Config {
    /// The settings of the engine with its pool, for whoever measures the bare sandbox beside the
    /// runtime: it has to be the same sandbox.
    #[doc(hidden)]
    pub fn engine_settings(&self) -> wasmtime::Config {
        engine::pooled_settings(self)
    }
}

/// Where tools may send HTTP requests at all, and who turns names into addresses; grants choose
/// within it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EgressPolicy {
    /// Ranges of private addresses that may be reached besides the public internet. Metadata
    /// services, link-local and reserved addresses stay closed whatever is named here.
    pub allow_ranges: Vec<IpNet>,
    /// The servers that are asked for names, and nothing else is; none means the resolver of the
    /// system.
    pub dns_servers: Vec<SocketAddr>,
}

impl EgressPolicy {
    /// Whether naming a range opens anything: it holds addresses that are not public, and not all
    /// of them stay closed always.
    pub fn can_open(range: &IpNet) -> bool {
        egress::can_open(range)
    }
}

/// What one call may use besides its arguments.
#[derive(Clone, Default)]
pub struct Environment {
    /// What the version may reach.
    pub grant: Arc<Grant>,
    /// The secrets that are both granted and set.
    pub secrets: Vec<(SecretName, SecretString)>,
    /// Whose share of CPU and memory it uses. By default one of its own.
    pub tenant: Tenant,
    /// By which others stop it.
    pub control: Control,
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.secrets.iter().map(|(name, _)| name).collect();
        f.debug_struct("Environment")
            .field("grant", &self.grant)
            .field("secrets", &names)
            .finish()
    }
}

/// Who watches a call while it runs. The methods are called on the thread of the call, between
/// two steps of the guest: they must not block.
pub trait Observer: Send + Sync {
    /// The tool reports progress; `done` rises.
    fn progress(&self, done: f64, total: Option<f64>, message: Option<&str>) {
        let _ = (done, total, message);
    }

    /// The tool logged a line that fits its limits.
    fn log(&self, line: &LogLine) {
        let _ = line;
    }
}

/// Nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}

/// Why a runtime cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The engine cannot be built, not even with the simplest allocator.
    #[error("build the WebAssembly engine")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The host functions do not fit together.
    #[error("link the host functions")]
    Linker(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The system gives no thread for the clock of the sandbox.
    #[error("start the clock of the sandbox")]
    Clock(#[source] std::io::Error),
    /// The TLS settings for outgoing requests are not usable.
    #[error("set up TLS for outgoing requests")]
    Tls(#[from] rustls::Error),
}

/// Runs tools. Cheap to clone; one per process is enough.
#[derive(Clone)]
pub struct Runtime {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    linker: Linker<State>,
    egress: Arc<Egress>,
    budget: Arc<Budget>,
    turns: Arc<Turns>,
    meter: Meter,
    allocator: engine::Allocator,
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("allocator", &self.inner.allocator)
            .finish_non_exhaustive()
    }
}

impl Runtime {
    /// Sets up the engine and tries it out.
    pub fn new(config: &Config) -> Result<Self, Error> {
        let (engine, allocator) =
            engine::build(config).map_err(|error| Error::Engine(error.into_boxed_dyn_error()))?;
        let linker =
            linker::build(&engine).map_err(|error| Error::Linker(error.into_boxed_dyn_error()))?;
        let egress = Arc::new(Egress::new(&config.egress)?);
        let turns = Arc::new(Turns::new(
            config
                .computing_at_once
                .map_or(usize::MAX, NonZeroUsize::get),
        ));
        ticker::start(&engine, &turns).map_err(Error::Clock)?;
        Ok(Self {
            inner: Arc::new(Inner {
                engine,
                linker,
                egress,
                budget: Arc::new(Budget::new(config.total_memory_bytes)),
                meter: Meter::new(turns.clone()),
                turns,
                allocator,
            }),
        })
    }

    /// Whether sandboxes come from a pool. Without it each call costs several times as much.
    pub fn pooled(&self) -> bool {
        self.inner.allocator.pooled
    }

    /// How sandboxes are allocated, in a sentence for the start-up log. If the pool could not be
    /// had, it says why.
    pub fn allocator(&self) -> &str {
        &self.inner.allocator.description
    }

    /// Checks and compiles a component. Blocks, and uses all cores for up to seconds: run it on a
    /// thread for blocking work.
    pub fn compile(&self, wasm: &[u8]) -> Result<Component, Rejection> {
        component::compile(&self.inner.engine, &self.inner.linker, wasm)
    }

    /// Links a component that was compiled earlier. Takes a fraction of a millisecond.
    pub fn load(&self, artifact: &VerifiedArtifact) -> Result<Component, Rejection> {
        artifact::load(&self.inner.engine, &self.inner.linker, artifact)
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// Asks a component for its tools, resources and prompts, in sandboxes in which every
    /// capability is denied.
    pub async fn describe(&self, component: &Component) -> Result<Definitions, Rejection> {
        let limits = describe::limits();
        describe::describe(component, &limits, || self.common(None)).await
    }

    /// The memory that all running calls hold now, in bytes.
    pub fn memory_held(&self) -> u64 {
        self.inner.budget.held()
    }

    /// Measures what is done for tenants around their calls.
    pub fn meter(&self) -> Meter {
        self.inner.meter.clone()
    }

    fn common(&self, trace: Option<Trace>) -> Common<'_> {
        Common {
            way: Way {
                egress: self.inner.egress.clone(),
                trace,
            },
            budget: self.inner.budget.clone(),
            turns: &self.inner.turns,
        }
    }

    /// Runs one call in a fresh sandbox. Dropping the future ends the call at once.
    pub async fn call(
        &self,
        component: &Component,
        call: &Call,
        environment: Environment,
        limits: &Limits,
        observer: Arc<dyn Observer>,
    ) -> Outcome {
        let common = self.common(Trace::of(call));
        let tenant = environment.tenant.clone();
        // Pinned here: whoever takes a future by value has room for it twice.
        let work = pin!(call::call(
            component,
            call,
            environment,
            limits,
            observer,
            common
        ));
        self.inner.meter.run(&tenant, work).await
    }
}
