//! What the host knows of one running call.

use crate::{
    clock::{MonotonicClock, WallClock},
    control::Control,
    egress::{Outgoing, Way},
    limiter::{Budget, Holding, Limiter},
    log::Log,
    redact::Redactor,
    runtime::{Environment, Observer},
    secrets::Secrets,
    stdio::Printed,
};
use casemate_domain::{Grant, Limits, LogLevel, LogLine};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use wasmtime_wasi::{ResourceTable, WasiCtx, WasiCtxView, WasiView};

/// Random bytes of one request.
const RANDOM_BYTES: u64 = 64 << 10;

/// The part of a call's state that is looked at from outside while the guest runs.
pub(crate) struct Shared {
    host_calls: AtomicU64,
    cpu_ns: AtomicU64,
    host_call_limit: u64,
    log: Mutex<Log>,
}

impl Shared {
    /// Calls from the guest to the host so far.
    pub(crate) fn host_calls(&self) -> u64 {
        self.host_calls.load(Ordering::Relaxed)
    }

    /// Whether there were more of them than allowed.
    pub(crate) fn too_many_host_calls(&self) -> bool {
        self.host_calls() > self.host_call_limit
    }

    /// Adds to the CPU time that the guest and the host took for it.
    pub(crate) fn took(&self, cpu: Duration) {
        let nanos = u64::try_from(cpu.as_nanos()).unwrap_or(u64::MAX);
        self.cpu_ns.fetch_add(nanos, Ordering::Relaxed);
    }

    /// The CPU time so far.
    pub(crate) fn cpu(&self) -> Duration {
        Duration::from_nanos(self.cpu_ns.load(Ordering::Relaxed))
    }

    /// The log of the call.
    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        // A panic under this lock leaves at worst a line out.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the host interfaces of the contract work on.
pub(crate) struct Session {
    pub(crate) shared: Arc<Shared>,
    pub(crate) deadline: Instant,
    pub(crate) grant: Arc<Grant>,
    pub(crate) secrets: Secrets,
    pub(crate) redactor: Arc<Redactor>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) control: Control,
    pub(crate) outgoing: Outgoing,
    /// The last reported progress.
    pub(crate) progress: Option<f64>,
}

impl Session {
    /// Ends the call if it has used up its calls to the host. Every host function of the contract
    /// starts with this; WASI, whose functions are not ours, is stopped at its next fuel yield.
    pub(crate) fn admit(&self) -> wasmtime::Result<()> {
        if self.shared.too_many_host_calls() {
            return Err(wasmtime::Error::new(TooManyHostCalls));
        }
        // A guest that does little but call the host reaches fuel yields late.
        let looks = self.shared.host_calls().is_multiple_of(CALLS_PER_LOOK);
        if looks && Instant::now() > self.deadline {
            return Err(wasmtime::Error::new(PastDeadline));
        }
        Ok(())
    }
}

/// Calls to the host after which it looks at the clock.
const CALLS_PER_LOOK: u64 = 64;

/// Ends a guest that calls the host after its time was up.
#[derive(Debug, thiserror::Error)]
#[error("past the deadline")]
pub(crate) struct PastDeadline;

/// Ends a guest that calls the host too often.
#[derive(Debug, thiserror::Error)]
#[error("too many calls to the host")]
pub(crate) struct TooManyHostCalls;

/// What a call used of the host.
pub(crate) struct Used {
    pub(crate) cpu: Duration,
    pub(crate) host_calls: u64,
    pub(crate) http_requests: u64,
    pub(crate) hosts: Vec<String>,
    pub(crate) secrets: Vec<String>,
    pub(crate) log: Vec<LogLine>,
    pub(crate) log_dropped: u32,
}

/// Everything in the store of one call.
pub(crate) struct State {
    /// Made with the first call to it: setting it up, random numbers and all, takes a microsecond,
    /// and most compiled tools never ask for any of it.
    wasi: Option<Box<Wasi>>,
    started: Instant,
    table: ResourceTable,
    pub(crate) limiter: Limiter,
    session: Session,
}

/// WASI, and what is printed to it.
struct Wasi {
    context: WasiCtx,
    printed: [Printed; 2],
}

impl State {
    pub(crate) fn new(
        environment: Environment,
        limits: &Limits,
        observer: Arc<dyn Observer>,
        started: Instant,
        way: Way,
        budget: Arc<Budget>,
    ) -> Self {
        let Environment {
            grant,
            secrets,
            tenant,
            control,
        } = environment;
        let held = Holding::new(budget.clone(), tenant.clone());
        let read = Holding::new(budget, tenant);
        let redactor = Arc::new(Redactor::default());
        let shared = Arc::new(Shared {
            host_calls: AtomicU64::new(0),
            cpu_ns: AtomicU64::new(0),
            host_call_limit: limits.host_calls,
            log: Mutex::new(Log::new(
                started,
                limits,
                redactor.clone(),
                observer.clone(),
            )),
        });
        let mut table = ResourceTable::new();
        table.set_max_capacity(usize::try_from(limits.handles).unwrap_or(usize::MAX));
        Self {
            wasi: None,
            started,
            table,
            limiter: Limiter::new(limits, held),
            session: Session {
                shared,
                outgoing: Outgoing::new(way, limits, read),
                deadline: started + limits.wall(),
                grant: grant.clone(),
                control,
                secrets: Secrets::new(grant, secrets, redactor.clone()),
                redactor,
                observer,
                progress: None,
            },
        }
    }

    /// The session, without counting a call.
    pub(crate) fn session_ref(&self) -> &Session {
        &self.session
    }

    /// The session, for a call from the guest; the linker goes through here.
    pub(crate) fn session(&mut self) -> &mut Session {
        self.count();
        &mut self.session
    }

    /// The table of resources, for a call from the guest; the linker goes through here.
    pub(crate) fn resources(&mut self) -> &mut ResourceTable {
        self.count();
        &mut self.table
    }

    /// What the call used, for its receipt and its record.
    pub(crate) fn take_used(&mut self) -> Used {
        let session = &mut self.session;
        let (log, log_dropped) = session.shared.log().take();
        Used {
            cpu: session.shared.cpu(),
            host_calls: session.shared.host_calls(),
            http_requests: session.outgoing.requests(),
            // A tool with a wildcard grant chooses a part of the name.
            hosts: session.redactor.mask_all(session.outgoing.take_hosts()),
            secrets: session.secrets.take_used(),
            log,
            log_dropped,
        }
    }

    /// Logs lines that were printed without an end.
    pub(crate) fn finish_printing(&self) {
        let printed = self.wasi.iter().flat_map(|wasi| &wasi.printed);
        printed.for_each(Printed::finish);
    }

    fn count(&self) {
        let calls = &self.session.shared.host_calls;
        calls.fetch_add(1, Ordering::Relaxed);
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.count();
        let (shared, started) = (&self.session.shared, self.started);
        let wasi = self.wasi.get_or_insert_with(|| Wasi::new(shared, started));
        WasiCtxView {
            ctx: &mut wasi.context,
            table: &mut self.table,
        }
    }
}

impl Wasi {
    /// WASI with nothing in it: no environment, no arguments, no folders, no sockets.
    fn new(shared: &Arc<Shared>, started: Instant) -> Box<Self> {
        let printed =
            [LogLevel::Info, LogLevel::Warning].map(|level| Printed::new(shared.clone(), level));
        let [out, err] = &printed;
        let context = WasiCtx::builder()
            .stdout(out.clone())
            .stderr(err.clone())
            .wall_clock(WallClock)
            .monotonic_clock(MonotonicClock::new(started))
            .max_random_size(RANDOM_BYTES)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build();
        Box::new(Self { context, printed })
    }
}
