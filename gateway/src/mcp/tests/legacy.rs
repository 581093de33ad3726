//! The handshake revisions through the endpoint.

use super::fixture::Fixture;
use serde_json::{Value, json};

const VERSIONS: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

#[tokio::test]
async fn the_handshake_agrees_on_a_version_and_gives_a_session() {
    let fixture = Fixture::new().await;
    for version in VERSIONS {
        let params = json!({ "protocolVersion": version, "capabilities": {} });
        let reply = fixture.legacy(None, "initialize", params).await;
        assert_eq!(reply.status, 200);
        assert_eq!(
            reply.body["result"],
            json!({
                "protocolVersion": version,
                "capabilities": { "tools": { "listChanged": true }, "logging": {} },
                "serverInfo": { "name": "tools", "version": env!("CARGO_PKG_VERSION") },
            })
        );
        assert!(reply.headers.contains_key("mcp-session-id"));
    }
    let params = json!({ "protocolVersion": "2026-07-28" });
    let reply = fixture.legacy(None, "initialize", params).await;
    assert_eq!(reply.body["result"]["protocolVersion"], "2025-11-25");
    fixture
        .legacy(None, "initialize", json!({}))
        .await
        .is_error(200, -32602);
}

#[tokio::test]
async fn later_requests_may_name_any_served_version_or_none() {
    let fixture = Fixture::new().await;
    for version in VERSIONS.map(Some).into_iter().chain([None]) {
        let reply = fixture.legacy(version, "ping", json!({})).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.body["result"]),
            (200, &json!({}))
        );
        let reply = fixture.legacy(version, "tools/list", json!({})).await;
        assert_eq!(reply.body["result"], json!({ "tools": [] }));
    }
    let reply = fixture.legacy(Some("v999"), "ping", json!({})).await;
    reply.is_error(400, -32022);
    assert_eq!(reply.body["error"]["data"]["requested"], "v999");
}

#[tokio::test]
async fn errors_come_in_answers_that_http_calls_successful() {
    let fixture = Fixture::new().await;
    for method in ["server/discover", "prompts/list", "nonsense"] {
        fixture
            .legacy(None, method, json!({}))
            .await
            .is_error(200, -32601);
    }
    let reply = fixture
        .legacy(None, "tools/call", json!({ "name": "echo" }))
        .await;
    reply.is_error(200, -32602);
    assert_eq!(reply.body["error"]["message"], "Unknown tool: echo");
    fixture
        .legacy(None, "tools/call", json!({}))
        .await
        .is_error(200, -32602);
    fixture
        .legacy(None, "ping", json!([]))
        .await
        .is_error(200, -32602);
}

#[tokio::test]
async fn notifications_and_responses_are_accepted_without_a_word() {
    let fixture = Fixture::new().await;
    for body in [
        r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
    ] {
        let reply = fixture.send(fixture.request(body, &[])).await;
        assert_eq!((reply.status.as_u16(), reply.body), (202, Value::Null));
    }
}

fn batch() -> String {
    json!([
        { "jsonrpc": "2.0", "id": "a", "method": "ping" },
        { "jsonrpc": "2.0", "method": "notifications/initialized" },
        7,
        { "jsonrpc": "2.0", "id": 2, "method": "initialize",
          "params": { "protocolVersion": "2025-03-26" } },
        { "jsonrpc": "2.0", "id": 3, "method": "nonsense" },
    ])
    .to_string()
}

#[tokio::test]
async fn a_batch_is_answered_message_by_message_in_the_one_revision_that_has_them() {
    let fixture = Fixture::new().await;
    for version in [None, Some("2025-03-26")] {
        let request = fixture.request(batch(), &[("mcp-protocol-version", version)]);
        let reply = fixture.send(request).await;
        assert_eq!(reply.status, 200);
        let answers = reply.body.as_array().unwrap();
        let seen: Vec<_> = answers
            .iter()
            .map(|a| (a["id"].clone(), a["error"]["code"].as_i64()))
            .collect();
        assert_eq!(
            seen,
            [
                (json!("a"), None),
                (Value::Null, Some(-32600)),
                (json!(2), Some(-32600)),
                (json!(3), Some(-32601)),
            ]
        );
    }
    for version in ["2024-11-05", "2025-06-18", "2025-11-25", "2026-07-28"] {
        let request = fixture.request(batch(), &[("mcp-protocol-version", Some(version))]);
        fixture.send(request).await.is_error(400, -32600);
    }
}

#[tokio::test]
async fn a_batch_of_notifications_has_no_answer() {
    let fixture = Fixture::new().await;
    let body = r#"[{"jsonrpc":"2.0","method":"notifications/initialized"}]"#;
    let reply = fixture.send(fixture.request(body, &[])).await;
    assert_eq!((reply.status.as_u16(), reply.body), (202, Value::Null));
}
