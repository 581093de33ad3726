//! Every call is recorded: who, what, how it ended, what it used.

use casemate_tests::{Gateway, Shared, guest, sample};
use serde_json::{Value, json};

static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

fn records(gateway: &Gateway, arguments: &[&str]) -> Vec<Value> {
    let mut all = vec!["logs", "--json"];
    all.extend(arguments);
    let logged = gateway.cli(all).ok();
    logged
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_record_tells_who_called_what_and_what_it_used() {
    let gateway = GATEWAY.get();
    let server = gateway.server("recorded");
    gateway.push(&server, sample("echo"));
    gateway
        .modern(&server)
        .call("echo", json!({ "text": "hi" }));
    let records = records(&gateway, &["-s", &server.id]);
    assert_eq!(records.len(), 1, "one call, one record");
    let record = &records[0];
    assert_eq!(record["outcome"], "ok");
    assert_eq!(record["tool"], "echo");
    assert_eq!(record["server"], "recorded");
    assert_eq!(record["workspace"], json!(server.workspace));
    assert_eq!(record["caller"]["credential"]["name"], "test");
    assert!(
        record["caller"]["credential"]["id"]
            .as_str()
            .unwrap()
            .starts_with("key_")
    );
    assert_eq!(record["caller"]["client"]["name"], "casemate-tests");
    assert_eq!(record["digest"].as_str().unwrap().len(), 64);
    let receipt = &record["receipt"];
    for used in [
        "fuel",
        "wall_us",
        "cpu_us",
        "peak_memory_bytes",
        "bytes_in",
        "bytes_out",
    ] {
        assert!(receipt[used].as_u64().unwrap() > 0, "{used} in {receipt}");
    }
    assert!(record["duration_us"].as_u64() >= receipt["wall_us"].as_u64());
}

#[test]
fn refused_arguments_and_failures_are_recorded_too() {
    let gateway = GATEWAY.get();
    let server = gateway.server("failures");
    gateway.push(&server, guest("hostile"));
    let client = gateway.modern(&server);
    client.call("crash", json!({}));
    client.call("crash", json!({ "unknown": 1 }));
    let outcomes: Vec<_> = records(&gateway, &["-s", &server.id])
        .iter()
        .map(|record| record["outcome"].clone())
        .collect();
    assert_eq!(
        outcomes,
        [json!("trap"), json!("input_rejected")],
        "oldest first"
    );
    assert_eq!(
        records(&gateway, &["-s", &server.id, "--status", "trap"]).len(),
        1
    );
    assert_eq!(
        records(
            &gateway,
            &["-s", &server.id, "--tool", "crash", "--since", "1h"]
        )
        .len(),
        2
    );
}

#[test]
fn a_call_from_the_command_line_takes_the_same_path() {
    let gateway = GATEWAY.get();
    let server = gateway.server("by-hand");
    gateway.push(&server, sample("echo"));
    let said = gateway
        .cli(["call", "by-hand/echo", "text=hello there"])
        .ok();
    assert_eq!(said.stdout.trim(), "hello there");
    let record = &records(&gateway, &["-s", &server.id])[0];
    assert_eq!(record["caller"]["credential"]["kind"], "token");
    let refused = gateway.cli(["call", "by-hand/echo", "txt=x"]);
    assert_ne!(refused.code, 0, "{refused}");
    let unknown = gateway.cli(["call", "by-hand/ecko", "text=x"]);
    assert_eq!(unknown.code, 4, "{unknown}");
    assert!(
        unknown.stderr.contains("echo"),
        "it suggests the near name: {unknown}"
    );
}

#[test]
fn a_caller_that_goes_away_is_recorded_as_such() {
    goes_away("gone", "");
}

#[test]
fn a_caller_that_goes_away_after_some_bytes_of_a_next_request_is_missed_too() {
    goes_away("gone-early", "POST /next HTTP/1.1\r\n");
}

/// Begins an endless call, sends some bytes more, and closes the connection.
#[track_caller]
fn goes_away(name: &str, more: &str) {
    use std::{io::Write, net::TcpStream, thread, time::Duration};
    let gateway = GATEWAY.get();
    let server = gateway.server(name);
    gateway.push(&server, guest("hostile"));
    let client = gateway.modern(&server);
    client.call("remember", json!({}));
    let body = client.calling("endless_loop", json!({})).body().to_string();
    let mut stream = TcpStream::connect(gateway.mcp_addr()).unwrap();
    let head = format!(
        "POST /mcp/{} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
         MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: endless_loop\r\n\
         Content-Length: {}\r\n\r\n{body}{more}",
        server.id,
        gateway.mcp_addr(),
        server.key,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    thread::sleep(Duration::from_millis(100));
    drop(stream);
    let cancelled = (0..50).any(|_| {
        thread::sleep(Duration::from_millis(20));
        let records = records(&gateway, &["-s", &server.id, "--tool", "endless_loop"]);
        records
            .iter()
            .any(|record| record["outcome"] == "cancelled")
    });
    assert!(cancelled, "the call should end with its caller");
}

#[test]
fn logs_can_be_followed_as_calls_end() {
    use std::{
        io::{BufRead, BufReader},
        process::Stdio,
    };
    let gateway = GATEWAY.get();
    let server = gateway.server("followed");
    gateway.push(&server, sample("echo"));
    gateway
        .modern(&server)
        .call("echo", json!({ "text": "before" }));
    let mut command = gateway.cli_command();
    command
        .args(["logs", "-f", "-s", &server.id, "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut follower = command.spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(first["tool"], "echo");
    gateway.modern(&server).call("echo", json!({ "text": 7 }));
    let second: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(second["outcome"], "input_rejected");
    follower.kill().unwrap();
    follower.wait().unwrap();
}

#[test]
fn a_cursor_that_no_page_gave_is_a_bad_value_and_no_failure() {
    let gateway = GATEWAY.get();
    let refused = casemate_tests::http::get(&gateway.admin_url("/v1/calls?cursor=garbage"))
        .bearer(casemate_tests::ADMIN_TOKEN)
        .send();
    assert_eq!(refused.status, 422, "{refused}");
    assert_eq!(refused.json()["code"], "invalid_value");
}
