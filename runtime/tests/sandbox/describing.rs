//! What a component says about its tools, and what of it is refused.

use crate::support::{
    guest::{Guest, endless, quick},
    runtime,
};
use casemate_runtime::{Rejection, RejectionKind};

/// A tool as it lies in memory, to be changed by a test.
struct Described {
    name: &'static str,
    description: &'static str,
    schema: String,
    output_schema: Option<&'static str>,
    host: Option<&'static str>,
    secret: Option<&'static str>,
    capability: Option<&'static str>,
    icon: Option<&'static str>,
    copies: usize,
}

impl Default for Described {
    fn default() -> Self {
        Self {
            name: "get_weather",
            description: "Tells the weather.",
            schema: r#"{"type":"object"}"#.to_owned(),
            output_schema: None,
            host: None,
            secret: None,
            capability: None,
            icon: None,
            copies: 1,
        }
    }
}

impl Described {
    fn guest(&self) -> Vec<u8> {
        let mut guest = Guest::default();
        let mut tool = Vec::new();
        let string = |guest: &mut Guest, tool: &mut Vec<u8>, text: &str| {
            let (at, len) = guest.place(text.as_bytes());
            words(tool, &[at, u32::try_from(len).unwrap()]);
        };
        string(&mut guest, &mut tool, self.name);
        words(&mut tool, &[0, 0, 0]);
        string(&mut guest, &mut tool, self.description);
        string(&mut guest, &mut tool, &self.schema);
        words(&mut tool, &[u32::from(self.output_schema.is_some())]);
        string(&mut guest, &mut tool, self.output_schema.unwrap_or(""));
        // Annotations: read-only is yes, the rest is not said.
        tool.extend_from_slice(&[1, 1, 0, 0, 0, 0, 0, 0]);
        let icon = self.icon.map(|icon| {
            let mut record = Vec::new();
            string(&mut guest, &mut record, icon);
            words(&mut record, &[0; 8]);
            record
        });
        list(&mut guest, &mut tool, icon);
        words(&mut tool, &[0]);
        let secret = self.secret.map(|secret| {
            let mut record = Vec::new();
            string(&mut guest, &mut record, secret);
            words(&mut record, &[0, 0, 0]);
            record.extend_from_slice(&[1, 0, 0, 0]);
            record
        });
        list(&mut guest, &mut tool, secret);
        for text in [self.host, self.capability] {
            let item = text.map(|text| {
                let mut record = Vec::new();
                string(&mut guest, &mut record, text);
                record
            });
            list(&mut guest, &mut tool, item);
        }
        words(&mut tool, &[0]);
        words(&mut tool, &[0, 0, 0]);
        assert_eq!(tool.len(), 108);
        let (tools, _) = guest.place(&tool.repeat(self.copies));
        let (answer, _) = {
            let mut answer = Vec::new();
            words(&mut answer, &[tools, u32::try_from(self.copies).unwrap()]);
            guest.place(&answer)
        };
        guest
            .describe(&format!("(i32.const {answer})"))
            .call("(i32.const 16)")
    }
}

fn words(out: &mut Vec<u8>, words: &[u32]) {
    for word in words {
        out.extend_from_slice(&word.to_le_bytes());
    }
}

fn list(guest: &mut Guest, out: &mut Vec<u8>, item: Option<Vec<u8>>) {
    match item {
        None => words(out, &[0, 0]),
        Some(item) => {
            let (at, _) = guest.place(&item);
            words(out, &[at, 1]);
        }
    }
}

async fn described(wasm: &[u8]) -> Result<Vec<casemate_domain::ToolDefinition>, Rejection> {
    let component = runtime().compile(wasm).unwrap();
    runtime().describe(&component).await
}

async fn refusal(tool: Described) -> (RejectionKind, String) {
    let rejection = described(&tool.guest()).await.unwrap_err();
    (rejection.kind, rejection.message)
}

#[tokio::test]
async fn a_tool_is_described_as_it_is() {
    let tool = Described {
        host: Some("*.example.com"),
        secret: Some("API_KEY"),
        capability: Some("elicitation.url"),
        icon: Some("https://a.test/icon.png"),
        output_schema: Some("{}"),
        ..Described::default()
    };
    let tools = described(&tool.guest()).await.unwrap();
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
    assert!(tool.needs.secrets[0].required);
    assert_eq!(tool.needs.client_capabilities, ["elicitation.url"]);
}

#[tokio::test]
async fn metadata_that_nobody_could_use_or_see_is_refused() {
    let tool = |change: fn(&mut Described)| {
        let mut tool = Described::default();
        change(&mut tool);
        tool
    };
    for (tool, says) in [
        (tool(|t| t.name = "get weather"), "bad name"),
        (tool(|t| t.description = "  "), "no description"),
        (tool(|t| t.description = "a\u{202e}b"), "U+202E"),
        (tool(|t| t.description = "a\u{e0041}b"), "U+E0041"),
        (tool(|t| t.description = "a\u{0}b"), "U+0000"),
        (tool(|t| t.host = Some("https://a.test/path")), "host"),
        (tool(|t| t.secret = Some("lower")), "UPPER_SNAKE_CASE"),
        (tool(|t| t.capability = Some("telepathy")), "telepathy"),
        (tool(|t| t.icon = Some("javascript:alert(1)")), "picture"),
        (tool(|t| t.copies = 2), "twice"),
        (tool(|t| t.copies = 201), "201 tools"),
    ] {
        let (kind, message) = refusal(tool).await;
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
        let (kind, message) = refusal(Described {
            schema: schema.to_owned(),
            ..Described::default()
        })
        .await;
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
    assert!(rejection.message.contains("fuel_exhausted"), "{rejection}");
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
