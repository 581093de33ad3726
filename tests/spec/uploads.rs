//! An upload is examined before anything of it runs, and changes nothing without consent.

use casemate_tests::{Gateway, Output, Server, Shared, guest, http::post, sample};
use serde_json::json;
use std::{fs, path::PathBuf};

static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

/// A file with these bytes in a folder of the gateway's tests.
fn file(gateway: &Gateway, name: &str, bytes: &[u8]) -> PathBuf {
    let path = gateway.scratch().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[track_caller]
fn assert_rejected(gateway: &Gateway, server: &Server, name: &str, bytes: &[u8], kind: &str) {
    let path = file(gateway, name, bytes);
    let pushed = gateway.cli(["push", path.to_str().unwrap(), "-s", &server.id, "--json"]);
    assert_eq!(pushed.code, 4, "{pushed}");
    assert!(
        pushed.stderr.contains(kind),
        "{name} should be {kind}: {pushed}"
    );
    assert!(gateway.modern(server).list().tool_names().is_empty());
}

#[test]
fn what_is_not_a_component_is_refused_with_its_reason() {
    let gateway = GATEWAY.get();
    let server = gateway.server("rejects");
    let component = fs::read(sample("echo")).unwrap();
    let core_module = b"\0asm\x01\0\0\0";
    let elf = fs::read(std::env::current_exe().unwrap()).unwrap();
    let cases: [(&str, &[u8], &str); 6] = [
        ("module.wasm", core_module, "not_a_component"),
        ("program.wasm", &elf[..4096], "precompiled_refused"),
        ("text.wasm", b"(component)", "malformed_component"),
        ("empty.wasm", b"", "malformed_component"),
        (
            "cut.wasm",
            &component[..component.len() / 2],
            "malformed_component",
        ),
        ("nothing.wasm", b"\0asm\x0d\0\x01\0", "wrong_world"),
    ];
    for (name, bytes, kind) in cases {
        assert_rejected(&gateway, &server, name, bytes, kind);
    }
    let path = file(&gateway, "nothing.wasm", b"\0asm\x0d\0\x01\0");
    let told = gateway.cli(["push", path.to_str().unwrap(), "-s", &server.id]);
    assert!(
        told.stderr.contains("export!("),
        "it says what is missing: {told}"
    );
    gateway.push(&server, sample("echo"));
    assert_eq!(
        gateway.modern(&server).list().tool_names(),
        ["echo"],
        "a right one is taken"
    );
}

#[test]
fn a_file_that_is_too_large_is_refused_and_how_large_is_for_the_operator() {
    let upload = |gateway: &Gateway, bytes: usize| {
        let response = post(&gateway.admin_url("/v1/components"))
            .bearer(casemate_tests::ADMIN_TOKEN)
            .body(vec![0; bytes])
            .send();
        (response.status, response.json()["kind"].clone())
    };
    let gateway = GATEWAY.get();
    assert_eq!(
        upload(&gateway, 17 << 20),
        (422, "component_too_large".into())
    );
    assert_eq!(
        upload(&gateway, 15 << 20),
        (422, "malformed_component".into())
    );
    let strict = Gateway::builder()
        .config("compile.component_bytes = 1_000_000")
        .start();
    assert_eq!(
        upload(&strict, 1_000_001),
        (422, "component_too_large".into())
    );
    assert_eq!(
        upload(&strict, 1_000_000),
        (422, "malformed_component".into())
    );
}

#[test]
fn a_push_tells_what_it_found_and_what_it_needs() {
    let gateway = GATEWAY.get();
    let server = gateway.server("tells");
    let pushed = gateway.push(&server, sample("weather"));
    let said = format!("{}{}", pushed.stdout, pushed.stderr);
    for expected in ["weather", "WEATHER_KEY"] {
        assert!(said.contains(expected), "{expected} is missing: {said}");
    }
}

#[test]
fn the_same_push_twice_changes_nothing() {
    let gateway = GATEWAY.get();
    let server = gateway.server("twice");
    gateway.push(&server, sample("echo"));
    let before = gateway.modern(&server).list();
    let path = sample("echo").to_str().unwrap();
    let again = gateway
        .cli(["push", path, "-s", &server.id, "--json"])
        .ok()
        .json();
    assert_eq!(
        again["changes"],
        json!([{ "tool": "echo", "change": "unchanged" }])
    );
    assert_eq!(before.result(), gateway.modern(&server).list().result());
}

#[test]
fn a_push_that_changes_a_tool_needs_consent() {
    let gateway = GATEWAY.get();
    let server = gateway.server("consent");
    gateway.push(&server, sample("echo"));
    let before = gateway.modern(&server).list();
    let other = sample("text-stats").to_str().unwrap();
    let push = |flags: &[&str]| -> Output {
        let mut arguments = vec!["push", other, "-s", &server.id, "--name", "echo"];
        arguments.extend(flags);
        gateway.cli(arguments)
    };
    let refused = push(&[]);
    assert_eq!(refused.code, 4, "{refused}");
    assert!(
        refused.stderr.contains("--yes"),
        "it says how to go on: {refused}"
    );
    assert_eq!(
        before.result(),
        gateway.modern(&server).list().result(),
        "nothing changed"
    );
    push(&["--yes"]).ok();
    assert_eq!(gateway.modern(&server).list().tool_names(), ["text_stats"]);
}

#[test]
fn two_components_cannot_provide_the_same_tool() {
    let gateway = GATEWAY.get();
    let server = gateway.server("clash");
    gateway.push(&server, sample("echo"));
    let path = sample("echo").to_str().unwrap();
    let clash = gateway.cli(["push", path, "-s", &server.id, "--name", "other", "--yes"]);
    assert_eq!(clash.code, 4, "{clash}");
    assert!(clash.stderr.contains("name_taken"), "{clash}");
}

#[test]
fn a_component_with_many_tools_gives_them_all() {
    let gateway = GATEWAY.get();
    let server = gateway.server("many");
    gateway.push(&server, guest("hostile"));
    let reply = gateway.modern(&server).list();
    let mut sorted = reply.tool_names();
    sorted.sort_unstable();
    assert_eq!(reply.tool_names(), sorted, "in an order that never changes");
    assert!(
        sorted.contains(&"endless_loop") && sorted.contains(&"wants_secret"),
        "{sorted:?}"
    );
}

#[test]
fn inspect_needs_no_gateway() {
    let gateway = GATEWAY.get();
    let mut command = gateway.cli_command();
    command
        .env_remove("CASEMATE_URL")
        .env_remove("CASEMATE_TOKEN");
    command.args(["inspect", sample("weather").to_str().unwrap(), "--json"]);
    let told = Output::of(command, "").ok().json();
    assert_eq!(told["tools"][0]["name"], "weather");
    assert_eq!(
        told["tools"][0]["needs"]["secrets"][0]["name"],
        "WEATHER_KEY"
    );
    assert_eq!(told["digest"].as_str().unwrap().len(), 64);
}

#[test]
fn a_component_exports_the_interfaces_that_it_has_something_for() {
    let gateway = GATEWAY.get();
    let exports = |name| {
        let file = sample(name).to_str().unwrap();
        let told = gateway.cli(["inspect", file, "--json"]).ok().json();
        let exports = told["exports"].as_array().unwrap().iter();
        let names = exports.map(|export| export.as_str().unwrap().to_owned());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let of = |interfaces: &[&str]| {
        let names = interfaces.iter();
        names
            .map(|name| format!("casemate:tool/{name}@1.0.0"))
            .collect()
    };
    assert_eq!(exports("text-stats"), of(&["tools"]));
    let all = of(&["completion", "prompts", "resources", "tools"]);
    assert_eq!(exports("glossary"), all);
}
