//! Prompts: what they say about themselves, texts in, messages out.

use casemate_guest_sdk::{
    content::{Body, Resource, ResourceBody},
    prelude::*,
    prompt::{Argument, Prompt},
};
use std::str::FromStr;

/// What to look at.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Focus {
    Style,
    Speed,
}

/// A number of lines, read in a way of its own.
#[derive(Debug, PartialEq)]
struct Lines(u32);

impl FromStr for Lines {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_suffix('L').and_then(|text| text.parse().ok());
        number
            .map(Self)
            .ok_or_else(|| format!("`{text}` is not such as `7L`"))
    }
}

/// Asks for a review.
///
/// Of code.
#[prompt(title = "Review", name = "code.review")]
fn review(
    /// The code.
    code: String,
    /// What to look at.
    focus: Option<Focus>,
    #[arg(title = "Line width", default = Lines(80))] width: Lines,
    #[arg(default)] r#in: String,
    cx: &Cx,
) -> String {
    format!("{} {code} {focus:?} {} {:?}", cx.call_id(), width.0, r#in)
}

fn got(arguments: &[(&str, &str)]) -> Result<String, ToolError> {
    let outcome = testing::get::<review>(arguments, &Cx::test());
    outcome.map(|outcome| outcome.text())
}

#[test]
fn parameters_are_arguments_and_the_context_is_none() {
    let prompt = review::describe();
    assert_eq!((prompt.name, prompt.title), ("code.review", Some("Review")));
    assert_eq!(prompt.description, "Asks for a review.\n\nOf code.");
    let argument = |name, title, description, required| Argument {
        name,
        title,
        description,
        required,
    };
    let expected = [
        argument("code", None, Some("The code."), true),
        argument("focus", None, Some("What to look at."), false),
        argument("width", Some("Line width"), None, false),
        argument("in", None, None, false),
    ];
    assert_eq!(prompt.arguments, expected);
}

#[test]
fn texts_become_the_types_of_parameters() {
    let arguments = [
        ("in", "x"),
        ("width", "7L"),
        ("focus", "speed"),
        ("code", "a"),
    ];
    assert_eq!(got(&arguments).unwrap(), "call_test a Some(Speed) 7 \"x\"");
}

#[test]
fn what_is_optional_may_be_missing_or_empty() {
    let default = "call_test a None 80 \"\"";
    assert_eq!(got(&[("code", "a")]).unwrap(), default);
    let empty = [("code", "a"), ("focus", ""), ("width", ""), ("in", "")];
    assert_eq!(got(&empty).unwrap(), default);
    assert_eq!(got(&[("code", "")]).unwrap(), "call_test  None 80 \"\"");
}

#[test]
fn arguments_that_cannot_be_used_are_named() {
    for (arguments, message) in [
        (&[][..], "The argument `code` is missing."),
        (
            &[("code", "a"), ("width", "wide")],
            "The argument `width` is not valid: `wide` is not such as `7L`.",
        ),
        (
            &[("code", "a"), ("focus", "smell")],
            "The argument `focus` is not valid: unknown variant `smell`, expected `style` or `speed`.",
        ),
        (
            &[("code", "a"), ("colour", "red")],
            "The argument `colour` is not known.",
        ),
    ] {
        let error = got(arguments).unwrap_err();
        assert_eq!(error.message(), message);
        assert_eq!(error.error_code(), Some("invalid-argument"));
    }
}

/// Says everything that can be said.
#[prompt]
fn everything() -> Result<Messages, ToolError> {
    Ok(Messages::new()
        .description("Just now")
        .user("Look:")
        .user(Image::png(*b"png"))
        .user(Audio::new(*b"wav", "audio/wav"))
        .user(Resource::text("a://b", "text/plain", "in full"))
        .assistant(ResourceLink::new("a://c", "linked")))
}

#[test]
fn messages_carry_every_kind_of_content_and_who_says_it() {
    let outcome = testing::get::<everything>(&[], &Cx::test()).unwrap();
    let messages = outcome.messages();
    let roles: Vec<Audience> = messages.iter().map(|message| message.role).collect();
    let (user, assistant) = (Audience::User, Audience::Assistant);
    assert_eq!(roles, [user, user, user, user, assistant]);
    assert!(matches!(&messages[1].content.body, Body::Image(image) if image.data == b"png"));
    assert!(matches!(&messages[2].content.body, Body::Audio(audio) if audio.data == b"wav"));
    let body = ResourceBody::Text("in full".to_owned());
    assert!(matches!(&messages[3].content.body, Body::Resource(found) if found.body == body));
    assert!(matches!(&messages[4].content.body, Body::ResourceLink(link) if link.uri == "a://c"));
}

/// Greets, once it knows whom.
#[prompt]
async fn greeting(cx: &Cx) -> Reply<Vec<Message>> {
    match cx.answer("name") {
        Some(answer) => {
            let name = answer.value()["content"]["name"].to_string();
            Reply::Done(vec![Message::assistant("Hello,"), Message::user(name)])
        }
        None => Ask::new().roots("name").into(),
    }
}

#[test]
fn a_prompt_may_ask_first() {
    let asked = testing::get::<greeting>(&[], &Cx::test()).unwrap();
    assert_eq!(asked.ask().unwrap().questions()[0].key, "name");
    assert!(asked.messages().is_empty());
    let cx = Cx::test().answer("name", json!({"content": {"name": 7}}));
    let answered = testing::get::<greeting>(&[], &cx).unwrap();
    assert_eq!(answered.text(), "Hello,\n7");
}

#[test]
fn the_function_is_still_a_function() {
    let cx = Cx::test();
    let text = review(
        "a".to_owned(),
        Some(Focus::Style),
        Lines(1),
        String::new(),
        &cx,
    );
    assert_eq!(text, "call_test a Some(Style) 1 \"\"");
}

casemate_guest_sdk::export!(prompt review, prompt everything, prompt greeting);
