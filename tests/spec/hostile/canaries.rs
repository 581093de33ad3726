//! Thirty-two secrets, every guest that tells and some that crash, and then every byte that is
//! left: in the data folder, in the gateway's log, in all that clients were told.

use super::{
    family::Bench,
    leaks::{MASKED, SINKS, leaker, tool_name},
    logs,
    scanner::Scanner,
    traps,
    upload::{deploy, records, upload},
};
use casemate_guest_forge::damage::Random;
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

const CANARIES: usize = 32;

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

#[test]
fn no_byte_that_is_left_holds_a_secret_in_any_of_twelve_encodings() {
    let seed = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    println!("canaries from seed {seed}");
    let canaries = canaries(&mut Random::new(seed));
    let scanner = Scanner::new(&canaries);
    let mut bench = Bench::start("canaries", &[("limits.log_bytes", 1 << 20)]);
    for (name, value) in &canaries {
        bench.gateway.secret(&bench.server, name, value);
    }
    let names: Vec<_> = canaries.iter().map(|(name, _)| name.clone()).collect();
    let mut told = Vec::new();
    for form in MASKED {
        for sink in SINKS {
            let tool = tool_name(*form, *sink);
            let wasm = leaker(&tool, &names, *form, *sink);
            let digest = upload(&bench.gateway, &wasm).unwrap();
            deploy(
                &bench.gateway,
                &bench.server,
                &tool,
                &digest,
                &grant(&canaries),
            );
            let reply = bench.gateway.modern(&bench.server).call(&tool, json!({}));
            told.extend(reply.text().bytes());
            told.extend(reply.http.body);
            let record = records(&bench.gateway, &bench.server).pop().unwrap();
            let used = record["receipt"]["secrets"].as_array().map_or(0, Vec::len);
            assert_eq!(used, CANARIES, "all were shown to {tool}: {record}");
        }
    }
    for row in traps::CRASHES.rows.iter().chain(logs::LOGS.rows) {
        let tool = row.id.to_ascii_lowercase();
        told.extend(bench.send(&tool, &(row.guest)(&tool)).to_string().bytes());
    }
    for record in records(&bench.gateway, &bench.server) {
        told.extend(record.to_string().bytes());
    }
    assert_eq!(scanner.found(&told), [""; 0], "clients were told");
    bench.gateway.stop();
    let log = bench.gateway.log();
    assert_eq!(scanner.found(log.as_bytes()), [""; 0], "the log says");
    let mut seen = told.len() as u64 + log.len() as u64;
    let found = scan(&bench.gateway.data_dir(), &scanner, &mut seen);
    assert_eq!(found, [""; 0]);
    println!("{} KiB hold none of {CANARIES} secrets", seen >> 10);

    // Control: the same search finds one that is there, in the last file of the deepest folder.
    let planted = bench.gateway.data_dir().join("calls").join("planted");
    fs::write(&planted, format!("..{}..", canaries[31].1)).unwrap();
    let found = scan(&bench.gateway.data_dir(), &scanner, &mut seen);
    assert_eq!(found.len(), 1, "{found:?}");
}
