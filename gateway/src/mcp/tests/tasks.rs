//! Tasks, as far as they can be seen without a tool.

use super::fixture::Fixture;
use crate::{
    mcp::tasks::Words,
    service::{FinishedCall, tasks::Wording as _},
};
use casemate_domain::{
    CallId, Conclusion, Outcome, ProtocolError, Receipt, Stop, StopReason, TaskStatus, ToolError,
};
use serde_json::{Value, json};
use uuid::Uuid;

const TASK: &str = "task_00000000000000000000000000000001";

fn finished(conclusion: Conclusion) -> FinishedCall {
    FinishedCall {
        id: CallId::from_uuid(Uuid::from_u128(5)),
        outcome: Outcome {
            conclusion,
            receipt: Receipt::default(),
            log: Vec::new(),
            log_dropped: 0,
        },
        duration_us: 1,
        shows_receipt: false,
    }
}

#[tokio::test]
async fn only_a_fault_of_the_request_is_a_failure_of_the_task() {
    let fixture = Fixture::new().await;
    let access = fixture.service.access();
    let open = access.open(&fixture.server, Some(&fixture.key)).unwrap();
    let words = Words {
        capabilities: vec!["tasks".to_owned()],
    };
    for conclusion in [
        Conclusion::ToolError(ToolError {
            message: "No such city.".to_owned(),
            ..ToolError::default()
        }),
        Conclusion::Stopped(Stop {
            reason: StopReason::Trap,
            message: "It crashed.".to_owned(),
        }),
    ] {
        let ended = words.ended(&open, &finished(conclusion));
        assert_eq!(ended.status, TaskStatus::Completed);
        assert_eq!(ended.content.unwrap().to_value()["isError"], true);
    }
    let refused = ProtocolError::InvalidParams("No.".to_owned());
    let ended = words.ended(&open, &finished(Conclusion::ProtocolError(refused)));
    assert_eq!(ended.status, TaskStatus::Failed);
    assert_eq!(ended.content.unwrap().to_value()["code"], -32602);
}

const CAN: &str = "clientCapabilities";

fn declared() -> Value {
    json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } })
}

#[tokio::test]
async fn methods_of_tasks_are_checked_like_others_header_first() {
    let fixture = Fixture::new().await;
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let send = |header: &'static str, can: Value| {
            fixture.modern(method, move |request| {
                request.params["taskId"] = json!(TASK);
                request.params["inputResponses"] = json!({});
                request.header("mcp-name", Some(header));
                request.meta(CAN, can);
            })
        };
        send("another", declared()).await.is_error(400, -32020);
        let undeclared = send(TASK, json!({})).await;
        undeclared.is_error(400, -32021);
        assert_eq!(
            undeclared.body["error"]["data"]["requiredCapabilities"],
            declared()
        );
        send(TASK, declared()).await.is_error(200, -32602);
    }
    for method in ["tasks/list", "tasks/result"] {
        let reply = fixture.modern(method, |_| {}).await;
        reply.is_error(404, -32601);
    }
}
