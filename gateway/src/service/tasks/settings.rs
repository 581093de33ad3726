//! When a call becomes a task, and how many tasks there may be.

use casemate_domain::Invalid;
use serde::Deserialize;
use std::time::Duration;

/// When a call becomes a task, how long one is kept, and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaskSettings {
    /// How long a call may take before it becomes a task, in milliseconds.
    pub after_ms: u64,
    /// How long a task is kept from its beginning on, in seconds.
    pub keep_s: u64,
    /// Tasks of one key at once, those that are over included.
    pub per_key: u64,
    /// Tasks of one workspace at once, those that are over included.
    pub per_workspace: u64,
    /// What the tasks of one workspace may hold: arguments while they run, then their results.
    pub bytes_per_workspace: u64,
}

impl Default for TaskSettings {
    fn default() -> Self {
        Self {
            // Most calls end before it, and clients are spared to ask for their results.
            after_ms: 500,
            keep_s: 3_600,
            per_key: 1_000,
            per_workspace: 10_000,
            bytes_per_workspace: 256 << 20,
        }
    }
}

impl TaskSettings {
    pub(super) fn after(&self) -> Duration {
        Duration::from_millis(self.after_ms)
    }

    pub(super) fn ttl_ms(&self) -> u64 {
        self.keep_s * 1_000
    }

    /// How long expired tasks may stay on the disk.
    pub(super) fn pause(&self) -> Duration {
        Duration::from_secs((self.keep_s / 4).clamp(1, 60))
    }

    /// Whether every value lies within its bounds.
    pub fn check(&self) -> Result<(), Invalid> {
        let settings = [
            ("tasks.after_ms", self.after_ms, 0, 60_000),
            ("tasks.keep_s", self.keep_s, 1, 30 * 24 * 3_600),
            ("tasks.per_key", self.per_key, 0, 1_000_000),
            ("tasks.per_workspace", self.per_workspace, 0, 1_000_000),
            (
                "tasks.bytes_per_workspace",
                self.bytes_per_workspace,
                0,
                1 << 40,
            ),
        ];
        for (what, value, floor, ceiling) in settings {
            if !(floor..=ceiling).contains(&value) {
                let problem =
                    format!("cannot be {value}; it must be at least {floor} and at most {ceiling}");
                return Err(Invalid::new(what, problem));
            }
        }
        Ok(())
    }
}
