//! Entries in JSON files. Comments, order and form of everything else stay as they are.

use super::{entry::Input, file::Broken};
use jsonc_parser::{
    ParseOptions,
    cst::{CstInputValue as Value, CstLeafNode, CstNode, CstObject, CstRootNode},
};

/// What editors take for JSON; nothing that only this parser would understand.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// The whole file as a value, to look something up in it.
pub(super) fn read(text: &str) -> Result<serde_json::Value, Broken> {
    let root = parse(text)?;
    Ok(root
        .to_serde_value()
        .unwrap_or_else(|| serde_json::json!({})))
}

/// The file with an entry in a table, and an input if the client has to ask for something.
pub(super) fn merged(
    text: &str,
    table: &[&str],
    name: &str,
    entry: Value,
    input: Option<&Input>,
) -> Result<String, Broken> {
    let root = parse(text)?;
    let top = root
        .object_value_or_create()
        .ok_or_else(|| Broken::shape("The file holds something else than an object."))?;
    if let Some(wanted) = input {
        add_input(&top, wanted)?;
    }
    let mut object = top;
    for key in table {
        object = object
            .object_value_or_create(key)
            .ok_or_else(|| Broken::shape(format!("`{key}` in it is not an object.")))?;
    }
    match object.get(name) {
        Some(property) => property.set_value(entry),
        None => drop(object.append(name, entry)),
    }
    let mut text = root.to_string();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

fn add_input(top: &CstObject, wanted: &Input) -> Result<(), Broken> {
    let inputs = top
        .array_value_or_create("inputs")
        .ok_or_else(|| Broken::shape("`inputs` in it is not an array."))?;
    let is_there = inputs.elements().iter().any(|element| {
        let value = element.to_serde_value().unwrap_or_default();
        value["id"] == wanted.id.as_str()
    });
    if !is_there {
        inputs.append(input(wanted));
    }
    Ok(())
}

/// An input as VS Code wants it.
pub(super) fn input(input: &Input) -> Value {
    let members = [
        ("type", Value::from("promptString")),
        ("id", Value::from(&*input.id)),
        ("description", Value::from(&*input.description)),
        ("password", Value::from(true)),
    ];
    Value::Object(members.map(|(key, value)| (key.to_owned(), value)).into())
}

/// A value as indented text.
pub(super) fn text(value: Value) -> String {
    let root = parse("").expect("nothing is not broken");
    root.set_value(value);
    root.to_string()
}

/// A value on one line.
pub(super) fn compact(value: Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number,
        Value::String(text) => quoted(&text),
        Value::Array(items) => {
            let items: Vec<_> = items.into_iter().map(compact).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let member =
                |(key, value): (String, Value)| format!("{}:{}", quoted(&key), compact(value));
            let members: Vec<_> = members.into_iter().map(member).collect();
            format!("{{{}}}", members.join(","))
        }
    }
}

/// A text as JSON and YAML quote it.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A template of the table of clients, its members in the order in which they are written there.
pub(super) fn parse_template(template: &str) -> Value {
    let root = parse(template).expect("a test reads every template");
    as_input(&root.value().expect("a template is not empty"))
}

fn as_input(node: &CstNode) -> Value {
    match node {
        CstNode::Leaf(CstLeafNode::BooleanLit(literal)) => Value::Bool(literal.value()),
        CstNode::Leaf(CstLeafNode::StringLit(literal)) => {
            Value::String(literal.decoded_value().unwrap_or_default())
        }
        CstNode::Leaf(CstLeafNode::NumberLit(literal)) => Value::Number(literal.to_string()),
        node => match (node.as_array(), node.as_object()) {
            (Some(array), _) => Value::Array(array.elements().iter().map(as_input).collect()),
            (_, Some(object)) => {
                let member = |property: &jsonc_parser::cst::CstObjectProp| {
                    Some((property.decoded_name()?, as_input(&property.value()?)))
                };
                Value::Object(object.properties().iter().filter_map(member).collect())
            }
            _ => Value::Null,
        },
    }
}

fn parse(text: &str) -> Result<CstRootNode, Broken> {
    CstRootNode::parse(text, &OPTIONS).map_err(|error| {
        Broken::at(
            error.line_display(),
            error.column_display(),
            &error.kind().to_string(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Value {
        parse_template(r#"{"url": "https://a.test", "headers": {"Authorization": "Bearer x"}}"#)
    }

    fn merge(text: &str) -> Result<String, Broken> {
        merged(text, &["mcpServers"], "weather", entry(), None)
    }

    #[test]
    fn a_new_file_is_indented() {
        insta::assert_snapshot!(merge("").unwrap(), @r#"
        {
          "mcpServers": {
            "weather": {
              "url": "https://a.test",
              "headers": {
                "Authorization": "Bearer x"
              }
            }
          }
        }
        "#);
    }

    #[test]
    fn comments_order_and_form_of_others_stay() {
        let text = "// mine\n{\n\t\"z\": 1, // last?\n\t\"mcpServers\": {\n\t\t\"other\": { \"command\": \"x\" },\n\t},\n\t\"a\": [1,2]\n}\n";
        let merged = merge(text).unwrap();
        let line = |wanted: &str| merged.lines().any(|line| line == wanted);
        for kept in [
            "// mine",
            "\t\"z\": 1, // last?",
            "\t\t\"other\": { \"command\": \"x\" },",
            "\t\"a\": [1,2]",
        ] {
            assert!(line(kept), "{kept:?} is gone:\n{merged}");
        }
        assert!(line("\t\t\"weather\": {"), "{merged}");
        assert_eq!(merge(&merged).unwrap(), merged);
    }

    #[test]
    fn what_is_broken_is_refused_with_its_place() {
        let broken = merge("{\n  \"mcpServers\": {\n    \"a\": }\n}").unwrap_err();
        assert_eq!(broken.place(), Some((3, 10)));
        for text in [
            "[]",
            "1",
            "{\"mcpServers\": []}",
            "{'a': 1}",
            "{\"a\": 1} {}",
            "{\"a\" 1}",
        ] {
            assert!(merge(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_input_is_added_once() {
        let input = Input {
            id: "weather-key".into(),
            description: "API key".into(),
        };
        let once = merged("", &["servers"], "weather", entry(), Some(&input)).unwrap();
        let twice = merged(&once, &["servers"], "weather", entry(), Some(&input)).unwrap();
        assert_eq!(once, twice);
        assert_eq!(read(&once).unwrap()["inputs"].as_array().unwrap().len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\PC\\n]{0,60}") {
            drop(merge(&text));
        }

        #[test]
        fn every_other_value_survives(key in "[a-z]{1,8}", value in "\\PC{0,20}") {
            let text = format!("{{{}: {}}}", quoted(&key), quoted(&value));
            let merged = read(&merge(&text).unwrap()).unwrap();
            proptest::prop_assert_eq!(&merged[&key], &serde_json::Value::from(value));
        }
    }
}
