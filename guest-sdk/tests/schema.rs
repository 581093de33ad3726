//! What clients see of parameters.

use casemate_guest_sdk::{prelude::*, serde_json::Value, tool::Tool};
use std::collections::BTreeMap;

fn properties<T: Tool>() -> Value {
    T::describe().input_schema["properties"].clone()
}

/// Books a table.
#[tool]
fn book(
    /// Where.
    ///
    /// The name of the place.
    #[arg(example = "Chez Ada", example = "Turing's")]
    place: String,
    /// How many people.
    #[arg(range = 1..=12)]
    people: u8,
    /// When, in hours from now.
    #[arg(default = 1.5, range = 0.0..48.0)]
    hours: f64,
    #[arg(default)] outside: bool,
    /// Anything else.
    note: Option<String>,
    cx: &Cx,
) -> String {
    format!(
        "{place} {people} {hours} {outside} {note:?} {}",
        cx.call_id()
    )
}

#[test]
fn parameters_become_properties_and_the_context_does_not_show() {
    insta::assert_json_snapshot!(book::describe().input_schema, @r#"
    {
      "additionalProperties": false,
      "properties": {
        "hours": {
          "default": 1.5,
          "description": "When, in hours from now.",
          "exclusiveMaximum": 48.0,
          "minimum": 0.0,
          "type": "number"
        },
        "note": {
          "description": "Anything else.",
          "type": "string"
        },
        "outside": {
          "default": false,
          "type": "boolean"
        },
        "people": {
          "description": "How many people.",
          "maximum": 12,
          "minimum": 1,
          "type": "integer"
        },
        "place": {
          "description": "Where.\n\nThe name of the place.",
          "examples": [
            "Chez Ada",
            "Turing's"
          ],
          "type": "string"
        }
      },
      "required": [
        "place",
        "people"
      ],
      "type": "object"
    }
    "#);
}

#[test]
fn missing_properties_take_their_defaults() {
    let arguments = json!({"place": "x", "people": 2, "note": null});
    let outcome = testing::call::<book>(arguments, &Cx::test()).unwrap();
    assert_eq!(outcome.text(), "x 2 1.5 false None call_test");
}

fn refusal<T: Tool>(arguments: Value) -> String {
    testing::call::<T>(arguments, &Cx::test())
        .expect_err("the arguments do not fit")
        .message()
        .to_owned()
}

#[test]
fn what_does_not_fit_is_named() {
    assert_eq!(
        refusal::<book>(json!({"people": 2})),
        "The argument `place` is missing."
    );
    assert_eq!(
        refusal::<book>(json!({"place": "x", "people": 13})),
        "The argument `people` must be at least 1 and at most 12."
    );
    assert_eq!(
        refusal::<book>(json!({"place": "x", "people": 2, "hours": 48})),
        "The argument `hours` must be at least 0.0 and less than 48.0."
    );
    assert_eq!(
        refusal::<book>(json!({"place": 7, "people": 2})),
        "The argument `place` is not valid: invalid type: integer `7`, expected a string."
    );
    assert_eq!(
        refusal::<book>(json!({"place": "x", "people": 2, "smoking": true})),
        "The argument `smoking` is not known."
    );
    assert_eq!(
        refusal::<book>(json!(["x"])),
        "The arguments must be a JSON object."
    );
}

/// How to sort.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Order {
    Ascending,
    Descending,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Unit {
    /// Degrees Celsius.
    Metric,
    /// Degrees Fahrenheit.
    Imperial,
}

/// Sorts.
#[tool]
fn sort(#[arg(default = Order::Ascending)] order: Order, unit: Unit) -> String {
    format!("{order:?} {unit:?}")
}

#[test]
fn enums_become_lists_of_words() {
    insta::assert_json_snapshot!(properties::<sort>(), @r#"
    {
      "order": {
        "default": "ascending",
        "description": "How to sort.",
        "enum": [
          "ascending",
          "descending"
        ],
        "type": "string"
      },
      "unit": {
        "description": "- metric: Degrees Celsius.\n- imperial: Degrees Fahrenheit.",
        "enum": [
          "metric",
          "imperial"
        ],
        "type": "string"
      }
    }
    "#);
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only the shape matters")]
struct Point {
    x: i32,
    y: Option<i32>,
}

/// Draws.
#[tool]
fn draw(points: Vec<Point>, labels: Option<BTreeMap<String, Point>>, anything: Value) -> String {
    format!("{points:?} {labels:?} {anything}")
}

#[test]
fn types_inside_types_are_written_out() {
    insta::assert_json_snapshot!(properties::<draw>(), @r#"
    {
      "anything": {},
      "labels": {
        "additionalProperties": {
          "properties": {
            "x": {
              "type": "integer"
            },
            "y": {
              "type": [
                "integer",
                "null"
              ]
            }
          },
          "required": [
            "x"
          ],
          "type": "object"
        },
        "type": "object"
      },
      "points": {
        "items": {
          "properties": {
            "x": {
              "type": "integer"
            },
            "y": {
              "type": [
                "integer",
                "null"
              ]
            }
          },
          "required": [
            "x"
          ],
          "type": "object"
        },
        "type": "array"
      }
    }
    "#);
}

#[test]
fn a_mistake_deep_inside_is_named_by_its_path() {
    let arguments = json!({"points": [{"x": 1}, {"x": "two"}], "anything": 1});
    assert_eq!(
        refusal::<draw>(arguments),
        "The argument `points[1].x` is not valid: invalid type: string \"two\", expected i32."
    );
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only the shape matters")]
struct Tree {
    children: Vec<Tree>,
}

/// Climbs.
#[tool]
fn climb(tree: Tree) -> String {
    format!("{tree:?}")
}

#[test]
fn a_type_that_contains_itself_keeps_a_reference_that_resolves() {
    let schema = climb::describe().input_schema;
    let items = &schema["$defs"]["Tree"]["properties"]["children"]["items"];
    assert_eq!(items["$ref"], "#/$defs/Tree");
}

/// What to search for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Search {
    /// Words.
    words: String,
    #[serde(default)]
    #[schemars(range(min = 1, max = 50))]
    limit: u8,
}

/// Searches.
#[tool]
fn search(cx: &Cx, #[arg(flatten)] search: Search) -> String {
    format!("{} {} {}", search.words, search.limit, cx.cancelled())
}

#[test]
fn one_type_can_take_the_whole_object() {
    insta::assert_json_snapshot!(search::describe().input_schema, @r#"
    {
      "additionalProperties": false,
      "description": "What to search for.",
      "properties": {
        "limit": {
          "default": 0,
          "maximum": 50,
          "minimum": 1,
          "type": "integer"
        },
        "words": {
          "description": "Words.",
          "type": "string"
        }
      },
      "required": [
        "words"
      ],
      "type": "object"
    }
    "#);
    let outcome = testing::call::<search>(json!({"words": "a b"}), &Cx::test()).unwrap();
    assert_eq!(outcome.text(), "a b 0 false");
    assert_eq!(
        refusal::<search>(json!({"words": 1})),
        "The argument `words` is not valid: invalid type: integer `1`, expected a string."
    );
    assert_eq!(
        refusal::<search>(json!({"limit": 1})),
        "The arguments are not valid: missing field `words`."
    );
}

/// Waits.
#[tool]
fn wait() {}

#[test]
fn a_tool_without_parameters_takes_an_empty_object() {
    assert_eq!(
        wait::describe().input_schema,
        json!({"type": "object", "properties": {}, "required": [], "additionalProperties": false})
    );
}
