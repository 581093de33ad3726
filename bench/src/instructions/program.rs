//! The program that is counted: the whole service in one process, and calls through the endpoint.
//!
//! Its sandboxes have few slots, because a pool as large as the gateway's does not fit into the
//! address space of valgrind, and its components are compiled by itself: valgrind shows another CPU
//! than the machine has, and code for the one does not load on the other.

use crate::prose::prose;
use anyhow::{Context, Result, ensure};
use axum::body::Body;
use bytes::Bytes;
use casemate_domain::{Grant, LimitSettings, PlatformLimits};
use casemate_gateway::{
    mcp::{Endpoint, Seal, Settings},
    service::{Consent, DeployRequest, FirstToken, Parts, Room, Service, TaskSettings, keyring},
};
use casemate_runtime::{Artifacts, Compiler, Config, Runtime, inspect};
use casemate_store::{
    blobs::Blobs,
    call_log::{CallLog, Retention},
    metadata::Metadata,
    sled::SledMetadata,
};
use casemate_tests::{
    http::post,
    mcp::{Legacy, Modern},
};
use clap::ValueEnum;
use http::Request;
use http_body_util::BodyExt;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    ffi::OsString,
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_util::sync::CancellationToken;

/// The word under which the program is in the command line of the benchmark.
pub(crate) const COMMAND: &str = "counted";

/// What is looked at of an answer: the end, where an error would say that it is one.
const SMALL: usize = 256;

/// Slots of the pool.
const SLOTS: u32 = 4;
const URL: &str = "http://localhost/mcp/";

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Case {
    ModernAdd,
    LegacyAdd,
    ModernEcho,
    ModernProse,
}

impl Case {
    pub(crate) const ALL: &[Self] = &[
        Self::ModernAdd,
        Self::LegacyAdd,
        Self::ModernEcho,
        Self::ModernProse,
    ];

    /// Calls of one run.
    pub(crate) const fn calls(self) -> u32 {
        match self {
            Self::ModernAdd | Self::LegacyAdd => 500,
            Self::ModernEcho | Self::ModernProse => 100,
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ModernAdd => "add, 2026-07-28",
            Self::LegacyAdd => "add, 2025-11-25",
            Self::ModernEcho => "echo 64 KiB, 2026-07-28",
            Self::ModernProse => "echo 64 KiB with quotes, 2026-07-28",
        })
    }
}

/// What the program does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Makes a server with tools, for the other two.
    SetUp,
    /// Makes requests and sends none.
    Idle,
    /// Makes requests and sends them.
    Call,
}

/// How the program is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[arg(long)]
    folder: PathBuf,
    #[arg(long, value_enum)]
    case: Case,
    #[arg(long, value_enum)]
    mode: Mode,
}

/// What the program prints: allocations of one call.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Counted {
    pub(super) allocations: u64,
    pub(super) bytes: u64,
}

/// What was made by [`Mode::SetUp`].
#[derive(Debug, Serialize, Deserialize)]
struct Made {
    server: String,
    key: String,
}

/// The command line of the program.
pub(super) fn arguments(folder: &Path, case: Case, mode: Mode) -> Vec<OsString> {
    let name = |value: clap::builder::PossibleValue| value.get_name().to_owned();
    let case = case.to_possible_value().map(name).unwrap_or_default();
    let mode = mode.to_possible_value().map(name).unwrap_or_default();
    vec![
        COMMAND.into(),
        "--folder".into(),
        folder.into(),
        "--case".into(),
        case.into(),
        "--mode".into(),
        mode.into(),
    ]
}

/// Runs the program.
pub(crate) fn run(options: &Options) -> Result<Option<Counted>> {
    let executor = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let made = options.folder.join("made.json");
    let service = executor.block_on(open(&options.folder, options.mode))?;
    if options.mode == Mode::SetUp {
        let text = serde_json::to_vec(&executor.block_on(set_up(&service))?)?;
        fs::write(made, text)?;
        return Ok(None);
    }
    let made: Made = serde_json::from_slice(&fs::read(made).context("it was not set up")?)?;
    // It has tasks of its own from the beginning.
    let endpoint = executor.block_on(async { endpoint(service) });
    let request = executor.block_on(prepare(&endpoint, &made, options.case))?;
    let calls = options.case.calls();
    let requests = || -> Vec<_> { (0..calls).map(|_| request.clone()).collect() };
    // The first ones load the component and fill caches.
    let warm = requests().into_iter().take(20).collect();
    executor.block_on(send(&endpoint, &made.server, warm))?;
    let requests = requests();
    if options.mode == Mode::Idle {
        return Ok(None);
    }
    let mut sent = Ok(());
    let counted = allocation_counter::measure(|| {
        sent = executor.block_on(send(&endpoint, &made.server, requests));
    });
    sent?;
    Ok(Some(Counted {
        allocations: counted.count_total / u64::from(calls),
        bytes: counted.bytes_total / u64::from(calls),
    }))
}

async fn send(endpoint: &Endpoint, server: &str, requests: Vec<Request<Bytes>>) -> Result<()> {
    for request in requests {
        let response = endpoint.handle(server, request.map(Body::from), None).await;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        // To look through a large answer would cost as much as to make it.
        let looked_at = &body[body.len().saturating_sub(SMALL)..];
        ensure!(
            status == 200
                && !looked_at
                    .windows(14)
                    .any(|part| part == b"\"isError\":true"),
            "{status}: {}",
            String::from_utf8_lossy(&body)
        );
    }
    Ok(())
}

/// The request of a case.
async fn prepare(endpoint: &Endpoint, made: &Made, case: Case) -> Result<Request<Bytes>> {
    let url = format!("{URL}{}", made.server);
    let (tool, arguments) = match case {
        Case::ModernAdd | Case::LegacyAdd => ("add", json!({ "a": 1, "b": 2 })),
        Case::ModernEcho => ("echo", json!({ "text": "x".repeat(64 << 10) })),
        Case::ModernProse => ("echo", json!({ "text": prose() })),
    };
    let request = match case {
        Case::ModernAdd | Case::ModernEcho | Case::ModernProse => Modern::new(url, &made.key)
            .calling(tool, arguments)
            .request(),
        Case::LegacyAdd => {
            let hello = Legacy::initialize(&url, &made.key, Legacy::NEWEST, json!({}));
            let hello = with_host(&hello).map(Body::from);
            let greeting = endpoint.handle(&made.server, hello, None).await;
            let session = greeting.headers().get("mcp-session-id");
            let session = session.context("no session")?.to_str()?;
            let params = json!({ "name": tool, "arguments": arguments });
            post(&url)
                .header("Accept", "application/json, text/event-stream")
                .header("MCP-Protocol-Version", Legacy::NEWEST)
                .header("Mcp-Session-Id", session)
                .bearer(&made.key)
                .json(
                    &json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }),
                )
        }
    };
    Ok(with_host(&request))
}

/// A request as it arrives: with a host in its headers, and none in its path.
fn with_host(request: &casemate_tests::http::Request) -> Request<Bytes> {
    let mut request = request.to_http().map(Bytes::from);
    let host = http::HeaderValue::from_static("localhost");
    request.headers_mut().insert(http::header::HOST, host);
    let path = request.uri().path().parse();
    *request.uri_mut() = path.expect("the path of a URL is one");
    request
}

fn endpoint(service: Arc<Service>) -> Endpoint {
    let settings = Settings {
        allowed_hosts: Vec::new(),
        allowed_origins: Vec::new(),
        allow_loopback_names: true,
        max_body_bytes: 2 << 20,
        all_body_bytes: 256 << 20,
    };
    Endpoint::new(
        service,
        settings,
        Seal::new([7; 32]),
        CancellationToken::new(),
    )
}

/// The service over a folder, as `casemate serve` opens it.
async fn open(folder: &Path, mode: Mode) -> Result<Arc<Service>> {
    let metadata: Arc<dyn Metadata> = Arc::new(SledMetadata::open(folder.join("metadata"))?);
    let keyring = keyring::open_for(&*metadata, &folder.join("keys/root.key")).await?;
    let runtime = Runtime::new(&Config {
        slots: SLOTS,
        ..Config::default()
    })?;
    ensure!(runtime.pooled(), "no pool: {}", runtime.allocator());
    let artifacts = folder.join("artifacts");
    if mode == Mode::SetUp {
        let wasm = component()?;
        let digest = inspect(&wasm)?.digest;
        let key = keyring.derive("compiled artifacts");
        Artifacts::open(&artifacts, key, &runtime)?
            .keep(&digest, &Compiler::new()?.precompile(&wasm)?)?;
    }
    let retention = Retention {
        days: 1,
        bytes: 64 << 20,
    };
    let service = Service::load(Parts {
        metadata,
        blobs: Blobs::local(folder.join("blobs"))?,
        task_blobs: Blobs::local(folder.join("tasks"))?,
        artifacts,
        log: Arc::new(CallLog::open(folder.join("calls"), retention)?),
        runtime,
        keyring,
        limits: LimitSettings::default(),
        platform: PlatformLimits::default(),
        tasks: TaskSettings::default(),
        receipts: false,
        room: Room {
            bytes: 1 << 30,
            components: 100,
        },
    });
    Ok(Arc::new(service.await?))
}

fn component() -> Result<Vec<u8>> {
    Ok(fs::read(casemate_tests::guest("bench"))?)
}

/// A server with the tools of the benchmarks, and a key.
async fn set_up(service: &Service) -> Result<Made> {
    let access = service.access();
    let FirstToken::Made(token) = access.ensure_first_token(None).await? else {
        anyhow::bail!("the folder is not empty");
    };
    let actor = access.administrator(Some(token.expose_secret()));
    let actor = actor.context("the first token opens everything")?;
    let catalog = service.catalog();
    catalog.create_workspace(&actor, "bench".parse()?).await?;
    let server = catalog
        .create_server(&actor, "bench", "bench".parse()?)
        .await?;
    let id = server.record.id;
    let uploaded = catalog.upload(&actor, component()?.into()).await?;
    let request = DeployRequest {
        server: id.to_string(),
        component: "bench".parse()?,
        digest: uploaded.inspection.digest,
        grant: Grant::default(),
        activate: true,
        consent: Consent::default(),
    };
    catalog.deploy(&actor, request).await?;
    let key = access
        .create_key(&actor, "bench".parse()?, vec![id], None)
        .await?;
    Ok(Made {
        server: id.to_string(),
        key: key.key.expose_secret().to_owned(),
    })
}

/// What was counted, for whoever started this program.
pub(crate) fn words(counted: &Counted) -> String {
    json!(counted).to_string()
}
