use super::*;
use crate::service::tasks::{TaskSettings, seats::Seats};
use casemate_domain::{CallId, InputBody, TaskId, WorkspaceId};
use uuid::Uuid;

fn entry(ttl_ms: u64) -> Entry {
    let id = Uuid::from_u128;
    let record = TaskRecord {
        id: TaskId::from_uuid(id(1)),
        workspace_id: WorkspaceId::from_uuid(id(2)),
        server_id: ServerId::from_uuid(id(3)),
        key_id: KeyId::from_uuid(id(4)),
        tool: "tool".parse().unwrap(),
        status: TaskStatus::Working,
        message: None,
        call: CallId::from_uuid(id(5)),
        created_at: Timestamp::now(),
        updated_at: Timestamp::now(),
        ttl_ms,
        content: None,
    };
    let seats = Arc::new(Seats::new(TaskSettings::default()));
    let seat = seats.occupy(record.key_id, record.workspace_id, 0);
    Entry::new(record, seat)
}

fn need(keys: &[&str]) -> NeedInput {
    let requests = keys.iter().map(|key| InputRequest {
        key: (*key).to_owned(),
        body: InputBody::ListRoots,
    });
    NeedInput {
        requests: requests.collect(),
        state: None,
    }
}

fn answer(key: &str, value: &str) -> Answer {
    Answer {
        key: key.to_owned(),
        value: Json::parse(value.to_owned()).unwrap(),
    }
}

fn open(entry: &Entry) -> Vec<String> {
    let questions = entry.view().questions;
    questions
        .iter()
        .map(|question| question.key.clone())
        .collect()
}

#[tokio::test]
async fn questions_are_open_until_each_is_answered_once() {
    let entry = entry(1_000);
    entry.ask(&need(&["a", "b"]));
    assert_eq!(entry.view().record.status, TaskStatus::InputRequired);
    entry.answer(vec![answer("never asked", "1"), answer("a", "1")]);
    assert_eq!(open(&entry), ["b"]);
    entry.answer(vec![answer("a", "2")]);
    assert_eq!(open(&entry), ["b"], "what is answered stays as it is");
    entry.answer(vec![answer("b", "3")]);
    assert_eq!(entry.view().record.status, TaskStatus::Working);
    let answers = entry.answers().await;
    assert_eq!(answers, [answer("a", "1"), answer("b", "3")]);
}

#[tokio::test]
async fn no_two_questions_of_a_task_have_the_same_name_and_the_tool_does_not_notice() {
    let entry = entry(1_000);
    for name in ["name", "name-2", "name-3"] {
        entry.ask(&need(&["name"]));
        assert_eq!(open(&entry), [name]);
        entry.answer(vec![answer(name, "1")]);
        assert_eq!(entry.answers().await, [answer("name", "1")]);
    }
}

#[tokio::test]
async fn the_first_reason_to_stop_counts() {
    let entry = entry(1_000);
    entry.stop(Cause::Client);
    entry.stop(Cause::Expired);
    assert_eq!(entry.stopped().await, Cause::Client);
}

#[tokio::test]
async fn a_task_expires_at_the_end_of_its_time() {
    assert!(!entry(60_000).has_expired());
    let short = entry(1);
    tokio::time::sleep(Duration::from_millis(2)).await;
    assert!(short.has_expired());
    assert_eq!(short.remaining(), Duration::ZERO);
}

#[tokio::test]
async fn an_answer_that_comes_after_the_end_changes_nothing() {
    let entry = entry(1_000);
    entry.ask(&need(&["a"]));
    entry.put(TaskRecord {
        status: TaskStatus::Cancelled,
        ..TaskRecord::clone(&entry.view().record)
    });
    entry.answer(vec![answer("a", "1")]);
    assert_eq!(entry.view().record.status, TaskStatus::Cancelled);
    assert!(open(&entry).is_empty());
}
