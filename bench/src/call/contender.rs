//! Who is measured, and with what work.

use super::bare::{Bare, Epochs};
use anyhow::{Context, Result, ensure};
use casemate_domain::{
    Call, CallId, Caller, Conclusion, Continuation, Credential, Json, KeyId, Limits, Outcome,
    Request,
};
use casemate_runtime::{Component, Config, Environment, Runtime, Tenant, Unobserved};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    fs,
    sync::{Arc, Barrier},
    thread,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// The runtime, in tables.
pub(super) const OURS: &str = "Runtime::call";
/// How long a batch should take.
const BATCH: Duration = Duration::from_millis(60);
/// Batches in a row on each of several threads.
const BATCHES: u32 = 4;

/// Calls of one tool with the same arguments.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Work {
    pub(super) name: &'static str,
    tool: &'static str,
    #[serde(skip)]
    arguments: String,
    /// Calls in a row.
    pub(super) batch: u32,
}

/// One way to run a tool.
pub(super) enum Contender {
    Bare(&'static str, Box<Bare>),
    Runtime(Box<Casemate>),
}

/// The runtime of the gateway, as the gateway uses it.
#[derive(Debug, Clone)]
pub(super) struct Casemate {
    runtime: Runtime,
    component: Component,
    limits: Limits,
    tenant: Tenant,
}

impl Contender {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Bare(name, _) => name,
            Self::Runtime(_) => OURS,
        }
    }

    pub(super) async fn call(&self, work: &Work) -> Result<()> {
        match self {
            Self::Bare(_, bare) => bare.call(work.tool, &work.arguments).await,
            Self::Runtime(casemate) => {
                let outcome = casemate.call(work.tool, &work.arguments).await?;
                let ended = matches!(&outcome.conclusion, Conclusion::Complete(_));
                ensure!(ended, "the tool did not answer: {:?}", outcome.conclusion);
                Ok(())
            }
        }
    }
}

impl Casemate {
    fn new(wasm: &[u8]) -> Result<Self> {
        let runtime = Runtime::new(&Config::default())?;
        let component = runtime.compile(wasm)?;
        Ok(Self {
            runtime,
            component,
            limits: Limits::default(),
            tenant: Tenant::new(),
        })
    }

    async fn call(&self, tool: &str, arguments: &str) -> Result<Outcome> {
        // As the gateway makes one for each call.
        let call = Call {
            id: CallId::from_uuid(Uuid::now_v7()),
            workspace: "bench".parse()?,
            server: "bench".parse()?,
            caller: Caller {
                credential: Credential::Key {
                    id: KeyId::from_uuid(Uuid::nil()),
                    name: "bench".parse()?,
                },
                client: None,
            },
            request: Request::Tool {
                name: tool.parse()?,
                arguments: Json::parse(arguments.to_owned())?,
            },
            client_capabilities: Vec::new(),
            progress_wanted: false,
            trace_parent: None,
            trace_state: None,
            continuation: Continuation::default(),
        };
        let environment = Environment {
            tenant: self.tenant.clone(),
            ..Environment::default()
        };
        let observer = Arc::new(Unobserved);
        let runtime = &self.runtime;
        Ok(runtime
            .call(&self.component, &call, environment, &self.limits, observer)
            .await)
    }
}

/// Everybody, the bare sandbox first, and all work.
pub(super) async fn all() -> Result<(Vec<Contender>, Vec<Work>)> {
    let path = casemate_tests::guest("bench");
    let wasm = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    let casemate = Casemate::new(&wasm)?;
    let contenders = vec![
        Contender::Bare("bare wasmtime", Box::new(Bare::new(&wasm, Epochs::On)?)),
        Contender::Bare("bare, no epochs", Box::new(Bare::new(&wasm, Epochs::Off)?)),
        Contender::Runtime(Box::new(casemate)),
    ];
    let echo = json!({ "text": "x".repeat(64 << 10) });
    let works = [
        ("add", "add", json!({ "a": 1, "b": 2 })),
        (
            "echo",
            "echo",
            json!({ "text": "The same words come back." }),
        ),
        ("echo 64 KiB", "echo", echo),
        (
            "branches, 1 ms",
            "parse",
            times(&contenders[0], "parse", "times", 1.0).await?,
        ),
        (
            "compute, 5 ms",
            "burn",
            times(&contenders[0], "burn", "rounds", 5.0).await?,
        ),
    ];
    let mut sized = Vec::new();
    for (name, tool, arguments) in works {
        let mut work = Work {
            name,
            tool,
            arguments: arguments.to_string(),
            batch: 1,
        };
        let took = timed(&contenders[0], &work).await?;
        work.batch = whole(BATCH.as_secs_f64() / took).max(1);
        sized.push(work);
    }
    Ok((contenders, sized))
}

/// Arguments with which a tool takes so many milliseconds here.
async fn times(on: &Contender, tool: &'static str, argument: &str, millis: f64) -> Result<Value> {
    let mut count = 1_000;
    for _ in 0..4 {
        let work = Work {
            name: tool,
            tool,
            arguments: json!({ argument: count }).to_string(),
            batch: 1,
        };
        let took = timed(on, &work).await? * 1e3;
        count = whole(f64::from(count) * millis / took.max(1e-3)).max(1);
    }
    Ok(json!({ argument: count }))
}

/// The shortest of a few calls, in seconds.
async fn timed(on: &Contender, work: &Work) -> Result<f64> {
    let mut least = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        on.call(work).await?;
        least = least.min(start.elapsed().as_secs_f64());
    }
    Ok(least)
}

/// Calls in a second on so many threads at once.
pub(super) fn on_threads(contender: &Contender, work: &Work, threads: u32) -> Result<f64> {
    let calls = work.batch * BATCHES;
    let together = Barrier::new(threads as usize);
    let run = || -> Result<Duration> {
        let executor = super::executor()?;
        executor.block_on(async {
            // The first one finds its slot.
            contender.call(work).await?;
            together.wait();
            let start = Instant::now();
            for _ in 0..calls {
                contender.call(work).await?;
            }
            Ok(start.elapsed())
        })
    };
    let rates = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let ended = running.into_iter().map(|thread| thread.join());
        ended
            .map(|took| {
                let took = took.expect("a call does not panic")?;
                Ok(f64::from(calls) / took.as_secs_f64())
            })
            .collect::<Result<Vec<f64>>>()
    })?;
    Ok(rates.iter().sum())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "numbers of calls that fit a second"
)]
fn whole(number: f64) -> u32 {
    number as u32
}
