//! What the suite says, as tables of the page about the protocol, and what it requires.

use super::{SUITE, Verdicts};
use crate::protocol_support;
use casemate_tests::root;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
};

/// What the suite requires of servers in a revision, and what it only reports, with its reasons.
#[derive(Default)]
struct Requirements {
    scored: BTreeSet<String>,
    unscored: BTreeMap<String, String>,
}

impl Requirements {
    /// From the suite's own file. It has none for revisions before it.
    fn of(revision: &str) -> Option<Self> {
        let file = format!("requirements/{revision}.yaml");
        let file = root().join(".clients/node").join(SUITE).join(file);
        let text = fs::read_to_string(file).ok()?;
        let mut requirements = Self::default();
        let (mut section, mut scenario) = ("", "");
        for line in text.lines() {
            let (key, value) = line.split_once(": ").unwrap_or((line, ""));
            match (section, key) {
                (_, "server:" | "client:" | "not_scored:") => section = key,
                ("server:", _) => {
                    let name = line.strip_prefix("  - ").map(str::to_owned);
                    requirements.scored.extend(name);
                }
                (_, "  - scenario") => scenario = value,
                (_, "    reason") => {
                    let entry = (scenario.to_owned(), value.to_owned());
                    requirements.unscored.extend([entry]);
                }
                _ => {}
            }
        }
        Some(requirements)
    }
}

/// Checks that all that is required was seen to pass, and that the page says what the suite says.
#[track_caller]
pub(super) fn check(revision: &str, verdicts: &Verdicts) {
    let requirements = Requirements::of(revision);
    if let Some(requirements) = &requirements {
        assert!(requirements.scored.len() >= 30, "{revision}");
        for scenario in &requirements.scored {
            let counts = verdicts.scenarios.get(scenario);
            let passed = counts.and_then(|counts| counts.get("SUCCESS"));
            assert!(passed.is_some(), "{revision} requires {scenario}");
        }
    }
    let table = table(verdicts, &requirements.unwrap_or_default());
    protocol_support::check(revision, &table);
}

fn table(verdicts: &Verdicts, requirements: &Requirements) -> String {
    let mut table = format!("{verdicts}.\n\n| scenario | checks | |\n|---|---|---|\n");
    for (scenario, counts) in &verdicts.scenarios {
        let of = |status| counts.get(status).copied().unwrap_or_default();
        let (passed, failed) = (of("SUCCESS"), of("FAILURE"));
        let verdict = match (passed, failed) {
            (_, 1..) => "fails",
            // Whatever it tells besides, nothing was judged.
            (0, 0) => "does not apply",
            _ => "passes",
        };
        let unscored = match requirements.unscored.get(scenario) {
            Some(reason) => format!("; not scored: {reason}"),
            None => String::new(),
        };
        let checks = format!("{passed} of {}", passed + failed);
        writeln!(table, "| `{scenario}` | {checks} | {verdict}{unscored} |").unwrap();
    }
    table
}

#[test]
fn control_a_scenario_in_which_nothing_was_judged_does_not_pass() {
    let counts = |status: &str| BTreeMap::from([(status.to_owned(), 1)]);
    let mut verdicts = Verdicts::default();
    for (scenario, status) in [
        ("a", "INFO"),
        ("b", "SKIPPED"),
        ("c", "SUCCESS"),
        ("d", "FAILURE"),
    ] {
        verdicts
            .scenarios
            .insert(scenario.to_owned(), counts(status));
    }
    let table = table(&verdicts, &Requirements::default());
    let said: Vec<_> = table
        .lines()
        .filter_map(|line| line.split(" | ").nth(2))
        .filter(|said| said.starts_with(char::is_alphabetic))
        .collect();
    let wanted = [
        "does not apply |",
        "does not apply |",
        "passes |",
        "fails |",
    ];
    assert_eq!(said, wanted);
}
