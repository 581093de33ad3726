//! Answers JMESPath questions about JSON.

use casemate_guest_sdk::prelude::*;
use jmespath::Variable;
use serde_json::Value;

/// What a query found.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Found {
    /// What the query selects; null if there is nothing.
    result: Value,
}

/// Selects and reshapes parts of a JSON document with a JMESPath expression, for example
/// `people[?age > `30`].name | sort(@)`. Use it to read large JSON without seeing all of it.
#[tool(title = "JSON query", read_only, idempotent, open_world = false)]
pub fn json_query(
    /// The JSON document, as text.
    #[arg(example = r#"{"people": [{"name": "Ada", "age": 36}]}"#)]
    json: String,
    /// A JMESPath expression.
    #[arg(example = "people[*].name")]
    query: String,
) -> Result<Found, ToolError> {
    let expression = jmespath::compile(&query).map_err(|error| {
        ToolError::invalid_arg("query", format!("is not a JMESPath expression: {error}"))
    })?;
    let document = Variable::from_json(&json)
        .map_err(|error| ToolError::invalid_arg("json", format!("is not JSON: {error}")))?;
    let result = expression.search(document).map_err(|error| {
        ToolError::invalid_arg("query", format!("does not fit this document: {error}"))
    })?;
    Ok(Found {
        result: serde_json::to_value(&*result)?,
    })
}

casemate_guest_sdk::export!(json_query);

#[cfg(test)]
mod tests {
    use super::*;

    const PEOPLE: &str = r#"{"people": [{"name": "Ada", "age": 36}, {"name": "Alan", "age": 29}]}"#;

    #[test]
    fn a_query_selects_parts_of_the_document() {
        let found = json_query(PEOPLE.into(), "people[?age > `30`].name".into()).unwrap();
        assert_eq!(found.result, json!(["Ada"]));
    }

    #[test]
    fn a_mistake_names_the_argument() {
        let query = json_query(PEOPLE.into(), "people[".into()).unwrap_err();
        assert!(
            query
                .message()
                .starts_with("The argument `query` is not a JMESPath"),
            "{query:?}"
        );
        let json = json_query("{".into(), "people".into()).unwrap_err();
        assert!(
            json.message()
                .starts_with("The argument `json` is not JSON"),
            "{json:?}"
        );
        let misfit = json_query(PEOPLE.into(), "abs(people)".into()).unwrap_err();
        assert!(
            misfit.message().contains("does not fit this document"),
            "{misfit:?}"
        );
    }
}
