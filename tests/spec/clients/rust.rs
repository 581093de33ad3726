//! `rmcp`, the official Rust SDK, as a client in each of its ways to begin.

use super::samples::check_what;
use rmcp::{
    model::{CallToolRequestParams, ProtocolVersion},
    service::{ClientLifecycleMode, ClientServiceExt as _},
    transport::{
        StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::{Map, Value, json};
use std::{fs, path::Path};

const MODERN: [ProtocolVersion; 1] = [ProtocolVersion::V_2026_07_28];

#[test]
fn rmcp_works_with_a_handshake() {
    check("2025-11-25", ClientLifecycleMode::Initialize);
}

#[test]
fn rmcp_works_without_a_handshake() {
    let preferred_versions = MODERN.to_vec();
    check(
        "2026-07-28",
        ClientLifecycleMode::Discover { preferred_versions },
    );
}

#[test]
fn rmcp_finds_out_that_it_needs_no_handshake() {
    let lifecycle = ClientLifecycleMode::Auto {
        preferred_versions: MODERN.to_vec(),
        legacy_version: None,
    };
    check("2026-07-28", lifecycle);
}

#[track_caller]
fn check(protocol: &str, lifecycle: ClientLifecycleMode) {
    // The client carries no cryptography of its own, although nothing is encrypted here.
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    check_what(protocol, |url, key, calls, _| {
        runtime.block_on(see(url, key, calls, lifecycle))
    });
}

/// What the scripts of other clients print.
async fn see(url: &str, key: &str, calls: &Path, lifecycle: ClientLifecycleMode) -> Value {
    let config = StreamableHttpClientTransportConfig::with_uri(url).auth_header(key);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let transport = StreamableHttpClientTransport::with_client(http, config);
    let client = ().serve_with_lifecycle(transport, lifecycle).await.unwrap();
    let tools = client.list_all_tools().await.unwrap();
    let calls: Vec<Value> = serde_json::from_slice(&fs::read(calls).unwrap()).unwrap();
    let mut results = Map::new();
    for call in calls {
        let name = call["name"].as_str().unwrap().to_owned();
        let arguments = call["arguments"].as_object().unwrap().clone();
        let params = CallToolRequestParams::new(name.clone()).with_arguments(arguments);
        let result = client.call_tool(params).await.unwrap();
        results.insert(name, serde_json::to_value(result).unwrap());
    }
    let info = client.peer_info().unwrap();
    let protocol = info.protocol_version.to_string();
    client.cancel().await.unwrap();
    json!({ "protocol": protocol, "tools": tools, "results": results })
}
