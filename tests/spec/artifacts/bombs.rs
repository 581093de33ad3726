//! Components that are dear to compile cost those who upload them, and nobody else.

use super::{echo, tool_with, with_echo};
use casemate_tests::{ADMIN_TOKEN, Gateway, Server, http::post, sample};
use rustix::process::{Pid, getpriority_process};
use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

#[test]
fn each_limit_of_the_process_that_compiles_is_enough_to_end_it() {
    for limit in [
        "compile.cpu_ms = 1_000",
        "compile.memory_bytes = 268_435_456",
    ] {
        let gateway = Gateway::builder().config(limit).start();
        let server = gateway.server("target");
        gateway.push(&server, sample("echo"));
        let path = gateway.scratch().join("slow.wasm");
        fs::write(&path, tool_with(&slow_functions())).unwrap();
        let start = Instant::now();
        let pushed = gateway.cli(["push", path.to_str().unwrap(), "-s", &server.id]);
        assert!(
            pushed.stderr.contains("compile_budget"),
            "{limit}: {pushed}"
        );
        let took = start.elapsed();
        assert!(took < Duration::from_secs(45), "{limit}: {took:?}");
    }
}

/// What was seen of processes that compile.
#[derive(Debug, Default)]
struct Seen {
    /// At the same moment.
    most: usize,
    /// Their niceness, and how soon they go when memory runs out.
    manners: BTreeSet<(i32, String)>,
    /// Whether one was seen that can open nothing and gain no rights.
    is_shut: bool,
}

impl Seen {
    fn look(&mut self, gateway: &Gateway) {
        let parent = format!("PPid:\t{}\n", gateway.pid());
        let processes = fs::read_dir("/proc")
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let compiling = processes.filter(|path| {
            let status = fs::read_to_string(path.join("status")).unwrap_or_default();
            // One that ended and was not waited for yet takes nothing.
            status.contains(&parent) && !status.contains("State:\tZ")
        });
        let compiling: Vec<_> = compiling.collect();
        self.most = self.most.max(compiling.len());
        for path in compiling {
            self.is_shut |= is_shut(&path);
            let pid = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
            // It sets itself up before it reads what it is to compile, and may end at any time.
            let niceness = getpriority_process(Pid::from_raw(pid));
            let goes = fs::read_to_string(path.join("oom_score_adj"));
            if let (Ok(niceness), Ok(goes)) = (niceness, goes) {
                self.manners.insert((niceness, goes.trim().to_owned()));
            }
        }
    }
}

/// Whether a process can open nothing any more, and gain no rights.
fn is_shut(process: &Path) -> bool {
    let limits = fs::read_to_string(process.join("limits")).unwrap_or_default();
    let status = fs::read_to_string(process.join("status")).unwrap_or_default();
    let files = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    let files: Vec<_> = files.unwrap_or_default().split_whitespace().collect();
    files == ["0", "0", "files"] && status.contains("NoNewPrivs:\t1\n")
}

/// How long each of so many calls takes, the longest last.
fn latencies(gateway: &Gateway, server: &Server, calls: usize) -> Vec<Duration> {
    let mut took: Vec<_> = (0..calls).map(|_| latency(gateway, server)).collect();
    took.sort();
    took
}

fn latency(gateway: &Gateway, server: &Server) -> Duration {
    let started = Instant::now();
    echo(gateway, server, "meanwhile");
    started.elapsed()
}

/// The latency that so many of a hundred calls keep within.
fn within(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent).div_ceil(100) - 1]
}

/// What calls beside bombs are held to: nearly all of them; where nothing is optimized, and other tests
/// run, half of them. There, looking at a component before it is compiled takes a core for long.
const PERCENT: usize = if cfg!(debug_assertions) { 50 } else { 99 };

/// Uploads four components at once that take very long to compile, while another workspace calls.
/// Gives how long its calls took, the longest last.
#[track_caller]
fn call_beside_bombs(gateway: &Gateway, server: &Server) -> (Vec<Duration>, Seen) {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    let bomb = BOMB.get_or_init(|| tool_with(&slow_functions()));
    let upload = |number: u8| {
        let mut bomb = bomb.clone();
        // A section that nobody reads: no two are the same component.
        bomb.extend([0, 2, 1, number]);
        let upload = post(&gateway.admin_url("/v1/components")).bearer(ADMIN_TOKEN);
        upload.patience(Duration::from_secs(120)).body(bomb).send()
    };
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let caller = scope.spawn(|| {
            let (mut took, mut seen) = (Vec::new(), Seen::default());
            while !over.load(Ordering::Relaxed) {
                took.push(latency(gateway, server));
                seen.look(gateway);
            }
            took.sort();
            (took, seen)
        });
        let uploads = [0, 1, 2, 3].map(|number| scope.spawn(move || upload(number)));
        let answers = uploads.map(|upload| upload.join().unwrap());
        over.store(true, Ordering::Relaxed);
        for answer in answers {
            assert_eq!(answer.json()["kind"], "compile_budget", "{answer}");
        }
        caller.join().unwrap()
    })
}

#[test]
fn components_that_take_very_long_to_compile_disturb_no_calls() {
    let (mut gateway, server) = with_echo();
    gateway.stop();
    gateway.reconfigure("compile.wall_ms = 1500");
    gateway.start_again();
    let mut tries = Vec::new();
    let seen = loop {
        let alone = latencies(&gateway, &server, 200);
        let started = Instant::now();
        let (took, seen) = call_beside_bombs(&gateway, &server);
        // Two after two, each within its time, and a moment to start and end each.
        let bombs = started.elapsed();
        assert!(bombs < Duration::from_secs(15), "{bombs:?}");
        let calls = took.len();
        assert!(calls >= 20, "only {calls} calls were answered meanwhile");
        for percent in [50, 99] {
            let (alone, beside) = (within(&alone, percent), within(&took, percent));
            println!("{percent} % within {alone:?} alone, {beside:?} of {calls} beside bombs");
        }
        let (alone, beside) = (within(&alone, PERCENT), within(&took, PERCENT));
        if beside <= (2 * alone).max(alone + Duration::from_millis(25)) {
            break seen;
        }
        tries.push((alone, beside));
        assert!(tries.len() < 3, "calls took longer beside bombs: {tries:?}");
    };
    assert_eq!(seen.most, 2, "{seen:?}");
    let polite = (10, "1000".to_owned());
    assert!(seen.manners.contains(&polite), "{seen:?}");
    assert!(seen.is_shut, "{seen:?}");

    // Control: without these settings they compile all at once, and stand behind nobody.
    gateway.stop();
    gateway.reconfigure("compile.wall_ms = 3000\ncompile.at_once = 4\ncompile.niceness = 0");
    gateway.start_again();
    let (_, seen) = call_beside_bombs(&gateway, &server);
    assert_eq!(seen.most, 4, "{seen:?}");
    assert!(!seen.manners.contains(&polite), "{seen:?}");
}

/// Functions that the checks of their shape just let pass: many locals and branches in some, many
/// values alive at once in others.
fn slow_functions() -> String {
    let locals = "i32 ".repeat(2_000);
    let branches: String = (0..1_200)
        .map(|n| {
            let next = n + 1;
            format!("(if (local.get {n}) (then (local.set {next} (i32.const {n}))) (else))")
        })
        .collect();
    let branching = format!("(func (local {locals}) {branches})").repeat(38);
    let alive = format!(
        "(func (result i32) {} {})",
        "call $value ".repeat(150_000),
        "i32.add ".repeat(149_999)
    );
    format!(
        "(func $value (result i32) i32.const 1) {branching} {}",
        alive.repeat(7)
    )
}
