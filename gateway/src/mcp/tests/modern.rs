//! Revision 2026-07-28 through the endpoint.

use super::fixture::Fixture;
use serde_json::json;

const ALL: [&str; 5] = [
    "2026-07-28",
    "2025-11-25",
    "2025-06-18",
    "2025-03-26",
    "2024-11-05",
];

#[tokio::test]
async fn discover_says_what_is_served_and_by_whom() {
    let fixture = Fixture::new().await;
    let reply = fixture.modern("server/discover", |_| {}).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["cache-control"], "no-store");
    assert_eq!(
        reply.body["result"],
        json!({
            "resultType": "complete",
            "supportedVersions": ALL,
            "capabilities": {
                "tools": { "listChanged": true },
                "logging": {},
                "extensions": { "io.modelcontextprotocol/tasks": {} },
            },
            "ttlMs": 60_000,
            "cacheScope": "private",
            "_meta": { "io.modelcontextprotocol/serverInfo":
                { "name": "tools", "version": env!("CARGO_PKG_VERSION") } },
        })
    );
}

#[tokio::test]
async fn the_version_must_be_the_same_in_header_and_body() {
    let fixture = Fixture::new().await;
    let reply = fixture
        .modern("tools/list", |m| m.header("mcp-protocol-version", None))
        .await;
    reply.is_error(400, -32020);
    let reply = fixture
        .modern("tools/list", |m| {
            m.meta("protocolVersion", json!("v999.0.0"))
        })
        .await;
    reply.is_error(400, -32020);
    let reply = fixture
        .modern("tools/list", |m| {
            m.meta("protocolVersion", json!("v999.0.0"));
            m.header("mcp-protocol-version", Some("v999.0.0"));
        })
        .await;
    reply.is_error(400, -32022);
    assert_eq!(reply.body["id"], 1);
    assert_eq!(
        reply.body["error"]["data"],
        json!({ "supported": ALL, "requested": "v999.0.0" })
    );
}

#[tokio::test]
async fn a_handshake_revision_is_not_spoken_without_a_handshake() {
    let fixture = Fixture::new().await;
    let reply = fixture
        .modern("tools/list", |m| {
            m.meta("protocolVersion", json!("2025-11-25"));
            m.header("mcp-protocol-version", Some("2025-11-25"));
        })
        .await;
    reply.is_error(400, -32022);
    assert_eq!(
        reply.body["error"]["data"]["supported"],
        json!(["2026-07-28"])
    );
}

#[tokio::test]
async fn the_envelope_must_be_whole() {
    let fixture = Fixture::new().await;
    for capabilities in [json!(null), json!([]), json!({ "sampling": true })] {
        let change = |m: &mut super::fixture::Modern| m.meta("clientCapabilities", capabilities);
        fixture
            .modern("tools/list", change)
            .await
            .is_error(400, -32602);
    }
    let reply = fixture
        .modern("tools/list", |m| m.meta("clientInfo", json!("me")))
        .await;
    reply.is_error(400, -32602);
    let reply = fixture
        .modern("tools/list", |m| m.params = json!({ "_meta": {} }))
        .await;
    reply.is_error(400, -32602);
    let message = reply.body["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("io.modelcontextprotocol/protocolVersion"),
        "{message}"
    );
    let reply = fixture
        .modern("tools/list", |m| m.params = json!([1]))
        .await;
    reply.is_error(400, -32602);
}

#[tokio::test]
async fn initialize_is_not_a_method_and_needs_no_envelope_to_be_told_so() {
    let fixture = Fixture::new().await;
    fixture
        .modern("initialize", |_| {})
        .await
        .is_error(404, -32601);
    let reply = fixture.modern("initialize", |m| m.params = json!({})).await;
    reply.is_error(400, -32020);
}

#[tokio::test]
async fn the_method_must_be_the_same_in_header_and_body() {
    let fixture = Fixture::new().await;
    for value in [None, Some("tools/call"), Some("Tools/List")] {
        let reply = fixture
            .modern("tools/list", |m| m.header("mcp-method", value))
            .await;
        reply.is_error(400, -32020);
    }
}

#[tokio::test]
async fn what_was_removed_or_is_not_offered_is_not_found() {
    let fixture = Fixture::new().await;
    for method in [
        "ping",
        "logging/setLevel",
        "resources/list",
        "resources/subscribe",
        "prompts/list",
        "completion/complete",
        "tasks/list",
        "nonsense",
    ] {
        fixture.modern(method, |_| {}).await.is_error(404, -32601);
    }
}

#[tokio::test]
async fn a_level_is_checked_of_a_method_that_is_there() {
    let fixture = Fixture::new().await;
    let loud = |m: &mut super::fixture::Modern| m.meta("logLevel", json!("loud"));
    for method in ["server/discover", "tools/list", "tools/call", "tasks/get"] {
        fixture.modern(method, loud).await.is_error(200, -32602);
    }
    for method in ["ping", "prompts/list", "resources/read", "nonsense"] {
        fixture.modern(method, loud).await.is_error(404, -32601);
    }
}

#[tokio::test]
async fn the_name_must_be_the_same_in_header_and_body() {
    let fixture = Fixture::new().await;
    let call = |header: Option<&'static str>| {
        fixture.modern("tools/call", move |m| {
            m.params["name"] = json!("echo");
            m.header("mcp-name", header);
        })
    };
    call(None).await.is_error(400, -32020);
    call(Some("Echo")).await.is_error(400, -32020);
    call(Some("=?base64?!?=")).await.is_error(400, -32020);
    for same in ["echo", "=?base64?ZWNobw==?="] {
        let reply = call(Some(same)).await;
        reply.is_error(200, -32602);
        assert_eq!(reply.body["error"]["message"], "Unknown tool: echo");
    }
}

#[tokio::test]
async fn parameters_are_checked_last() {
    let fixture = Fixture::new().await;
    fixture
        .modern("tools/call", |_| {})
        .await
        .is_error(200, -32602);
    let reply = fixture
        .modern("tools/call", |m| {
            m.params["name"] = json!("echo");
            m.params["arguments"] = json!([]);
            m.header("mcp-name", Some("echo"));
        })
        .await;
    reply.is_error(200, -32602);
    let reply = fixture
        .modern("tools/list", |m| m.params["cursor"] = json!("?"))
        .await;
    reply.is_error(200, -32602);
}

#[tokio::test]
async fn a_state_that_was_not_given_here_is_refused() {
    let fixture = Fixture::new().await;
    let reply = fixture
        .modern("tools/call", |m| {
            m.params["name"] = json!("echo");
            m.params["requestState"] = json!("forged");
            m.header("mcp-name", Some("echo"));
        })
        .await;
    reply.is_error(200, -32602);
}

#[tokio::test]
async fn an_empty_list_is_a_success_and_says_how_long_it_holds() {
    let fixture = Fixture::new().await;
    let reply = fixture.modern("tools/list", |_| {}).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body["result"]["tools"], json!([]));
    assert_eq!(reply.body["result"]["cacheScope"], "private");
}

#[tokio::test]
async fn notifications_are_accepted_and_responses_are_not() {
    let fixture = Fixture::new().await;
    let version = [("mcp-protocol-version", Some("2026-07-28"))];
    let note = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
    let reply = fixture.send(fixture.request(note, &version)).await;
    assert_eq!((reply.status.as_u16(), reply.body), (202, json!(null)));
    let response = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    fixture
        .send(fixture.request(response, &version))
        .await
        .is_error(400, -32600);
    fixture
        .send(fixture.request("[1]", &version))
        .await
        .is_error(400, -32600);
}

#[tokio::test]
async fn a_session_is_neither_made_nor_needed() {
    let fixture = Fixture::new().await;
    let reply = fixture
        .modern("tools/list", |m| m.header("mcp-session-id", Some("x")))
        .await;
    assert_eq!(reply.status, 200);
    assert!(!reply.headers.contains_key("mcp-session-id"));
}
