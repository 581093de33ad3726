//! What a server offers besides tools is tried from the command line, on the same path as a client's.

use casemate_tests::{ADMIN_TOKEN, Gateway, Server, Shared, guest, http::post, sample};
use serde_json::{Value, json};
use std::{fs, sync::Arc};

static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

const GRANT: &str = "glossary://words/grant";

fn glossary(name: &str) -> (Arc<Gateway>, Server) {
    let gateway = GATEWAY.get();
    let server = gateway.server(name);
    gateway.push(&server, sample("glossary"));
    (gateway, server)
}

/// The records of a server's calls, newest last.
fn records(gateway: &Gateway, flags: &[&str]) -> Vec<Value> {
    let logs = gateway.cli([&["logs", "--json"], flags].concat()).ok();
    let lines = logs.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_resource_is_read_as_a_client_reads_it_and_recorded() {
    let (gateway, server) = glossary("read-by-hand");
    let read = gateway.cli(["call", "read-by-hand", "--resource", GRANT]);
    let read = read.ok();
    assert!(read.stdout.starts_with("# grant\n\n"), "{read}");
    assert!(read.stderr.contains("ok · "), "{read}");
    let whole = gateway.cli(["call", &server.id, "--resource", GRANT, "--json"]);
    let whole = whole.ok().json();
    let client = gateway.modern(&server);
    let asked = client.message("resources/read", json!({ "uri": GRANT }));
    assert_eq!(
        whole["result"]["contents"],
        asked.send().result()["contents"]
    );
    let all = gateway.cli(["call", "read-by-hand", "--resource", "glossary://words"]);
    assert!(all.ok().stdout.contains("see_also"));
    let records = records(&gateway, &["-s", &server.id, "--resource", GRANT]);
    let by_hand = records
        .iter()
        .filter(|one| one["caller"]["credential"]["kind"] == "token");
    assert_eq!(by_hand.count(), 2, "{records:#?}");
    assert!(records.iter().any(|one| one["id"] == whole["call_id"]));
}

#[test]
fn a_prompt_is_filled_in_as_a_client_fills_it_in_and_recorded() {
    let (gateway, server) = glossary("filled-by-hand");
    let filled = gateway.cli([
        "call",
        "filled-by-hand",
        "--prompt",
        "explain",
        "word=limit",
    ]);
    let filled = filled.ok();
    assert!(
        filled
            .stdout
            .starts_with("user:\nIn Casemate, \"limit\" means"),
        "{filled}"
    );
    let file = gateway.scratch().join("filled.json");
    fs::write(&file, r#"{"word":"grant","reader":"author"}"#).unwrap();
    let arguments = format!("@{}", file.display());
    let flags = ["--prompt", "explain", &arguments, "word=limit", "--json"];
    let whole = gateway.cli([&["call", "filled-by-hand"], &flags[..]].concat());
    let whole = whole.ok().json();
    let arguments = json!({ "word": "limit", "reader": "author" });
    let asked = json!({ "name": "explain", "arguments": arguments });
    let client = gateway.modern(&server).message("prompts/get", asked).send();
    assert_eq!(whole["result"]["messages"], client.result()["messages"]);
    let records = records(&gateway, &["-s", &server.id, "--prompt", "explain"]);
    assert!(records.iter().any(|one| one["id"] == whole["call_id"]));
}

#[test]
fn an_inactive_server_is_tried_as_well() {
    let (gateway, _) = glossary("not-yet-shown");
    gateway.cli(["server", "deactivate", "not-yet-shown"]).ok();
    gateway
        .cli(["call", "not-yet-shown", "--resource", GRANT])
        .ok();
}

#[test]
fn a_slip_is_answered_with_the_near_name_before_anything_runs() {
    let (gateway, server) = glossary("slips-by-hand");
    for (flags, code, said) in [
        (
            &["--resource", "glossary://wrods"][..],
            4,
            "Did you mean `glossary://words`?",
        ),
        (
            &["--resource", "other://x"],
            4,
            "There is: glossary://words, glossary://words/{word}",
        ),
        (&["--prompt", "explian"], 4, "Did you mean `explain`?"),
        (
            &["--prompt", "explain", "wrod=fuel"],
            4,
            "Did you mean `word`?",
        ),
        (&["--prompt", "explain", "word:=1"], 4, "must be text"),
        (&[], 2, "--resource URI"),
        (
            &["--resource", GRANT, "--prompt", "explain"],
            2,
            "cannot be used",
        ),
    ] {
        let refused = gateway.cli([&["call", "slips-by-hand"], flags].concat());
        assert_eq!(refused.code, code, "{refused}");
        assert!(refused.stderr.contains(said), "{refused}");
    }
    assert_eq!(records(&gateway, &["-s", &server.id]), [Value::Null; 0]);
}

#[test]
fn what_fails_ends_with_1_and_says_why() {
    let (gateway, _) = glossary("fails-by-hand");
    for (flags, outcome, said) in [
        (
            &["--resource", "glossary://words/x"][..],
            "protocol_error",
            "no resource glossary://words/x",
        ),
        (
            &["--prompt", "explain", "word=x"],
            "tool_error",
            "not in the glossary",
        ),
        (&["--prompt", "explain"], "input_rejected", "word"),
    ] {
        let failed = gateway.cli([&["call", "fails-by-hand"], flags].concat());
        assert_eq!(failed.code, 1, "{failed}");
        assert!(failed.stderr.contains(said), "{failed}");
        assert_eq!(failed.stdout, "", "{failed}");
        let whole = gateway.cli([&["call", "fails-by-hand", "--json"], flags].concat());
        assert_eq!(whole.code, 1, "{whole}");
        let whole = whole.json();
        assert_eq!(whole["outcome"], outcome, "{whole}");
        assert_eq!(whole["result"], Value::Null);
    }
}

#[test]
fn bytes_are_saved_and_questions_are_for_clients() {
    let gateway = GATEWAY.get();
    let server = gateway.server("bytes-by-hand");
    gateway.push(&server, guest("conformance"));
    let folder = gateway.scratch().join("saved");
    let binary = [
        "call",
        "bytes-by-hand",
        "--resource",
        "test://static-binary",
    ];
    let flags = ["--save", folder.to_str().unwrap()];
    let saved = gateway.cli([&binary[..], &flags].concat()).ok();
    assert!(saved.stdout.starts_with("[resource image/png "), "{saved}");
    let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap();
    assert!(fs::read(file.path()).unwrap().starts_with(b"\x89PNG"));
    let asked = gateway.cli(["call", "bytes-by-hand", "--resource", "test://who-reads"]);
    assert_eq!(asked.code, 1, "{asked}");
    assert!(asked.stderr.contains("only a client can give"), "{asked}");
}

#[test]
fn the_admin_api_refuses_what_is_not_there_and_what_is_no_text() {
    let (gateway, server) = glossary("api-by-hand");
    let address = |path: &str| gateway.admin_url(&format!("/v1/servers/{}/{path}", server.id));
    for (path, body, status) in [
        (
            "resources/read",
            json!({ "uri": "glossary://nothing" }),
            404,
        ),
        ("resources/read", json!({}), 400),
        ("prompts/nothing/fill", json!({}), 404),
        (
            "prompts/explain/fill",
            json!({ "arguments": { "word": 1 } }),
            400,
        ),
        (
            "prompts/explain/fill",
            json!({ "arguments": { "word": "limit" } }),
            200,
        ),
    ] {
        let post = || post(&address(path)).json(&body);
        let reply = post().bearer(ADMIN_TOKEN).send();
        assert_eq!(reply.status, status, "{path} {body}: {reply}");
        assert_eq!(post().bearer("wrong").send().status, 401);
    }
}
