//! What comes out of a guest.

use super::*;
use crate::{
    bindings::{
        completion::Suggestions,
        host::types::{
            Audience, Content, ContentAnnotations, ContentBody, ElicitForm, ElicitUrl, Icon,
            InputBody, InputRequest, Media, NeedInput, OtherError, ResourceBody, ResourceContents,
            ResourceLink,
        },
        prompts::{PromptMessage, PromptResult},
    },
    redact::Sight,
};

const CANARY: &str = "canary-5ecret";

fn leak() -> String {
    format!("it is {CANARY}!")
}

fn json() -> Option<String> {
    Some(format!(r#"{{"{CANARY}":["{CANARY}"]}}"#))
}

/// Every kind of content, with the secret in each text of it.
fn content() -> Vec<Content> {
    let media = || Media {
        data: leak().into_bytes(),
        mime_type: leak(),
    };
    let icon = Icon {
        src: leak(),
        mime_type: Some(leak()),
        sizes: vec![leak()],
        theme: Some(leak()),
    };
    let resource = |body| {
        ContentBody::EmbeddedResource(ResourceContents {
            uri: leak(),
            mime_type: Some(leak()),
            body,
            meta: json(),
        })
    };
    let bodies = [
        ContentBody::Text(leak()),
        ContentBody::Image(media()),
        ContentBody::Audio(media()),
        ContentBody::ResourceLink(ResourceLink {
            uri: leak(),
            name: leak(),
            title: Some(leak()),
            description: Some(leak()),
            mime_type: Some(leak()),
            size: None,
            icons: vec![icon],
        }),
        resource(ResourceBody::Text(leak())),
        resource(ResourceBody::Blob(leak().into_bytes())),
    ];
    let piece = |body| Content {
        body,
        annotations: Some(ContentAnnotations {
            audience: vec![Audience::User],
            priority: None,
            last_modified: Some(leak()),
        }),
        meta: json(),
    };
    bodies.into_iter().map(piece).collect()
}

fn need_input() -> NeedInput {
    let bodies = [
        InputBody::ElicitForm(ElicitForm {
            message: leak(),
            schema: format!(
                r#"{{"type":"object","properties":{{"{CANARY}":{{"type":"string","title":"{CANARY}"}}}}}}"#
            ),
        }),
        InputBody::ElicitUrl(ElicitUrl {
            message: leak(),
            url: format!("https://a.test/{CANARY}"),
            id: leak(),
        }),
        InputBody::Sample(format!(
            r#"{{"messages":[{{"role":"user","content":{{"type":"text","text":"{CANARY}"}}}}],"maxTokens":1}}"#
        )),
    ];
    let request = |(number, body)| InputRequest {
        key: format!("{CANARY}{number}"),
        body,
    };
    NeedInput {
        requests: bodies.into_iter().enumerate().map(request).collect(),
        state: None,
    }
}

/// Every answer that a guest can give, with the secret in each text of it.
fn answers() -> Vec<Answered> {
    let protocol = |error| Err(CallError::Protocol(error));
    let tools = vec![
        Ok(CallOutcome::Complete(ToolResult {
            content: content(),
            structured: json(),
            meta: json(),
        })),
        Ok(CallOutcome::NeedInput(need_input())),
        Err(CallError::Tool(ToolError {
            message: leak(),
            code: Some(leak()),
            retry_after_ms: None,
            content: content(),
            detail: Some(leak()),
        })),
        protocol(ProtocolError::InvalidParams(leak())),
        protocol(ProtocolError::ResourceNotFound(leak())),
        protocol(ProtocolError::Other(OtherError {
            code: 1,
            message: leak(),
            data: json(),
        })),
    ];
    let contents = content().into_iter().filter_map(|piece| match piece.body {
        ContentBody::EmbeddedResource(contents) => Some(contents),
        _ => None,
    });
    let contents = Ok(ReadOutcome::Contents(contents.collect()));
    let message = content().into_iter().map(|content| PromptMessage {
        role: Audience::User,
        content,
    });
    let filled = Ok(PromptOutcome::Complete(PromptResult {
        description: Some(leak()),
        messages: message.collect(),
    }));
    let suggestions = Ok(Suggestions {
        values: vec![leak()],
        total: None,
        has_more: false,
    });
    let mut all: Vec<_> = tools.into_iter().map(Answered::Tool).collect();
    all.push(Answered::Resource(contents));
    all.push(Answered::Resource(Ok(ReadOutcome::NeedInput(need_input()))));
    all.push(Answered::Prompt(filled));
    all.push(Answered::Prompt(Ok(PromptOutcome::NeedInput(need_input()))));
    all.push(Answered::Completion(suggestions));
    all
}

/// How often the secret is in an answer; bytes count as the text they are.
fn leaks(answer: &Answer) -> usize {
    let shown = format!("{:?}", answer.conclusion);
    let bytes = CANARY.bytes().map(|byte| byte.to_string());
    let bytes = bytes.collect::<Vec<_>>().join(", ");
    shown.matches(CANARY).count() + shown.matches(&bytes).count()
}

#[test]
fn a_secret_is_masked_in_every_text_that_a_guest_can_answer_with() {
    let armed = Redactor::default();
    armed.arm(&"TOKEN".parse().unwrap(), CANARY, Sight::Revealed);
    let nothing = Redactor::default();
    for (masked, open) in answers().into_iter().zip(answers()) {
        let masked = answer(masked, &armed, &Limits::default()).unwrap();
        let open = answer(open, &nothing, &Limits::default()).unwrap();
        assert_eq!(leaks(&masked), 0, "{:?}", masked.conclusion);
        assert!(
            leaks(&open) > 0,
            "the control shows it: {:?}",
            open.conclusion
        );
    }
}

#[test]
fn masks_that_are_longer_than_the_secret_count_towards_the_limit() {
    let armed = Redactor::default();
    armed.arm(
        &"A_LONG_NAME_OF_A_TOKEN".parse().unwrap(),
        "12345678",
        Sight::Revealed,
    );
    let text = || {
        Answered::Tool(Err(CallError::Protocol(ProtocolError::InvalidParams(
            "12345678 ".repeat(100),
        ))))
    };
    let limits = Limits {
        output_bytes: 1_000,
        ..Limits::default()
    };
    let refused = answer(text(), &armed, &limits).err().unwrap();
    assert_eq!(refused.reason, casemate_domain::StopReason::OutputTooLarge);
    assert!(answer(text(), &Redactor::default(), &limits).is_ok());
}

#[test]
fn suggestions_beyond_a_hundred_are_left_out_and_that_is_said() {
    let suggestions = |count| Suggestions {
        values: vec!["a".to_owned(); count],
        total: None,
        has_more: false,
    };
    for (count, kept, has_more) in [(100, 100, false), (101, 100, true)] {
        let answered = Answered::Completion(Ok(suggestions(count)));
        let answer = answer(answered, &Redactor::default(), &Limits::default()).unwrap();
        let Conclusion::Suggested(suggested) = answer.conclusion else {
            panic!("{:?}", answer.conclusion)
        };
        assert_eq!(
            (suggested.values.len(), suggested.has_more),
            (kept, has_more)
        );
    }
}

#[test]
fn only_capabilities_of_the_contract_reach_a_client() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert!(known(names(&["sampling", "elicitation.url"])).is_ok());
    let endless = ["a"; 5_000].join(".");
    for wrong in [names(&["fly"]), names(&[&endless]), names(&["roots"; 50])] {
        assert_eq!(
            known(wrong).unwrap_err().reason,
            casemate_domain::StopReason::InvalidOutput
        );
    }
}
