//! What is said of the end of a task: the result or the error that the call would have had.

use crate::{
    mcp::{
        ask, call,
        error::{Era, Error},
        result::{self, CallResult, ServerInfo},
        revision::Revision,
    },
    service::{
        FinishedCall, OpenServer,
        tasks::{Ended, Wording},
    },
};
use casemate_domain::{Conclusion, Json, NeedInput, TaskStatus};
use serde_json::json;

/// The words for a client that can do so much.
#[derive(Debug)]
pub(in crate::mcp) struct Words {
    pub(in crate::mcp) capabilities: Vec<String>,
}

impl Wording for Words {
    fn ended(&self, server: &OpenServer, finished: &FinishedCall) -> Ended {
        if let Conclusion::ProtocolError(error) = &finished.outcome.conclusion {
            return fault(&call::refusal(error));
        }
        let server = ServerInfo::new(server.server().record.name.as_str());
        let result = CallResult::of(finished, Revision::MODERN, Some(server));
        Ended {
            status: TaskStatus::Completed,
            message: None,
            content: Some(result::to_json(&result)),
        }
    }

    fn unaskable(&self, need: &NeedInput) -> Option<Ended> {
        let refused = ask::check(need, &self.capabilities).err();
        refused.as_ref().map(fault)
    }
}

/// Only what is wrong with the request itself is a failure of the task.
fn fault(error: &Error) -> Ended {
    let mut object = json!({ "code": error.code(Era::Modern), "message": error.to_string() });
    if let Some(data) = error.data() {
        object["data"] = data;
    }
    Ended {
        status: TaskStatus::Failed,
        message: Some(error.to_string()),
        content: Some(Json::from(&object)),
    }
}
