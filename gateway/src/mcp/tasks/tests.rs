use super::{
    wire::{Created, Detailed},
    wording::Words,
};
use crate::{
    mcp::result::{Meta, ServerInfo},
    service::{TaskView, tasks::Wording as _},
};
use casemate_domain::{
    CallId, InputBody, InputRequest, Json, KeyId, NeedInput, ServerId, TaskId, TaskStatus,
    WorkspaceId,
};
use casemate_store::records::TaskRecord;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

const TASK: &str = "task_00000000000000000000000000000001";

fn task(status: TaskStatus, message: Option<&str>) -> TaskView {
    let id = Uuid::from_u128;
    let questions = match status {
        TaskStatus::InputRequired => vec![InputRequest {
            key: "roots".to_owned(),
            body: InputBody::ListRoots,
        }],
        _ => Vec::new(),
    };
    TaskView {
        record: Arc::new(TaskRecord {
            id: TaskId::from_uuid(id(1)),
            workspace_id: WorkspaceId::from_uuid(id(2)),
            server_id: ServerId::from_uuid(id(3)),
            key_id: KeyId::from_uuid(id(4)),
            tool: "tool".parse().unwrap(),
            status,
            message: message.map(str::to_owned),
            call: CallId::from_uuid(id(5)),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            ttl_ms: 60_000,
            content: None,
        }),
        questions: questions.into(),
    }
}

fn shown(task: &TaskView, content: Option<Value>) -> Value {
    let content = content.as_ref().map(Json::from);
    let meta = Meta::of_server(ServerInfo::new("s"));
    let detailed = Detailed::new(task, content.as_ref(), meta).of_request();
    let mut shown = serde_json::to_value(detailed).unwrap();
    shown.as_object_mut().unwrap().remove("_meta");
    shown
}

#[test]
fn a_created_task_is_flat_and_says_nothing_of_its_result() {
    let task = task(TaskStatus::Working, None);
    let created = serde_json::to_value(Created::new(&task, ServerInfo::new("s"))).unwrap();
    let meta = created["_meta"].clone();
    assert_eq!(
        created,
        json!({
            "resultType": "task",
            "taskId": TASK,
            "status": "working",
            "createdAt": "1970-01-01T00:00:00Z",
            "lastUpdatedAt": "1970-01-01T00:00:00Z",
            "ttlMs": 60_000,
            "pollIntervalMs": 15_000,
            "_meta": meta,
        })
    );
}

#[test]
fn each_status_has_what_belongs_to_it_and_nothing_else() {
    let all = ["inputRequests", "result", "error", "pollIntervalMs"];
    let result = json!({ "content": [] });
    let error = json!({ "code": -32602, "message": "no" });
    for (status, content, members) in [
        (TaskStatus::Working, None, vec!["pollIntervalMs"]),
        (
            TaskStatus::InputRequired,
            None,
            vec!["inputRequests", "pollIntervalMs"],
        ),
        (TaskStatus::Completed, Some(result), vec!["result"]),
        (TaskStatus::Failed, Some(error), vec!["error"]),
        (TaskStatus::Cancelled, None, vec![]),
    ] {
        let shown = shown(&task(status, None), content.clone());
        assert_eq!(shown["resultType"], "complete");
        let found: Vec<_> = all
            .into_iter()
            .filter(|name| shown.get(name).is_some())
            .collect();
        assert_eq!(found, members, "{status}");
        for name in ["result", "error"] {
            if let Some(said) = shown.get(name) {
                assert_eq!(Some(said), content.as_ref());
            }
        }
    }
}

#[test]
fn what_the_gateway_let_fail_is_an_error_with_its_reason() {
    let shown = shown(&task(TaskStatus::Failed, Some("It was restarted.")), None);
    assert_eq!(
        shown["error"],
        json!({ "code": -32603, "message": "It was restarted." })
    );
    assert_eq!(shown["statusMessage"], "It was restarted.");
}

#[test]
fn what_a_client_cannot_answer_is_not_asked() {
    let need = NeedInput {
        requests: vec![InputRequest {
            key: "a".to_owned(),
            body: InputBody::ListRoots,
        }],
        state: None,
    };
    let words = |capabilities: &[&str]| Words {
        capabilities: capabilities.iter().map(|name| (*name).to_owned()).collect(),
    };
    assert!(words(&["tasks", "roots"]).unaskable(&need).is_none());
    let ended = words(&["tasks"]).unaskable(&need).unwrap();
    assert_eq!(ended.status, TaskStatus::Failed);
    let error = ended.content.unwrap().to_value();
    assert_eq!(error["code"], -32021);
    assert_eq!(
        error["data"]["requiredCapabilities"],
        json!({ "roots": {} })
    );
}
