//! What may have changed while a stream was broken: a client looks again at what it is told of.

use serde::Deserialize;
use serde_json::{json, value::RawValue};

/// Lists and resources in the words of the acknowledgment of a stream.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Honored {
    tools_list_changed: bool,
    prompts_list_changed: bool,
    resources_list_changed: bool,
    resource_subscriptions: Vec<String>,
}

#[derive(Deserialize)]
struct Acknowledgment<'a> {
    #[serde(borrow)]
    params: Params<'a>,
}

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(default)]
    notifications: Honored,
    #[serde(borrow, rename = "_meta")]
    meta: Meta<'a>,
}

#[derive(Deserialize)]
struct Meta<'a> {
    /// As it is written: a client knows its id by it.
    #[serde(borrow, rename = "io.modelcontextprotocol/subscriptionId")]
    subscription: &'a RawValue,
}

/// The name of the notification that a list changed.
pub(in crate::cli::bridge) fn method(list: &str) -> String {
    format!("notifications/{list}/list_changed")
}

/// What to tell after the acknowledgment of a stream that was opened again: that everything it
/// tells of may be something else by now.
pub(super) fn since(acknowledgment: &str) -> Vec<String> {
    let Ok(Acknowledgment { params }) = serde_json::from_str(acknowledgment) else {
        return Vec::new();
    };
    let honored = params.notifications;
    let lists = [
        ("tools", honored.tools_list_changed),
        ("prompts", honored.prompts_list_changed),
        ("resources", honored.resources_list_changed),
    ];
    let lists = lists.into_iter().filter(|(_, is_told)| *is_told);
    let lists = lists.map(|(list, _)| (method(list), String::new()));
    let resources = honored.resource_subscriptions.into_iter().map(|uri| {
        let about = format!(r#""uri":{},"#, json!(uri));
        ("notifications/resources/updated".to_owned(), about)
    });
    let id = params.meta.subscription.get();
    let message = |(method, about): (String, String)| {
        format!(
            r#"{{"jsonrpc":"2.0","method":"{method}","params":{{{about}"_meta":{{"io.modelcontextprotocol/subscriptionId":{id}}}}}}}"#
        )
    };
    lists.chain(resources).map(message).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn only_what_a_stream_tells_of_is_looked_at_again() {
        let acknowledged = |told: &str| {
            let text = format!(
                r#"{{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":
                    {{"_meta":{{"io.modelcontextprotocol/subscriptionId":9007199254740993}},"notifications":{told}}}}}"#
            );
            let read = |line: &String| serde_json::from_str::<Value>(line).unwrap();
            since(&text).iter().map(read).collect::<Vec<_>>()
        };
        let told = acknowledged(
            r#"{"toolsListChanged":true,"resourcesListChanged":false,"resourceSubscriptions":["a:\"b"]}"#,
        );
        let meta = json!({ "io.modelcontextprotocol/subscriptionId": 9_007_199_254_740_993_u64 });
        assert_eq!(
            told,
            [
                json!({ "jsonrpc": "2.0", "method": "notifications/tools/list_changed",
                    "params": { "_meta": meta } }),
                json!({ "jsonrpc": "2.0", "method": "notifications/resources/updated",
                    "params": { "uri": "a:\"b", "_meta": meta } }),
            ]
        );
        assert!(acknowledged("{}").is_empty());
        assert!(since("{}").is_empty());
    }
}
