//! Limits of the installation as a whole, which no level below can change.

use super::{KIB, MIB, Unit};
use crate::Invalid;
use serde::{Deserialize, Serialize};

/// With less memory than this for all calls together, hardly any call could run.
const LEAST_MEMORY: u64 = 16 * MIB;
/// Less than this has no room for a component.
const LEAST_LOADED: u64 = MIB;

/// Each place reserves 16 GiB of address space, for as many memories as a component may have, and the
/// system finds about 85 TiB of it in one piece.
const MOST_PLACES: u64 = 5_000;

/// The sandbox as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SandboxLimits {
    /// Calls at once, of all workspaces. Each reserves address space, not memory, until it runs.
    pub places: u64,
    /// The memory of all running calls together, in bytes. 0 takes half of what the machine has.
    pub memory_bytes: u64,
    /// The memory of loaded components, in bytes, calls aside. 0 takes an eighth of what the machine
    /// has.
    pub loaded_bytes: u64,
    /// The stack of a guest, in bytes.
    pub stack_bytes: u64,
    /// Whether workspaces share the CPU fairly. Without it, calls compute in the order in which
    /// they come, and a workspace with many gets most.
    pub fair_share: bool,
}

impl Default for SandboxLimits {
    fn default() -> Self {
        Self {
            places: 1_000,
            memory_bytes: 0,
            loaded_bytes: 0,
            stack_bytes: 512 * KIB,
            fair_share: true,
        }
    }
}

/// Taking in a component and compiling it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CompileLimits {
    /// A component, in bytes.
    pub component_bytes: u64,
    /// The CPU time of one compilation, all threads together, in milliseconds.
    pub cpu_ms: u64,
    /// The address space of the process that compiles, in bytes.
    pub memory_bytes: u64,
    /// The time of one compilation, in milliseconds.
    pub wall_ms: u64,
    /// The code that a component is compiled to, in bytes.
    pub code_bytes: u64,
    /// Compilations at once. More than there are cores gain nothing.
    pub at_once: u64,
    /// How far compilations stand back behind calls, from 0 for not at all to 19.
    pub niceness: u64,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self {
            component_bytes: 16 * MIB,
            cpu_ms: 60_000,
            memory_bytes: 2_048 * MIB,
            wall_ms: 90_000,
            // Eight times the largest component; code is two to four times as large as its source.
            code_bytes: 128 * MIB,
            // A second one keeps a component that takes long from holding up all others.
            at_once: 2,
            niceness: 10,
        }
    }
}

/// Everything that is limited for the installation as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlatformLimits {
    /// The sandbox as a whole.
    pub sandbox: SandboxLimits,
    /// Taking in a component and compiling it.
    pub compile: CompileLimits,
}

/// One limit of the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PlatformLimit {
    /// The setting, with its section.
    pub name: &'static str,
    /// What is limited, in a few words.
    pub about: &'static str,
    /// What it is counted in.
    pub unit: Unit,
    /// In force.
    pub value: u64,
    /// Without a setting.
    pub default: u64,
    /// The least that it can be set to.
    pub floor: u64,
    /// The most that it can be set to.
    pub ceiling: u64,
}

impl PlatformLimits {
    /// Every limit of the installation with its value and its bounds.
    #[expect(clippy::too_many_lines, reason = "a table, one entry for each limit")]
    pub fn all(&self) -> [PlatformLimit; 11] {
        let (sandbox, compile) = (&self.sandbox, &self.compile);
        let standard = Self::default();
        let limit = |name, about, unit, value, default, (floor, ceiling)| PlatformLimit {
            name,
            about,
            unit,
            value,
            default,
            floor,
            ceiling,
        };
        [
            limit(
                "sandbox.places",
                "Calls at once, of all workspaces.",
                Unit::Count,
                sandbox.places,
                standard.sandbox.places,
                (1, MOST_PLACES),
            ),
            limit(
                "sandbox.memory_bytes",
                "The memory of all running calls together; 0 takes half of the machine's.",
                Unit::Bytes,
                sandbox.memory_bytes,
                standard.sandbox.memory_bytes,
                (0, 1 << 50),
            ),
            limit(
                "sandbox.loaded_bytes",
                "The memory of loaded components; 0 takes an eighth of the machine's.",
                Unit::Bytes,
                sandbox.loaded_bytes,
                standard.sandbox.loaded_bytes,
                (0, 1 << 50),
            ),
            limit(
                "sandbox.stack_bytes",
                "The stack of a guest.",
                Unit::Bytes,
                sandbox.stack_bytes,
                standard.sandbox.stack_bytes,
                (64 * KIB, 4 * MIB),
            ),
            limit(
                "compile.component_bytes",
                "A component.",
                Unit::Bytes,
                compile.component_bytes,
                standard.compile.component_bytes,
                (KIB, 128 * MIB),
            ),
            limit(
                "compile.cpu_ms",
                "The CPU time of one compilation, all threads together.",
                Unit::Milliseconds,
                compile.cpu_ms,
                standard.compile.cpu_ms,
                (1_000, 600_000),
            ),
            limit(
                "compile.memory_bytes",
                "The address space of the process that compiles.",
                Unit::Bytes,
                compile.memory_bytes,
                standard.compile.memory_bytes,
                (256 * MIB, 64 * 1_024 * MIB),
            ),
            limit(
                "compile.wall_ms",
                "The time of one compilation.",
                Unit::Milliseconds,
                compile.wall_ms,
                standard.compile.wall_ms,
                (1, 3_600_000),
            ),
            limit(
                "compile.code_bytes",
                "The code that a component is compiled to.",
                Unit::Bytes,
                compile.code_bytes,
                standard.compile.code_bytes,
                (64 * KIB, 1_024 * MIB),
            ),
            limit(
                "compile.at_once",
                "Compilations at once.",
                Unit::Count,
                compile.at_once,
                standard.compile.at_once,
                (1, 64),
            ),
            limit(
                "compile.niceness",
                "How far compilations stand back behind calls.",
                Unit::Count,
                compile.niceness,
                standard.compile.niceness,
                (0, 19),
            ),
        ]
    }

    /// Whether every value lies within its bounds.
    pub fn check(&self) -> Result<(), Invalid> {
        for (name, value, least, part) in [
            (
                "sandbox.memory_bytes",
                self.sandbox.memory_bytes,
                LEAST_MEMORY,
                "half",
            ),
            (
                "sandbox.loaded_bytes",
                self.sandbox.loaded_bytes,
                LEAST_LOADED,
                "an eighth",
            ),
        ] {
            if (1..least).contains(&value) {
                return Err(Invalid::new(
                    name,
                    format!(
                        "cannot be {}; it must be at least {}, or 0 for {part} of what the machine \
                         has",
                        Unit::Bytes.show(value),
                        Unit::Bytes.show(least)
                    ),
                ));
            }
        }
        for limit in self.all() {
            if !(limit.floor..=limit.ceiling).contains(&limit.value) {
                return Err(Invalid::new(
                    limit.name,
                    format!(
                        "cannot be {}; it must be at least {} and at most {}",
                        limit.unit.show(limit.value),
                        limit.unit.show(limit.floor),
                        limit.unit.show(limit.ceiling)
                    ),
                ));
            }
        }
        Ok(())
    }
}
