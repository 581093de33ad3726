//! How much one call may use: the one table of limits.
//!
//! Each limit has a name, a unit, a value in each profile, and bounds within which an operator may
//! set it. [`Limits`] holds one value for each; [`LimitSettings`] is what one level (platform,
//! workspace, server, tool) sets of them, and [`LimitChain`] how the levels add up.

mod amount;
mod chain;
mod platform;
mod profile;

pub use amount::{InvalidAmount, Unit};
pub use chain::{ExplainedLimit, Level, LimitChain, LimitSettings, LimitStep};
pub use platform::{CompileLimits, PlatformLimit, PlatformLimits, SandboxLimits};
pub use profile::Profile;

use crate::Invalid;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, time::Duration};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const BILLION: u64 = 1_000_000_000;

macro_rules! limits {
    ($(
        $(#[doc = $about:literal])+
        $name:ident $kind:ident $unit:ident {
            small: $small:expr, standard: $standard:expr, large: $large:expr,
            allowed: $floor:expr => $ceiling:expr
        }
    )+) => {
        /// The limits in force for one call. Every one is always on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Limits {
            $($(#[doc = $about])+ pub $name: u64,)+
        }

        /// The name of a limit.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
        )]
        #[serde(rename_all = "snake_case")]
        pub enum Limit {
            $($(#[doc = $about])+ $kind,)+
        }

        impl Limit {
            /// Every limit, in the order in which they are shown.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The name, as configuration, commands and messages use it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$kind => stringify!($name),)+ }
            }

            /// What is limited, in a few words.
            pub fn about(self) -> &'static str {
                match self { $(Self::$kind => concat!($($about),+).trim(),)+ }
            }

            /// What it is counted in.
            pub const fn unit(self) -> Unit {
                match self { $(Self::$kind => Unit::$unit,)+ }
            }

            /// The least that it can be set to: below, no tool would work.
            pub const fn floor(self) -> u64 {
                match self { $(Self::$kind => $floor,)+ }
            }

            /// The most that it can be set to, whoever sets it.
            pub const fn ceiling(self) -> u64 {
                match self { $(Self::$kind => $ceiling,)+ }
            }
        }

        impl Limits {
            const SMALL: Self = Self { $($name: $small,)+ };
            const STANDARD: Self = Self { $($name: $standard,)+ };
            const LARGE: Self = Self { $($name: $large,)+ };

            /// The value of one limit.
            pub const fn get(&self, limit: Limit) -> u64 {
                match limit { $(Limit::$kind => self.$name,)+ }
            }

            /// The same limits with another value for one.
            #[must_use]
            pub const fn with(mut self, limit: Limit, value: u64) -> Self {
                match limit { $(Limit::$kind => self.$name = value,)+ }
                self
            }
        }
    };
}

// Where the numbers are from is in `docs/reference/sandbox.md`.
limits! {
    /// Instructions, in wasmtime's fuel. 10⁹ is 25 to 90 ms of CPU on a 2026 server core.
    fuel Fuel Fuel {
        small: 2 * BILLION, standard: 20 * BILLION, large: 200 * BILLION,
        allowed: 1_000_000 => 10_000 * BILLION
    }
    /// Wall clock, waiting included.
    wall_ms WallMs Milliseconds {
        small: 5_000, standard: 30_000, large: 300_000,
        allowed: 10 => 3_600_000
    }
    /// All memories and tables of a call together.
    memory_bytes MemoryBytes Bytes {
        small: 32 * MIB, standard: 64 * MIB, large: 256 * MIB,
        allowed: MIB => 2_048 * MIB
    }
    /// Elements of all tables of a call together.
    table_elements TableElements Count {
        small: 20_000, standard: 40_000, large: 40_000,
        allowed: 100 => 320_000
    }
    /// Core instances of a call.
    instances Instances Count {
        small: 48, standard: 48, large: 48,
        allowed: 1 => 48
    }
    /// Handles that a call may hold at once.
    handles Handles Count {
        small: 250, standard: 1_000, large: 10_000,
        allowed: 10 => 10_000
    }
    /// Calls from the guest to the host.
    host_calls HostCalls Count {
        small: 10_000, standard: 100_000, large: 1_000_000,
        allowed: 10 => 1_000 * 1_000_000
    }
    /// The arguments of a call, as JSON.
    input_bytes InputBytes Bytes {
        small: MIB, standard: 4 * MIB, large: 16 * MIB,
        allowed: KIB => 64 * MIB
    }
    /// What a call may answer.
    output_bytes OutputBytes Bytes {
        small: 256 * KIB, standard: MIB, large: 8 * MIB,
        allowed: KIB => 64 * MIB
    }
    /// All log lines of a call together.
    log_bytes LogBytes Bytes {
        small: 16 * KIB, standard: 64 * KIB, large: MIB,
        allowed: 0 => 16 * MIB
    }
    /// Log lines of a call.
    log_lines LogLines Count {
        small: 250, standard: 1_000, large: 10_000,
        allowed: 0 => 100_000
    }
    /// Outgoing HTTP requests of a call, redirects included.
    http_requests HttpRequests Count {
        small: 8, standard: 32, large: 256,
        allowed: 0 => 10_000
    }
    /// One outgoing request, from its start to the end of its answer.
    http_ms HttpMs Milliseconds {
        small: 5_000, standard: 10_000, large: 60_000,
        allowed: 10 => 600_000
    }
    /// The body of one response, after decompression.
    http_body_bytes HttpBodyBytes Bytes {
        small: MIB, standard: 5 * MIB, large: 32 * MIB,
        allowed: KIB => 256 * MIB
    }
    /// The bodies of all responses of a call together, after decompression.
    http_total_bytes HttpTotalBytes Bytes {
        small: 4 * MIB, standard: 32 * MIB, large: 512 * MIB,
        allowed: KIB => 64 * 1_024 * MIB
    }
    /// Redirects that one request may follow.
    http_redirects HttpRedirects Count {
        small: 3, standard: 5, large: 10,
        allowed: 0 => 20
    }
    /// Calls that run at once, in each workspace, and in each server or tool that sets its own.
    calls_at_once CallsAtOnce Count {
        small: 16, standard: 64, large: 256,
        allowed: 1 => 100_000
    }
    /// Calls that begin in a minute, in each workspace, and in each server or tool that sets its own.
    calls_per_minute CallsPerMinute Count {
        small: 600_000, standard: 6_000_000, large: 60_000_000,
        allowed: 1 => 1_000 * 1_000_000
    }
}

impl Limit {
    /// A value that this limit may have.
    pub fn check(self, value: u64) -> Result<u64, Invalid> {
        let (floor, ceiling) = (self.floor(), self.ceiling());
        if (floor..=ceiling).contains(&value) {
            return Ok(value);
        }
        let unit = self.unit();
        Err(Invalid::new(
            self.as_str(),
            format!(
                "cannot be {}; it must be at least {} and at most {}",
                unit.show(value),
                unit.show(floor),
                unit.show(ceiling)
            ),
        ))
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Limit {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let known = Self::ALL.iter().find(|limit| limit.as_str() == text);
        known.copied().ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|limit| limit.as_str()).collect();
            Invalid::new(
                "limit",
                format!(
                    "`{}` is not known; the limits are {}",
                    text.escape_debug(),
                    names.join(", ")
                ),
            )
        })
    }
}

impl Default for Limits {
    /// The profile `standard`.
    fn default() -> Self {
        Self::STANDARD
    }
}

impl Limits {
    /// The wall clock limit as a duration.
    pub const fn wall(&self) -> Duration {
        Duration::from_millis(self.wall_ms)
    }
}

#[cfg(test)]
mod tests;
