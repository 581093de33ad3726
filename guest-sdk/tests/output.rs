//! What clients see of return types.

use casemate_guest_sdk::{
    ask::QuestionBody,
    content::{Body, Resource, ResourceBody},
    output::Outcome,
    prelude::*,
    serde_json::{self, Value},
    tool::Tool,
};
use std::collections::BTreeMap;

fn outcome<T: Tool>() -> Outcome {
    testing::call::<T>(json!({}), &Cx::test()).expect("the tool does not fail")
}

fn called<T: Tool>() -> ToolResult {
    let outcome = outcome::<T>();
    outcome.result().expect("the tool does not ask").clone()
}

fn structured<T: Tool>() -> (Value, String, Value) {
    let outcome = outcome::<T>();
    let value = outcome.structured().expect("the tool answers with a type");
    let schema = T::describe().output_schema.expect("a type has a schema");
    (value, outcome.text(), schema)
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
struct Forecast {
    city: String,
    /// Degrees Celsius.
    high: Option<f32>,
}

fn oslo() -> Forecast {
    Forecast {
        city: "Oslo".into(),
        high: Some(1.5),
    }
}

/// Answers in text.
#[tool]
fn text() -> &'static str {
    "plain"
}

/// Answers in text, or not.
#[tool]
fn perhaps_text() -> Result<String, ToolError> {
    Ok("plain".into())
}

/// Answers nothing.
#[tool]
fn nothing() {}

#[test]
fn text_is_text_and_has_no_schema() {
    assert_eq!(called::<text>(), ToolResult::new().text("plain"));
    assert_eq!(called::<perhaps_text>(), ToolResult::new().text("plain"));
    assert_eq!(called::<nothing>(), ToolResult::new().text("done"));
    let schemas = [text::describe, perhaps_text::describe, nothing::describe];
    assert!(
        schemas
            .iter()
            .all(|describe| describe().output_schema.is_none())
    );
}

/// Answers with an object.
#[tool]
async fn object() -> Result<Forecast, ToolError> {
    Ok(oslo())
}

#[test]
fn an_object_is_structured_and_the_same_as_text() {
    let (value, text, schema) = structured::<object>();
    assert_eq!(value, json!({"city": "Oslo", "high": 1.5}));
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    insta::assert_json_snapshot!(schema, @r#"
    {
      "properties": {
        "city": {
          "type": "string"
        },
        "high": {
          "description": "Degrees Celsius.",
          "type": [
            "number",
            "null"
          ]
        }
      },
      "required": [
        "city",
        "high"
      ],
      "type": "object"
    }
    "#);
}

/// Answers with a list.
#[tool]
fn list() -> Vec<u8> {
    vec![1, 2]
}

#[test]
fn what_is_no_object_goes_into_one() {
    let (value, text, schema) = structured::<list>();
    assert_eq!((value, text.as_str()), (json!({"result": [1, 2]}), "[1,2]"));
    insta::assert_json_snapshot!(schema, @r#"
    {
      "properties": {
        "result": {
          "items": {
            "maximum": 255,
            "minimum": 0,
            "type": "integer"
          },
          "type": "array"
        }
      },
      "required": [
        "result"
      ],
      "type": "object"
    }
    "#);
}

/// Answers with an object, or none.
#[tool]
fn some() -> Option<Forecast> {
    Some(oslo())
}

/// Answers with an object, or none.
#[tool]
fn none() -> Option<Forecast> {
    None
}

#[test]
fn what_is_sometimes_an_object_has_a_schema_for_both() {
    let (value, _, schema) = structured::<some>();
    assert_eq!(value["city"], "Oslo");
    assert_eq!(schema["type"], "object");
    let (value, text, same) = structured::<none>();
    assert_eq!((value, text.as_str()), (json!({"result": null}), "null"));
    assert_eq!(schema, same);
    let wrapped = &schema["anyOf"][1];
    assert_eq!(wrapped["properties"]["result"], schema["anyOf"][0]);
}

#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind")]
#[expect(dead_code, reason = "only one variant is answered")]
enum Shape {
    Circle { radius: f64 },
    Square { side: f64 },
}

/// Answers with one of several objects.
#[tool]
fn shape() -> Shape {
    Shape::Circle { radius: 1.0 }
}

#[test]
fn one_of_several_objects_is_an_object() {
    let (value, _, schema) = structured::<shape>();
    assert_eq!(value, json!({"kind": "Circle", "radius": 1.0}));
    assert_eq!(schema["type"], "object");
    assert_eq!(schema["oneOf"].as_array().unwrap().len(), 2);
}

/// Answers with what JSON cannot say.
#[tool]
fn odd() -> BTreeMap<String, BTreeMap<Vec<u8>, u8>> {
    BTreeMap::from([("a".into(), BTreeMap::from([(vec![1], 1)]))])
}

#[test]
fn what_is_not_json_is_a_failure_with_its_cause_in_the_log() {
    let error = testing::call::<odd>(json!({}), &Cx::test()).unwrap_err();
    assert_eq!(error.message(), "The tool failed. See its log.");
    assert_eq!(error.detail(), Some("key must be a string"));
}

/// Answers with a picture.
#[tool]
fn picture() -> Image {
    Image::png([1, 2, 3])
}

/// Answers with several pieces.
#[tool]
fn pieces() -> Result<Vec<Content>, ToolError> {
    Ok(vec![
        Content::text("for you")
            .audience(Audience::User)
            .priority(0.5),
        Audio::new([4], "audio/wav").into(),
        ResourceLink::new("file:///a", "a").into(),
    ])
}

/// Answers with a resource.
#[tool]
fn resource() -> Resource {
    Resource {
        uri: "note:1".into(),
        mime_type: None,
        body: ResourceBody::Text("x".into()),
    }
}

/// Answers with what it built.
#[tool]
fn built() -> Result<ToolResult, ToolError> {
    ToolResult::new()
        .content(Image::jpeg([9]))
        .structured(&oslo())
}

#[test]
fn content_goes_out_as_it_is() {
    assert_eq!(
        called::<picture>(),
        ToolResult::new().content(Image::png([1, 2, 3]))
    );
    assert!(matches!(
        called::<resource>().contents()[0].body,
        Body::Resource(_)
    ));
    let pieces = called::<pieces>();
    assert_eq!(pieces.contents().len(), 3);
    assert_eq!(pieces.contents()[0].priority, Some(0.5));
    assert_eq!(
        called::<built>().contents()[1].as_text(),
        Some(r#"{"city":"Oslo","high":1.5}"#)
    );
    assert_eq!(picture::describe().output_schema, None);
}

#[derive(Deserialize, JsonSchema)]
struct Confirmation {
    sure: bool,
}

/// Asks first.
#[tool]
fn careful(cx: &Cx) -> Result<Reply<Forecast>, ToolError> {
    let Some(answer) = cx.answer("confirm") else {
        return Ok(Ask::new()
            .form::<Confirmation>("confirm", "Sure?")
            .state("round 1")
            .into());
    };
    match answer.form::<Confirmation>()? {
        Some(Confirmation { sure: true }) => Ok(Reply::Done(oslo())),
        _ => Err(ToolError::user(format!(
            "not sure after {:?}",
            cx.state().unwrap_or_default()
        ))),
    }
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only the schema is looked at")]
#[serde(deny_unknown_fields)]
struct Booking {
    /// Who comes.
    name: String,
    guests: Option<u8>,
    /// Where to sit.
    place: Option<Place>,
    extras: Vec<Place>,
    #[serde(default)]
    late: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Place {
    Inside,
    Outside,
}

#[test]
fn a_form_is_flat_and_has_no_null() {
    let ask = Ask::new().form::<Booking>("booking", "For whom?");
    let QuestionBody::Form { schema, .. } = &ask.questions()[0].body else {
        panic!("{ask:?}")
    };
    let place = json!({ "type": "string", "enum": ["inside", "outside"] });
    assert_eq!(
        *schema,
        json!({
            "type": "object",
            "properties": {
                "name": { "type": "string", "description": "Who comes." },
                "guests": { "type": "integer", "minimum": 0, "maximum": 255 },
                "place": { "type": "string", "enum": ["inside", "outside"],
                    "description": "Where to sit." },
                "extras": { "type": "array", "items": place },
                "late": { "type": "boolean", "default": false },
            },
            "required": ["name", "extras"],
        })
    );
}

/// What else there may be.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Extra {
    /// By the window.
    View,
    Quiet,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only its schema is looked at")]
struct Extras {
    extras: Vec<Extra>,
}

#[test]
fn words_that_are_described_are_listed_without_and_the_list_is_described() {
    let ask = Ask::new().form::<Extras>("extras", "What else?");
    let QuestionBody::Form { schema, .. } = &ask.questions()[0].body else {
        panic!("{ask:?}")
    };
    let extras = &schema["properties"]["extras"];
    let words = json!({ "type": "string", "enum": ["quiet", "view"] });
    assert_eq!(extras["items"], words, "{extras}");
    let said = extras["description"].as_str().unwrap_or_default();
    assert!(said.contains("What else there may be"), "{extras}");
}

#[test]
fn a_question_ends_the_round_and_the_answer_starts_the_next() {
    let outcome = testing::call::<careful>(json!({}), &Cx::test()).unwrap();
    assert!(outcome.result().is_none());
    assert!(careful::describe().output_schema.is_some());

    let yes = Cx::test().answer(
        "confirm",
        json!({"action": "accept", "content": {"sure": true}}),
    );
    let outcome = testing::call::<careful>(json!({}), &yes).unwrap();
    assert_eq!(outcome.structured().unwrap()["city"], "Oslo");

    let no = Cx::test()
        .answer("confirm", json!({"action": "decline"}))
        .state("x");
    assert_eq!(
        testing::call::<careful>(json!({}), &no)
            .unwrap_err()
            .message(),
        "not sure after [120]"
    );
}

/// Fails with an error of the standard library.
#[tool]
fn fails() -> Result<u8, ToolError> {
    Ok("x".parse::<u8>()?)
}

/// Waits for what cannot come.
#[tool]
async fn stuck() -> String {
    std::future::pending().await
}

#[test]
fn failures_keep_their_causes_from_the_model() {
    let error = testing::call::<fails>(json!({}), &Cx::test()).unwrap_err();
    assert_eq!(error.message(), "The tool failed. See its log.");
    assert_eq!(error.detail(), Some("invalid digit found in string"));
    let error = testing::call::<stuck>(json!({}), &Cx::test()).unwrap_err();
    assert!(
        error
            .detail()
            .unwrap()
            .contains("awaits something that is not a host call")
    );
}
