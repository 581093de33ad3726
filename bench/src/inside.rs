//! The whole service in this process, and calls through its endpoint, without sockets.

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
use http::Request;
use http_body_util::BodyExt;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{fs, path::Path, sync::Arc};
use tokio_util::sync::CancellationToken;

/// What is looked at of an answer: the end, where an error would say that it is one.
const SMALL: usize = 256;

const URL: &str = "http://localhost/mcp/";

/// A server with the tools of the benchmarks.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Made {
    pub(crate) server: String,
    key: String,
}

/// Whether the code of the component is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// It is made by this process. Under valgrind it must be: valgrind shows another CPU than the
    /// machine has, and code for the one does not load on the other.
    Make,
    /// It was made before.
    Find,
}

/// The service over a folder, as `casemate serve` opens it.
pub(crate) async fn open(folder: &Path, slots: u32, code: Code) -> Result<Arc<Service>> {
    let metadata: Arc<dyn Metadata> = Arc::new(SledMetadata::open(folder.join("metadata"))?);
    let keyring = keyring::open_for(&*metadata, &folder.join("keys/root.key")).await?;
    let runtime = Runtime::new(&Config {
        slots,
        ..Config::default()
    })?;
    ensure!(runtime.pooled(), "no pool: {}", runtime.allocator());
    let artifacts = folder.join("artifacts");
    if code == Code::Make {
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
pub(crate) async fn set_up(service: &Service) -> Result<Made> {
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

/// The endpoint as the gateway sets it up. It has tasks of its own from the beginning.
pub(crate) fn endpoint(service: Arc<Service>) -> Endpoint {
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

/// Sends requests one after the other, and looks at their answers.
pub(crate) async fn send(
    endpoint: &Endpoint,
    server: &str,
    requests: Vec<Request<Bytes>>,
) -> Result<()> {
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

/// A call in the modern revision.
pub(crate) fn modern(made: &Made, tool: &str, arguments: Value) -> Request<Bytes> {
    let url = format!("{URL}{}", made.server);
    let call = Modern::new(url, &made.key).calling(tool, arguments);
    with_host(&call.request())
}

/// A call in the newest revision with a handshake, which is made first.
pub(crate) async fn legacy(
    endpoint: &Endpoint,
    made: &Made,
    tool: &str,
    arguments: Value,
) -> Result<Request<Bytes>> {
    let url = format!("{URL}{}", made.server);
    let hello = Legacy::initialize(&url, &made.key, Legacy::NEWEST, json!({}));
    let hello = with_host(&hello).map(Body::from);
    let greeting = endpoint.handle(&made.server, hello, None).await;
    let session = greeting.headers().get("mcp-session-id");
    let session = session.context("no session")?.to_str()?;
    let params = json!({ "name": tool, "arguments": arguments });
    let call = post(&url)
        .header("Accept", "application/json, text/event-stream")
        .header("MCP-Protocol-Version", Legacy::NEWEST)
        .header("Mcp-Session-Id", session)
        .bearer(&made.key)
        .json(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }));
    Ok(with_host(&call))
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
