//! What a release is optimized for: the calls that it is going to serve, made of a gateway that counts
//! which of its code runs.
//!
//! Not a measurement. The gateway is stopped as an operator would stop it, because it writes what it
//! counted when it ends.

use crate::{
    driver::{Question, Waiting, Wire, bytes_of},
    gateway::Gateway,
    machine::{Cores, Layout},
    progress::Progress,
};
use anyhow::{Result, ensure};
use casemate_tests::Server;
use serde_json::{Value, json};
use std::time::Duration;

/// Connections of each load. One waits for each answer, many are always ready.
const CONNECTIONS: [usize; 2] = [1, 32];

/// How `train` is used.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long each kind of call is made on so many connections
    #[arg(long, value_name = "N", default_value_t = 3.0)]
    seconds: f64,
}

/// Makes calls of every kind.
pub(crate) fn run(options: &Options) -> Result<()> {
    let time = Duration::from_secs_f64(options.seconds);
    let mut gateway = Gateway::start("", Cores::of(Layout::Shared)?)?;
    let server = gateway.server("bench", &[]);
    let questions = questions(&gateway, &server);
    let progress = Progress::new(questions.len());
    let executor = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    for (name, request) in questions {
        progress.says(name);
        let bytes = bytes_of(&request);
        executor.block_on(make(gateway.address(), bytes, time))?;
        progress.step();
    }
    progress.done();
    gateway.stop();
    Ok(())
}

/// Small calls, large ones, and ones that the tool refuses, in both eras.
fn questions(gateway: &Gateway, server: &Server) -> Vec<(&'static str, crate::driver::Request)> {
    let text = "He said \"so much\", line by line.\n".repeat(2_000);
    let of = |tool, arguments: Value| {
        [
            gateway.call(server, tool, arguments.clone()),
            gateway.call_legacy(server, tool, arguments),
        ]
    };
    let [add, add_legacy] = of("add", json!({ "a": 1, "b": 2 }));
    let [echo, echo_legacy] = of("echo", json!({ "text": "hello" }));
    let [large, _] = of("echo", json!({ "text": text }));
    let [refused, _] = of("add", json!({ "a": "one" }));
    vec![
        ("small calls", add),
        ("small calls of the handshake revisions", add_legacy),
        ("small texts", echo),
        ("small texts of the handshake revisions", echo_legacy),
        ("large texts", large),
        ("arguments that do not fit", refused),
    ]
}

async fn make(address: std::net::SocketAddr, bytes: Vec<u8>, time: Duration) -> Result<()> {
    let mut wire = Wire::connect(address).await?;
    let heard = wire.ask(&bytes).await?;
    ensure!(heard.status == 200, "status {}", heard.status);
    let question = Question {
        address,
        bytes: bytes.into(),
        answer: heard.body.len(),
    };
    for connections in CONNECTIONS {
        let wires = question.connect(connections).await?;
        question.flood(wires, Waiting::Asleep, time).await?;
    }
    Ok(())
}
