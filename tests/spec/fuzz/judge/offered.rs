//! Prompts and resources: what was filled in and read is what was asked for.

use super::super::reader::{Kind, Node};
use serde_json::Value;

/// The prompt that says what it was given, and the family whose members say what they are called.
pub(in crate::fuzz) const PROMPT: &str = "test_prompt_with_arguments";
const FAMILY: (&str, &str) = ("test://template/", "/data");

pub(super) fn check_prompt(params: &Node<'_>, name: &str, got: &str) -> Result<(), String> {
    if name != PROMPT {
        return Ok(());
    }
    let arguments = params.one("arguments").ok_or("ran without arguments")?;
    let Kind::Object(members) = &arguments.kind else {
        return Err("the arguments are no object".to_owned());
    };
    if let Some(key) = arguments.twice() {
        return Err(format!("ran although {key} comes twice in the arguments"));
    }
    if members.iter().any(|(_, value)| value.as_text().is_none()) {
        return Err("ran with an argument that is no text".to_owned());
    }
    let text = |key: &str| arguments.one(key).and_then(Node::as_text).unwrap_or("?");
    let sent = format!(
        "Prompt with arguments: arg1='{}', arg2='{}'",
        text("arg1"),
        text("arg2")
    );
    if sent == got {
        Ok(())
    } else {
        Err(format!("the prompt got `{got}`, the message has `{sent}`"))
    }
}

pub(super) fn check_resource(asked: &str, uri: &str, got: &str) -> Result<(), String> {
    if asked != uri {
        return Err(format!("`{uri}` was read, the message has `{asked}`"));
    }
    let member = asked
        .strip_prefix(FAMILY.0)
        .and_then(|rest| rest.strip_suffix(FAMILY.1));
    // What is encoded in a URI may come decoded.
    let Some(member) = member.filter(|member| !member.contains('%')) else {
        return Ok(());
    };
    let got: Value = serde_json::from_str(got).map_err(|error| error.to_string())?;
    if got["id"] == member {
        Ok(())
    } else {
        Err(format!("`{asked}` was read with the id {}", got["id"]))
    }
}
