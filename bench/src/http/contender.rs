//! Who takes part, and what each of them is asked.

use super::{
    Field,
    measure::Asked,
    peer::{Kind, Peer},
    report::Row,
    sandbox::Sandbox,
    tool::{Tool, WORK},
};
use crate::{
    driver::{Question, Request, Wire, bytes_of},
    gateway::Gateway,
    machine::Cores,
};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use casemate_tests::{
    Server,
    http::post,
    mcp::{Legacy, Modern},
};
use serde::Serialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::SocketAddr};

/// The gateway, in tables.
pub(super) const OURS: &str = "Casemate";

/// A revision of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum Era {
    #[serde(rename = "2026-07-28")]
    Modern,
    #[serde(rename = "2025-11-25")]
    Legacy,
}

impl Era {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Modern => Modern::VERSION,
            Self::Legacy => Legacy::NEWEST,
        }
    }
}

/// All servers, running.
pub(super) struct Contenders {
    gateway: Gateway,
    server: Server,
    rounds: u64,
    peers: Vec<(Kind, Peer)>,
    /// Who does not take part, and why.
    pub(super) missing: Vec<String>,
}

impl Contenders {
    pub(super) fn start(field: Field, cores: Cores, tools: &[Tool]) -> Result<Self> {
        let gateway = Gateway::start("", cores)?;
        let server = gateway.server("bench", &[]);
        let rounds = if tools.contains(&Tool::Burn) {
            gateway.rounds_for(&server, WORK)?.0
        } else {
            0
        };
        let kinds: &[Kind] = match field {
            Field::Limits => &[Kind::Axum],
            Field::Peers => &[Kind::Axum, Kind::Rmcp, Kind::TypeScript, Kind::FastMcp],
        };
        let (mut peers, mut missing) = (Vec::new(), Vec::new());
        for kind in kinds {
            match kind.start(cores) {
                Ok(peer) => peers.push((*kind, peer)),
                Err(error) => missing.push(format!("{}: {error:#}", kind.name())),
            }
        }
        Ok(Self {
            gateway,
            server,
            rounds,
            peers,
            missing,
        })
    }

    /// What each of them is, by the name under which it is in the table.
    pub(super) fn versions(&self) -> BTreeMap<&'static str, String> {
        let versions = self.peers.iter();
        versions
            .map(|(kind, _)| (kind.name(), kind.version()))
            .collect()
    }

    /// The bare sandbox with the same tools.
    pub(super) fn sandbox(&self) -> Result<Sandbox> {
        Sandbox::new(json!({ "rounds": self.rounds }))
    }

    /// A row for each server, revision and tool that works, the gateway first.
    pub(super) fn rows(&self, tools: &[Tool]) -> Vec<Row> {
        let mut rows = Vec::new();
        for tool in tools {
            let rounds = json!({ "rounds": self.rounds });
            let arguments = tool.arguments(&rounds);
            let modern = self
                .gateway
                .call(&self.server, tool.name(), arguments.clone());
            let legacy = self
                .gateway
                .call_legacy(&self.server, tool.name(), arguments);
            let pid = self.gateway.pid();
            let address = self.gateway.address();
            for (era, request) in [(Era::Modern, modern), (Era::Legacy, legacy)] {
                rows.extend(row(OURS, pid, address, *tool, era, &request));
            }
            for (kind, peer) in &self.peers {
                // What comes without a protocol answers every revision in the same way.
                let eras: &[Era] = match kind {
                    Kind::Axum => &[Era::Modern],
                    _ => &[Era::Modern, Era::Legacy],
                };
                let arguments = tool.arguments(&json!({ "ms": WORK.as_millis() }));
                for era in eras {
                    let request = call(peer.address, *era, tool.name(), &arguments);
                    let (pid, address) = (peer.process(), peer.address);
                    rows.extend(row(kind.name(), pid, address, *tool, *era, &request));
                }
            }
        }
        rows
    }
}

/// A row, unless the server does not answer as it must.
fn row(
    name: &'static str,
    process: u32,
    address: SocketAddr,
    tool: Tool,
    era: Era,
    request: &Request,
) -> Option<Row> {
    match question(address, tool, request) {
        Ok(question) => Some(Row::new(name, era, tool, Asked { process, question })),
        Err(error) => {
            crate::say::note(&format!("{name}, {}, {tool}: {error:#}", era.name()));
            None
        }
    }
}

/// Asks once, and looks at the answer closely.
fn question(address: SocketAddr, tool: Tool, request: &Request) -> Result<Question> {
    let bytes = bytes_of(request);
    let executor = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let answer = executor.block_on(async {
        let mut wire = Wire::connect(address).await?;
        // The first one may have to load something.
        wire.ask(&bytes).await?;
        let heard = wire.ask(&bytes).await?;
        let body = String::from_utf8_lossy(heard.body);
        ensure!(heard.status == 200, "status {}: {body}", heard.status);
        let message = message(&body).with_context(|| format!("no message in {body}"))?;
        let text = message["result"]["content"][0]["text"].as_str();
        let is_right = text.is_some_and(|text| tool.is_answer(text));
        ensure!(
            is_right && message["result"]["isError"] != Value::Bool(true),
            "a wrong answer: {}",
            body.chars().take(300).collect::<String>()
        );
        Ok(heard.body.len())
    })?;
    Ok(Question {
        address,
        bytes: bytes.into(),
        answer,
    })
}

/// The message in a body: JSON, or an event of a stream, in chunks or whole.
fn message(body: &str) -> Option<Value> {
    let start = body.find('{')?;
    let mut values = serde_json::Deserializer::from_str(&body[start..]).into_iter();
    values.next()?.ok()
}

/// A call as any client makes it, of a server without sessions.
fn call(address: SocketAddr, era: Era, tool: &str, arguments: &Value) -> Request {
    let url = format!("http://{address}/mcp");
    match era {
        Era::Modern => {
            let message = Modern::new(url, "none").calling(tool, arguments.clone());
            message.request().to_http().map(Bytes::from)
        }
        Era::Legacy => {
            let params = json!({ "name": tool, "arguments": arguments });
            let request = post(&url)
                .header("Accept", "application/json, text/event-stream")
                .header("MCP-Protocol-Version", Legacy::NEWEST)
                .bearer("none")
                .json(
                    &json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }),
                );
            request.to_http().map(Bytes::from)
        }
    }
}
