use super::*;
use casemate_domain::{
    CallId, Caller, ClaimedClient, Credential, Digest, KeyId, LogLevel, LogLine, OutcomeKind,
    ServerId, StopReason, Subject, TokenId, WorkspaceId,
};
use uuid::Uuid;

fn record(subject: Subject, caller: Caller) -> CallRecord {
    CallRecord {
        id: CallId::from_uuid(Uuid::from_u128(7)),
        at: "2026-11-30T17:39:33.120456789Z".parse().unwrap(),
        workspace_id: WorkspaceId::from_uuid(Uuid::from_u128(1)),
        workspace: "acme".parse().unwrap(),
        server_id: ServerId::from_uuid(Uuid::from_u128(2)),
        server: "tools".parse().unwrap(),
        subject,
        digest: Digest::from_bytes([0xA7; 32]),
        caller,
        outcome: OutcomeKind::Ok,
        message: None,
        duration_us: u64::MAX,
        trace_id: None,
        receipt: Receipt::default(),
        log: Vec::new(),
        log_dropped: 0,
    }
}

/// A record in which nothing is left out, and all that is free text needs escaping.
fn full() -> CallRecord {
    let text = || "\"\\\n\u{7f}\u{2028} ß".to_owned();
    let caller = Caller {
        credential: Credential::Key {
            id: KeyId::from_uuid(Uuid::from_u128(3)),
            name: "Ada's \"laptop\\\"".parse().unwrap(),
        },
        client: Some(ClaimedClient {
            name: text().into(),
            version: text().into(),
        }),
    };
    let line = |fields: Option<&str>| LogLine {
        at_us: 3,
        level: LogLevel::Warning,
        message: text(),
        fields: fields.map(str::to_owned),
    };
    CallRecord {
        outcome: OutcomeKind::Stopped(StopReason::FuelExhausted),
        message: Some(text()),
        trace_id: Some(text()),
        receipt: Receipt {
            fuel: 1,
            wall_us: 2,
            cpu_us: 3,
            peak_memory_bytes: 4,
            bytes_in: 5,
            bytes_out: 6,
            host_calls: 7,
            http_requests: 8,
            hosts: vec![text(), "b.test".into()],
            secrets: vec!["KEY".into()],
            digest: Some(Digest::from_bytes([1; 32])),
        },
        log: vec![line(None), line(Some(r#"{"a":[1]}"#)), line(Some("masked"))],
        log_dropped: 9,
        ..record(Subject::Completion(text()), caller)
    }
}

#[test]
fn a_line_is_what_serializing_the_record_gives() {
    let by_token = || Caller {
        credential: Credential::Token {
            id: TokenId::from_uuid(Uuid::from_u128(4)),
        },
        client: None,
    };
    let subjects = [
        Subject::Tool("get.it-2".parse().unwrap()),
        Subject::Prompt("ask".parse().unwrap()),
        Subject::Resource("notes://a?b='c'&d=[1]".parse().unwrap()),
        Subject::Completion("notes://{\"x\"}".to_owned()),
    ];
    let small = subjects.map(|subject| record(subject, by_token()));
    for record in small.into_iter().chain([full()]) {
        let mut line = Vec::new();
        append(&record, &mut line);
        let serialized = serde_json::to_string(&record).unwrap() + "\n";
        assert_eq!(String::from_utf8(line).unwrap(), serialized);
    }
}
