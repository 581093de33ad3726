//! `rmcp`, the official Rust SDK, as a client in each of its ways to begin.

mod told;

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

/// The ways to begin, with the revision that each has to find.
pub(super) fn lifecycles() -> [(&'static str, ClientLifecycleMode); 3] {
    let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
    let auto = ClientLifecycleMode::Auto {
        preferred_versions: preferred_versions.clone(),
        legacy_version: None,
    };
    [
        ("2025-11-25", ClientLifecycleMode::Initialize),
        (
            "2026-07-28",
            ClientLifecycleMode::Discover { preferred_versions },
        ),
        ("2026-07-28", auto),
    ]
}

#[test]
fn rmcp_works_with_a_handshake_without_one_and_where_it_has_to_find_out() {
    for (protocol, lifecycle) in lifecycles() {
        check_what(protocol, |url, key, calls, _| {
            block_on(see(url, key, calls, lifecycle))
        });
    }
}

/// What the scripts of other clients print of their streams.
pub(super) fn see_streams(url: &str, key: &str, lifecycle: ClientLifecycleMode) -> Value {
    block_on(told::see(url, key, lifecycle))
}

fn block_on(seen: impl Future<Output = Value>) -> Value {
    // The client carries no cryptography of its own, although nothing is encrypted here.
    drop(rustls::crypto::ring::default_provider().install_default());
    tokio::runtime::Runtime::new().unwrap().block_on(seen)
}

fn transport(url: &str, key: &str) -> StreamableHttpClientTransport<reqwest::Client> {
    let config = StreamableHttpClientTransportConfig::with_uri(url).auth_header(key);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    StreamableHttpClientTransport::with_client(http, config)
}

/// What the scripts of other clients print.
async fn see(url: &str, key: &str, calls: &Path, lifecycle: ClientLifecycleMode) -> Value {
    let transport = transport(url, key);
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
