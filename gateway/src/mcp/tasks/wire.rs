//! Tasks in the words of the extension.

use crate::{
    mcp::{
        ask::Questions,
        result::{Meta, ServerInfo},
    },
    service::TaskView,
};
use casemate_domain::{Json, TaskId, TaskStatus};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

/// How often to ask at least, and at most, in milliseconds.
const SOONEST: u64 = 1_000;
const LATEST: u64 = 15_000;

/// What is said of a task wherever it is spoken of.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct State<'a> {
    task_id: TaskId,
    status: TaskStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_message: Option<&'a str>,
    created_at: Timestamp,
    last_updated_at: Timestamp,
    ttl_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    poll_interval_ms: Option<u64>,
}

/// The answer to a call that is a task now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::mcp) struct Created<'a> {
    result_type: &'static str,
    #[serde(flatten)]
    state: State<'a>,
    #[serde(rename = "_meta")]
    meta: Meta<'a>,
}

/// A task with its open questions, or with what came of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Detailed<'a, M> {
    #[serde(skip_serializing_if = "Option::is_none")]
    result_type: Option<&'static str>,
    #[serde(flatten)]
    state: State<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_requests: Option<Questions<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Json>,
    #[serde(rename = "_meta")]
    meta: M,
}

impl<'a> State<'a> {
    fn of(task: &'a TaskView) -> Self {
        let record = &*task.record;
        // What has taken long will take longer.
        let age = Timestamp::now().duration_since(record.created_at);
        let age = u64::try_from(age.as_millis()).unwrap_or_default();
        let poll = (age / 10).clamp(SOONEST, LATEST);
        Self {
            task_id: record.id,
            status: record.status,
            status_message: record.message.as_deref(),
            created_at: record.created_at,
            last_updated_at: record.updated_at,
            ttl_ms: record.ttl_ms,
            poll_interval_ms: (!record.status.is_over()).then_some(poll),
        }
    }
}

impl<'a> Created<'a> {
    pub(in crate::mcp) fn new(task: &'a TaskView, server: ServerInfo<'a>) -> Self {
        Self {
            result_type: "task",
            state: State::of(task),
            meta: Meta::of_server(server),
        }
    }
}

impl<'a, M: Serialize> Detailed<'a, M> {
    /// A task with what is kept of its end. What failed without a word of the tool is a fault of the
    /// gateway.
    pub(super) fn new(task: &'a TaskView, content: Option<&'a Json>, meta: M) -> Self {
        let status = task.record.status;
        let error = || match content {
            Some(error) => error.clone(),
            None => {
                let message = task.record.message.as_deref().unwrap_or("The task failed.");
                Json::from(&json!({ "code": -32603, "message": message }))
            }
        };
        Self {
            result_type: None,
            state: State::of(task),
            input_requests: (status == TaskStatus::InputRequired)
                .then_some(Questions(&task.questions)),
            result: content.filter(|_| status == TaskStatus::Completed),
            error: (status == TaskStatus::Failed).then(error),
            meta,
        }
    }

    /// The same as a result.
    pub(super) fn of_request(self) -> Self {
        Self {
            result_type: Some("complete"),
            ..self
        }
    }
}
