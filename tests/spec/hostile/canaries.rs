//! Thirty-two secrets in the hands of every hostile guest, and then every byte that is left: in the
//! data folder, in the gateway's log, in all that clients and the administrator were told.

use super::{
    catalogue,
    family::Bench,
    leaks::{MASKED, SINKS, leaker, tool_name},
    leaving::leave,
    scanner::{Scanner, encodings},
    told::Told,
    upload::{deploy, needed_hosts, records, send},
};
use casemate_guest_forge::{ANSWER_TEXT, Guest, answer_text, damage::Random, holding};
use casemate_tests::{ADMIN_TOKEN, Server};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

const CANARIES: usize = 32;
/// Guests at a time: much of what they take is waiting.
const LINES: usize = 4;

/// Names and values. The values hold what the encodings differ in, and no two share a beginning.
fn canaries(random: &mut Random) -> Vec<(String, String)> {
    const CHARACTERS: &[u8] =
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789?>~+/=_-";
    let value = |random: &mut Random| -> String {
        let characters = (0..28).map(|_| CHARACTERS[random.below(CHARACTERS.len())]);
        characters.map(char::from).collect()
    };
    (0..CANARIES)
        .map(|n| (format!("CANARY_{n:02}"), value(random)))
        .collect()
}

fn grant(canaries: &[(String, String)]) -> Value {
    let secrets = canaries.iter();
    let secrets = secrets.map(|(name, _)| json!({ "name": name, "hosts": [], "reveal": true }));
    json!({ "secrets": secrets.collect::<Vec<_>>() })
}

/// Every file below a folder: its name and what is in it.
fn scan(folder: &Path, scanner: &Scanner, seen: &mut u64) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(scan(&path, scanner, seen));
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        *seen += bytes.len() as u64;
        let here = scanner.found(&bytes).into_iter();
        found.extend(here.map(|what| format!("{}: {what}", path.display())));
        let name = path.file_name().unwrap().as_encoded_bytes();
        assert!(scanner.found(name).is_empty(), "{}", path.display());
    }
    found
}

/// A guest to be made: the name of its tool, and how.
type Bait<'a> = (String, Box<dyn Fn(&str) -> Vec<u8> + Sync + 'a>);

/// Guests that tell all secrets, in each form and into each sink.
fn leakers(names: &[String]) -> impl Iterator<Item = Bait<'_>> {
    let all = MASKED
        .iter()
        .flat_map(|form| SINKS.iter().map(move |sink| (*form, *sink)));
    all.map(move |(form, sink)| -> Bait<'_> {
        let make = move |tool: &str| leaker(tool, names, form, sink);
        (tool_name(form, sink), Box::new(make))
    })
}

/// Guests that do all else that is hostile, with all secrets in their memory.
fn holders(names: &[String]) -> impl Iterator<Item = Bait<'_>> {
    let rows = catalogue::ALL.iter().flat_map(|family| family.rows);
    rows.map(move |row| -> Bait<'_> {
        let make = move |tool: &str| holding(names, || (row.guest)(tool));
        (row.id.to_ascii_lowercase(), Box::new(make))
    })
}

/// A gateway where every guest is granted all secrets.
struct Trap {
    bench: Bench,
    canaries: Vec<(String, String)>,
}

impl Trap {
    fn set(random: &mut Random) -> Self {
        let canaries = canaries(random);
        // Little of everything, so that guests that never end do so soon; but room for their logs.
        // And every line that anything in the gateway can log.
        let bench = Bench::logging(
            "canaries",
            &[
                ("limits.log_bytes", 1 << 20),
                ("limits.fuel", 50_000_000),
                ("limits.wall_ms", 1_500),
            ],
            "trace",
        );
        for (name, value) in &canaries {
            bench.gateway.secret(&bench.server, name, value);
        }
        Self { bench, canaries }
    }

    /// Uploads a guest, and deploys it if it is taken.
    fn deploy(&self, server: &Server, tool: &str, wasm: &[u8], told: &mut Told) -> bool {
        let answer = send(&self.bench.gateway, wasm);
        told.http(&answer);
        if answer.status != 200 {
            return false;
        }
        let digest = answer.json()["digest"].as_str().unwrap().to_owned();
        let mut grant = grant(&self.canaries);
        grant["hosts"] = needed_hosts(&answer).into();
        let answer = deploy(&self.bench.gateway, server, tool, &digest, &grant);
        told.http(&answer);
        true
    }

    /// Sends a guest through, and listens.
    fn send(&self, server: &Server, tool: &str, wasm: &[u8], told: &mut Told) {
        if self.deploy(server, tool, wasm, told) {
            let client = self.bench.gateway.modern(server);
            told.reply(&client.call(tool, json!({})));
        }
    }

    /// Sends guests through, several at a time, each line of them to a server of its own.
    fn send_all(&self, baits: &[Bait<'_>]) -> Vec<(Server, Told)> {
        let next = AtomicUsize::new(0);
        let in_line = |n: usize| {
            let workspace = &self.bench.server.workspace;
            let gateway = &self.bench.gateway;
            let server = gateway.server_in(workspace, &format!("line-{n}"));
            let mut told = Told::default();
            while let Some((tool, make)) = baits.get(next.fetch_add(1, Ordering::Relaxed)) {
                self.send(&server, tool, &make(tool), &mut told);
            }
            (server, told)
        };
        thread::scope(|scope| {
            let in_line = &in_line;
            let lines: Vec<_> = (0..LINES)
                .map(|n| scope.spawn(move || in_line(n)))
                .collect();
            lines.into_iter().map(|line| line.join().unwrap()).collect()
        })
    }

    /// What is found in all that was told, and in all that is left of the gateway once it has
    /// stopped.
    fn found(&mut self, told: &[Told]) -> Vec<String> {
        let gateway = &mut self.bench.gateway;
        let shown = gateway.cli(["logs", "--log", "--limit", "1000"]).ok();
        let mut secrets = self.canaries.clone();
        // What opens the gateway is as secret as what it keeps.
        secrets.push(("KEY".to_owned(), self.bench.server.key.clone()));
        secrets.push(("TOKEN".to_owned(), ADMIN_TOKEN.to_owned()));
        let scanner = Scanner::new(&secrets);
        gateway.stop();
        let log = gateway.log();
        let mut found = Vec::new();
        let mut seen = 0;
        let mut look = |what: &str, bytes: &[u8]| {
            seen += bytes.len() as u64;
            let here = scanner.found(bytes).into_iter();
            found.extend(here.map(|secret| format!("{what}: {secret}")));
        };
        told.iter().for_each(|told| look("told", told.bytes()));
        look("shown", shown.stdout.as_bytes());
        look("log", log.as_bytes());
        found.extend(scan(&gateway.data_dir(), &scanner, &mut seen));
        println!("{} KiB were looked through", seen >> 10);
        found
    }
}

fn holds_all(record: &Value) -> bool {
    record["receipt"]["secrets"].as_array().map_or(0, Vec::len) == CANARIES
}

#[test]
fn no_byte_that_is_left_holds_a_secret_in_any_of_twelve_encodings() {
    let seed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    println!("canaries from seed {seed}");
    let mut trap = Trap::set(&mut Random::new(seed));
    let names: Vec<_> = trap.canaries.iter().map(|(name, _)| name.clone()).collect();
    let baits: Vec<_> = leakers(&names).chain(holders(&names)).collect();
    let (servers, mut told): (Vec<_>, Vec<_>) = trap.send_all(&baits).into_iter().unzip();
    // One whose client leaves while it runs.
    let left = holding(&names, || {
        Guest::named("left").call("(loop $l (br $l)) (i32.const 16)")
    });
    assert!(trap.deploy(&trap.bench.server, "left", &left, &mut told[0]));
    leave(&trap.bench, "left");
    let servers = servers.iter().chain([&trap.bench.server]);
    let records: Vec<_> = servers
        .flat_map(|server| records(&trap.bench.gateway, server))
        .collect();
    let held = records.iter().filter(|record| holds_all(record));
    let held: HashSet<_> = held.filter_map(|record| record["tool"].as_str()).collect();
    println!("{} of {} calls held all", held.len(), records.len());
    assert!(held.contains("left"));
    for (tool, _) in leakers(&names) {
        assert!(held.contains(tool.as_str()), "{tool} did not hold all");
    }
    // The others never got as far, or crashed when the host handed one over.
    assert!(held.len() > records.len() * 9 / 10, "too few held them");
    records.iter().for_each(|record| told[0].value(record));
    assert_eq!(trap.found(&told), [""; 0]);
}

#[test]
fn control_a_secret_that_nobody_was_asked_for_is_found_wherever_it_went() {
    let mut trap = Trap::set(&mut Random::new(1));
    // It knows the value without having asked for it, so nobody expects it to be told.
    let mut guest = Guest::named("knows")
        .import("logging", "log", "(param i32 i32 i32 i32 i32 i32)")
        .item(ANSWER_TEXT);
    let words = guest.text(&trap.canaries[31].1);
    let answer = answer_text(&words);
    let wasm = guest.call(&format!(
        "(call $log (i32.const 1) {words} (i32.const 0) (i32.const 0) (i32.const 0)) {answer}"
    ));
    let mut told = Told::default();
    trap.send(&trap.bench.server, "knows", &wasm, &mut told);
    let found = trap.found(&[told]).join("\n");
    println!("{found}");
    for place in ["told: ", "shown: ", "/calls/", "/blobs/"] {
        assert!(found.contains(place), "not in {place}: {found}");
    }
}

#[test]
fn control_a_secret_in_a_file_is_found_in_each_encoding() {
    let canaries = canaries(&mut Random::new(2));
    let scanner = Scanner::new(&canaries);
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("some/where/deep");
    fs::create_dir_all(&deep).unwrap();
    for (name, secret) in &canaries {
        for (how, bytes) in encodings(secret) {
            let file = deep.join("planted");
            fs::write(&file, [b"..", &bytes[..], b".."].concat()).unwrap();
            let found = scan(folder.path(), &scanner, &mut 0);
            let expected = format!("{name} {how}");
            assert!(
                found.iter().any(|found| found.ends_with(&expected)),
                "{expected}: {found:?}"
            );
        }
    }
}
