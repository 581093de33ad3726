//! The gateway that is measured: the real binary, with its data in a folder of its own, and the
//! tools of `tests/guests/bench` in every server.

use crate::{
    driver::Request,
    machine::{self, Cores},
};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use casemate_tests::{Server, guest, http::get};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::time::Duration;

/// How long a gateway may be busy with itself after it was started.
const SETTLING: Duration = Duration::from_secs(5);

/// A gateway on its cores.
#[derive(Debug)]
pub(crate) struct Gateway {
    inner: casemate_tests::Gateway,
    cores: Cores,
    running: bool,
}

impl Gateway {
    /// Starts one with these settings.
    pub(crate) fn start(config: &str, cores: Cores) -> Result<Self> {
        let builder = casemate_tests::Gateway::builder().config(config);
        let inner = cores.for_gateway(|| builder.start())?;
        Ok(Self {
            inner,
            cores,
            running: true,
        })
    }

    /// Starts it again on the same data with these settings, so that nothing of what was measured
    /// before is left: no work, no memory, no connections.
    pub(crate) fn start_again(&mut self, config: &str) -> Result<()> {
        self.end();
        self.inner.reconfigure(config);
        self.cores.for_gateway(|| self.inner.start_again())?;
        self.running = true;
        Ok(())
    }

    /// Asks it to stop, and waits until it has: nothing is left to repair at the next start.
    pub(crate) fn stop(&mut self) {
        if std::mem::take(&mut self.running) {
            self.inner.stop();
        }
    }

    /// Starts it again as it was.
    pub(crate) fn go_on(&mut self) -> Result<()> {
        self.cores.for_gateway(|| self.inner.start_again())?;
        self.running = true;
        Ok(())
    }

    /// The folder of its data.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.inner.data_dir()
    }

    /// Where administrators connect.
    pub(crate) fn admin_url(&self) -> String {
        self.inner.admin_url("")
    }

    /// Waits until it has nothing to do.
    pub(crate) fn settle(&self) {
        machine::quiet(self.pid(), SETTLING);
    }

    pub(crate) fn pid(&self) -> u32 {
        self.inner.pid()
    }

    /// A server in a workspace of its own, with the tools in it.
    pub(crate) fn server(&self, name: &str, grants: &[&str]) -> Server {
        let server = self.inner.server(name);
        self.inner.push_with(&server, guest("bench"), grants);
        server
    }

    /// A call of a tool.
    pub(crate) fn call(&self, server: &Server, tool: &str, arguments: Value) -> Request {
        let message = self.inner.modern(server).calling(tool, arguments);
        message.request().to_http().map(Bytes::from)
    }

    /// A call of a tool by a client of the newest handshake revision, which has shaken hands.
    pub(crate) fn call_legacy(&self, server: &Server, tool: &str, arguments: Value) -> Request {
        let params = json!({ "name": tool, "arguments": arguments });
        let request = self.inner.legacy(server).request("tools/call", params);
        request.to_http().map(Bytes::from)
    }

    /// A question whether it is alive, on the listener that everybody reaches.
    pub(crate) fn probe(&self) -> Request {
        get(&self.inner.mcp_url("/livez"))
            .to_http()
            .map(Bytes::from)
    }

    /// An upload of a component.
    pub(crate) fn upload(&self, component: Bytes) -> Request {
        let request = casemate_tests::http::post(&self.inner.admin_url("/v1/components"))
            .bearer(casemate_tests::ADMIN_TOKEN)
            .to_http();
        request.map(|_| component)
    }

    /// Where MCP clients connect.
    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.inner.mcp_addr()
    }

    /// How many rounds of the tool `burn` take so much CPU time here, by what the receipts say.
    pub(crate) fn rounds_for(&self, server: &Server, cpu: Duration) -> Result<(u64, Duration)> {
        let mut rounds = 1_000_000;
        for _ in 0..3 {
            let took = self.burn(server, rounds)?;
            ensure!(
                took > Duration::ZERO,
                "the receipts say nothing of CPU time"
            );
            rounds = scaled(rounds, cpu.as_secs_f64() / took.as_secs_f64());
        }
        Ok((rounds, self.burn(server, rounds)?))
    }

    /// The median CPU time of a few calls of `burn`.
    fn burn(&self, server: &Server, rounds: u64) -> Result<Duration> {
        const CALLS: usize = 15;
        let client = self.inner.modern(server);
        for _ in 0..CALLS {
            let reply = client.call("burn", json!({ "rounds": rounds }));
            ensure!(!reply.is_tool_error(), "burn failed: {}", reply.http);
        }
        let limit = CALLS.to_string();
        let logged = self
            .inner
            .cli(["logs", "-s", &server.id, "--json", "-n", &limit])
            .ok();
        let mut times: Vec<u64> = logged
            .stdout
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter_map(|record| record["receipt"]["cpu_us"].as_u64())
            .collect();
        times.sort_unstable();
        let median = times.get(times.len() / 2);
        Ok(Duration::from_micros(
            *median.context("no records of calls")?,
        ))
    }

    /// Ends it at once, and the compilers that it started, which would else go on for a minute.
    fn end(&mut self) {
        if !std::mem::take(&mut self.running) {
            return;
        }
        let workers = machine::children(self.pid());
        self.inner.kill9();
        for worker in workers {
            if let Some(worker) = i32::try_from(worker).ok().and_then(Pid::from_raw) {
                // It may be gone by itself.
                let _ = kill_process(worker, Signal::KILL);
            }
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.end();
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a number of rounds is far from where digits are lost"
)]
fn scaled(rounds: u64, by: f64) -> u64 {
    ((rounds as f64 * by) as u64).max(1)
}
