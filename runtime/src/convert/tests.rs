//! What comes out of a guest.

use super::*;
use crate::{
    bindings::host::types::{
        Audience, Content, ContentAnnotations, ContentBody, ElicitForm, ElicitUrl, Icon, InputBody,
        InputRequest, Media, NeedInput, OtherError, ResourceBody, ResourceContents, ResourceLink,
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
            schema: json().unwrap(),
        }),
        InputBody::ElicitUrl(ElicitUrl {
            message: leak(),
            url: format!("https://a.test/{CANARY}"),
            id: leak(),
        }),
        InputBody::Sample(json().unwrap()),
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
fn answers() -> Vec<Result<CallOutcome, CallError>> {
    let protocol = |error| Err(CallError::Protocol(error));
    vec![
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
    ]
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
        Err(CallError::Protocol(ProtocolError::InvalidParams(
            "12345678 ".repeat(100),
        )))
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
