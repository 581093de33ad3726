//! The machine that numbers are from, because they mean nothing without it.

mod cores;
mod load;

pub(crate) use cores::{Cores, Layout};
pub(crate) use load::{
    DISTURBING, Sample, anonymous, children, cpu_time, mib, others_quiet, quiet, resident,
    thread_time,
};

use serde::Serialize;
use std::{fs, process::Command};

/// What stands above every table.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Machine {
    cpu: String,
    cores: usize,
    memory_mib: u64,
    kernel: String,
    /// How the frequency of the cores is chosen, if the system says.
    governor: Option<String>,
    rustc: String,
    wasmtime: String,
    /// The commit that the tree is at, with a mark if it is changed.
    commit: String,
    /// Processes that wanted to run in the minute before.
    load_average: String,
}

impl Machine {
    /// This machine, now.
    pub(crate) fn this() -> Self {
        Self {
            cpu: line_of("/proc/cpuinfo", "model name").unwrap_or_else(unknown),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mib: memory("MemTotal") >> 20,
            kernel: read("/proc/sys/kernel/osrelease").unwrap_or_else(unknown),
            governor: read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            rustc: said("rustc", &["--version"]),
            wasmtime: locked("wasmtime").unwrap_or_else(unknown),
            commit: said("git", &["describe", "--always", "--dirty", "--exclude=*"]),
            load_average: read("/proc/loadavg")
                .and_then(|text| text.split(' ').next().map(str::to_owned))
                .unwrap_or_else(unknown),
        }
    }

    /// In a few lines.
    pub(crate) fn words(&self) -> String {
        let governor = self.governor.as_deref().unwrap_or("not readable");
        format!(
            "machine   {}, {} cores, {} MiB, Linux {}, governor {governor}, load {} at the start\n\
             software  {}, wasmtime {}, commit {}",
            self.cpu,
            self.cores,
            self.memory_mib,
            self.kernel,
            self.load_average,
            self.rustc,
            self.wasmtime,
            self.commit,
        )
    }
}

/// A line of `/proc/meminfo`, in bytes; 0 if it is not there.
pub(crate) fn memory(name: &str) -> u64 {
    let line = line_of("/proc/meminfo", name).unwrap_or_default();
    let kib: Option<u64> = line.split(' ').next().and_then(|kib| kib.parse().ok());
    kib.unwrap_or(0) << 10
}

/// The value in a file of lines such as `name: value`.
fn line_of(path: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let value = text.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        (known.trim() == name).then(|| value.trim().to_owned())
    });
    value.filter(|value| !value.is_empty())
}

fn read(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

/// What a program prints, as it is run in the repository.
fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(casemate_tests::root())
        .output()
        .ok()
        .filter(|output| output.status.success());
    output.map_or_else(unknown, |output| {
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    })
}

/// The version of a package in `Cargo.lock`.
pub(crate) fn locked(package: &str) -> Option<String> {
    let lock = fs::read_to_string(casemate_tests::root().join("Cargo.lock")).ok()?;
    let (_, after) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    Some(after.split_once('"')?.0.to_owned())
}

fn unknown() -> String {
    "unknown".to_owned()
}

#[cfg(test)]
mod tests {
    use super::Machine;

    #[test]
    fn a_machine_says_what_it_runs() {
        let machine = Machine::this();
        assert!(machine.wasmtime.starts_with("48."), "{machine:?}");
        assert!(machine.memory_mib > 0 && machine.cores > 0, "{machine:?}");
    }
}
