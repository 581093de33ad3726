//! Guests that want secrets, and guests that have one and tell: G24, G25.

use super::{
    family::{Bench, Family},
    leaks::{Form, MASKED, OUT_OF_REACH, SINKS, Sink, leaker, tool_name},
    row::{
        Control::None,
        End::{Completes, Refused},
        Row,
    },
    scanner::{Scanner, encodings},
    upload::{deploy, records, upload},
};
use casemate_guest_forge::{ANSWER_TEXT, Guest, answer_text};
use casemate_tests::Gateway;
use serde_json::json;

macro_rules! guesses {
    ($($id:literal, $what:literal, $name:expr;)+) => {
        [$(Row {
            id: $id,
            what: $what,
            guest: |tool| guesses(tool, $name),
            // The refusal is an answer to the guest, which crashes here if it gets anything else.
            ends: Completes,
            control: None("it crashes if it gets one"),
        }),+]
    };
}

pub(super) static GUESSES: Family = Family {
    name: "guesses",
    settings: &[],
    rows: &guesses! {
        "G25a", "asks for a likely name", "API_KEY";
        "G25b", "asks for a secret that is set and not granted", "SET_AND_NOT_GRANTED";
        "G25c", "asks with a version", "API_KEY@1";
        "G25d", "asks with the name of another workspace", "other-workspace/API_KEY";
        "G25e", "asks without a name", "";
        "G25f", "asks with a name of a megabyte", &"A".repeat(1 << 20);
        "G25g", "asks with a path", "../keys/root.key";
        "G25h", "asks with a NUL", "API_KEY\0";
        "G25i", "asks in small letters", "api_key";
    },
};

/// The memory of a gateway holds keys, and every secret that a call uses.
#[test]
fn a_crash_leaves_no_core_file() {
    let gateway = Gateway::start();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", gateway.pid())).unwrap();
    let of_core = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max core file size"));
    let of_core: Vec<_> = of_core.unwrap().split_whitespace().collect();
    assert_eq!(of_core, ["0", "0", "bytes"]);
}

/// Asks for a secret in both ways, and crashes unless both are refused as not granted.
fn guesses(tool: &str, name: &str) -> Vec<u8> {
    let mut guest = Guest::named(tool)
        .import("secrets", "reveal", "(param i32 i32 i32)")
        .import("secrets", "placeholder", "(param i32 i32 i32)");
    let name = guest.text(name);
    let refused = "(if (i32.or (i32.ne (i32.load8_u (i32.const 640)) (i32.const 1))
                               (i32.load8_u (i32.const 644))) (then unreachable))";
    guest.call(&format!(
        "(call $reveal {name} (i32.const 640)) {refused}
         (call $placeholder {name} (i32.const 640)) {refused}
         (i32.const 16)"
    ))
}

#[test]
fn a_guest_that_guesses_names_of_secrets_gets_the_same_refusal_for_all() {
    GUESSES.ends_as_it_should();
}

#[test]
fn a_wish_for_a_secret_that_is_no_name_is_refused() {
    let bench = Bench::start("wish", &[]);
    let mut definition = casemate_guest_forge::Definition::named("wish");
    definition.secrets = vec!["../../root.key".to_owned()];
    let seen = bench.send("wish", &definition.component());
    assert!(Refused("metadata_rejected").is(&seen), "{seen}");
}

const VALUE: &str = "c4n4ry?>~value+with/many~?>kinds";

/// A gateway with a secret that every tool here may see.
fn bench(name: &str) -> Bench {
    let bench = Bench::start(name, &[]);
    bench.gateway.secret(&bench.server, "CANARY", VALUE);
    bench
}

/// Lets a guest leak, and gives whatever of the secret is found in its answer or its record.
fn leak(bench: &Bench, form: Form, sink: Sink) -> Vec<String> {
    let tool = tool_name(form, sink);
    let wasm = leaker(&tool, &["CANARY".to_owned()], form, sink);
    let digest = upload(&bench.gateway, &wasm).unwrap();
    let grant = json!({ "secrets": [{ "name": "CANARY", "hosts": [], "reveal": true }] });
    deploy(&bench.gateway, &bench.server, &tool, &digest, &grant);
    let reply = bench.gateway.modern(&bench.server).call(&tool, json!({}));
    let record = records(&bench.gateway, &bench.server).pop().unwrap();
    assert_eq!(
        record["receipt"]["secrets"],
        json!(["CANARY"]),
        "it was not shown: {record}"
    );
    let scanner = Scanner::new(&[("CANARY".to_owned(), VALUE.to_owned())]);
    // In the answer as it travels, and as a client reads it.
    let mut found = scanner.found(&reply.http.body);
    found.extend(scanner.found(reply.text().as_bytes()));
    found.extend(scanner.found(record.to_string().as_bytes()));
    found
}

#[test]
fn a_secret_that_a_guest_tells_is_masked_wherever_it_tells_it() {
    let bench = bench("tells");
    for form in MASKED {
        for sink in SINKS {
            let found = leak(&bench, *form, *sink);
            println!("G24 {form:?} in {sink:?}: {found:?}");
            assert!(found.is_empty(), "{form:?} in {sink:?}: {found:?}");
        }
    }
    bench.assert_unharmed();
}

#[test]
fn forms_that_are_out_of_reach_are_known_and_harm_nothing_else() {
    let bench = bench("out-of-reach");
    for form in OUT_OF_REACH {
        let found = leak(&bench, *form, Sink::Text);
        println!("G24 {form:?}: {found:?}");
        // In a form that nobody looks for, here as little as in the gateway.
        assert!(found.is_empty(), "{form:?}: {found:?}");
    }
    // Neither piece holds the secret; whoever puts them together has it.
    println!("G24 split: {:?}", leak(&bench, Form::Exact, Sink::TwoTexts));
    bench.assert_unharmed();
}

#[test]
fn control_the_same_look_finds_what_is_not_masked() {
    let bench = bench("not-masked");
    let scanner = Scanner::new(&[("CANARY".to_owned(), VALUE.to_owned())]);
    for (how, bytes) in encodings(VALUE) {
        // It knows the value without having asked for it, so nobody expects it to be told.
        let mut guest = Guest::named("knows").item(ANSWER_TEXT);
        let (at, len) = guest.place(&bytes);
        let answer = answer_text(&format!("(i32.const {at}) (i32.const {len})"));
        let digest = upload(&bench.gateway, &guest.call(&answer)).unwrap();
        deploy(&bench.gateway, &bench.server, "knows", &digest, &json!({}));
        let reply = bench.gateway.modern(&bench.server).call("knows", json!({}));
        let found = scanner.found(reply.text().as_bytes());
        assert!(found.contains(&format!("CANARY {how}")), "{how}: {found:?}");
    }
}
