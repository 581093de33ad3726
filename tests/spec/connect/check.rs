//! A check says at which step a connection fails, and what to do about it.

use super::echo;
use casemate_tests::{Fixture, Gateway, Output, Reply, Server};
use serde_json::{Value, json};

fn check(gateway: &Gateway, server: &Server) -> Output {
    gateway.cli(["check", "-s", &server.name, "--json"])
}

#[track_caller]
fn state(report: &Value, step: &str) -> String {
    let steps = report["checks"][0]["steps"].as_array().unwrap();
    let found = steps.iter().find(|one| one["name"] == step);
    found.map_or_else(
        || "left out".to_owned(),
        |one| one["state"].as_str().unwrap().to_owned(),
    )
}

#[track_caller]
fn failed(report: &Value) -> Vec<&str> {
    let steps = report["checks"][0]["steps"].as_array().unwrap().iter();
    let failed = steps.filter(|step| step["state"] == "failed");
    failed
        .map(|step| {
            assert!(step["next"].is_string(), "nothing to do: {step}");
            step["name"].as_str().unwrap()
        })
        .collect()
}

#[test]
fn a_server_that_works_is_seen_in_both_eras() {
    let (gateway, server) = echo("check-good");
    let call = gateway.modern(&server).call("echo", json!({ "text": "x" }));
    assert!(!call.is_tool_error());
    let output = check(&gateway, &server);
    let report = output.json();
    assert_eq!((output.code, &report["ok"]), (0, &json!(true)), "{output}");
    for step in [
        "gateway",
        "address",
        "name",
        "connection",
        "http",
        "server",
        "handshake",
        "stateless",
        "tools",
    ] {
        assert_eq!(state(&report, step), "ok", "{step}: {report}");
    }
    assert_eq!(
        report["checks"][0]["tools"],
        json!({ "active": 1, "inactive": 0 })
    );
    let caller = &report["checks"][0]["callers"][0];
    assert_eq!(
        (&caller["client"], &caller["outcome"]),
        (&json!("casemate-tests 1.0.0"), &json!("ok"))
    );
    let keys = gateway
        .cli(["key", "list", "-s", &server.name, "--json"])
        .ok()
        .json();
    let made = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .find(|key| key["name"] == "casemate check");
    assert_eq!(
        made.unwrap()["status"],
        "revoked",
        "the check leaves a key behind"
    );
    assert!(!output.to_string().contains("mcp_"), "{output}");
}

#[test]
fn a_server_is_named_without_a_flag_too() {
    let (gateway, server) = echo("check-named");
    let report = gateway.cli(["check", &server.name, "--json"]).ok().json();
    assert_eq!(report["checks"].as_array().unwrap().len(), 1);
    assert_eq!(state(&report, "tools"), "ok", "{report}");
    let url = gateway.endpoint(&server);
    for other in [["-s", &*server.name], ["--url", &url]] {
        let both = [&["check", &*server.name][..], &other].concat();
        assert_eq!(gateway.cli(both).code, 2);
    }
}

#[test]
fn people_read_marks_and_what_to_do() {
    let (gateway, server) = echo("check-people");
    gateway
        .cli(["tool", "deactivate", &format!("{}/echo", server.name)])
        .ok();
    let output = gateway.cli(["check", "-s", &server.name]).ok();
    assert!(output.stdout.contains("✓ handshake"), "{output}");
    assert!(
        output.stdout.contains("! tools")
            && output
                .stdout
                .contains("No tools found (0 active, 1 inactive)"),
        "{output}"
    );
    assert!(output.stdout.contains("→ casemate tool list"), "{output}");
    gateway.cli(["server", "deactivate", &server.name]).ok();
    let output = gateway.cli(["check", "-s", &server.name]);
    assert_eq!(output.code, 4, "{output}");
    assert!(
        output.stdout.contains("✗ server") && output.stdout.contains("casemate server activate"),
        "{output}"
    );
}

#[test]
fn a_key_is_checked_as_a_client_would_use_it() {
    let (gateway, server) = echo("check-key");
    let other = gateway.server("check-other");
    let url = gateway.endpoint(&server);
    let run = |url: &str, key: &str| {
        let mut command = gateway.cli_command();
        command
            .env_remove("CASEMATE_TOKEN")
            .env_remove("CASEMATE_URL");
        command.args(["check", "--json", "--key-stdin", "--url", url]);
        Output::of(command, key)
    };
    let good = run(&url, &format!(" {}\n", server.key));
    assert_eq!(good.code, 0, "{good}");
    let wrong = run(&url, &other.key);
    assert_eq!(
        (wrong.code, failed(&wrong.json())),
        (3, vec!["handshake"]),
        "{wrong}"
    );
    assert!(wrong.stdout.contains("Authentication failed"), "{wrong}");
    let nowhere = run(
        &gateway.mcp_url("/mcp/srv_00000000000000000000000000000000"),
        &server.key,
    );
    assert_eq!(failed(&nowhere.json()), ["http"], "{nowhere}");
    assert!(nowhere.stdout.contains("Server not found"), "{nowhere}");
    let not_a_key = run(&url, "hunter2");
    assert_eq!(not_a_key.code, 3, "{not_a_key}");
    assert!(!not_a_key.to_string().contains("hunter2"), "{not_a_key}");
}

#[test]
fn name_connection_and_http_fail_apart() {
    let (gateway, server) = echo("check-network");
    let fixture = Fixture::start(|_| Reply::text("hello from a web site"));
    let cases = [
        ("http://no-such-host.invalid/mcp/srv_1".to_owned(), "name"),
        ("http://127.0.0.1:1/mcp/srv_1".to_owned(), "connection"),
        (fixture.url("/mcp/srv_1"), "http"),
        (gateway.endpoint(&server).replace("http:", "https:"), "http"),
    ];
    for (url, step) in cases {
        let output = gateway.cli_with(
            ["check", "--json", "--key-stdin", "--url", &url],
            &server.key,
        );
        let report = output.json();
        assert_eq!(
            (output.code, failed(&report)),
            (5, vec![step]),
            "{url}: {output}"
        );
    }
}

#[test]
fn a_public_url_that_cannot_be_right_is_noticed() {
    let gateway = Gateway::builder()
        .config("server.public_url = 'http://127.0.0.1:9'")
        .start();
    let server = gateway.server("check-address");
    let output = check(&gateway, &server);
    let report = output.json();
    assert_eq!(
        (output.code, state(&report, "address").as_str()),
        (5, "hint"),
        "{output}"
    );
    assert_eq!(failed(&report), ["connection"], "{output}");
}

#[test]
fn without_a_server_all_are_checked() {
    let gateway = Gateway::start();
    let none = gateway.cli(["check"]);
    assert_eq!(none.code, 4, "{none}");
    for name in ["one", "two"] {
        gateway.server(name);
    }
    let report = gateway.cli(["check", "--json"]).ok().json();
    assert_eq!(report["checks"].as_array().unwrap().len(), 2);
}
