//! What the gateway uses, and what everything else on the machine uses meanwhile: a number that was
//! taken while somebody else was compiling should say so.

use std::{
    collections::BTreeSet,
    fs,
    time::{Duration, Instant},
};

/// The clock of `/proc`, which is the same on every Linux: `USER_HZ`.
const TICKS: f64 = 100.0;
const PAGE: u64 = 4096;
/// What others may use before it disturbs a measurement, in cores.
pub(crate) const DISTURBING: f64 = 0.2;

/// The state of the machine at one time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    at: Instant,
    /// Ticks that all cores were busy.
    busy: u64,
    /// Ticks of the gateway, its workers, this program, and all that it started.
    ours: u64,
}

/// What happened between two samples, in cores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Load {
    pub(crate) ours: f64,
    pub(crate) others: f64,
}

impl Sample {
    /// Now, with this process as the gateway.
    pub(crate) fn now(gateway: u32) -> Self {
        let this = std::process::id();
        let started = children(this).into_iter().chain(children(gateway));
        let ours: BTreeSet<u32> = started.chain([gateway, this]).collect();
        let ours = ours.into_iter().map(ticks).sum();
        Self {
            at: Instant::now(),
            busy: busy_ticks(),
            ours,
        }
    }

    /// The load since then.
    #[expect(clippy::cast_precision_loss, reason = "ticks since an earlier sample")]
    pub(crate) fn until(self, later: Self) -> Load {
        let seconds = (later.at - self.at).as_secs_f64().max(0.01);
        let ours = later.ours.saturating_sub(self.ours);
        let others = later.busy.saturating_sub(self.busy).saturating_sub(ours);
        Load {
            ours: ours as f64 / TICKS / seconds,
            others: others as f64 / TICKS / seconds,
        }
    }
}

/// Waits until other programs use little of this machine, or for so long.
pub(crate) fn others_quiet(gateway: u32, patience: Duration) {
    let start = Instant::now();
    while start.elapsed() < patience {
        let before = Sample::now(gateway);
        std::thread::sleep(Duration::from_millis(500));
        if before.until(Sample::now(gateway)).others <= DISTURBING {
            return;
        }
    }
}

/// Waits until a process and its children have nothing to do, or for so long.
pub(crate) fn quiet(process: u32, patience: Duration) {
    let start = Instant::now();
    let used = || -> u64 {
        let family = children(process).into_iter().chain([process]);
        family.map(ticks).sum()
    };
    let mut before = used();
    while start.elapsed() < patience {
        std::thread::sleep(Duration::from_millis(200));
        let now = used();
        if now <= before + 1 {
            return;
        }
        before = now;
    }
}

/// The CPU time of the threads that a process has now, to the nanosecond.
pub(crate) fn cpu_time(process: u32) -> Duration {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Duration::ZERO;
    };
    let nanos = threads.flatten().filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

/// The CPU time of this thread.
pub(crate) fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// The memory of a process that is in RAM, in bytes; 0 if it is gone.
pub(crate) fn resident(process: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/statm")).unwrap_or_default();
    let pages: Option<u64> = text.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0) * PAGE
}

/// The memory of a process that is no file's, in bytes; 0 if it is gone.
pub(crate) fn anonymous(process: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib: Option<u64> = line.and_then(|line| line.trim().split(' ').next()?.parse().ok());
    kib.unwrap_or(0) << 10
}

/// Bytes in MiB.
#[expect(
    clippy::cast_precision_loss,
    reason = "no machine has that much memory"
)]
pub(crate) fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// The processes that a process started and that still run.
pub(crate) fn children(process: u32) -> Vec<u32> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Vec::new();
    };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok())
        .flat_map(|text| {
            let numbers: Vec<u32> = text.split_whitespace().flat_map(str::parse).collect();
            numbers
        })
        .collect()
}

/// The CPU time of a process and of those of its children that have ended.
fn ticks(process: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name, in parentheses, may hold anything.
    let Some((_, after)) = text.rsplit_once(") ") else {
        return 0;
    };
    // utime, stime, cutime and cstime are fields 14 to 17; the state is field 3.
    let fields = after.split(' ').skip(14 - 3).take(4);
    fields.filter_map(|field| field.parse::<u64>().ok()).sum()
}

fn busy_ticks() -> u64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let fields = line.split_whitespace().skip(1).take(8);
    let fields: Vec<u64> = fields.flat_map(str::parse).collect();
    // user nice system idle iowait irq softirq steal
    let is_idle = |position: usize| matches!(position, 3 | 4);
    let busy = fields.iter().enumerate().filter(|(at, _)| !is_idle(*at));
    busy.map(|(_, ticks)| ticks).sum()
}

#[cfg(test)]
mod tests {
    use super::{Sample, children, resident};
    use std::{
        process::Command,
        time::{Duration, Instant},
    };

    #[test]
    fn what_this_program_does_is_not_the_load_of_others() {
        let before = Sample::now(std::process::id());
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(300) {
            std::hint::black_box(0);
        }
        let load = before.until(Sample::now(std::process::id()));
        assert!(load.ours > 0.2, "{load:?}");
    }

    #[test]
    fn a_child_is_found_and_has_memory() {
        let mut child = Command::new("sleep").arg("10").spawn().unwrap();
        assert!(children(std::process::id()).contains(&child.id()));
        assert!(resident(child.id()) > 0);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(resident(child.id()), 0);
    }
}
