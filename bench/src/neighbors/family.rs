//! The ways in which a neighbor is hostile.

use super::{
    guards::GRANTED_BYTES,
    heavy::{HEAVY_BYTES, Heavy},
    setup::{LARGE, Scene},
    slow_clients,
};
use crate::driver::{Client, Request, Tally, in_flight};
use bytes::Bytes;
use casemate_tests::Server;
use serde::Serialize;
use serde_json::{Value, json};
use std::{fmt, net::SocketAddr, sync::Arc};
use tokio_util::sync::CancellationToken;

/// Uploads whose bodies the gateway takes in at once with the guards on.
const ARRIVING: usize = 16;

/// One way of using more than one's share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Family {
    /// Endless loops, each followed by the next
    Cpu,
    /// Memory filled up to the limit, again and again
    Memory,
    /// Uploads that are dear to compile, each different
    Compile,
    /// Logs without measure
    Log,
    /// Answers as large as they may be
    Output,
    /// Arguments that are dear to check and do not fit
    Arguments,
    /// Host calls without measure
    HostCalls,
    /// Requests to a server that never answers
    Egress,
    /// Requests to a server that answers with as much as one may
    Responses,
    /// Clients that send their headers slowly and do not read their answers
    SlowClients,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = clap::ValueEnum::to_possible_value(self).expect("no family is hidden");
        f.write_str(name.get_name())
    }
}

impl Family {
    /// Whether several workspaces can share out this load. Uploads and clients that say nothing
    /// belong to none.
    pub(super) fn has_tenants(self) -> bool {
        self != Self::Compile
    }

    /// What so many requests in flight may hold in memory, in bytes.
    pub(super) fn granted(self, in_flight: usize) -> u64 {
        match self {
            Self::Compile => in_flight.min(ARRIVING) as u64 * HEAVY_BYTES,
            Self::SlowClients => 0,
            _ => in_flight as u64 * GRANTED_BYTES,
        }
    }

    /// The tool that does it, with its arguments.
    fn tool(self, listener: SocketAddr) -> (&'static str, Value) {
        const MANY: u32 = 1_000_000_000;
        match self {
            Self::Cpu | Self::Compile => ("spin", json!({})),
            Self::Memory => ("fill_memory", json!({ "mib": 4096 })),
            Self::Log => ("write_log", json!({ "lines": MANY })),
            Self::Output | Self::SlowClients => ("answer", json!({ "characters": 1_000_000 })),
            // Three hundred thousand values are read before it is clear that none is wanted.
            Self::Arguments => ("echo", json!({ "text": vec![0; 300_000] })),
            Self::HostCalls => ("ask_host", json!({ "calls": MANY })),
            Self::Egress => {
                let url = format!("http://{listener}/");
                ("fetch", json!({ "url": url, "requests": MANY }))
            }
            // As many as one call may have in all.
            Self::Responses => {
                let url = format!("http://{listener}{LARGE}");
                ("fetch", json!({ "url": url, "requests": 6 }))
            }
        }
    }

    /// The load, ready to be started.
    pub(super) fn load(self, scene: &Scene, hostile: &[Server], lanes: usize) -> Load {
        let (tool, arguments) = self.tool(scene.listener());
        let calls = hostile
            .iter()
            .map(|server| scene.gateway.call(server, tool, arguments.clone()))
            .collect();
        let kind = match self {
            Self::Compile => Kind::Uploads(
                Arc::clone(&scene.heavy),
                Box::new(scene.gateway.upload(Bytes::new())),
            ),
            Self::SlowClients => Kind::SlowClients(scene.gateway.address(), calls),
            _ => Kind::Calls(calls),
        };
        Load { kind, lanes }
    }
}

/// Load that can be started in a runtime of its own.
pub(super) struct Load {
    kind: Kind,
    lanes: usize,
}

enum Kind {
    /// One call for each workspace.
    Calls(Vec<Request>),
    /// An upload without its body.
    Uploads(Arc<Heavy>, Box<Request>),
    /// Where to connect, and one call for each workspace.
    SlowClients(SocketAddr, Vec<Request>),
}

impl Load {
    /// Runs until `stop` and says what came of it.
    pub(super) async fn run(self, stop: CancellationToken) -> Tally {
        let client = Client::new();
        match self.kind {
            Kind::Calls(calls) => {
                let work = |lane: usize| {
                    let (client, call) = (client.clone(), calls[lane % calls.len()].clone());
                    move || {
                        let (client, call) = (client.clone(), call.clone());
                        async move { client.call(&call).await }
                    }
                };
                in_flight(self.lanes, stop, work).await
            }
            Kind::Uploads(heavy, request) => {
                let work = |_| {
                    let (client, heavy) = (client.clone(), Arc::clone(&heavy));
                    let request = request.clone();
                    move || {
                        let client = client.clone();
                        let request = (*request).clone().map(|_| heavy.next());
                        async move { client.upload(&request).await }
                    }
                };
                in_flight(self.lanes, stop, work).await
            }
            Kind::SlowClients(address, calls) => {
                slow_clients::run(address, &calls, self.lanes, stop).await
            }
        }
    }
}
