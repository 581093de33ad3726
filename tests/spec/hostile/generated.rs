//! Components that nobody wrote: from seeds, through upload and call.
//!
//! `CASEMATE_SEEDS` says how many seeds, `CASEMATE_FIRST_SEED` with which to begin; the nightly
//! run has more of them, and other ones each night. A failure names its seed.

use super::{
    family::Bench,
    row::Seen,
    upload::{call, deploy, records, send},
};
use casemate_guest_forge::smith::{Kind, component};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Seeds of an ordinary run.
const SEEDS: u64 = 100;

/// The kinds with which a component may be refused, whatever it is.
const REFUSALS: &[&str] = &[
    "malformed_component",
    "not_a_component",
    "wrong_world",
    "forbidden_import",
    "feature_refused",
    "component_too_large",
    "compile_budget",
    "schema_rejected",
    "metadata_rejected",
];

fn number(variable: &str, default: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{variable} is not a number: {text}")),
        Err(_) => default,
    }
}

/// What became of all seeds.
#[derive(Default)]
struct Tally {
    ends: BTreeMap<(Kind, String), u32>,
    /// How each call ended, in order.
    calls: Vec<(u64, String)>,
}

impl Tally {
    fn note(&mut self, kind: Kind, end: String) {
        *self.ends.entry((kind, end)).or_default() += 1;
    }

    fn show(&self) {
        for ((kind, end), count) in &self.ends {
            println!("{count:>6}  {kind:?} {end}");
        }
    }
}

/// Uploads the component of a seed and calls whatever tools it says it has.
fn run(bench: &Bench, seed: u64, tally: &mut Tally) {
    let (kind, wasm) = component(seed);
    let answer = send(&bench.gateway, &wasm);
    let body = answer.json();
    if answer.status != 200 {
        let refusal = body["kind"].as_str().unwrap_or_default();
        assert!(REFUSALS.contains(&refusal), "seed {seed}: {answer}");
        tally.note(kind, format!("refused: {refusal}"));
        return;
    }
    let digest = body["digest"].as_str().unwrap();
    deploy(
        &bench.gateway,
        &bench.server,
        "generated",
        digest,
        &json!({}),
    );
    for tool in body["tools"].as_array().unwrap() {
        let seen = call(
            &bench.gateway,
            &bench.server,
            tool["name"].as_str().unwrap(),
        );
        let outcome = match &seen {
            Seen::Completed { .. } => "ok".to_owned(),
            Seen::Stopped(kind) => kind.clone(),
            other => panic!("seed {seed}: {other}"),
        };
        tally.calls.push((seed, outcome.clone()));
        tally.note(kind, outcome);
    }
}

#[test]
fn components_from_seeds_are_refused_or_end_like_any_other() {
    let (first, seeds) = (
        number("CASEMATE_FIRST_SEED", 0),
        number("CASEMATE_SEEDS", SEEDS),
    );
    let bench = Bench::start(
        "generated",
        &[
            ("limits.fuel", 5_000_000),
            ("limits.wall_ms", 1_000),
            ("limits.memory_bytes", 16 << 20),
        ],
    );
    let mut tally = Tally::default();
    for seed in first..first + seeds {
        run(&bench, seed, &mut tally);
    }
    println!("seeds {first} to {}:", first + seeds - 1);
    tally.show();
    let records = records(&bench.gateway, &bench.server);
    assert_eq!(records.len(), tally.calls.len(), "one record for each call");
    for (record, (seed, outcome)) in records.iter().zip(&tally.calls) {
        assert_eq!(
            &record["outcome"],
            &Value::from(outcome.as_str()),
            "seed {seed}"
        );
        assert_ne!(outcome, "internal", "seed {seed}");
    }
    bench.assert_unharmed();
    // A generator that gives only what is refused would test nothing.
    let ran = |kind: Kind| {
        tally
            .ends
            .iter()
            .any(|((of, end), _)| *of == kind && !end.starts_with("refused"))
    };
    assert!(ran(Kind::Beside) && ran(Kind::Mutated), "nothing ran");
}
