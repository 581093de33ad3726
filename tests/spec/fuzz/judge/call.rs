//! A call: the tool got the arguments that were sent, and they fit its schema and the headers.

use super::{
    super::{
        TOOLS,
        maker::Request,
        reader::{Kind, Node, number},
    },
    VERSION, all,
};
use serde_json::Value;

/// The tool got the arguments of the message, and they are what was checked.
pub(super) fn check_arguments(
    request: &Request,
    params: &Node<'_>,
    name: &str,
    got: &str,
) -> Result<(), String> {
    let sent = params.one("arguments").map_or("{}", |node| node.text);
    if sent != got {
        return Err(format!("the tool got `{got}`, the message has `{sent}`"));
    }
    let node = Node::read(got).ok_or("the tool got what cannot be read")?;
    if let Some(key) = node.twice() {
        return Err(format!("ran although {key} comes twice in the arguments"));
    }
    if node.has_no_text() {
        return Err("ran with a string that is no text".to_owned());
    }
    let other: Value = serde_json::from_str(got).map_err(|error| error.to_string())?;
    agree(&node, &other)?;
    if !TOOLS.iter().any(|(known, _)| *known == name) {
        return Err(format!("`{name}` ran and is no tool"));
    }
    if name == "seen" {
        check_schema(&node)?;
        if params
            .one("_meta")
            .is_some_and(|meta| meta.one(VERSION).is_some())
        {
            check_mirrors(request, &node)?;
        }
    }
    Ok(())
}

/// Two readers read the same.
fn agree(node: &Node<'_>, value: &Value) -> Result<(), String> {
    let same = match (&node.kind, value) {
        (Kind::Null, Value::Null) => true,
        (Kind::Bool, Value::Bool(other)) => (node.text == "true") == *other,
        // The tree of the other reader holds what a 64-bit number holds; that is compared.
        (Kind::Number, Value::Number(other)) => match other.as_f64() {
            Some(other) if !value.is_i64() && !value.is_u64() => node.text.parse() == Ok(other),
            _ => number(node.text) == number(&other.to_string()),
        },
        (Kind::Text(text), Value::String(other)) => text.as_ref() == Some(other),
        (Kind::List(items), Value::Array(others)) => {
            for (item, other) in items.iter().zip(others) {
                agree(item, other)?;
            }
            items.len() == others.len()
        }
        (Kind::Object(members), Value::Object(others)) => {
            for (key, member) in members {
                let key = key.as_deref().unwrap_or_default();
                agree(member, others.get(key).unwrap_or(&Value::Null))?;
            }
            members.len() == others.len()
        }
        _ => false,
    };
    if same {
        Ok(())
    } else {
        Err(format!("readers disagree: `{}`, {value}", node.text))
    }
}

/// The schema once more, with exact numbers.
fn check_schema(arguments: &Node<'_>) -> Result<(), String> {
    let Kind::Object(members) = &arguments.kind else {
        return Err("the arguments are no object".to_owned());
    };
    for (key, value) in members {
        let key = key.as_deref().unwrap_or_default();
        let fits = match key {
            "region" => value.as_text().is_some(),
            "shard" => is_integer(value.text) && within(value.text, -5, 1000),
            "mode" => matches!(value.as_text(), Some("read" | "write")),
            "limit" => {
                is_integer(value.text) && within(value.text, i128::MIN, 9_007_199_254_740_993)
            }
            "list" => match &value.kind {
                Kind::List(items) => items.len() <= 4 && items.iter().all(|it| is_integer(it.text)),
                _ => false,
            },
            "more" => true,
            _ => false,
        };
        if !fits {
            return Err(format!("ran although `{key}` does not fit: {}", value.text));
        }
    }
    Ok(())
}

fn is_integer(text: &str) -> bool {
    number(text).is_some_and(|(_, _, power)| power >= 0)
}

fn within(text: &str, least: i128, most: i128) -> bool {
    let Some((is_negative, digits, power)) = number(text) else {
        return false;
    };
    // Beyond all bounds in one direction, which only one of them may have.
    if digits.len() as i128 + power > 30 {
        return is_negative && least == i128::MIN;
    }
    let zeros = usize::try_from(power).unwrap_or_default();
    let value: i128 = format!("{digits}{}", "0".repeat(zeros))
        .parse()
        .unwrap_or(0);
    let value = if is_negative { -value } else { value };
    (least..=most).contains(&value)
}

/// Headers that repeat arguments say the same.
fn check_mirrors(request: &Request, arguments: &Node<'_>) -> Result<(), String> {
    for (key, header) in [("region", "mcp-param-region"), ("shard", "mcp-param-shard")] {
        let Some(value) = arguments.one(key) else {
            continue;
        };
        let said = all(request, header)?;
        let [said] = &said[..] else {
            return Err(format!("ran although {header} says {said:?}"));
        };
        let same = match value.as_text() {
            Some(text) => said == text,
            None => number(said).is_some() && number(said) == number(value.text),
        };
        if !same {
            return Err(format!(
                "ran although {header} says `{said}`, not {}",
                value.text
            ));
        }
    }
    Ok(())
}
