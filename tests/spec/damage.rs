//! What lies on the disk is checked before it is used: no bit of it can be changed unnoticed.
//!
//! The places where bits are flipped are those of every class that a file has: each field of an
//! artifact's trailer, each section of a component. Wherever it is, native code that was changed is
//! not run but made again, and a component that was changed is not compiled.

use casemate_guest_forge::{Guest, damage::boundaries};
use casemate_tests::{Gateway, Server, mcp::Reply};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
};

const LOADED: &str = "a component was loaded from disk";
const COMPILED: &str = "a component was compiled";
const DAMAGED: &str = "an artifact is not usable and is made again";

/// The fields of the trailer behind the code, from the end of the file: their names, how far they
/// begin from it, and how long they are.
const TRAILER: [(&str, usize, usize); 7] = [
    ("the magic number", 148, 8),
    ("the format", 140, 4),
    ("the engine", 136, 32),
    ("the component", 104, 32),
    ("the length", 72, 8),
    ("the digest of the code", 64, 32),
    ("the authentication code", 32, 32),
];

/// A tool that says which of two it is.
fn tool(says: &str) -> Vec<u8> {
    let mut guest = Guest::named(says).item(casemate_guest_forge::ANSWER_TEXT);
    let text = guest.text(says);
    guest.call(&casemate_guest_forge::answer_text(&text))
}

/// A gateway with the tools `one` and `two`, each on a server of its own.
struct Bench {
    gateway: Gateway,
    one: Server,
    two: Server,
}

impl Bench {
    fn start() -> Self {
        let gateway = Gateway::builder()
            .env("CASEMATE_LOG", "info,casemate_gateway=debug")
            .start();
        let (one, two) = (gateway.server("one"), gateway.server("two"));
        let bench = Self { gateway, one, two };
        bench.push(&bench.one, "one");
        bench.push(&bench.two, "two");
        bench
    }

    fn push(&self, server: &Server, says: &str) {
        let path = self.gateway.scratch().join(format!("{says}.wasm"));
        fs::write(&path, tool(says)).unwrap();
        self.gateway.push(server, &path);
    }

    /// Starts the gateway again and calls `one`. Gives the answer and what was logged.
    fn call_after_restart(&mut self) -> (Reply, String) {
        self.gateway.stop();
        let before = self.gateway.log().len();
        self.gateway.start_again();
        let reply = self.call();
        (reply, self.gateway.log()[before..].to_owned())
    }

    fn call(&self) -> Reply {
        self.gateway.modern(&self.one).call("one", json!({}))
    }

    /// The file in a folder of the data that belongs to a tool.
    fn file(&self, folder: &str, of: &[u8]) -> PathBuf {
        let files = files(&self.gateway.data_dir().join(folder));
        let mut found = files.into_iter().filter(|file| match folder {
            "blobs" => fs::read(file).unwrap() == of,
            _ => file.ends_with(digest_of(&self.gateway, of)),
        });
        found
            .next()
            .unwrap_or_else(|| panic!("no file of it in {folder}"))
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// The digest under which a component is known.
fn digest_of(gateway: &Gateway, wasm: &[u8]) -> String {
    let path = gateway.scratch().join("asked.wasm");
    fs::write(&path, wasm).unwrap();
    let told = gateway
        .cli(["inspect", path.to_str().unwrap(), "--json"])
        .ok();
    told.json()["digest"].as_str().unwrap().to_owned()
}

/// Replaces a file that may not be written to.
fn replace(path: &Path, bytes: &[u8]) {
    drop(fs::remove_file(path));
    fs::write(path, bytes).unwrap();
}

/// Every class of damage that a file can have, given the places of its parts.
fn damages(whole: &[u8], places: &[(String, usize)], other: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = places
        .iter()
        .map(|(what, place)| {
            let mut bytes = whole.to_vec();
            bytes[*place] ^= 1 << (place % 8);
            (format!("a bit in {what}"), bytes)
        })
        .collect();
    let cut = |end: usize| whole[..end].to_vec();
    all.extend([
        ("cut by a byte".to_owned(), cut(whole.len() - 1)),
        ("cut in half".to_owned(), cut(whole.len() / 2)),
        ("a single byte".to_owned(), cut(1)),
        ("empty".to_owned(), Vec::new()),
        ("a byte longer".to_owned(), [whole, &[0]].concat()),
        ("twice".to_owned(), [whole, whole].concat()),
        ("another's".to_owned(), other.to_vec()),
    ]);
    all
}

#[test]
fn an_artifact_that_was_changed_anywhere_is_not_run_but_made_again() {
    let mut bench = Bench::start();
    let artifact = bench.file("artifacts", &tool("one"));
    let whole = fs::read(&artifact).unwrap();
    let other = fs::read(bench.file("artifacts", &tool("two"))).unwrap();
    let end = whole.len();
    let mut places = vec![
        ("the first byte".to_owned(), 0),
        ("the head of the code".to_owned(), 70),
        ("the middle of the code".to_owned(), end / 2),
        ("the last byte of the code".to_owned(), end - 149),
    ];
    for (what, from_end, length) in TRAILER {
        places.push((format!("the first byte of {what}"), end - from_end));
        places.push((
            format!("the last byte of {what}"),
            end - from_end + length - 1,
        ));
    }
    let damages = damages(&whole, &places, &other);
    println!("{} kinds of damage", damages.len());
    for (what, bytes) in damages {
        replace(&artifact, &bytes);
        let (reply, log) = bench.call_after_restart();
        assert_eq!(reply.text(), "one", "{what}: {}", reply.http);
        assert!(
            log.contains(DAMAGED) && log.contains(COMPILED),
            "{what}: {log}"
        );
        assert_ne!(
            fs::read(&artifact).unwrap(),
            bytes,
            "{what}: it is still there"
        );
    }
    // Control: what was made again is loaded, and said to be.
    let (reply, log) = bench.call_after_restart();
    assert_eq!(reply.text(), "one");
    assert!(log.contains(LOADED) && !log.contains(COMPILED), "{log}");
}

#[test]
fn artifacts_that_changed_places_are_both_made_again() {
    let mut bench = Bench::start();
    let (one, two) = (
        bench.file("artifacts", &tool("one")),
        bench.file("artifacts", &tool("two")),
    );
    let (of_one, of_two) = (fs::read(&one).unwrap(), fs::read(&two).unwrap());
    replace(&one, &of_two);
    replace(&two, &of_one);
    let (reply, log) = bench.call_after_restart();
    assert_eq!(reply.text(), "one", "{}", reply.http);
    let reply = bench.gateway.modern(&bench.two).call("two", json!({}));
    assert_eq!(reply.text(), "two", "{}", reply.http);
    assert!(log.contains(DAMAGED), "{log}");
    assert_eq!(bench.gateway.log().matches(DAMAGED).count(), 2);
}

#[test]
fn a_component_that_was_changed_anywhere_is_not_compiled_until_it_is_uploaded_again() {
    let mut bench = Bench::start();
    let (wasm, other) = (tool("one"), tool("two"));
    let blob = bench.file("blobs", &wasm);
    let artifact = bench.file("artifacts", &wasm);
    let sections = boundaries(&wasm);
    // One place in each of a dozen sections: what matters is that every byte is looked at.
    let step = sections.len().div_ceil(12);
    let mut places: Vec<_> = sections
        .iter()
        .step_by(step)
        .filter(|place| **place < wasm.len())
        .map(|place| (format!("the section at {place}"), *place))
        .collect();
    places.push(("the version".to_owned(), 4));
    places.push(("the middle".to_owned(), wasm.len() / 2));
    places.push(("the last byte".to_owned(), wasm.len() - 1));
    for (what, bytes) in damages(&wasm, &places, &other) {
        replace(&blob, &bytes);
        // With its artifact, the component would not be needed.
        fs::remove_file(&artifact).unwrap();
        let (reply, log) = bench.call_after_restart();
        assert!(reply.is_tool_error(), "{what}: {}", reply.http);
        assert!(
            reply.text().contains("artifact_integrity"),
            "{what}: {}",
            reply.text()
        );
        assert!(log.contains("damaged or missing"), "{what}: {log}");
        assert!(!log.contains(COMPILED), "{what} was compiled: {log}");
        assert!(!artifact.exists(), "{what}: there is code again");
        bench.push(&bench.one, "one");
        let reply = bench.call();
        assert_eq!(
            reply.text(),
            "one",
            "{what}, uploaded again: {}",
            reply.http
        );
        if !artifact.exists() {
            // It was compiled for the call, or is kept in memory; the next start makes the file.
            drop(bench.call_after_restart());
        }
        assert_eq!(fs::read(&blob).unwrap(), wasm, "{what}: not mended");
    }
}
