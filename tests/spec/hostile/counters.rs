//! What a process holds, as the system counts it.

use casemate_tests::{ADMIN_TOKEN, Gateway, http::get};
use serde_json::Value;
use std::{
    fs, thread,
    time::{Duration, Instant},
};

/// How long a gateway may take to give back what it took.
const BACK: Duration = Duration::from_secs(5);

/// Memory that may stay: the allocator keeps freed pages for its next use, in an arena for each
/// thread, and slots of the pool keep up to a MiB each; a leak of what one guest held would be
/// larger or would add up.
const MEMORY: u64 = 32 << 20;
/// What a round leaves behind that leaks, at least: with less in each, the rounds together would not
/// come near to what may stay.
const LEAKED: u64 = 4 << 20;
/// Threads that may stay: those for blocking work end after ten idle seconds, and how many there
/// are depends on what coincides.
const THREADS: u64 = 8;
/// Files that may stay: connections of the test itself that are being closed.
const FILES: u64 = 2;

/// What a gateway holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Counters {
    memory: u64,
    files: u64,
    threads: u64,
    children: u64,
    /// Calls in a sandbox, and the memory that they hold, as the gateway itself counts them.
    calls: u64,
    held: u64,
}

impl Counters {
    /// What it holds now.
    pub(super) fn of(gateway: &Gateway) -> Self {
        let process = format!("/proc/{}", gateway.pid());
        let entries = |name: &str| {
            let folder = fs::read_dir(format!("{process}/{name}")).unwrap();
            folder.flatten().collect::<Vec<_>>()
        };
        let status = fs::read_to_string(format!("{process}/status")).unwrap();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = resident.unwrap().trim().trim_end_matches(" kB");
        let tasks = entries("task");
        let children = tasks.iter().map(|task| {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            children.split_whitespace().count() as u64
        });
        let calls = &told(gateway)["calls"];
        let number = |name: &str| calls[name].as_u64().unwrap();
        Self {
            calls: number("running"),
            held: number("memory_bytes"),
            memory: kib.parse::<u64>().unwrap() << 10,
            files: entries("fd").len() as u64,
            threads: tasks.len() as u64,
            children: children.sum(),
        }
    }

    /// What it holds when two looks at it in a row show the same files and threads.
    pub(super) fn settled(gateway: &Gateway) -> Self {
        let mut before = Self::of(gateway);
        let deadline = Instant::now() + BACK;
        loop {
            thread::sleep(Duration::from_millis(100));
            let now = Self::of(gateway);
            let same = now.files == before.files && now.threads == before.threads;
            if same || Instant::now() > deadline {
                return now;
            }
            before = now;
        }
    }

    /// Waits until a gateway holds no more than this, and nothing of any call. Gives what it held in
    /// the end; if those are more files, threads, children or calls, says so. What is left of memory is for [`is_at_rest`] to judge.
    pub(super) fn back(self, gateway: &Gateway) -> Result<Self, String> {
        let deadline = Instant::now() + BACK;
        loop {
            let now = Self::of(gateway);
            let too_late = Instant::now() > deadline;
            let is_back = now.files <= self.files + FILES
                && now.threads <= self.threads + THREADS
                && now.children == 0
                && now.calls == 0
                && now.held == 0;
            if is_back && (too_late || self.grown(now) <= MEMORY) {
                return Ok(now);
            }
            if too_late {
                return Err(format!(
                    "after {BACK:?} it still holds {now:?}; before it held {self:?}"
                ));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// How much more memory it holds later.
    pub(super) fn grown(self, later: Self) -> u64 {
        later.memory.saturating_sub(self.memory)
    }
}

/// What the gateway says of itself.
fn told(gateway: &Gateway) -> Value {
    let status = get(&gateway.admin_url("/v1/status")).bearer(ADMIN_TOKEN);
    status.send().json()
}

/// Whether memory has come to rest that has grown by so much after each round. An allocator keeps
/// more with some of the first rounds; a leak leaves more behind with every one.
pub(super) fn is_at_rest(grown: &[u64]) -> bool {
    match grown {
        [] => false,
        [only] => *only < LEAKED,
        [.., before, last] => *last < before + LEAKED,
    }
}

#[test]
fn a_steady_leak_is_seen_and_what_an_allocator_keeps_is_not() {
    let after_rounds =
        |mib: &[u64]| is_at_rest(&mib.iter().map(|mib| mib << 20).collect::<Vec<_>>());
    for rounds in 1..8 {
        let leak: Vec<_> = (1..=rounds).map(|round| round * 12).collect();
        assert!(
            !after_rounds(&leak),
            "much less than is kept, in each round"
        );
    }
    assert!(after_rounds(&[1]));
    assert!(after_rounds(&[17, 30, 45, 46]));
    assert!(after_rounds(&[40, 40]));
}

impl std::fmt::Display for Counters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            memory,
            files,
            threads,
            ..
        } = self;
        write!(f, "{} MiB, {files} files, {threads} threads", memory >> 20)
    }
}
