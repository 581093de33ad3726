//! `subscriptions/listen`: a request that stays open for what the server says by itself.

use crate::mcp::{
    Exchange, Params,
    answer::Answer,
    envelope::Id,
    error::Error,
    events,
    listen::{Listening, Script},
    object::Object,
    result::ServerInfo,
    revision::Revision,
    tasks::Followed,
    transport,
};
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;

/// Everything that is said on a stream carries the id of the request that opened it.
#[derive(Clone, Copy, Serialize)]
struct Meta<'a> {
    #[serde(rename = "io.modelcontextprotocol/subscriptionId")]
    subscription: Id<'a>,
    #[serde(
        rename = "io.modelcontextprotocol/serverInfo",
        skip_serializing_if = "Option::is_none"
    )]
    server: Option<ServerInfo<'a>>,
}

#[derive(Serialize)]
struct Notification<'a> {
    jsonrpc: &'static str,
    method: &'static str,
    params: NotificationParams<'a>,
}

#[derive(Serialize)]
struct NotificationParams<'a> {
    #[serde(rename = "_meta")]
    meta: Meta<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notifications: Option<Filter>,
}

/// What a stream tells of.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    tools_list_changed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    task_ids: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ended<'a> {
    result_type: &'static str,
    #[serde(rename = "_meta")]
    meta: Meta<'a>,
}

/// Opens a stream. One that would tell of nothing ends as it begins.
pub(super) fn answer(
    exchange: &Exchange,
    id: Id<'_>,
    params: &Params<'_>,
    capabilities: &[String],
) -> Result<Answer, Error> {
    if !transport::accepts_events(&exchange.headers) {
        return Err(Error::NotAcceptable);
    }
    let invalid = |problem: String| Error::InvalidParams(format!("`notifications` {problem}"));
    let wanted = params.members.get("notifications");
    let wanted = wanted.ok_or_else(|| invalid("must be an object".to_owned()))?;
    let wanted = Object::of(wanted).map_err(invalid)?;
    let tasks = Followed::new(exchange, wanted.get("taskIds"), capabilities)?;
    let filter = Filter {
        task_ids: tasks.ids(),
        tools_list_changed: wanted
            .get("toolsListChanged")
            .is_some_and(|wanted| wanted.get() == "true"),
    };
    let tools = filter.tools_list_changed;
    let greeting = notification("notifications/subscriptions/acknowledged", id, Some(filter));
    let farewell = farewell(id, exchange.site.info());
    if !tools && tasks.is_empty() {
        return Ok(Answer::events(stream::iter([Ok(greeting), Ok(farewell)])));
    }
    let listening = Listening::start(&exchange.site, Revision::MODERN, None)?;
    let script = Script {
        greeting: Some(greeting),
        changed: tools.then(|| notification("notifications/tools/list_changed", id, None)),
        farewell: Some(farewell.clone()),
    };
    // A stream about nothing but tasks has nothing more to say when they are over.
    let farewell = (!tools).then_some(farewell);
    let events = tasks.beside(listening.events(script), exchange, id, farewell);
    Ok(Answer::quiet(events))
}

fn notification(method: &'static str, id: Id<'_>, notifications: Option<Filter>) -> Bytes {
    let meta = Meta {
        subscription: id,
        server: None,
    };
    let notification = Notification {
        jsonrpc: "2.0",
        method,
        params: NotificationParams {
            meta,
            notifications,
        },
    };
    let message = serde_json::to_vec(&notification);
    events::event(&message.expect("notifications have only string keys"))
}

fn farewell(id: Id<'_>, server: ServerInfo<'_>) -> Bytes {
    let result = Ended {
        result_type: "complete",
        meta: Meta {
            subscription: id,
            server: Some(server),
        },
    };
    let message = Answer::result(id, &result).into_json();
    events::event(&message.expect("a result is a message"))
}
