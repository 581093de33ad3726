//! What a gateway remembers of calls.

use super::{Gateway, Server};
use serde_json::Value;
use std::{
    thread,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(20);
const GLANCE: Duration = Duration::from_millis(20);

impl Gateway {
    /// The records of all calls of one tool, oldest first.
    pub fn records(&self, server: &Server, tool: &str) -> Vec<Value> {
        let logged = self.cli(["logs", "--json", "-s", &server.id, "--tool", tool]);
        let lines = logged.ok().stdout;
        let read = |line| serde_json::from_str(line).expect("a record is JSON");
        lines.lines().map(read).collect()
    }

    /// Waits until so many calls of a tool have ended, and gives how each of them did.
    #[track_caller]
    pub fn await_outcomes(&self, server: &Server, tool: &str, count: usize) -> Vec<String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let records = self.records(server, tool);
            if records.len() >= count {
                let outcome = |record: &Value| record["outcome"].as_str().map(str::to_owned);
                return records.iter().filter_map(outcome).collect();
            }
            assert!(
                Instant::now() < deadline,
                "{} of {count} calls ended",
                records.len()
            );
            thread::sleep(GLANCE);
        }
    }
}
