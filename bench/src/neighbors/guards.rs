//! What stands between the victim and its neighbors: the settings of the gateway with the guards
//! on, which are its defaults, and with the guards off.

use serde::Serialize;
use std::fmt;

/// What one call may hold in memory; the default, said here because the bound on the memory of the
/// gateway follows from it.
pub(super) const GRANTED_BYTES: u64 = 64 << 20;

/// What the egress family needs to reach its listener.
const REACH_LOOPBACK: &str = "egress.allow_ranges = [\"127.0.0.0/8\"]";

/// As delivered, but for what may stay loaded: with that the gateway would grow by each upload, as it
/// may.
const ON: &str = "
limits.memory_bytes = 67_108_864
sandbox.loaded_bytes = 16_777_216
";

/// Limits so high that nothing of this benchmark meets them. The limit on memory is what the sandbox
/// has room for: a bomb without one would be a measurement of the kernel, and of what else runs on
/// this machine.
const OFF: &str = "
sandbox.fair_share = false
compile.niceness = 0
compile.at_once = 32
sandbox.loaded_bytes = 16_777_216
limits.memory_bytes = 268_435_456
limits.fuel = 10_000_000_000_000
limits.wall_ms = 3_600_000
limits.host_calls = 1_000_000_000
limits.log_lines = 100_000
limits.log_bytes = 16_777_216
limits.output_bytes = 67_108_864
limits.http_requests = 10_000
limits.http_ms = 600_000
limits.calls_at_once = 100_000
";

/// Whether the guards are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Guards {
    On,
    Off,
}

impl Guards {
    /// The configuration of the gateway.
    pub(super) fn config(self) -> String {
        let limits = match self {
            Self::On => ON,
            Self::Off => OFF,
        };
        format!("{limits}\n{REACH_LOOPBACK}")
    }
}

impl fmt::Display for Guards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::On => "on",
            Self::Off => "off",
        })
    }
}
