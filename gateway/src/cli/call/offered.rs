//! What a server offers besides tools: a resource to be read, a prompt to be filled in.

use super::{read_base, show::describe};
use crate::cli::{
    Context,
    client::{Client, Reply},
    coerce::Input,
    failure::Failure,
    near,
    server::Server,
};
use casemate_domain::PromptDefinition;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Reads a resource.
pub(super) async fn read(server: &str, uri: &str, context: &Context) -> Result<Reply, Failure> {
    let client = context.client()?;
    let known = offers(&client, server).await?;
    let fixed: Vec<&str> = known.resources.iter().map(|one| one.uri.as_str()).collect();
    let mut families = known.templates.iter();
    if !fixed.contains(&uri) && !families.any(|one| one.uri_template.matches(uri)) {
        let families = known.templates.iter();
        let families = families.map(|one| one.uri_template.as_str());
        let names: Vec<&str> = fixed.into_iter().chain(families).collect();
        let what = format!("the server `{server}` has no resource `{uri}`");
        return Err(not_found(what, uri, &names, "No resources found."));
    }
    let path = ["v1", "servers", server, "resources", "read"];
    client.post(&path, &json!({ "uri": uri })).await
}

/// Fills in a prompt.
pub(super) async fn fill(
    server: &str,
    name: &str,
    inputs: &[Input],
    context: &Context,
) -> Result<Reply, Failure> {
    let base = read_base(inputs)?;
    let client = context.client()?;
    let known = offers(&client, server).await?.prompts;
    let Some(prompt) = known.iter().find(|one| one.name.as_str() == name) else {
        let names: Vec<&str> = known.iter().map(|one| one.name.as_str()).collect();
        let what = format!("the server `{server}` has no prompt `{name}`");
        return Err(not_found(what, name, &names, "No prompts found."));
    };
    let arguments = texts(base, inputs, prompt)?;
    let path = ["v1", "servers", server, "prompts", name, "fill"];
    client.post(&path, &json!({ "arguments": arguments })).await
}

async fn offers(client: &Client, server: &str) -> Result<Server, Failure> {
    client.get(&["v1", "servers", server], &[]).await?.read()
}

fn not_found(what: String, written: &str, names: &[&str], nothing: &str) -> Failure {
    Failure::invalid(what)
        .note(near::hint(written, names, nothing))
        .code("not_found")
}

/// What to fill in: prompts take text only.
fn texts(
    base: Map<String, Value>,
    inputs: &[Input],
    prompt: &PromptDefinition,
) -> Result<Map<String, Value>, Failure> {
    let mut arguments = base;
    let mut typed: Vec<&str> = Vec::new();
    for input in inputs {
        let (key, value) = match input {
            Input::Text(key, text) => (key, Value::from(text.as_str())),
            Input::Json(key, value) => (key, value.clone()),
            Input::File(_) | Input::Stdin => continue,
        };
        if typed.contains(&key.as_str()) {
            return Err(Failure::invalid(format!("`{key}` is given more than once")));
        }
        typed.push(key);
        arguments.insert(key.clone(), value);
    }
    let names: Vec<&str> = prompt
        .arguments
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    for (key, value) in &arguments {
        if !names.contains(&key.as_str()) {
            let what = format!("the prompt has no argument `{key}`");
            return Err(Failure::invalid(what).note(near::hint(key, &names, "It takes none.")));
        }
        if !value.is_string() {
            return Err(Failure::invalid(format!(
                "`{key}` must be text: prompts take no other"
            )));
        }
    }
    Ok(arguments)
}

/// What was read, or the messages that a prompt became, each below who says it.
pub(super) fn shown(
    result: &Value,
    call_id: &str,
    save: Option<&Path>,
) -> Result<Vec<String>, Failure> {
    let list = |name: &str| result[name].as_array().into_iter().flatten();
    let mut shown = Vec::new();
    for (number, contents) in list("contents").enumerate() {
        let block = json!({ "type": "resource", "resource": contents });
        shown.push(describe(&block, call_id, number + 1, save)?);
    }
    for (number, message) in list("messages").enumerate() {
        let content = &message["content"];
        let text = match content["text"].as_str() {
            Some(text) => text.to_owned(),
            None => describe(content, call_id, number + 1, save)?,
        };
        let role = message["role"].as_str().unwrap_or_default();
        shown.push(format!("{role}:\n{text}"));
    }
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(typed: &[&str]) -> Result<Map<String, Value>, String> {
        let prompt = json!({ "name": "explain",
            "arguments": [{ "name": "word", "required": true }, { "name": "reader" }] });
        let prompt = serde_json::from_value(prompt).unwrap();
        let inputs: Vec<Input> = typed.iter().map(|one| one.parse().unwrap()).collect();
        let base = json!({ "word": "fuel" }).as_object().cloned().unwrap();
        texts(base, &inputs, &prompt).map_err(|failure| failure.to_string())
    }

    #[test]
    fn values_for_a_prompt_stay_text() {
        let expected = json!({ "word": "42", "reader": "true" });
        assert_eq!(
            json!(filled(&["word=42", "reader=true"]).unwrap()),
            expected
        );
        assert!(filled(&["word:=42"]).unwrap_err().contains("must be text"));
        assert!(
            filled(&["word=a", "word=b"])
                .unwrap_err()
                .contains("more than once")
        );
        insta::assert_snapshot!(filled(&["wrod=a"]).unwrap_err(), @r"
        the prompt has no argument `wrod`
          Did you mean `word`?
          [invalid_value]
        ");
    }

    #[test]
    fn messages_stand_below_who_says_them() {
        let result = json!({ "messages": [
            { "role": "user", "content": { "type": "text", "text": "Look:" } },
            { "role": "assistant", "content": { "type": "image", "mimeType": "image/png", "data": "AAAA" } },
        ] });
        let shown = shown(&result, "call_1", None).unwrap();
        assert_eq!(shown, ["user:\nLook:", "assistant:\n[image image/png 3 B]"]);
    }

    #[test]
    fn what_is_read_is_shown_as_it_is() {
        let result = json!({ "contents": [
            { "uri": "a:b", "text": "inside" },
            { "uri": "a:c", "mimeType": "image/png", "blob": "AAAA" },
        ] });
        let shown = shown(&result, "call_1", None).unwrap();
        assert_eq!(shown, ["inside", "[resource image/png 3 B]"]);
    }
}
