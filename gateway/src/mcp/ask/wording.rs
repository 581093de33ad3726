//! Questions in the words of older revisions.

use crate::mcp::revision::Revision;
use casemate_domain::Json;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The schema of a form as a revision has it. Choices with titles had another form once; choices of
/// several had none.
pub(super) fn form(schema: &Json, revision: Revision) -> Result<Cow<'_, Json>, &'static str> {
    if revision.has_choices_of_several() {
        return Ok(Cow::Borrowed(schema));
    }
    let mut value = schema.to_value();
    let properties = value["properties"].as_object_mut();
    let mut is_changed = false;
    for property in properties.into_iter().flat_map(Map::values_mut) {
        if property["type"] == "array" {
            return Err(
                "The tool asks for a choice of several, which forms do not have in the revision \
                 that this client speaks. It takes 2025-11-25 or later.",
            );
        }
        is_changed |= property.as_object_mut().is_some_and(name_choices);
    }
    Ok(if is_changed {
        Cow::Owned(Json::from(&value))
    } else {
        Cow::Borrowed(schema)
    })
}

/// Writes choices with titles as words and, beside them, names.
fn name_choices(property: &mut Map<String, Value>) -> bool {
    let Some(Value::Array(choices)) = property.remove("oneOf") else {
        return false;
    };
    let all = |key: &str| choices.iter().map(|choice| choice[key].clone()).collect();
    property.insert("enum".to_owned(), all("const"));
    property.insert("enumNames".to_owned(), all("title"));
    true
}

/// Whether a question to the model can be asked in a revision: messages of several pieces are new.
pub(super) fn sample(params: &Json, revision: Revision) -> Result<(), &'static str> {
    if revision.has_choices_of_several() {
        return Ok(());
    }
    let params = params.to_value();
    let messages = params["messages"].as_array();
    if messages.is_some_and(|all| all.iter().any(|message| message["content"].is_array())) {
        return Err(
            "The tool asks the model with messages of several pieces, which the revision that this \
             client speaks does not have. It takes 2025-11-25 or later.",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const OLD: Revision = Revision::V2025_06_18;
    const NEW: Revision = Revision::V2025_11_25;

    #[test]
    fn choices_with_titles_are_said_in_the_old_way_to_old_clients() {
        let titled = json!([{ "const": "a", "title": "A" }, { "const": "b", "title": "B" }]);
        let schema = json!({ "type": "object", "properties": {
            "one": { "type": "string", "title": "One", "oneOf": titled, "default": "a" },
            "plain": { "type": "string" },
        } });
        let schema = Json::from(&schema);
        assert_eq!(form(&schema, NEW).unwrap().get(), schema.get());
        let old = form(&schema, OLD).unwrap().to_value();
        assert_eq!(
            old["properties"]["one"],
            json!({ "type": "string", "title": "One", "default": "a",
                "enum": ["a", "b"], "enumNames": ["A", "B"] })
        );
        assert_eq!(old["properties"]["plain"], json!({ "type": "string" }));
    }

    #[test]
    fn what_an_old_revision_has_no_word_for_is_not_asked() {
        let items = json!({ "type": "string", "enum": ["a"] });
        let schema = json!({ "type": "object", "properties": {
            "several": { "type": "array", "items": items },
        } });
        let schema = Json::from(&schema);
        assert!(form(&schema, NEW).is_ok() && form(&schema, OLD).is_err());
        let messages = json!([{ "role": "user", "content": [] }]);
        let params = Json::from(&json!({ "messages": messages, "maxTokens": 1 }));
        assert!(sample(&params, NEW).is_ok() && sample(&params, OLD).is_err());
    }
}
