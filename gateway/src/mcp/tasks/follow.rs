//! Tasks on a stream of what a server says by itself: each change, so that nobody has to ask.

use super::{check_declared, wire::Detailed};
use crate::{
    mcp::{
        Exchange,
        envelope::{Id, OwnedId},
        error::Error,
        events, object,
    },
    service::{Service, TaskView},
};
use bytes::Bytes;
use futures_util::{
    Stream, StreamExt as _,
    future::Either,
    stream::{self, SelectAll},
};
use serde::Serialize;
use serde_json::value::RawValue;
use std::{convert::Infallible, pin::Pin, sync::Arc};
use tokio::sync::watch;

/// Tasks that one stream may follow.
const MOST: usize = 64;

/// The tasks that a stream tells of.
#[derive(Default)]
pub(in crate::mcp) struct Followed {
    tasks: Vec<(String, watch::Receiver<TaskView>)>,
}

type Changes = SelectAll<Pin<Box<dyn Stream<Item = Bytes> + Send>>>;
type Others = Pin<Box<dyn Stream<Item = Result<Bytes, Infallible>> + Send>>;

#[derive(Serialize)]
struct Notification<'a> {
    jsonrpc: &'static str,
    method: &'static str,
    params: Detailed<'a, Meta<'a>>,
}

#[derive(Serialize)]
struct Meta<'a> {
    #[serde(rename = "io.modelcontextprotocol/subscriptionId")]
    subscription: Id<'a>,
}

/// What stands beside the tasks on a stream.
struct Beside {
    others: Others,
    changes: Changes,
    /// What is said when all tasks are over, if nothing else was asked for.
    farewell: Option<Bytes>,
    has_begun: bool,
}

impl Followed {
    /// Those of the wanted tasks that are the caller's.
    pub(in crate::mcp) fn new(
        exchange: &Exchange,
        wanted: Option<&RawValue>,
        capabilities: &[String],
    ) -> Result<Self, Error> {
        let Some(wanted) = wanted else {
            return Ok(Self::default());
        };
        check_declared(capabilities)?;
        let ids = ids(wanted).ok_or_else(|| {
            Error::InvalidParams(format!("`taskIds` must be a list of at most {MOST} ids"))
        })?;
        let (tasks, open) = (exchange.site.inner.service.tasks(), &exchange.site.open);
        let known = ids
            .into_iter()
            .filter_map(|id| Some((tasks.follow(open, &id).ok()?, id)));
        Ok(Self {
            tasks: known.map(|(task, id)| (id, task)).collect(),
        })
    }

    /// Their ids, for the client.
    pub(in crate::mcp) fn ids(&self) -> Vec<String> {
        self.tasks.iter().map(|(id, _)| id.clone()).collect()
    }

    pub(in crate::mcp) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// A stream with the changes of these tasks, after its first event. With a farewell, it ends when
    /// all of them are over.
    pub(in crate::mcp) fn beside(
        self,
        others: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static,
        exchange: &Exchange,
        id: Id<'_>,
        farewell: Option<Bytes>,
    ) -> impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static {
        if self.is_empty() {
            return Either::Left(others);
        }
        let id = Arc::new(id.to_owned());
        let changes = self.tasks.into_iter().map(|(_, task)| {
            // Of the exchange no more than this: an idle stream must not keep an old state alive.
            let service = Arc::clone(&exchange.site.inner.service);
            changes(service, Arc::clone(&id), task).boxed()
        });
        let beside = Beside {
            others: others.boxed(),
            changes: stream::select_all(changes),
            farewell,
            has_begun: false,
        };
        Either::Right(stream::unfold(Some(beside), |beside| async {
            let (event, beside) = beside?.next().await?;
            Some((Ok(event), beside))
        }))
    }
}

impl Beside {
    /// The next event, and what is to be said after it.
    async fn next(mut self) -> Option<(Bytes, Option<Self>)> {
        loop {
            let Self {
                others,
                changes,
                has_begun,
                ..
            } = &mut self;
            tokio::select! {
                biased;
                event = others.next() => {
                    let Ok(event) = event?;
                    *has_begun = true;
                    return Some((event, Some(self)));
                }
                event = changes.next(), if *has_begun && !changes.is_empty() => {
                    if let Some(event) = event {
                        return Some((event, Some(self)));
                    }
                    if let Some(farewell) = self.farewell.take() {
                        return Some((farewell, None));
                    }
                }
            }
        }
    }
}

/// A task as it is, then each time that it is otherwise, to its end.
fn changes(
    service: Arc<Service>,
    id: Arc<OwnedId>,
    task: watch::Receiver<TaskView>,
) -> impl Stream<Item = Bytes> + Send {
    stream::unfold(Some((service, id, task, true)), |following| async {
        let (service, id, mut task, is_first) = following?;
        if !is_first {
            // Without a sender the task is removed: it is over, or will never be.
            task.changed().await.ok()?;
        }
        let view = task.borrow_and_update().clone();
        let event = event(&service, &id, &view).await;
        let goes_on = !view.record.status.is_over();
        Some((event, goes_on.then_some((service, id, task, false))))
    })
}

async fn event(service: &Service, id: &OwnedId, task: &TaskView) -> Bytes {
    // Whoever asks for it is told that it cannot be read.
    let content = service.tasks().content(task).await.unwrap_or_default();
    let meta = Meta {
        subscription: id.borrow(),
    };
    let notification = Notification {
        jsonrpc: "2.0",
        method: "notifications/tasks",
        params: Detailed::new(task, content.as_ref(), meta),
    };
    let message = serde_json::to_vec(&notification);
    events::event(&message.expect("notifications have only string keys"))
}

fn ids(wanted: &RawValue) -> Option<Vec<String>> {
    let ids: Vec<&RawValue> = serde_json::from_str(wanted.get()).ok()?;
    if ids.len() > MOST {
        return None;
    }
    let strings = ids.into_iter().map(object::string);
    let mut ids: Vec<String> = strings
        .map(|id| id.map(std::borrow::Cow::into_owned))
        .collect::<Option<_>>()?;
    ids.sort_unstable();
    ids.dedup();
    Some(ids)
}
