//! All rows of a family through one gateway, and what has to be true afterwards.

use super::{
    counters::{Counters, is_at_rest},
    row::{Control, Row, Seen, Settings},
    upload::{call, deploy, needed_hosts, records, send, taken, upload},
    world,
};
use casemate_guest_forge::Guest;
use casemate_tests::{Gateway, Server};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Rounds after which something that is left behind by each is a leak.
const ROUNDS: usize = 9;

/// Rows that share a gateway.
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) settings: Settings,
    pub(super) rows: &'static [Row],
}

impl Family {
    /// Sends every row through a gateway until a round leaves nothing more behind than the one before
    /// it, and compares what it holds with what it held after the first.
    #[track_caller]
    pub(super) fn ends_as_it_should(&self) -> Bench {
        let bench = Bench::start(self.name, self.settings);
        let mut wrong = bench.round(self.rows, Some("warm-up"));
        let before = Counters::settled(&bench.gateway);
        let mut grown = Vec::new();
        for round in 2..=ROUNDS {
            wrong.extend(bench.round(self.rows, (round > 2).then_some("again")));
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
            bench.assert_recorded(self.rows, round);
            bench.assert_unharmed();
            match before.back(&bench.gateway) {
                Ok(after) => {
                    println!("{}: before {before}; after {after}", self.name);
                    grown.push(before.grown(after));
                    if is_at_rest(&grown) {
                        return bench;
                    }
                }
                Err(more) => panic!("{}: something is left behind: {more}", self.name),
            }
        }
        panic!(
            "{}: every round leaves memory behind; bytes more than before: {grown:?}",
            self.name
        );
    }

    /// Sends every row through a gateway with its guard out of the way.
    #[track_caller]
    pub(super) fn ends_otherwise_without_the_guard(&self) {
        let mut wrong = Vec::new();
        let honest = self.rows.iter().filter_map(honest).collect::<Vec<_>>();
        if !honest.is_empty() {
            let bench = Bench::start(self.name, self.settings);
            wrong.extend(bench.round(&honest, None));
            bench.assert_unharmed();
        }
        let mut by_settings = BTreeMap::<Settings, Vec<Row>>::new();
        for row in self.rows {
            if let Control::With(settings, ends) = row.control {
                by_settings
                    .entry(settings)
                    .or_default()
                    .push(Row { ends, ..*row });
            }
        }
        for (settings, rows) in by_settings {
            let bench = Bench::start(self.name, &over(self.settings, settings));
            wrong.extend(bench.round(&rows, None));
            bench.assert_unharmed();
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

fn honest(row: &Row) -> Option<Row> {
    match row.control {
        Control::Honest(guest, ends) => Some(Row {
            guest,
            ends,
            ..*row
        }),
        Control::With(..) => None,
        Control::None(reason) => {
            println!("{} has no control: {reason}", row.id);
            None
        }
    }
}

/// Settings with others over them.
fn over(base: Settings, above: Settings) -> Vec<(&'static str, u64)> {
    let kept = base
        .iter()
        .filter(|(key, _)| above.iter().all(|(over, _)| over != key));
    kept.chain(above).copied().collect()
}

/// A gateway with a server for hostile guests and one beside it.
pub(super) struct Bench {
    pub(super) gateway: Gateway,
    pub(super) server: Server,
    neighbor: Server,
}

impl Bench {
    pub(super) fn start(name: &str, settings: &[(&str, u64)]) -> Self {
        // Tells why a guest was stopped, in the words of the engine.
        Self::logging(name, settings, "info,casemate_runtime=debug")
    }

    /// One that logs what this filter says.
    pub(super) fn logging(name: &str, settings: &[(&str, u64)], log: &str) -> Self {
        let lines: String = settings
            .iter()
            .map(|(key, value)| format!("{key} = {value}\n"))
            .collect();
        let gateway = Gateway::builder()
            .config(&lines)
            .config(&world::config())
            .env("CASEMATE_LOG", log)
            .start();
        let server = gateway.server(name);
        let neighbor = gateway.server("neighbor");
        let quick = upload(&gateway, &Guest::named("quick").call("(i32.const 16)"));
        deploy(&gateway, &neighbor, "quick", &quick.unwrap(), &json!({}));
        Self {
            gateway,
            server,
            neighbor,
        }
    }

    /// Sends rows through, and gives those that did not end as they should.
    fn round(&self, rows: &[Row], title: Option<&str>) -> Vec<String> {
        let mut wrong = Vec::new();
        for row in rows {
            let seen = self.send(&tool(row), &(row.guest)(&tool(row)));
            let right = row.ends.is(&seen);
            if title.is_none() {
                println!("{:<5} {:<66} {seen}", row.id, row.what);
            }
            if !right {
                let (id, what, ends) = (row.id, row.what, row.ends);
                let log = self.gateway.log();
                let last = log.lines().last().unwrap_or_default();
                wrong.push(format!("{id} ({what}) should be {ends}, is {seen}; {last}"));
            }
        }
        wrong
    }

    /// Uploads a guest, and calls it if it is taken. It is granted the hosts that it says it needs.
    pub(super) fn send(&self, tool: &str, wasm: &[u8]) -> Seen {
        let answer = send(&self.gateway, wasm);
        let digest = match taken(&answer) {
            Ok(digest) => digest,
            Err(kind) => return Seen::Refused(kind),
        };
        let grant = json!({ "hosts": needed_hosts(&answer) });
        deploy(&self.gateway, &self.server, tool, &digest, &grant);
        match call(&self.gateway, &self.server, tool) {
            Seen::Completed { text, .. } => Seen::Completed {
                text,
                record: self.last_record(tool),
            },
            other => other,
        }
    }

    fn last_record(&self, tool: &str) -> Value {
        let path = format!("/v1/calls?server={}&tool={tool}&limit=1", self.server.id);
        let page = casemate_tests::http::get(&self.gateway.admin_url(&path))
            .bearer(casemate_tests::ADMIN_TOKEN)
            .send()
            .json();
        page["calls"][0].clone()
    }

    /// Every admitted call has one record, with the kind that the caller saw.
    #[track_caller]
    fn assert_recorded(&self, rows: &[Row], rounds: usize) {
        let mut by_tool = BTreeMap::<String, Vec<String>>::new();
        for record in records(&self.gateway, &self.server) {
            let word = |name: &str| record[name].as_str().unwrap().to_owned();
            by_tool
                .entry(word("tool"))
                .or_default()
                .push(word("outcome"));
        }
        for row in rows.iter().filter(|row| row.ends.is_of_a_call()) {
            let outcome = match row.ends {
                super::row::End::Stopped(kind) => kind,
                _ => "ok",
            };
            let found = by_tool.remove(&tool(row)).unwrap_or_default();
            assert_eq!(found, vec![outcome; rounds], "records of {}", row.id);
        }
        assert!(
            by_tool.is_empty(),
            "records of calls that nobody made: {by_tool:?}"
        );
    }

    /// How long a call of the neighbor takes.
    #[track_caller]
    pub(super) fn quick(&self) -> Duration {
        let started = Instant::now();
        let reply = call(&self.gateway, &self.neighbor, "quick");
        assert!(
            matches!(reply, Seen::Completed { .. }),
            "the neighbor got {reply}"
        );
        started.elapsed()
    }

    /// The gateway lives, serves others, and did not fail inside.
    #[track_caller]
    pub(super) fn assert_unharmed(&self) {
        self.quick();
        let log = self.gateway.log();
        let alarming = |line: &&str| line.contains("panicked") || line.contains("internal");
        let alarms: Vec<_> = log.lines().filter(alarming).collect();
        assert!(
            alarms.is_empty(),
            "the gateway says:\n{}",
            alarms.join("\n")
        );
    }
}

/// The name of a row's tool and component.
fn tool(row: &Row) -> String {
    row.id.to_ascii_lowercase()
}
