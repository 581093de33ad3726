//! The endpoint in this process, without sockets: how much more two threads answer than one.

use crate::inside::{self, Code};
use anyhow::{Context, Result};
use bytes::Bytes;
use casemate_gateway::mcp::Endpoint;
use http::Request;
use serde_json::json;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::{
    runtime::{Builder, Runtime},
    task::JoinSet,
};

/// How long calls are made on each number of threads.
const TIME: Duration = Duration::from_millis(250);
/// Calls at once on each thread.
const LANES: usize = 16;
/// Calls between two looks at the clock.
const ROW: usize = 16;

/// A server with the trivial tool, and a request to call it.
pub(super) struct Served {
    endpoint: Endpoint,
    server: String,
    request: Request<Bytes>,
    /// Runs what the service does by itself.
    _home: Runtime,
    _folder: TempDir,
}

impl Served {
    pub(super) fn new() -> Result<Self> {
        let folder = tempfile::tempdir().context("making a temporary folder")?;
        let home = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()?;
        let (endpoint, made) = home.block_on(async {
            let service = inside::open(folder.path(), 1_000, Code::Make).await?;
            let made = inside::set_up(&service).await?;
            Ok::<_, anyhow::Error>((inside::endpoint(service), made))
        })?;
        Ok(Self {
            request: inside::modern(&made, "add", json!({ "a": 1, "b": 2 })),
            endpoint,
            server: made.server,
            _home: home,
            _folder: folder,
        })
    }

    /// Calls in a second on an executor with so many threads.
    pub(super) fn on_threads(&self, threads: usize) -> Result<f64> {
        let executor = Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()?;
        executor.block_on(async {
            self.lanes(threads, Instant::now()).await?;
            let start = Instant::now();
            let rows = self.lanes(threads, start + TIME).await?;
            Ok(f64::from(rows) * ROW as f64 / start.elapsed().as_secs_f64())
        })
    }

    /// Makes calls on every lane until then, and at least one row of them.
    async fn lanes(&self, threads: usize, end: Instant) -> Result<u32> {
        let mut lanes = JoinSet::new();
        for _ in 0..threads * LANES {
            let (endpoint, server) = (self.endpoint.clone(), self.server.clone());
            let request = self.request.clone();
            lanes.spawn(async move {
                let mut rows = 0;
                while rows == 0 || Instant::now() < end {
                    inside::send(&endpoint, &server, vec![request.clone(); ROW]).await?;
                    rows += 1;
                }
                Ok::<u32, anyhow::Error>(rows)
            });
        }
        let mut rows = 0;
        while let Some(lane) = lanes.join_next().await {
            rows += lane??;
        }
        Ok(rows)
    }
}
