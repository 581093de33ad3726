//! `subscriptions/listen`: a request that stays open for what the server says by itself.

use crate::mcp::{
    Exchange, Params,
    answer::Answer,
    envelope::Id,
    error::Error,
    events,
    listen::{List, Listening, Script, Subscriptions},
    method,
    object::Object,
    result::ServerInfo,
    revision::Revision,
    tasks::Followed,
    transport,
};
use crate::service::OpenServer;
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use std::sync::Arc;

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
    method: &'a str,
    params: NotificationParams<'a>,
}

#[derive(Serialize)]
struct NotificationParams<'a> {
    #[serde(rename = "_meta")]
    meta: Meta<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notifications: Option<Filter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
}

/// What a stream tells of.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    tools_list_changed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    task_ids: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    prompts_list_changed: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    resources_list_changed: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource_subscriptions: Vec<String>,
}

impl Filter {
    /// What is asked for, as far as the server has such a thing.
    fn of(
        wanted: &Object<'_>,
        open: &OpenServer,
        subscriptions: &Subscriptions,
    ) -> Result<Self, Error> {
        let wants = |key: &str| wanted.get(key).is_some_and(|wanted| wanted.get() == "true");
        if let Some(uris) = wanted.get("resourceSubscriptions") {
            let uris: Vec<String> = serde_json::from_str(uris.get())
                .map_err(|_| invalid("must have a list of URIs as `resourceSubscriptions`"))?;
            for uri in uris {
                match subscriptions.add(open, &uri) {
                    // What is not there is not among what is acknowledged.
                    Ok(()) | Err(Error::ResourceNotFound { .. }) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(Self {
            tools_list_changed: wants("toolsListChanged"),
            prompts_list_changed: wants("promptsListChanged") && method::has_prompts(open),
            resources_list_changed: wants("resourcesListChanged") && method::has_resources(open),
            resource_subscriptions: subscriptions.list(),
            task_ids: Vec::new(),
        })
    }

    fn has(&self, list: List) -> bool {
        match list {
            List::Tools => self.tools_list_changed,
            List::Resources => self.resources_list_changed,
            List::Prompts => self.prompts_list_changed,
        }
    }
}

fn invalid(problem: impl std::fmt::Display) -> Error {
    Error::InvalidParams(format!("`notifications` {problem}"))
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
    let wanted = params.members.get("notifications");
    let wanted = wanted.ok_or_else(|| invalid("must be an object"))?;
    let wanted = Object::of(wanted).map_err(invalid)?;
    let tasks = Followed::new(exchange, wanted.get("taskIds"), capabilities)?;
    let subscriptions = Arc::new(Subscriptions::default());
    let mut filter = Filter::of(&wanted, &exchange.site.open, &subscriptions)?;
    filter.task_ids = tasks.ids();
    let told = List::ALL.map(|list| filter.has(list));
    let tells_changes = told.contains(&true) || !subscriptions.is_empty();
    let greeting = Notification::of("notifications/subscriptions/acknowledged", id).with(filter);
    let (greeting, farewell) = (greeting.event(), farewell(id, exchange.site.info()));
    if !tells_changes && tasks.is_empty() {
        return Ok(Answer::events(stream::iter([Ok(greeting), Ok(farewell)])));
    }
    let listening = Listening::start(&exchange.site, Revision::MODERN, None, || subscriptions)?;
    let (changed_id, updated_id) = (id.to_owned(), id.to_owned());
    let script = Script {
        greeting: Some(greeting),
        changed: Box::new(move |list| {
            told[list as usize]
                .then(|| Notification::of(list.method(), changed_id.borrow()).event())
        }),
        updated: Box::new(move |uri| {
            let method = "notifications/resources/updated";
            Notification::of(method, updated_id.borrow())
                .about(uri)
                .event()
        }),
        farewell: Some(farewell.clone()),
    };
    // A stream about nothing but tasks has nothing more to say when they are over.
    let farewell = (!tells_changes).then_some(farewell);
    let events = tasks.beside(listening.events(script), exchange, id, farewell);
    Ok(Answer::quiet(events))
}

impl<'a> Notification<'a> {
    fn of(method: &'a str, id: Id<'a>) -> Self {
        let meta = Meta {
            subscription: id,
            server: None,
        };
        Self {
            jsonrpc: "2.0",
            method,
            params: NotificationParams {
                meta,
                notifications: None,
                uri: None,
            },
        }
    }

    fn with(mut self, filter: Filter) -> Self {
        self.params.notifications = Some(filter);
        self
    }

    fn about(mut self, uri: &'a str) -> Self {
        self.params.uri = Some(uri);
        self
    }

    fn event(&self) -> Bytes {
        let message = serde_json::to_vec(self);
        events::event(&message.expect("notifications have only string keys"))
    }
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
