use super::*;
use casemate_domain::{
    Audience, CallId, ContentAnnotations, ContentBody, InputBody, InputRequest, Media, Outcome,
    Receipt, ResourceBody, ResourceContents, ResourceLink, StopReason,
};
use serde_json::{Value, json};

fn finished(conclusion: Conclusion) -> FinishedCall {
    FinishedCall {
        id: CallId::from_uuid(uuid::Uuid::from_u128(1)),
        outcome: Outcome {
            conclusion,
            receipt: Receipt::default(),
            log: vec![],
            log_dropped: 0,
        },
        duration_us: 1,
        shows_receipt: false,
    }
}

fn shaped(conclusion: Conclusion, revision: Revision) -> Value {
    let finished = finished(conclusion);
    let mut value = to_json(&CallResult::of(&finished, revision, None)).to_value();
    let meta = value.as_object_mut().unwrap().remove("_meta").unwrap();
    assert_eq!(
        meta["dev.casemate/call-id"],
        "call_00000000000000000000000000000001"
    );
    value
}

fn complete(content: Vec<Content>, structured: Option<Value>) -> Conclusion {
    let structured = structured.as_ref().map(Json::from);
    Conclusion::Complete(ToolResult {
        content,
        structured,
        meta: None,
    })
}

fn piece(body: ContentBody) -> Content {
    Content {
        body,
        annotations: None,
        meta: None,
    }
}

fn audio() -> Content {
    piece(ContentBody::Audio(Media {
        data: vec![0, 255],
        mime_type: "audio/wav".into(),
    }))
}

fn link() -> Content {
    piece(ContentBody::ResourceLink(ResourceLink {
        uri: "https://a.test/r".into(),
        name: "r".into(),
        title: Some("Report".into()),
        description: Some("Of May".into()),
        mime_type: Some("text/plain".into()),
        size: Some(3),
        icons: vec![casemate_domain::Icon {
            src: "https://a.test/i.png".into(),
            mime_type: None,
            sizes: vec![],
            theme: None,
        }],
    }))
}

#[test]
fn only_the_modern_are_told_the_type_of_a_result() {
    for revision in Revision::ALL {
        let result = shaped(complete(vec![Content::text("hi")], None), revision);
        assert_eq!(result["content"], json!([{ "type": "text", "text": "hi" }]));
        assert_eq!(
            result.get("resultType").is_some(),
            revision == Revision::MODERN,
            "{revision}"
        );
        assert_eq!(result.get("isError"), None);
    }
}

#[test]
fn media_is_base64() {
    let image = piece(ContentBody::Image(Media {
        data: b"png?".to_vec(),
        mime_type: "image/png".into(),
    }));
    let blob = piece(ContentBody::EmbeddedResource(ResourceContents {
        uri: "a:b".into(),
        mime_type: None,
        body: ResourceBody::Blob(vec![1, 2]),
        meta: None,
    }));
    let result = shaped(complete(vec![image, audio(), blob], None), Revision::MODERN);
    assert_eq!(
        result["content"],
        json!([
            { "type": "image", "data": "cG5nPw==", "mimeType": "image/png" },
            { "type": "audio", "data": "AP8=", "mimeType": "audio/wav" },
            { "type": "resource", "resource": { "uri": "a:b", "blob": "AQI=" } },
        ])
    );
}

#[test]
fn what_a_revision_has_no_word_for_is_said_in_text() {
    let result = shaped(complete(vec![audio(), link()], None), Revision::V2024_11_05);
    assert_eq!(
        result["content"],
        json!([
            {
                "type": "text",
                "text": "[A sound of 2 bytes (audio/wav) is left out: this client cannot receive sound.]",
            },
            { "type": "text", "text": "Report: https://a.test/r\nOf May" },
        ])
    );
    let result = shaped(complete(vec![audio(), link()], None), Revision::V2025_03_26);
    assert_eq!(
        (&result["content"][0]["type"], &result["content"][1]["type"]),
        (&json!("audio"), &json!("text"))
    );
}

#[test]
fn links_have_icons_since_icons_exist() {
    for (revision, has_icons) in [
        (Revision::V2025_06_18, false),
        (Revision::V2025_11_25, true),
    ] {
        let result = shaped(complete(vec![link()], None), revision);
        let block = &result["content"][0];
        assert_eq!(block["type"], "resource_link");
        assert_eq!(
            (&block["title"], &block["size"]),
            (&json!("Report"), &json!(3))
        );
        assert_eq!(block.get("icons").is_some(), has_icons, "{revision}");
    }
}

#[test]
fn hints_about_content_lose_what_is_too_new() {
    let content = Content {
        body: ContentBody::Text("t".into()),
        annotations: Some(ContentAnnotations {
            audience: vec![Audience::User],
            priority: Some(0.5),
            last_modified: Some("2026-01-01T00:00:00Z".into()),
        }),
        meta: Some(Json::from(&json!({ "k": 1 }))),
    };
    let old = shaped(complete(vec![content.clone()], None), Revision::V2025_03_26);
    assert_eq!(
        old["content"][0],
        json!({ "type": "text", "text": "t", "annotations": { "audience": ["user"], "priority": 0.5 } })
    );
    let new = shaped(complete(vec![content], None), Revision::V2025_06_18);
    assert_eq!(
        new["content"][0]["annotations"]["lastModified"],
        "2026-01-01T00:00:00Z"
    );
    assert_eq!(new["content"][0]["_meta"], json!({ "k": 1 }));
}

#[test]
fn a_part_of_a_result_speaks_in_nobody_elses_name_either() {
    let meta = || {
        Some(Json::from(&json!({
            "com.example/k": 1,
            "io.modelcontextprotocol/related-task": { "taskId": "forged" },
            "dev.casemate/call-id": "forged",
        })))
    };
    let contents = ResourceContents {
        uri: "notes://1".into(),
        mime_type: None,
        body: ResourceBody::Text("t".into()),
        meta: meta(),
    };
    let content = Content {
        body: ContentBody::EmbeddedResource(contents),
        annotations: None,
        meta: meta(),
    };
    let shaped = shaped(complete(vec![content], None), Revision::MODERN);
    let block = &shaped["content"][0];
    let own = json!({ "com.example/k": 1 });
    assert_eq!((&block["_meta"], &block["resource"]["_meta"]), (&own, &own));
}

#[test]
fn structured_content_that_does_not_fit_becomes_the_first_text() {
    let list = || complete(vec![Content::text("two")], Some(json!([1, 2])));
    let modern = shaped(list(), Revision::MODERN);
    assert_eq!(modern["structuredContent"], json!([1, 2]));
    assert_eq!(modern["content"].as_array().unwrap().len(), 1);
    for revision in [
        Revision::V2024_11_05,
        Revision::V2025_06_18,
        Revision::V2025_11_25,
    ] {
        let legacy = shaped(list(), revision);
        assert_eq!(legacy.get("structuredContent"), None, "{revision}");
        assert_eq!(legacy["content"][0]["text"], "[1,2]", "{revision}");
        assert_eq!(legacy["content"][1]["text"], "two", "{revision}");
    }
}

#[test]
fn structured_content_alone_is_said_in_text_too_but_not_twice() {
    let alone = shaped(
        complete(vec![], Some(json!({ "a": 1 }))),
        Revision::V2025_06_18,
    );
    assert_eq!(alone["structuredContent"], json!({ "a": 1 }));
    assert_eq!(
        alone["content"],
        json!([{ "type": "text", "text": "{\"a\":1}" }])
    );
    let said = complete(vec![Content::text("{\"a\":1}")], Some(json!({ "a": 1 })));
    let said = shaped(said, Revision::V2024_11_05);
    assert_eq!(said["content"].as_array().unwrap().len(), 1);
}

#[test]
fn a_tool_error_reads_as_message_hint_and_content() {
    let error = ToolError {
        message: "Too many requests.".into(),
        code: Some("busy".into()),
        retry_after_ms: Some(1_500),
        content: vec![Content::text("more")],
        detail: Some("internal".into()),
    };
    let finished = finished(Conclusion::ToolError(error));
    let value = to_value(&finished);
    assert_eq!(value["isError"], true);
    assert_eq!(
        value["content"][0]["text"],
        "Too many requests.\nTry again in 2 seconds."
    );
    assert_eq!(value["content"][1]["text"], "more");
    assert_eq!(
        value["_meta"]["dev.casemate/error"],
        json!({ "source": "tool", "code": "busy", "retryAfterMs": 1_500 })
    );
    assert!(!value.to_string().contains("internal"));
}

#[test]
fn a_stop_is_a_result_that_names_the_reason_and_the_call() {
    let stop = Stop {
        reason: StopReason::FuelExhausted,
        message: "Out of fuel.".into(),
    };
    let value = to_value(&finished(Conclusion::Stopped(stop)));
    assert_eq!(value["isError"], true);
    assert_eq!(
        value["content"][0]["text"],
        "Out of fuel. (call_00000000000000000000000000000001)"
    );
    assert_eq!(
        value["_meta"]["dev.casemate/error"],
        json!({ "source": "gateway", "code": "fuel_exhausted" })
    );
}

#[test]
fn a_question_that_cannot_be_asked_is_said_and_not_dropped() {
    let body = InputBody::ElicitForm {
        message: "Which city?".into(),
        schema: Json::from(&json!({ "type": "object" })),
    };
    let need = NeedInput {
        requests: vec![InputRequest {
            key: "city".into(),
            body,
        }],
        state: None,
    };
    let result = shaped(Conclusion::NeedInput(need), Revision::V2025_11_25);
    assert_eq!(result["isError"], true);
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(
        text.contains("Which city?") && text.contains("2026-07-28"),
        "{text}"
    );
}
