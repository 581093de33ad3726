//! The extension for tasks of the stateless revision: `io.modelcontextprotocol/tasks`.
//!
//! A client declares it in each request; what becomes a task is decided by the service. Here are the
//! three methods with which clients ask for their tasks, and the words in which they are answered.
//! Whoever does not declare it is told so, and of a tool that runs as a task only, that it does.

mod follow;
mod wire;
mod wording;

pub(super) use follow::Followed;
pub(super) use wire::Created;
pub(super) use wording::Words;

use super::{
    Exchange, Params, Site, answer::Answer, ask, call, capability::TASKS, envelope::Id,
    error::Error, mirror, object::Object, result::Meta,
};
use crate::service::{
    CallRequest, TaskView, ToolView,
    tasks::{Ran, RunError, UnknownTask},
};
use casemate_domain::{Json, TaskSupport};
use casemate_runtime::Observer;
use serde::{Serialize, Serializer, ser::SerializeMap};
use std::{borrow::Cow, sync::Arc};
use wire::Detailed;

/// The name of the extension among those of what a tool can ask of a client.
const NAME: &str = "tasks";

/// What a server declares.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extensions;

impl Serialize for Extensions {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Nothing;
        impl Serialize for Nothing {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_map(Some(0))?.end()
            }
        }
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(TASKS, &Nothing)?;
        map.end()
    }
}

/// What is said when there is nothing to say but that it was heard.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Heard<'a> {
    result_type: &'static str,
    #[serde(rename = "_meta")]
    meta: Meta<'a>,
}

/// Whether a call may become a task. A client that cannot follow one is not given one.
pub(super) fn support(tool: &ToolView, capabilities: &[String]) -> Result<TaskSupport, Error> {
    let support = tool.definition.task_support;
    match support {
        TaskSupport::Required => check_declared(capabilities).map(|()| support),
        _ if is_declared(capabilities) => Ok(support),
        _ => Ok(TaskSupport::Forbidden),
    }
}

fn is_declared(capabilities: &[String]) -> bool {
    capabilities.iter().any(|name| name == NAME)
}

fn check_declared(capabilities: &[String]) -> Result<(), Error> {
    if is_declared(capabilities) {
        Ok(())
    } else {
        Err(Error::MissingCapabilities(vec![NAME.to_owned()]))
    }
}

/// Makes a call that may become a task. Until it is one, dropping the returned future cancels it.
pub(super) async fn call(
    site: &Site,
    request: CallRequest,
    observer: Arc<dyn Observer>,
    support: TaskSupport,
) -> Result<Ran, Error> {
    if support == TaskSupport::Forbidden {
        return Ok(Ran::Finished(call::run(site, request, observer).await?));
    }
    let words = Words {
        capabilities: request.client_capabilities.clone(),
    };
    let tasks = site.inner.service.tasks();
    let ran = tasks.run(&site.open, request, observer, support, Arc::new(words));
    Ok(ran.await?)
}

/// The methods of the extension.
pub(super) const METHODS: [&str; 3] = ["tasks/get", "tasks/update", "tasks/cancel"];

/// Answers one of the methods, if it is one.
pub(super) async fn answer(
    exchange: &Exchange,
    method: &str,
    id: Id<'_>,
    params: &Params<'_>,
    capabilities: &[String],
) -> Option<Result<Answer, Error>> {
    let asked = Asked::check(exchange, params, capabilities);
    Some(match (method, asked) {
        ("tasks/get" | "tasks/update" | "tasks/cancel", Err(error)) => Err(error),
        ("tasks/get", Ok(asked)) => asked.get(id).await,
        ("tasks/update", Ok(asked)) => asked.update(id, params),
        ("tasks/cancel", Ok(asked)) => asked.cancel(id),
        _ => return None,
    })
}

/// A request about one task.
struct Asked<'a> {
    site: &'a Site,
    task: Cow<'a, str>,
}

impl<'a> Asked<'a> {
    fn check(
        exchange: &'a Exchange,
        params: &Params<'a>,
        capabilities: &[String],
    ) -> Result<Self, Error> {
        let task = params.members.string("taskId");
        let task = task.ok_or_else(|| Error::InvalidParams("`taskId` must be a string".into()))?;
        mirror::check_name(&exchange.headers, &task)?;
        check_declared(capabilities)?;
        Ok(Self {
            site: &exchange.site,
            task,
        })
    }

    async fn get(&self, id: Id<'_>) -> Result<Answer, Error> {
        let tasks = self.site.inner.service.tasks();
        let task = tasks.find(&self.site.open, &self.task)?;
        let content = content(self.site, &task).await?;
        let meta = Meta::of_server(self.site.info());
        let detailed = Detailed::new(&task, content.as_ref(), meta).of_request();
        Ok(Answer::result(id, &detailed))
    }

    fn update(&self, id: Id<'_>, params: &Params<'_>) -> Result<Answer, Error> {
        let missing = || Error::InvalidParams("`inputResponses` must be an object".into());
        let answers = params.members.get("inputResponses").ok_or_else(missing)?;
        let answers = Object::of(answers).map_err(ask::wrong_answers)?;
        let answers = ask::answers(&answers)?;
        let tasks = self.site.inner.service.tasks();
        tasks.answer(&self.site.open, &self.task, answers)?;
        Ok(self.heard(id))
    }

    fn cancel(&self, id: Id<'_>) -> Result<Answer, Error> {
        let tasks = self.site.inner.service.tasks();
        tasks.cancel(&self.site.open, &self.task)?;
        Ok(self.heard(id))
    }

    fn heard(&self, id: Id<'_>) -> Answer {
        let heard = Heard {
            result_type: "complete",
            meta: Meta::of_server(self.site.info()),
        };
        Answer::result(id, &heard)
    }
}

/// What is kept of the end of a task.
async fn content(site: &Site, task: &TaskView) -> Result<Option<Json>, Error> {
    let content = site.inner.service.tasks().content(task).await;
    content.map_err(|error| {
        tracing::error!(task = %task.record.id, error = &error as &dyn std::error::Error, "a result cannot be read");
        Error::Failed("the result of the task cannot be read; call the tool again")
    })
}

impl From<UnknownTask> for Error {
    fn from(_: UnknownTask) -> Self {
        Self::UnknownTask
    }
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Unknown(unknown) => unknown.into(),
            RunError::Full(full) => Self::TooManyTasks(full),
            RunError::Failed(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a task cannot be made"
                );
                Self::Failed("the task cannot be kept; call again in a moment")
            }
        }
    }
}

#[cfg(test)]
mod tests;
