//! What a client says that it can do: an object on the wire, dotted names in the product.
//!
//! `elicitation` stands for forms, `elicitation.url` for pages; `tasks` is an extension.

use super::{object::Object, revision::Revision};
use casemate_domain::{InputBody, InputRequest};
use serde_json::{Map, Value, json, value::RawValue};

/// The extension for tasks.
pub(super) const TASKS: &str = "io.modelcontextprotocol/tasks";

/// The names of what a client declares, of those that a tool can ask for. The error says what is
/// wrong with the declaration.
pub(super) fn names(declared: &RawValue) -> Result<Vec<String>, String> {
    let declared = Object::of(declared)?;
    let mut names = Vec::new();
    let mut add = |name: &str| names.push(name.to_owned());
    if let Some(elicitation) = inner(&declared, "elicitation")? {
        // Nothing named means forms: that is how the first revision with forms declared them.
        let has_url = elicitation.get("url").is_some();
        if !has_url || elicitation.get("form").is_some() {
            add("elicitation");
        }
        if has_url {
            add("elicitation.url");
        }
    }
    if let Some(sampling) = inner(&declared, "sampling")? {
        add("sampling");
        for (member, name) in [("tools", "sampling.tools"), ("context", "sampling.context")] {
            if sampling.get(member).is_some() {
                add(name);
            }
        }
    }
    if inner(&declared, "roots")?.is_some() {
        add("roots");
    }
    if inner(&declared, "extensions")?.is_some_and(|known| known.get(TASKS).is_some()) {
        add("tasks");
    }
    Ok(names)
}

fn inner<'a>(declared: &Object<'a>, name: &str) -> Result<Option<Object<'a>>, String> {
    let inner = declared.get(name).map(Object::of).transpose();
    inner.map_err(|problem| format!("`{name}` {problem}"))
}

/// Names as the object in which a client would declare them.
pub(super) fn as_object(names: &[String]) -> Value {
    let mut object = Map::new();
    for name in names {
        let path: Vec<_> = match name.as_str() {
            "tasks" => vec!["extensions", TASKS],
            // A client that declared pages only has declared `elicitation`.
            "elicitation" => vec!["elicitation", "form"],
            other => other.split('.').collect(),
        };
        let mut level = &mut object;
        for key in path {
            let entry = level.entry(key).or_insert_with(|| json!({}));
            level = entry
                .as_object_mut()
                .expect("every level was made as an object");
        }
    }
    Value::Object(object)
}

/// Those of the needed names that are not declared.
pub(super) fn missing<'a>(
    needed: impl IntoIterator<Item = &'a str>,
    declared: &[String],
) -> Vec<String> {
    let mut missing: Vec<String> = Vec::new();
    for name in needed {
        if !declared.iter().chain(&missing).any(|known| known == name) {
            missing.push(name.to_owned());
        }
    }
    missing
}

/// What a client must be able to do to answer a question.
pub(super) fn needed_by(request: &InputRequest, revision: Revision) -> Vec<&'static str> {
    match &request.body {
        InputBody::ElicitForm { .. } => vec!["elicitation"],
        InputBody::ElicitUrl { .. } => vec!["elicitation.url"],
        InputBody::Sample(params) => {
            let params = Object::of(params.as_ref()).unwrap_or_default();
            let has = |key: &str| params.get(key).is_some();
            let mut needed = vec!["sampling"];
            if has("tools") || has("toolChoice") {
                needed.push("sampling.tools");
            }
            // Where there is no word for it, a client that cannot do it leaves it out by itself.
            let context = "sampling.context";
            let wants_context = params
                .string("includeContext")
                .is_some_and(|included| included != "none");
            if wants_context && revision.has_capability(context) {
                needed.push(context);
            }
            needed
        }
        InputBody::ListRoots => vec!["roots"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_domain::Json;

    fn declared(value: Value) -> Result<Vec<String>, String> {
        names(Json::from(&value).as_ref())
    }

    #[test]
    fn declarations_become_names() {
        assert_eq!(declared(json!({})).unwrap(), [""; 0]);
        assert_eq!(
            declared(json!({ "elicitation": {} })).unwrap(),
            ["elicitation"]
        );
        assert_eq!(
            declared(json!({ "elicitation": { "url": {} } })).unwrap(),
            ["elicitation.url"]
        );
        let everything = json!({
            "elicitation": { "form": {}, "url": {} },
            "sampling": { "tools": {}, "context": {} },
            "roots": { "listChanged": true },
            "extensions": { TASKS: {}, "com.example/other": {} },
            "experimental": {},
        });
        assert_eq!(
            declared(everything).unwrap(),
            [
                "elicitation",
                "elicitation.url",
                "sampling",
                "sampling.tools",
                "sampling.context",
                "roots",
                "tasks"
            ]
        );
    }

    #[test]
    fn a_declaration_of_another_shape_is_refused() {
        for value in [
            json!([]),
            json!("all"),
            json!({ "sampling": true }),
            json!({ "roots": [] }),
        ] {
            assert!(declared(value.clone()).is_err(), "{value}");
        }
    }

    #[test]
    fn names_become_the_object_that_would_declare_them() {
        let names = ["sampling", "sampling.tools", "tasks"].map(str::to_owned);
        let object = as_object(&names);
        assert_eq!(
            object,
            json!({ "sampling": { "tools": {} }, "extensions": { TASKS: {} } })
        );
        assert_eq!(declared(object).unwrap(), names);
    }

    #[test]
    fn tools_and_context_of_a_question_to_the_model_are_capabilities_of_their_own() {
        let needed = |params: Value, revision| {
            let request = InputRequest {
                key: "q".to_owned(),
                body: InputBody::Sample(Json::from(&params)),
            };
            needed_by(&request, revision)
        };
        let context = json!({ "includeContext": "thisServer" });
        let modern = Revision::MODERN;
        assert_eq!(needed(json!({}), modern), ["sampling"]);
        assert_eq!(
            needed(json!({ "includeContext": "none" }), modern),
            ["sampling"]
        );
        assert_eq!(
            needed(context.clone(), modern),
            ["sampling", "sampling.context"]
        );
        assert_eq!(needed(context, Revision::V2025_06_18), ["sampling"]);
        assert_eq!(
            needed(json!({ "tools": [] }), modern),
            ["sampling", "sampling.tools"]
        );
    }

    #[test]
    fn what_is_missing_is_named_once() {
        let declared = ["roots".to_owned()];
        assert_eq!(
            missing(["sampling", "roots", "sampling"], &declared),
            ["sampling"]
        );
    }
}
