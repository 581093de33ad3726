//! The bare sandbox in the rounds of the servers: together with the bare handler it is what a
//! sandboxed call over HTTP takes at least.
//!
//! It has no HTTP and no process of its own; what it takes is the CPU time of this thread.

use super::tool::Tool;
use crate::{
    call::bare::{Bare, Epochs},
    machine::thread_time,
};
use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::Value;
use std::{
    fs,
    time::{Duration, Instant},
};

/// The sandbox with the tools of the gateway.
pub(super) struct Sandbox {
    bare: Bare,
    burn: Value,
}

/// One tool in it.
#[derive(Serialize)]
pub(super) struct SandboxRow {
    pub(super) tool: Tool,
    /// CPU time of a call in each round, in microseconds.
    pub(super) cpu_us: Vec<f64>,
}

impl SandboxRow {
    pub(super) fn new(tool: Tool) -> Self {
        let cpu_us = Vec::new();
        Self { tool, cpu_us }
    }
}

impl Sandbox {
    /// With these arguments for the tool that computes.
    pub(super) fn new(burn: Value) -> Result<Self> {
        let path = casemate_tests::guest("bench");
        let wasm = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
        let bare = Bare::new(&wasm, Epochs::On)?;
        Ok(Self { bare, burn })
    }

    /// The CPU time of a call, over calls for so long.
    pub(super) fn measure(&self, tool: Tool, time: Duration) -> Result<f64> {
        let executor = tokio::runtime::Builder::new_current_thread().build()?;
        let arguments = tool.arguments(&self.burn).to_string();
        let call = || self.bare.call(tool.name(), &arguments);
        executor.block_on(async {
            let (mut calls, start) = (0, Instant::now());
            // The first ones find the pages of their slot.
            for _ in 0..3 {
                call().await?;
            }
            let before = thread_time();
            while calls == 0 || start.elapsed() < time {
                call().await?;
                calls += 1;
            }
            let took = thread_time().saturating_sub(before);
            Ok(took.as_secs_f64() * 1e6 / f64::from(calls))
        })
    }
}
