//! The sample tools as clients see them: what to call them with, and what must come back.

use super::client::Client;
use crate::connect::proxy::Proxy;
use base64::{Engine, prelude::BASE64_STANDARD};
use casemate_tests::{Fixture, Gateway, Recorded, Reply, Server, Shared, sample};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

const SECRET: &str = "weather-secret-of-the-specification";
const GREETING: &str = "Grüße aus der Kasematte 🏰";

/// A gateway with all sample tools, and the outside world that two of them reach.
struct Scene {
    gateway: Gateway,
    server: Server,
    fixture: Fixture,
    calls: PathBuf,
}

static SCENE: Shared<Scene> = Shared::new(Scene::new);

impl Scene {
    fn new() -> Self {
        let fixture = Fixture::start(answer);
        let gateway = Gateway::builder()
            .config("egress.allow_ranges = ['127.0.0.1/32']")
            .start();
        let server = gateway.server("samples");
        gateway.secret(&server, "WEATHER_KEY", SECRET);
        for name in [
            "echo",
            "text-stats",
            "json-query",
            "csv-summary",
            "qr-code",
            "glossary",
        ] {
            gateway.push(&server, sample(name));
        }
        let host = fixture.host();
        gateway.push_with(&server, sample("http-get"), &["--grant-host", &host]);
        let service = format!("WEATHER_URL={}", fixture.url("/v1/forecast"));
        let grants = [
            "--grant-host",
            &host,
            "--grant-secret",
            "WEATHER_KEY",
            "--config",
            &service,
        ];
        gateway.push_with(&server, sample("weather"), &grants);
        let calls = gateway.scratch().join("calls.json");
        fs::write(&calls, calls_to_make(&fixture).to_string()).unwrap();
        Self {
            gateway,
            server,
            fixture,
            calls,
        }
    }
}

/// The outside world. No number in it is both whole and a fraction: JavaScript would take 1.0 and
/// give back 1. It answers the weather only to who has the secret.
fn answer(request: &Recorded) -> Reply {
    match (&*request.path, request.header("x-api-key")) {
        ("/page", _) => Reply::text("a page of the outside world"),
        ("/v1/forecast", Some(SECRET)) => Reply::json(json!({
            "city": "Oslo",
            "days": [{ "date": "2026-11-22", "low": -3.5, "high": 1.5, "summary": "snow" }],
        })),
        _ => Reply::status(403),
    }
}

fn calls_to_make(fixture: &Fixture) -> Value {
    json!([
        { "name": "echo", "arguments": { "text": GREETING } },
        { "name": "text_stats", "arguments": { "text": "To be, or not to be." } },
        { "name": "json_query", "arguments": { "json": "{\"a\": [1, 2, 3]}", "query": "a[1]" } },
        { "name": "csv_summary", "arguments": { "csv": "city,celsius\nOslo,-3.5\nRome,14.25" } },
        { "name": "qr_code", "arguments": { "text": "https://example.com/" } },
        { "name": "look_up", "arguments": { "word": "grant" } },
        { "name": "http_get", "arguments": { "url": fixture.url("/page") } },
        { "name": "weather", "arguments": { "city": "Oslo" } },
    ])
}

/// Lets a client list and call everything and checks what it saw.
pub(super) fn check_everything(client: &Client, protocol: &str) {
    if !client.is_installed() {
        return;
    }
    check_what(protocol, |url, key, calls, scratch| {
        client.see(url, key, calls, scratch)
    });
}

/// The same for a client that does not say which revision it speaks. Its requests do, on their way.
pub(super) fn check_everything_on_the_way(client: &Client, protocol: &str) {
    if !client.is_installed() {
        return;
    }
    let mut proxy = Proxy::start();
    check_what("not told", |_, key, calls, scratch| {
        let scene = SCENE.get();
        proxy.lead_to(&scene.gateway);
        client.see(&proxy.url(&scene.server.id), key, calls, scratch)
    });
    assert_eq!(proxy.revisions(), [protocol]);
}

/// Checks what somebody saw of the tools and of the calls in a file.
pub(super) fn check_what(protocol: &str, see: impl FnOnce(&str, &str, &Path, &Path) -> Value) {
    let scene: Arc<Scene> = SCENE.get();
    let url = scene.gateway.endpoint(&scene.server);
    let scratch = scene.gateway.scratch();
    let seen = see(&url, &scene.server.key, &scene.calls, &scratch);
    assert_eq!(seen["protocol"].as_str().unwrap_or("not told"), protocol);
    check_list(&seen["tools"]);
    check_results(&seen["results"], &scene.fixture);
}

fn check_list(tools: &Value) {
    let tools = tools.as_array().unwrap();
    let mut names: Vec<_> = tools
        .iter()
        .map(|tool| tool["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    let expected = [
        "csv_summary",
        "echo",
        "http_get",
        "json_query",
        "look_up",
        "qr_code",
        "text_stats",
        "weather",
    ];
    assert_eq!(names, expected);
    for tool in tools {
        assert!(
            tool["description"].as_str().is_some_and(|d| !d.is_empty()),
            "{tool}"
        );
        assert_eq!(tool["inputSchema"]["type"], "object", "{tool}");
    }
}

fn check_results(results: &Value, fixture: &Fixture) {
    for (name, result) in results.as_object().unwrap() {
        assert!(
            !result["isError"].as_bool().unwrap_or(false),
            "{name}: {result}"
        );
        // A client may read the text and not the structure; both must say the same.
        if let Some(structured) = result.get("structuredContent") {
            let text: Value = serde_json::from_str(text_of(result)).unwrap();
            assert_eq!(&text, structured, "{name}");
        }
    }
    assert_eq!(text_of(&results["echo"]), GREETING);
    assert_eq!(results["text_stats"]["structuredContent"]["words"], 6);
    assert_eq!(
        results["json_query"]["structuredContent"],
        json!({ "result": 2 })
    );
    assert_eq!(results["csv_summary"]["structuredContent"]["rows"], 2);
    let entry = &results["look_up"]["structuredContent"];
    assert_eq!(entry["see_also"], json!(["version", "secret"]));
    let page = &results["http_get"]["structuredContent"];
    assert_eq!(page["text"], "a page of the outside world");
    assert_eq!(page["url"], fixture.url("/page"));
    assert_eq!(
        results["weather"]["structuredContent"]["days"][0]["low"],
        -3.5
    );
    check_picture(&results["qr_code"]["content"][0]);
    assert!(
        !results.to_string().contains(SECRET),
        "a result carries the secret"
    );
}

fn check_picture(block: &Value) {
    assert_eq!(
        (&block["type"], &block["mimeType"]),
        (&json!("image"), &json!("image/png"))
    );
    let picture = BASE64_STANDARD
        .decode(block["data"].as_str().unwrap())
        .unwrap();
    assert!(
        picture.starts_with(b"\x89PNG\r\n\x1a\n"),
        "not a PNG: {:?}",
        &picture[..8]
    );
}

fn text_of(result: &Value) -> &str {
    let text = result["content"][0]["text"].as_str();
    text.unwrap_or_else(|| panic!("the first block is no text: {result}"))
}
