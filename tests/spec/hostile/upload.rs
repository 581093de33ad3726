//! One guest through a gateway: uploaded, deployed, called.

use super::row::Seen;
use casemate_tests::{
    ADMIN_TOKEN, Gateway, Server,
    http::{Request, Response, post},
    mcp::Reply,
};
use serde_json::{Value, json};

/// Uploads a component. Gives its digest, or the kind of the refusal.
pub(super) fn upload(gateway: &Gateway, wasm: &[u8]) -> Result<String, String> {
    taken(&send(gateway, wasm))
}

/// What an upload came to: the digest, or the kind of the refusal.
pub(super) fn taken(answer: &Response) -> Result<String, String> {
    let body = answer.json();
    let word = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    match answer.status {
        200 => Ok(word("digest")),
        _ => Err(match body["kind"].as_str() {
            Some(kind) => kind.to_owned(),
            None => word("code"),
        }),
    }
}

/// The hosts that the tools of an uploaded component say they need.
pub(super) fn needed_hosts(answer: &Response) -> Vec<Value> {
    let answer = answer.json();
    let tools = answer["tools"].as_array().into_iter().flatten();
    let hosts = tools.filter_map(|tool| tool["needs"]["hosts"].as_array());
    hosts.flatten().cloned().collect()
}

/// Uploads a component and gives the whole answer.
pub(super) fn send(gateway: &Gateway, wasm: &[u8]) -> Response {
    request(gateway, wasm).send()
}

fn request(gateway: &Gateway, wasm: &[u8]) -> Request {
    post(&gateway.admin_url("/v1/components"))
        .bearer(ADMIN_TOKEN)
        .body(wasm)
}

/// Deploys an uploaded component to a server with a grant, and agrees to whatever it changes. Gives
/// the answer.
#[track_caller]
pub(super) fn deploy(
    gateway: &Gateway,
    server: &Server,
    name: &str,
    digest: &str,
    grant: &Value,
) -> Response {
    let path = format!("/v1/servers/{}/versions", server.id);
    let mut body = json!({ "component": name, "digest": digest, "grant": grant });
    let request = post(&gateway.admin_url(&path)).bearer(ADMIN_TOKEN);
    let mut answer = request.clone().json(&body).send();
    if answer.status == 409 {
        body["accept_changes"] = answer.json()["fingerprint"].clone();
        answer = request.json(&body).send();
    }
    assert_eq!(answer.status, 200, "{name}: {answer}");
    answer
}

/// Calls a tool and tells how that ended, by the answer alone.
pub(super) fn call(gateway: &Gateway, server: &Server, tool: &str) -> Seen {
    seen(&gateway.modern(server).call(tool, json!({})))
}

fn seen(reply: &Reply) -> Seen {
    let whole = reply.http.json();
    let result = &whole["result"];
    if result.is_null() {
        return Seen::Other(format!("error: {}", whole["error"]));
    }
    let mut metas = result["_meta"].as_object().into_iter().flatten();
    let error = metas.find(|(name, _)| name.ends_with("/error"));
    if let Some((_, error)) = error {
        return Seen::Stopped(error["code"].as_str().unwrap_or_default().to_owned());
    }
    let text = result["content"].to_string() + &result["structuredContent"].to_string();
    if result["isError"] == true {
        return Seen::Other(format!("tool error: {text}"));
    }
    Seen::Completed {
        text,
        record: Value::Null,
    }
}

/// All records of a server, oldest first.
pub(super) fn records(gateway: &Gateway, server: &Server) -> Vec<Value> {
    let mut records = Vec::new();
    let mut cursor = None::<String>;
    loop {
        let next = cursor.map(|c| format!("&cursor={c}")).unwrap_or_default();
        let path = format!("/v1/calls?server={}&limit=1000{next}", server.id);
        let page = casemate_tests::http::get(&gateway.admin_url(&path))
            .bearer(ADMIN_TOKEN)
            .send()
            .json();
        records.extend(page["calls"].as_array().unwrap().iter().cloned());
        assert_eq!(page["dropped"], 0, "records were lost");
        cursor = page["cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            records.reverse();
            return records;
        }
    }
}
