//! What was checked is what runs, for requests that nobody thought of: calls, prompts to fill in and
//! resources to read, alone and in batches, written in every way that JSON and HTTP allow and some
//! that they do not, through the real gateway to a tool that answers with the very bytes it was given,
//! and to a prompt and resources that say what they were asked for.
//!
//! [`maker`] makes requests from the grammar and by damage; [`judge`] reads each with a reader of
//! its own and says whether what the tool got, what the headers say and what the schema allows fit
//! together. It measures no coverage of the code: nothing here needs an instrumented build. In its
//! place, a request that gets an answer of a new kind is kept and changed further.
//!
//! An ordinary run replays `fuzz/seeds`, with every request that ever showed a fault, and tries a few
//! thousand more. `cargo xtask fuzz --minutes 10` goes on for longer.

mod judge;
mod line;
mod maker;
mod reader;

use casemate_guest_forge::{ANSWER_TEXT, Definition, answer_text};
use casemate_tests::{Gateway, Server, guest};
use judge::{SCHEMA, Verdict};
use line::Line;
use maker::{Maker, Request};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// The tool with a schema, which answers with its arguments, and one that takes anything.
const TOOLS: [(&str, &str); 2] = [("seen", SCHEMA), ("any", r#"{"type":"object"}"#)];
/// How long an ordinary run tries.
const SECONDS: u64 = 4;
const THREADS: u64 = 4;

fn server(gateway: &Gateway) -> Server {
    let server = gateway.server("fuzz");
    for (name, schema) in TOOLS {
        let definition = Definition {
            schema: schema.to_owned(),
            ..Definition::named(name)
        };
        // The second parameter of `call` is the arguments: their address, and their length.
        let arguments = "(i32.load offset=8 (local.get 0)) (i32.load offset=12 (local.get 0))";
        let guest = definition.guest().item(ANSWER_TEXT);
        let file = gateway.scratch().join(format!("{name}.wasm"));
        fs::write(&file, guest.call(&answer_text(arguments))).unwrap();
        gateway.push(&server, &file);
    }
    // It has a prompt and resources that say what they were given.
    gateway.push(&server, guest("conformance"));
    server
}

fn seeds() -> Vec<(PathBuf, Request)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("spec/fuzz/seeds");
    let files = fs::read_dir(folder).unwrap();
    let read = |file: fs::DirEntry| {
        let bytes = fs::read(file.path()).unwrap();
        (file.path(), Request::read(&bytes))
    };
    let mut seeds: Vec<_> = files.map(|file| read(file.unwrap())).collect();
    seeds.sort_by(|(one, _), (other, _)| one.cmp(other));
    seeds
}

/// What came of all requests.
#[derive(Default)]
struct Tally {
    requests: AtomicU64,
    calls: AtomicU64,
    /// Kinds of answers that were seen, with how often.
    kinds: Mutex<BTreeMap<String, u64>>,
    /// Requests that showed something new.
    pool: Mutex<Vec<Request>>,
    faults: Mutex<Vec<(Request, String)>>,
}

impl Tally {
    /// Sends a request and judges what came of it.
    fn take(&self, line: &mut Line, request: &Request) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        let answer = line.ask(request);
        match judge::judge(request, &answer) {
            Ok(Verdict { kind, ran }) => {
                self.calls.fetch_add(u64::from(ran), Ordering::Relaxed);
                let mut kinds = self.kinds.lock().unwrap();
                let count = kinds.entry(kind).or_default();
                *count += 1;
                let is_new = *count == 1;
                drop(kinds);
                if is_new {
                    self.pool.lock().unwrap().push(request.clone());
                }
            }
            Err(fault) => self.faults.lock().unwrap().push((request.clone(), fault)),
        }
    }

    fn assert_no_fault(&self) {
        let faults = self.faults.lock().unwrap();
        let shown = faults.iter().take(5).map(|(request, fault)| {
            let request = String::from_utf8_lossy(&request.written()).into_owned();
            format!("{fault}\n--- a file for spec/fuzz/seeds:\n{request}\n---")
        });
        let shown: Vec<_> = shown.collect();
        assert!(
            shown.is_empty(),
            "{} faults\n{}",
            faults.len(),
            shown.join("\n")
        );
    }
}

#[test]
fn every_seed_is_answered_as_it_was_read() {
    let gateway = Gateway::start();
    let server = server(&gateway);
    let tally = Tally::default();
    let mut line = Line::new(&gateway, &server);
    for (_, seed) in seeds() {
        tally.take(&mut line, &seed);
    }
    tally.assert_no_fault();
    let kinds = tally.kinds.lock().unwrap();
    assert!(kinds.len() > 5, "the seeds show too little: {kinds:?}");
    assert!(tally.calls.load(Ordering::Relaxed) > 3, "{kinds:?}");
}

#[test]
fn what_was_checked_is_what_runs_for_requests_that_nobody_thought_of() {
    let variable = std::env::var("CASEMATE_FUZZ_SECONDS").ok();
    let seconds = variable.map_or(SECONDS, |text| text.parse().unwrap());
    // Each longer run tries other requests than the last one.
    let began = if seconds == SECONDS { 1 } else { line::now() };
    let gateway = Gateway::start();
    let server = server(&gateway);
    let tally = Tally::default();
    tally
        .pool
        .lock()
        .unwrap()
        .extend(seeds().into_iter().map(|(_, seed)| seed));
    let deadline = Instant::now() + Duration::from_secs(seconds);
    thread::scope(|scope| {
        for number in 0..THREADS {
            let (gateway, server, tally) = (&gateway, &server, &tally);
            scope.spawn(move || {
                let mut line = Line::new(gateway, server);
                let mut maker = Maker::new(began.wrapping_mul(THREADS).wrapping_add(number));
                while Instant::now() < deadline && tally.faults.lock().unwrap().len() < 5 {
                    let request = {
                        let pool = tally.pool.lock().unwrap();
                        maker.next(&pool)
                    };
                    tally.take(&mut line, &request);
                }
            });
        }
    });
    let (requests, calls) = (
        tally.requests.load(Ordering::Relaxed),
        tally.calls.load(Ordering::Relaxed),
    );
    let kinds = tally.kinds.lock().unwrap();
    let mut told = format!(
        "{requests} requests, {calls} calls ran, {} kinds of answers\n",
        kinds.len()
    );
    if seconds > SECONDS {
        for (kind, count) in kinds.iter() {
            told += &format!("{count:>9}  {kind}\n");
        }
    }
    std::io::stderr().write_all(told.as_bytes()).unwrap();
    tally.assert_no_fault();
    assert!(!gateway.log().contains("panicked"), "{}", gateway.log());
    // Neither all nor none: both would prove nothing.
    assert!(calls > requests / 50 && calls < requests, "{told}");
    let refused: BTreeSet<_> = kinds.keys().filter(|kind| kind.contains('-')).collect();
    assert!(refused.len() > 10, "{kinds:?}");
}

#[test]
fn control_the_judge_finds_what_a_careless_gateway_would_let_through() {
    for (written, fault) in judge::CARELESS {
        let (request, answer) = written.split_once("\n===\n").unwrap();
        let request = Request::read(request.as_bytes());
        let judged = judge::judge(&request, &line::Answer::of(answer.trim_end()));
        let found = judged.err().unwrap_or_default();
        assert!(found.contains(fault), "{written}: {found}");
    }
}
