//! One server with one tool, measured in one round.

use crate::{
    driver::{Flooded, Question, Steadied, Waiting},
    machine::{Sample, cpu_time},
};
use anyhow::Result;
use serde::Serialize;
use std::time::Duration;
use tokio::runtime::Builder;

/// Connections of the closed loop.
pub(super) const MANY: usize = 32;
/// Connections of the open loop: more than are ever busy unless the server stalls.
const OPEN: usize = 256;
/// Before anything is measured.
const WARM_UP: Duration = Duration::from_millis(100);

/// Who is asked, and what.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) process: u32,
    pub(crate) question: Question,
}

/// A closed loop, with what it took.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Loop {
    pub(super) flooded: Flooded,
    pub(crate) calls_per_second: f64,
    /// CPU time of the server for each call, in microseconds.
    pub(crate) server_us: f64,
    /// CPU time of this program for each call, in microseconds.
    pub(super) driver_us: f64,
}

/// What was seen of one server with one tool in one round.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Cell {
    pub(super) one: Loop,
    pub(super) many: Loop,
    pub(super) half: Option<Steadied>,
    /// What other programs used of this machine meanwhile, in cores.
    pub(super) others: f64,
}

impl Cell {
    /// Measures with one connection, with many, and, at this rate, in the open loop.
    pub(super) fn measure(
        asked: &Asked,
        waiting: Waiting,
        time: Duration,
        rate: Option<f64>,
    ) -> Result<Self> {
        let executor = Builder::new_current_thread().enable_all().build()?;
        executor.block_on(async {
            let before = Sample::now(asked.process);
            let one = Loop::run(asked, 1, waiting, time / 2).await?;
            let many = Loop::run(asked, MANY, waiting, time).await?;
            let half = match rate {
                Some(rate) => {
                    let wires = asked.question.connect(OPEN).await?;
                    Some(asked.question.steady(wires, rate, time).await)
                }
                None => None,
            };
            Ok(Self {
                one,
                many,
                half,
                others: before.until(Sample::now(asked.process)).others,
            })
        })
    }
}

impl Loop {
    pub(crate) async fn run(
        asked: &Asked,
        connections: usize,
        waiting: Waiting,
        time: Duration,
    ) -> Result<Self> {
        let question = &asked.question;
        let warm = question.connect(connections).await?;
        question.flood(warm, waiting, WARM_UP.min(time)).await?;
        let wires = question.connect(connections).await?;
        let us = std::process::id();
        let before = (cpu_time(asked.process), cpu_time(us));
        let flooded = question.flood(wires, waiting, time).await?;
        let after = (cpu_time(asked.process), cpu_time(us));
        let each = |time: Duration| time.as_secs_f64() * 1e6 / count(flooded.calls);
        Ok(Self {
            calls_per_second: count(flooded.calls) / flooded.seconds,
            server_us: each(after.0.saturating_sub(before.0)),
            driver_us: each(after.1.saturating_sub(before.1)),
            flooded,
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "calls of a few seconds")]
pub(crate) fn count(calls: u64) -> f64 {
    calls as f64
}
