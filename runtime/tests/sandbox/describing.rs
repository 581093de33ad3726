//! What a component says about its tools, and what of it is refused.

use crate::support::{
    guest::{Definition, Guest, endless, quick},
    runtime,
};
use casemate_runtime::{Rejection, RejectionKind};

/// An honest tool with one change.
fn tool(change: impl FnOnce(&mut Definition)) -> Definition {
    let mut tool = Definition::named("get_weather");
    "Tells the weather.".clone_into(&mut tool.description);
    change(&mut tool);
    tool
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

async fn described(wasm: &[u8]) -> Result<Vec<casemate_domain::ToolDefinition>, Rejection> {
    let component = runtime().compile(wasm).unwrap();
    Ok(runtime().describe(&component).await?.tools)
}

async fn refusal(tool: &Definition) -> (RejectionKind, String) {
    let rejection = described(&tool.component()).await.unwrap_err();
    (rejection.kind, rejection.message)
}

#[tokio::test]
async fn a_tool_is_described_as_it_is() {
    let tool = tool(|tool| {
        tool.hosts = vec!["*.example.com".to_owned()];
        tool.secrets = vec!["API_KEY".to_owned()];
        tool.capability = text("elicitation.url");
        tool.icon = text("https://a.test/icon.png");
        tool.output_schema = text("{}");
    });
    let tools = described(&tool.component()).await.unwrap();
    let [tool] = &tools[..] else {
        panic!("{tools:?}")
    };
    assert_eq!(tool.name.as_str(), "get_weather");
    assert_eq!(tool.description, "Tells the weather.");
    assert_eq!(tool.input_schema.get(), r#"{"type":"object"}"#);
    assert_eq!(tool.output_schema.as_ref().unwrap().get(), "{}");
    assert_eq!(tool.annotations.read_only, Some(true));
    assert_eq!(tool.annotations.destructive, None);
    assert_eq!(tool.icons[0].src, "https://a.test/icon.png");
    assert_eq!(tool.needs.hosts[0].to_string(), "*.example.com");
    assert_eq!(tool.needs.secrets[0].name.as_str(), "API_KEY");
    assert!(tool.needs.secrets[0].reveal);
    assert!(!tool.needs.secrets[0].required);
    assert_eq!(tool.needs.client_capabilities, ["elicitation.url"]);
}

#[tokio::test]
async fn metadata_that_nobody_could_use_or_see_is_refused() {
    for (tool, says) in [
        (tool(|t| "get weather".clone_into(&mut t.name)), "bad name"),
        (
            tool(|t| "  ".clone_into(&mut t.description)),
            "no description",
        ),
        (
            tool(|t| "a\u{202e}b".clone_into(&mut t.description)),
            "U+202E",
        ),
        (
            tool(|t| "a\u{e0041}b".clone_into(&mut t.description)),
            "U+E0041",
        ),
        (tool(|t| "a\u{0}b".clone_into(&mut t.description)), "U+0000"),
        (
            tool(|t| t.hosts = vec!["https://a.test/path".to_owned()]),
            "host",
        ),
        (
            tool(|t| t.secrets = vec!["lower".to_owned()]),
            "UPPER_SNAKE_CASE",
        ),
        (tool(|t| t.capability = text("telepathy")), "telepathy"),
        (tool(|t| t.icon = text("javascript:alert(1)")), "picture"),
        (tool(|t| t.copies = 2), "twice"),
        (tool(|t| t.copies = 201), "201 tools"),
    ] {
        let (kind, message) = refusal(&tool).await;
        assert_eq!(kind, RejectionKind::MetadataRejected, "{says}: {message}");
        assert!(message.contains(says), "{says}: {message}");
    }
}

#[tokio::test]
async fn a_schema_that_cannot_be_used_is_refused() {
    for schema in [
        "",
        "[]",
        "true",
        r#"{"type":"string"}"#,
        r#"{"type":"object","type":"object"}"#,
        r#"{"type":"object","$ref":"http://a.test"}"#,
    ] {
        let (kind, message) = refusal(&tool(|tool| schema.clone_into(&mut tool.schema))).await;
        assert_eq!(kind, RejectionKind::SchemaRejected, "{schema}: {message}");
        assert!(message.contains("get_weather"), "{message}");
    }
}

#[tokio::test]
async fn a_component_without_tools_is_refused() {
    let rejection = described(&quick()).await.unwrap_err();
    assert_eq!(rejection.kind, RejectionKind::MetadataRejected);
    assert!(rejection.message.contains("0 tools"), "{rejection}");
}

#[tokio::test]
async fn a_component_that_never_ends_describing_is_refused_and_says_why() {
    assert!(described(&endless()).await.is_err());
    let spins = Guest::default()
        .describe("(loop $again (br $again)) (i32.const 16)")
        .call("(i32.const 16)");
    let rejection = described(&spins).await.unwrap_err();
    assert_eq!(rejection.kind, RejectionKind::MetadataRejected);
    // On a busy machine its time is up before its fuel is.
    let says = |reason: &str| rejection.message.contains(reason);
    assert!(
        says("fuel_exhausted") || says("deadline_exceeded"),
        "{rejection}"
    );
}

#[tokio::test]
async fn every_capability_is_denied_while_describing() {
    let mut guest = Guest::default()
        .import("secrets", "placeholder", "(param i32 i32 i32)")
        .import("config", "get", "(param i32 i32 i32)");
    let name = guest.text("TOKEN");
    let wasm = guest
        .describe(&format!(
            "(call $placeholder {name} (i32.const 640))
             (if (i32.eqz (i32.load8_u (i32.const 640))) (then unreachable))
             (call $get {name} (i32.const 640))
             (if (i32.load8_u (i32.const 640)) (then unreachable))
             (i32.const 16)"
        ))
        .call("(i32.const 16)");
    let rejection = described(&wasm).await.unwrap_err();
    assert!(rejection.message.contains("0 tools"), "{rejection}");
}
