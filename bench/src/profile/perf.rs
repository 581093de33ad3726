//! What `perf` sees of a process.

use super::stage::Stage;
use anyhow::{Context, Result, ensure};
use inferno::collapse::{Collapse, perf::Folder};
use std::{
    collections::BTreeMap,
    io::BufReader,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

/// Samples a second: few enough that copying stacks hardly disturbs what is looked at.
const FREQUENCY: &str = "900";
/// So much of each stack is copied, in bytes.
const STACKS: &str = "dwarf,16384";
/// What is told of each sample: not how long it stands for, so that samples are counted.
const FIELDS: &str = "comm,pid,tid,time,event,ip,sym,dso";
const MISSING: &str = "perf cannot be started; install it (Debian: apt install linux-perf, \
                       Ubuntu: apt install linux-tools-generic)";

/// Whether there is a `perf`, and it may see the kernel: a call's CPU time is partly the kernel's.
pub(super) fn ensure() -> Result<()> {
    let paranoid = std::fs::read_to_string("/proc/sys/kernel/perf_event_paranoid")?;
    ensure!(
        rustix::process::geteuid().is_root() || matches!(paranoid.trim(), "-1" | "0" | "1"),
        "perf may not look at the kernel; run as root: sysctl kernel.perf_event_paranoid=1"
    );
    let found = Command::new("perf").arg("--version").output();
    ensure!(found.context(MISSING)?.status.success(), MISSING);
    Ok(())
}

/// Looks at a process for some time.
pub(super) fn record(process: u32, time: Duration) -> Result<Stacks> {
    let folder = tempfile::tempdir().context("making a temporary folder")?;
    let file = folder.path().join("perf.data");
    let recorded = Command::new("perf")
        .args(["record", "--quiet", "-F", FREQUENCY, "--call-graph", STACKS])
        .args(["--pid", &process.to_string(), "--output"])
        .arg(&file)
        .args(["--", "sleep", &time.as_secs().to_string()])
        .output()
        .context(MISSING)?;
    let said = String::from_utf8_lossy(&recorded.stderr);
    ensure!(recorded.status.success(), "perf record failed: {said}");
    collapsed(&file)
}

/// Stacks as lines of frames.
fn collapsed(file: &Path) -> Result<Stacks> {
    let mut script = Command::new("perf")
        .args(["script", "--no-inline", "--fields", FIELDS, "--input"])
        .arg(file)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .context("starting perf script")?;
    let output = script.stdout.take().context("perf script says nothing")?;
    let mut lines = Vec::new();
    Folder::default()
        .collapse(BufReader::new(output), &mut lines)
        .context("reading what perf script says")?;
    ensure!(script.wait()?.success(), "perf script failed");
    let stacks = Stacks::of(&String::from_utf8_lossy(&lines));
    ensure!(stacks.samples() > 0, "perf saw nothing run");
    Ok(stacks)
}

/// How often which stack was seen, by stage, from the frame on that it is told by.
#[derive(Debug)]
pub(super) struct Stacks(BTreeMap<(Stage, String), u64>);

impl Stacks {
    /// From lines of frames, outermost first, with a number at the end.
    fn of(lines: &str) -> Self {
        let mut all = BTreeMap::new();
        for line in lines.lines() {
            let Some((stack, times)) = line.rsplit_once(' ') else {
                continue;
            };
            let frames: Vec<_> = stack.split(';').collect();
            let (stage, from) = Stage::of(&frames);
            let frames = frames[from..].join(";");
            *all.entry((stage, frames)).or_default() += times.parse().unwrap_or(0);
        }
        Self(all)
    }

    pub(super) fn samples(&self) -> u64 {
        self.0.values().sum()
    }

    /// Which part of all samples is of a stage.
    #[expect(clippy::cast_precision_loss, reason = "numbers of samples")]
    pub(super) fn share(&self, stage: Stage) -> f64 {
        let of_stage = self.0.iter().filter(|((of, _), _)| *of == stage);
        let samples: u64 = of_stage.map(|(_, times)| times).sum();
        samples as f64 / self.samples().max(1) as f64
    }

    /// As a flame graph is drawn from them, the stages at the bottom.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |((stage, frames), times): (&(Stage, String), &u64)| {
            format!("{stage};{frames} {times}")
        };
        self.0.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Stacks, Stage};

    #[test]
    fn stacks_are_told_apart_and_counted() {
        let stacks = Stacks::of(
            "worker;hyper::proto::write;writev 2\n\
             worker;hyper::proto::poll;casemate_gateway::service::access::Access::open;memcmp 1\n\
             call-log-writer;write 1\n",
        );
        assert_eq!(stacks.samples(), 4);
        assert!((stacks.share(Stage::Http) - 0.5).abs() < 1e-9);
        assert!((stacks.share(Stage::Log) - 0.25).abs() < 1e-9);
        let lines = stacks.lines();
        let key = "key;casemate_gateway::service::access::Access::open;memcmp 1".to_owned();
        assert!(lines.contains(&key), "{lines:?}");
    }
}
