//! What the machine has, and which part of it serves what.

use crate::{compile_worker, config::Config, listen, service::Room};
use rustix::process::Resource;
use std::{fs, num::NonZeroUsize, thread::available_parallelism};

/// Where the system says how many mappings a process may have, and what it is without that.
const MAPPINGS_FILE: &str = "/proc/sys/vm/max_map_count";
const MAPPINGS: u64 = 65_530;
/// The mappings of the code of one component.
const MAPPINGS_OF_COMPONENT: u64 = 3;

/// The threads on which guests compute.
pub(super) fn threads() -> NonZeroUsize {
    available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// Keeps the memory of this process, where keys and secrets are, out of files on disk when it
/// crashes.
pub(super) fn without_core_files() {
    if let Err(error) = compile_worker::limit(Resource::Core, 0) {
        tracing::warn!(%error, "a crash may leave a core file with keys in it");
    }
}

/// What all running calls together may hold: by default half of the machine, so that the rest of
/// the gateway and of the machine go on when tools take all they can.
pub(super) fn memory_of_calls(config: &Config) -> u64 {
    match config.sandbox.memory_bytes {
        0 => memory() / 2,
        bytes => bytes,
    }
}

/// The room for loaded components. They may take a quarter of the files and half of the mappings
/// that a process can have: the rest is for connections, and for sandboxes.
pub(super) fn room(config: &Config) -> Room {
    let bytes = match config.sandbox.loaded_bytes {
        0 => memory() / 8,
        bytes => bytes,
    };
    let mappings = fs::read_to_string(MAPPINGS_FILE).ok();
    let mappings = mappings.and_then(|text| text.trim().parse().ok());
    let by_mappings = mappings.unwrap_or(MAPPINGS) / 2 / MAPPINGS_OF_COMPONENT;
    let by_files = listen::open_files() as u64 / 4;
    Room {
        bytes,
        components: by_mappings.min(by_files).max(1),
    }
}

/// The memory of the machine, or of the part of it that this process may use.
fn memory() -> u64 {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let machine = system.total_memory();
    let group = system.cgroup_limits().map(|limits| limits.total_memory);
    group.map_or(machine, |group| group.min(machine))
}
