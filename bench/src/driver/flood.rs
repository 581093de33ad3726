//! The closed loop at full speed: each connection sends its next request as soon as the last one is
//! answered. For throughput, and with one connection for the time of a single client.

use super::{
    Latency, Summary, Tally, Waiting, Wire,
    client::{Answer, outcome},
};
use anyhow::{Result, ensure};
use serde::Serialize;
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// Answers to one request differ by no more than this, in bytes.
const SLACK: usize = 64;

/// A request, and how a good answer to it looks.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) address: SocketAddr,
    pub(crate) bytes: Arc<[u8]>,
    /// The length of the body of a good answer.
    pub(crate) answer: usize,
}

/// What came of a flood.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Flooded {
    pub(crate) calls: u64,
    pub(crate) errors: Tally,
    pub(crate) seconds: f64,
    pub(crate) latency: Summary,
}

impl Question {
    /// Asks once. Says what went wrong, if anything did.
    pub(crate) async fn ask(&self, wire: &mut Wire) -> Option<String> {
        match wire.ask(&self.bytes).await {
            Ok(heard) if heard.status == 200 && heard.body.len().abs_diff(self.answer) <= SLACK => {
                None
            }
            Ok(heard) => {
                let answer = Answer {
                    status: heard.status,
                    body: heard.body.to_vec().into(),
                };
                let how = outcome(&answer);
                Some(if how == "ok" {
                    "another answer".to_owned()
                } else {
                    how
                })
            }
            Err(error) => Some(error.to_string()),
        }
    }

    /// So many connections, open.
    pub(crate) async fn connect(&self, connections: usize) -> Result<Vec<Wire>> {
        let mut wires = Vec::with_capacity(connections);
        for _ in 0..connections {
            wires.push(Wire::connect(self.address).await?);
        }
        Ok(wires)
    }

    /// Asks on all connections, again and again, for so long.
    pub(crate) async fn flood(
        &self,
        wires: Vec<Wire>,
        waiting: Waiting,
        time: Duration,
    ) -> Result<Flooded> {
        let _awake = waiting.begin();
        let start = Instant::now();
        let end = start + time;
        let mut running = JoinSet::new();
        for wire in wires {
            running.spawn(self.clone().ask_until(wire, end));
        }
        let (mut latency, mut errors, mut calls) = (Latency::new(), Tally::default(), 0);
        while let Some(ended) = running.join_next().await {
            let (times, wrong) = ended?;
            calls += times.count();
            latency.add(&times);
            wrong.into_iter().for_each(|error| errors.add(error));
        }
        ensure!(calls > 0, "no answers: {}", errors.words());
        Ok(Flooded {
            calls,
            errors,
            seconds: start.elapsed().as_secs_f64(),
            latency: latency.summary(),
        })
    }

    async fn ask_until(self, mut wire: Wire, end: Instant) -> (Latency, Vec<String>) {
        let (mut latency, mut errors) = (Latency::new(), Vec::new());
        let mut before = Instant::now();
        while before < end {
            let error = self.ask(&mut wire).await;
            let after = Instant::now();
            match error {
                None => latency.record(after - before),
                Some(error) => errors.push(error),
            }
            if !wire.is_open {
                match Wire::connect(self.address).await {
                    Ok(again) => wire = again,
                    Err(_) => break,
                }
            }
            before = after;
        }
        (latency, errors)
    }
}
