//! Keys open servers: exactly theirs, until they are revoked, and say nothing otherwise.

use casemate_tests::{
    Gateway, Server, Shared,
    http::post,
    mcp::{Legacy, Modern},
    sample,
};
use serde_json::{Value, json};
use std::{thread, time::Duration};

/// One gateway for tests that only read it, or that make servers of their own.
static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

fn server_with_echo(gateway: &Gateway, name: &str) -> Server {
    let server = gateway.server(name);
    gateway.push(&server, sample("echo"));
    server
}

#[track_caller]
fn assert_refused(client: &Modern, status: u16, message: &str) {
    let reply = client.list();
    assert_eq!(reply.status(), status, "{}", reply.http);
    assert_eq!(reply.error()["message"], message, "{}", reply.http);
}

#[test]
fn a_url_and_a_key_are_enough() {
    let gateway = GATEWAY.get();
    let server = server_with_echo(&gateway, "enough");
    assert_eq!(
        gateway
            .modern(&server)
            .call("echo", json!({ "text": "hi" }))
            .text(),
        "hi"
    );
    assert_eq!(
        gateway
            .legacy(&server)
            .call("echo", json!({ "text": "hi" }))
            .text(),
        "hi"
    );
}

#[test]
fn no_key_and_a_wrong_key_fail_with_the_same_words() {
    let gateway = GATEWAY.get();
    let server = server_with_echo(&gateway, "no-key");
    let wrong = Modern::new(
        gateway.endpoint(&server),
        &gateway.key(&gateway.server("no-key-2").id),
    );
    assert_refused(&wrong, 401, "Authentication failed");
    let none = gateway
        .modern(&server)
        .message("tools/list", json!({}))
        .without("Authorization")
        .send();
    assert_eq!(none.status(), 401);
    assert_eq!(none.error()["message"], "Authentication failed");
    let challenge = none.http.header("www-authenticate").unwrap();
    assert!(
        challenge.starts_with("Bearer") && !challenge.contains("resource_metadata"),
        "{challenge}"
    );
}

#[test]
fn a_key_for_another_server_is_refused_like_a_wrong_key() {
    let gateway = GATEWAY.get();
    let (ours, theirs) = (
        server_with_echo(&gateway, "ours"),
        server_with_echo(&gateway, "theirs"),
    );
    let other = Modern::new(gateway.endpoint(&ours), &theirs.key).list();
    let never_issued = "mcp_0000000000000000000000000000000000000000000000_000000";
    let unknown = Modern::new(gateway.endpoint(&ours), never_issued).list();
    assert_eq!(other.status(), 401);
    assert_eq!(other.error()["message"], "Authentication failed");
    assert_eq!(unknown.status(), 401);
}

#[test]
fn a_revoked_key_opens_nothing_from_the_next_request_on() {
    let gateway = GATEWAY.get();
    let server = server_with_echo(&gateway, "revoked");
    let other_key = gateway.key(&server.id);
    let client = gateway.modern(&server);
    assert_eq!(client.list().status(), 200);
    let keys = gateway
        .cli(["key", "list", "-s", &server.id, "--json"])
        .ok()
        .json();
    let id = keys["keys"][0]["id"].as_str().unwrap().to_owned();
    gateway.cli(["key", "revoke", &id, "--yes"]).ok();
    assert_refused(&client, 401, "Authentication failed");
    let other = Modern::new(gateway.endpoint(&server), &other_key);
    assert_eq!(other.list().status(), 200, "other keys keep working");
}

#[test]
fn an_expired_key_opens_nothing() {
    let gateway = GATEWAY.get();
    let server = server_with_echo(&gateway, "expired");
    let made = gateway
        .cli([
            "key",
            "create",
            "short",
            "-s",
            &server.id,
            "--expires",
            "1s",
        ])
        .ok();
    let client = Modern::new(gateway.endpoint(&server), made.stdout.trim());
    assert_eq!(client.list().status(), 200);
    thread::sleep(Duration::from_millis(1_100));
    assert_refused(&client, 401, "Authentication failed");
}

#[test]
fn white_space_round_a_pasted_key_is_trimmed_and_a_cut_key_says_so() {
    let gateway = GATEWAY.get();
    let server = server_with_echo(&gateway, "pasted");
    let padded = Modern::new(gateway.endpoint(&server), &format!(" {} ", server.key));
    assert_eq!(padded.list().status(), 200);
    let cut = Modern::new(gateway.endpoint(&server), &server.key[..30]).list();
    assert_eq!(cut.status(), 401);
    let message = cut.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("malformed"), "{message}");
    assert!(
        !message.contains(&server.key[4..30]),
        "it repeats the key: {message}"
    );
}

#[test]
fn a_key_counts_only_as_a_bearer_token() {
    let gateway = GATEWAY.get();
    let server = server_with_echo(&gateway, "bearer");
    let endpoint = gateway.endpoint(&server);
    let in_query = format!("{endpoint}?key={}", server.key);
    let message = gateway.modern(&server).message("tools/list", json!({}));
    let sent = |url: &str| post(url).json(&message.body());
    assert_eq!(sent(&in_query).send().status, 401);
    assert_eq!(
        sent(&endpoint)
            .header("Authorization", &format!("Basic {}", server.key))
            .send()
            .status,
        401
    );
    assert_eq!(
        sent(&endpoint)
            .header("X-Api-Key", &server.key)
            .send()
            .status,
        401
    );
    let twice = message
        .request()
        .header("Authorization", &format!("Bearer {}", server.key));
    assert_eq!(twice.send().status, 401);
}

#[test]
fn an_unknown_server_is_not_found_in_both_eras() {
    let gateway = GATEWAY.get();
    let server = server_with_echo(&gateway, "known");
    for id in ["srv_00000000000000000000000000000000", "nonsense", "srv_"] {
        let url = gateway.mcp_url(&format!("/mcp/{id}"));
        assert_refused(&Modern::new(&url, &server.key), 404, "Server not found");
        let legacy = Legacy::initialize(&url, &server.key, Legacy::NEWEST, json!({})).send();
        assert_eq!(legacy.status, 404);
        assert_eq!(legacy.json()["error"]["message"], "Server not found");
    }
}

#[test]
fn an_inactive_server_says_so_to_its_own_keys_only() {
    let gateway = GATEWAY.get();
    let (server, other) = (
        server_with_echo(&gateway, "inactive"),
        gateway.server("bystander"),
    );
    gateway.cli(["server", "deactivate", &server.id]).ok();
    let reply = gateway.modern(&server).list();
    assert_eq!(reply.status(), 404);
    assert!(
        reply.error()["message"]
            .as_str()
            .unwrap()
            .contains("inactive"),
        "{}",
        reply.http
    );
    assert_refused(
        &Modern::new(gateway.endpoint(&server), &other.key),
        401,
        "Authentication failed",
    );
    gateway.cli(["server", "activate", &server.id]).ok();
    assert_eq!(gateway.modern(&server).list().status(), 200);
}

#[test]
fn an_inactive_tool_is_neither_listed_nor_callable() {
    let gateway = GATEWAY.get();
    let server = server_with_echo(&gateway, "hidden-tool");
    let client = gateway.modern(&server);
    gateway
        .cli(["tool", "deactivate", "echo", "-s", &server.id])
        .ok();
    assert!(client.list().tool_names().is_empty());
    let reply = client.call("echo", json!({ "text": "hi" }));
    assert_eq!((reply.status(), reply.code()), (200, -32602));
    assert_eq!(reply.error()["message"], "Unknown tool: echo");
    gateway
        .cli(["tool", "activate", "echo", "-s", &server.id])
        .ok();
    assert_eq!(client.call("echo", json!({ "text": "hi" })).text(), "hi");
}

#[test]
fn a_server_without_tools_lists_none_and_the_command_line_says_why() {
    let gateway = GATEWAY.get();
    let server = gateway.server("empty");
    let reply = gateway.modern(&server).list();
    assert_eq!(reply.status(), 200);
    assert!(reply.tool_names().is_empty());
    let listed = gateway.cli(["tool", "list", "-s", &server.id]).ok();
    let said = format!("{}{}", listed.stdout, listed.stderr);
    assert!(said.contains("No tools found"), "{said}");
}

#[test]
fn an_uploaded_version_is_invisible_until_it_is_activated() {
    let gateway = GATEWAY.get();
    let server = gateway.server("not-yet");
    gateway.push_with(&server, sample("echo"), &["--no-activate"]);
    let client = gateway.modern(&server);
    assert!(client.list().tool_names().is_empty());
    gateway
        .cli(["tool", "activate", "echo", "-s", &server.id])
        .ok();
    assert_eq!(client.list().tool_names(), ["echo"]);
}

#[test]
fn a_key_is_shown_once_and_stored_nowhere() {
    let mut gateway = Gateway::start();
    let server = server_with_echo(&gateway, "shown-once");
    gateway
        .modern(&server)
        .call("echo", json!({ "text": "hi" }));
    let listed = gateway.cli(["key", "list", "--json"]).ok().stdout;
    assert!(!listed.contains(&server.key));
    assert!(gateway.stop().success());
    let secret = server.key.as_bytes();
    assert_eq!(
        crate::files::holding(&gateway.data_dir(), secret),
        Vec::<String>::new()
    );
    assert!(!gateway.log().contains(&server.key));
}

#[test]
fn the_admin_api_wants_its_own_token() {
    let gateway = GATEWAY.get();
    let server = gateway.server("admin");
    for token in [None, Some(server.key.as_str()), Some("cma_wrong")] {
        let request = casemate_tests::http::get(&gateway.admin_url("/v1/servers"));
        let request = match token {
            Some(token) => request.bearer(token),
            None => request,
        };
        let response = request.send();
        assert_eq!(response.status, 401);
        assert_eq!(response.json()["code"], Value::from("unauthenticated"));
    }
}

#[test]
fn the_admin_api_answers_no_web_page() {
    let gateway = GATEWAY.get();
    let get = || casemate_tests::http::get(&gateway.admin_url("/livez"));
    assert_eq!(get().send().status, 200, "without the tricks it answers");
    assert_eq!(
        get().header("Origin", "https://evil.test").send().status,
        403
    );
    let rebound = casemate_tests::http::raw(
        gateway.admin_addr(),
        b"GET /livez HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n",
        Duration::from_secs(5),
    );
    assert!(
        rebound.starts_with(b"HTTP/1.1 403"),
        "{}",
        String::from_utf8_lossy(&rebound)
    );
}

#[test]
fn a_batch_does_not_outlive_its_key() {
    let gateway = GATEWAY.get();
    let server = gateway.server("batch");
    gateway.push(&server, casemate_tests::guest("hostile"));
    let client = Legacy::connect(gateway.endpoint(&server), &server.key, "2025-03-26");
    let call = |id: u32, tool: &str| json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": tool, "arguments": {} } });
    let batch = json!([call(1, "endless_loop"), call(2, "remember")]);
    assert!(!client.call("remember", json!({})).is_tool_error());
    thread::scope(|scope| {
        let sent = scope.spawn(|| client.http().json(&batch).send());
        thread::sleep(Duration::from_millis(150));
        let keys = gateway
            .cli(["key", "list", "-s", &server.id, "--json"])
            .ok()
            .json();
        let id = keys["keys"][0]["id"].as_str().unwrap().to_owned();
        gateway.cli(["key", "revoke", &id, "--yes"]).ok();
        let replies = sent.join().unwrap().json();
        assert_eq!(replies[0]["result"]["isError"], true, "{replies}");
        assert_eq!(
            replies[1]["error"]["message"], "Authentication failed",
            "{replies}"
        );
    });
}
