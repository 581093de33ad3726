use super::*;
use crate::{memory::MemoryMetadata, metadata::MAX_RECORD_BYTES};
use casemate_domain::{
    CallId, Digest, Grant, HostPattern, KeyId, SecretName, ServerId, TaskId, TaskStatus, TokenId,
    VersionId, WorkspaceId,
};
use jiff::Timestamp;
use uuid::Uuid;

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn workspace(n: u128, name: &str) -> WorkspaceRecord {
    WorkspaceRecord {
        id: WorkspaceId::from_uuid(uuid(n)),
        name: name.parse().unwrap(),
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn server(n: u128, workspace: &WorkspaceRecord, name: &str) -> ServerRecord {
    ServerRecord {
        id: ServerId::from_uuid(uuid(n)),
        workspace_id: workspace.id,
        name: name.parse().unwrap(),
        active: true,
        tool_prefix: None,
        tool_search: false,
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn version(n: u128, server: &ServerRecord) -> VersionRecord {
    VersionRecord {
        id: VersionId::from_uuid(uuid(n)),
        server_id: server.id,
        workspace_id: server.workspace_id,
        component: "weather".parse().unwrap(),
        digest: Digest::from_bytes([1; 32]),
        definitions: Digest::from_bytes([2; 32]),
        size: 3,
        grant: Grant::default(),
        tools: vec!["get_weather".parse().unwrap()],
        created_at: Timestamp::UNIX_EPOCH,
    }
}

fn tool(version: &VersionRecord) -> ToolRecord {
    ToolRecord {
        server_id: version.server_id,
        workspace_id: version.workspace_id,
        name: version.tools[0].clone(),
        component: version.component.clone(),
        version: version.id,
        active: false,
    }
}

fn key(n: u128, server: &ServerRecord) -> KeyRecord {
    KeyRecord {
        id: KeyId::from_uuid(uuid(n)),
        workspace_id: server.workspace_id,
        name: "Ada's laptop".parse().unwrap(),
        servers: vec![server.id],
        tools: None,
        hash: TokenHash::from_bytes([0xab; 32]),
        created_at: Timestamp::UNIX_EPOCH,
        expires_at: Some(Timestamp::UNIX_EPOCH),
        revoked_at: None,
    }
}

fn secret(workspace: &WorkspaceRecord) -> SecretRecord {
    SecretRecord {
        workspace_id: workspace.id,
        name: "API_KEY".parse().unwrap(),
        version: 1,
        nonce: vec![0xcd; 24],
        ciphertext: vec![0xef; 40],
        key_id: "k1".to_owned(),
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

fn token(n: u128) -> TokenRecord {
    TokenRecord {
        name: "ops".parse().unwrap(),
        id: TokenId::from_uuid(uuid(n)),
        hash: TokenHash::from_bytes([0xab; 32]),
        created_at: Timestamp::UNIX_EPOCH,
        expires_at: None,
        revoked_at: None,
    }
}

fn audit_of(n: u128, workspace: Option<WorkspaceId>) -> AuditRecord {
    AuditRecord {
        id: AuditId::from_uuid(uuid(n)),
        workspace_id: workspace,
        at: Timestamp::UNIX_EPOCH,
        actor: Actor::Operator,
        action: "test.change".to_owned(),
        subject: n.to_string(),
        detail: String::new(),
    }
}

async fn commit(
    store: &dyn Metadata,
    n: u128,
    change: impl FnOnce(Batch) -> Batch,
) -> Result<Revision, BatchError> {
    change(Batch::new(&audit_of(n, None))).commit(store).await
}

async fn stored<R: Record>(store: &dyn Metadata, record: &R) -> Stored<R> {
    read(store, &record.key()).await.unwrap().unwrap()
}

#[test]
fn records_from_before_tools_could_be_chosen_mean_all_of_them_as_they_are() {
    let acme = workspace(1, "acme");
    let server = server(2, &acme, "weather");
    let mut written = serde_json::to_value(&server).unwrap();
    written.as_object_mut().unwrap().remove("tool_search");
    assert!(written.get("tool_prefix").is_none(), "{written}");
    let read: ServerRecord = serde_json::from_value(written).unwrap();
    assert_eq!(read, server);
    let written = serde_json::to_value(key(3, &server)).unwrap();
    assert!(written.get("tools").is_none(), "{written}");
    let read: KeyRecord = serde_json::from_value(written).unwrap();
    assert_eq!(read.tools, None);
}

#[tokio::test]
async fn every_kind_of_record_reads_as_it_was_written() {
    let store = MemoryMetadata::new();
    let workspace = workspace(1, "acme");
    let server = server(2, &workspace, "tools");
    let version = version(3, &server);
    let (tool, key) = (tool(&version), key(4, &server));
    let (secret, token) = (secret(&workspace), token(5));
    commit(&store, 100, |batch| {
        batch
            .create(&workspace)
            .create(&server)
            .create(&version)
            .create(&tool)
            .create(&key)
            .create(&secret)
            .create(&token)
    })
    .await
    .unwrap();

    assert_eq!(stored(&store, &workspace).await.record, workspace);
    assert_eq!(stored(&store, &server).await.record, server);
    assert_eq!(stored(&store, &version).await.record, version);
    assert_eq!(stored(&store, &tool).await.record, tool);
    let read_key = stored(&store, &key).await;
    assert_eq!(read_key.hash.as_bytes(), key.hash.as_bytes());
    assert_eq!(read_key.expires_at, key.expires_at);
    let read_secret = stored(&store, &secret).await;
    assert_eq!(read_secret.ciphertext, secret.ciphertext);
    assert_eq!(read_secret.nonce, secret.nonce);
    assert_eq!(stored(&store, &token).await.id, token.id);
}

#[tokio::test]
async fn everything_follows_changes_and_leaves_the_audit_out() {
    let store = MemoryMetadata::new();
    let workspaces: Vec<_> = (1..4).map(|n| workspace(n, &format!("w{n}"))).collect();
    for workspace in &workspaces {
        // More audit records than fit on a page stand before the servers of each workspace.
        for n in 0..(PAGE_AND_MORE as u128) {
            let audit = audit_of(workspace.id.uuid().as_u128() << 32 | n, Some(workspace.id));
            Batch::new(&audit).commit(&store).await.unwrap();
        }
        let server = server(workspace.id.uuid().as_u128(), workspace, "tools");
        commit(&store, 1 << 64 | server.id.uuid().as_u128(), |batch| {
            batch
                .create(workspace)
                .create(&server)
                .create(&secret(workspace))
        })
        .await
        .unwrap();
    }
    commit(&store, 7, |batch| batch.create(&token(9)))
        .await
        .unwrap();

    let mut everything = load_all(&store).await.unwrap();
    assert_eq!(everything.workspaces.len(), 3);
    assert_eq!(everything.servers.len(), 3);
    assert_eq!(everything.secrets.len(), 3);
    assert_eq!(everything.tokens.len(), 1);
    assert_eq!(everything.revision, store.revision());

    let gone = stored(&store, &secret(&workspaces[0])).await;
    commit(&store, 8, |batch| batch.remove(&gone))
        .await
        .unwrap();
    let changes = store.changes_since(everything.revision).await.unwrap();
    everything.apply(changes).unwrap();
    assert_eq!(everything.secrets.len(), 2);
    assert_eq!(everything.revision, store.revision());
}

const PAGE_AND_MORE: usize = 600;

fn task(n: u128, key: &KeyRecord) -> TaskRecord {
    TaskRecord {
        id: TaskId::from_uuid(uuid(n)),
        workspace_id: key.workspace_id,
        server_id: key.servers[0],
        key_id: key.id,
        tool: "get_weather".parse().unwrap(),
        status: TaskStatus::Completed,
        message: Some("a sentence of some length ".repeat(40)),
        call: CallId::from_uuid(uuid(n)),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        ttl_ms: 1,
        content: Some(TaskContent {
            digest: Digest::from_bytes([7; 32]),
            bytes: 3,
        }),
    }
}

#[tokio::test]
async fn tasks_come_change_and_go_without_an_audit_record_and_are_in_no_memory() {
    let store = MemoryMetadata::new();
    let workspace = workspace(1, "acme");
    let key = key(2, &server(3, &workspace, "tools"));
    let tasks: Vec<_> = (1..4).map(|n| task(n, &key)).collect();
    for task in &tasks {
        create_task(&store, task).await.unwrap();
    }
    assert!(create_task(&store, &tasks[0]).await.is_err(), "it is there");
    let failed = TaskRecord {
        status: TaskStatus::Failed,
        content: None,
        ..tasks[0].clone()
    };
    update_task(&store, &failed).await.unwrap();
    assert_eq!(stored(&store, &tasks[0]).await.record, failed);
    remove_tasks(&store, &tasks[1..]).await.unwrap();
    remove_tasks(&store, &tasks[1..]).await.unwrap();
    assert!(update_task(&store, &tasks[1]).await.is_err(), "it is gone");
    let left = list(&store, &TaskRecord::of_workspace(workspace.id)).await;
    assert_eq!(left.unwrap().len(), 1);
    let trace = audit(&store, Some(workspace.id), None, 10).await.unwrap();
    assert!(trace.is_empty());
    assert_eq!(load_all(&store).await.unwrap().keys.len(), 0);
}

#[tokio::test]
async fn a_name_is_given_once_and_is_free_again_after_a_rename_or_a_removal() {
    let store = MemoryMetadata::new();
    let (first, second) = (workspace(1, "acme"), workspace(2, "acme"));
    commit(&store, 10, |batch| batch.create(&first))
        .await
        .unwrap();
    let refused = commit(&store, 11, |batch| batch.create(&second)).await;
    assert!(
        matches!(refused, Err(BatchError::NameTaken { .. })),
        "{refused:?}"
    );
    assert!(read(&store, &second.key()).await.unwrap().is_none());

    let old = stored(&store, &first).await;
    commit(&store, 12, |batch| {
        batch.replace(&old, &workspace(1, "emca"))
    })
    .await
    .unwrap();
    commit(&store, 13, |batch| batch.create(&second))
        .await
        .unwrap();

    let old = stored(&store, &second).await;
    commit(&store, 14, |batch| batch.remove(&old))
        .await
        .unwrap();
    commit(&store, 15, |batch| batch.create(&workspace(3, "acme")))
        .await
        .unwrap();
}

#[tokio::test]
async fn two_workspaces_may_have_servers_of_one_name() {
    let store = MemoryMetadata::new();
    let (a, b) = (workspace(1, "a"), workspace(2, "b"));
    commit(&store, 10, |batch| {
        batch
            .create(&server(3, &a, "tools"))
            .create(&server(4, &b, "tools"))
    })
    .await
    .unwrap();
    let refused = commit(&store, 11, |batch| batch.create(&server(5, &a, "tools"))).await;
    assert!(
        matches!(refused, Err(BatchError::NameTaken { .. })),
        "{refused:?}"
    );
    let listed = list(&store, &ServerRecord::of_workspace(a.id))
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
}

#[tokio::test]
async fn a_record_that_changed_meanwhile_is_not_overwritten_and_nothing_is_audited() {
    let store = MemoryMetadata::new();
    let workspace = workspace(1, "acme");
    let server = server(2, &workspace, "tools");
    commit(&store, 10, |batch| batch.create(&server))
        .await
        .unwrap();
    let seen = stored(&store, &server).await;
    let inactive = ServerRecord {
        active: false,
        ..server.clone()
    };
    commit(&store, 11, |batch| batch.replace(&seen, &inactive))
        .await
        .unwrap();

    let late = commit(&store, 12, |batch| batch.replace(&seen, &server)).await;

    assert!(matches!(late, Err(BatchError::Changed { .. })), "{late:?}");
    assert!(!stored(&store, &server).await.active);
    let audited = audit(&store, None, None, 10).await.unwrap();
    let subjects: Vec<_> = audited
        .iter()
        .map(|record| record.subject.as_str())
        .collect();
    assert_eq!(subjects, ["11", "10"]);
}

#[tokio::test]
async fn the_audit_is_read_newest_first_in_pages_and_per_workspace() {
    let store = MemoryMetadata::new();
    let (a, b) = (workspace(1, "a").id, workspace(2, "b").id);
    for n in 10..15 {
        Batch::new(&audit_of(n, Some(a)))
            .commit(&store)
            .await
            .unwrap();
    }
    Batch::new(&audit_of(20, Some(b)))
        .commit(&store)
        .await
        .unwrap();

    let first = audit(&store, Some(a), None, 3).await.unwrap();
    let rest = audit(&store, Some(a), Some(first[2].id), 3).await.unwrap();

    let subjects: Vec<_> = first
        .iter()
        .chain(&rest)
        .map(|r| r.subject.as_str())
        .collect();
    assert_eq!(subjects, ["14", "13", "12", "11", "10"]);
}

#[tokio::test]
async fn a_version_with_a_giant_grant_is_refused_with_its_size() {
    let store = MemoryMetadata::new();
    let server = server(2, &workspace(1, "acme"), "tools");
    let mut version = version(3, &server);
    version.grant.hosts = (0..200)
        .map(|n| {
            format!("host-{n}.example.com")
                .parse::<HostPattern>()
                .unwrap()
        })
        .collect();
    let refused = commit(&store, 10, |batch| batch.create(&version)).await;
    match refused {
        Err(BatchError::Failed(Error::RecordTooLarge { size, limit, .. })) => {
            assert!(size > limit);
            assert_eq!(limit, MAX_RECORD_BYTES);
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_record_of_a_newer_program_is_refused_and_not_misread() {
    let store = MemoryMetadata::new();
    let workspace = workspace(1, "acme");
    let value = serde_json::to_vec(&Versioned {
        v: SCHEMA + 1,
        record: &workspace,
    })
    .unwrap();
    let key = workspace.key().as_bytes().to_vec();
    let write = crate::metadata::Transaction::new().put(key, value);
    store.commit(write).await.unwrap();
    let refused = read(&store, &workspace.key()).await;
    assert!(
        matches!(
            refused,
            Err(Error::Schema {
                found: 2,
                known: 1,
                ..
            })
        ),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_record_under_the_key_of_another_is_refused() {
    let store = MemoryMetadata::new();
    let (a, b) = (workspace(1, "a"), workspace(2, "b"));
    let mut planted = secret(&a);
    planted.workspace_id = b.id;
    let key = secret(&a).key().as_bytes().to_vec();
    let write = crate::metadata::Transaction::new().put(key, encode(&planted));
    store.commit(write).await.unwrap();
    let refused = read(&store, &secret(&a).key()).await;
    assert!(
        matches!(refused, Err(Error::Malformed { .. })),
        "{refused:?}"
    );
}

#[test]
fn debug_output_shows_no_hash_and_no_ciphertext() {
    let workspace = workspace(1, "acme");
    let server = server(2, &workspace, "tools");
    let shown = format!(
        "{:?}{:?}{:?}",
        key(4, &server),
        token(5),
        secret(&workspace)
    );
    for hidden in ["171", "0xab", "abab", "205", "cdcd", "239", "efef"] {
        assert!(!shown.contains(hidden), "{hidden} in {shown}");
    }
    let batch = Batch::new(&audit_of(1, None)).create(&key(4, &server));
    assert!(!format!("{batch:?}").contains("abab"));
}

#[test]
fn every_id_and_name_is_of_the_kind_its_key_says() {
    let name: SecretName = "API_KEY".parse().unwrap();
    let workspace = WorkspaceId::from_uuid(uuid(1));
    assert_eq!(
        SecretRecord::at(workspace, &name).as_bytes(),
        b"1/ws_00000000000000000000000000000001/secret/API_KEY"
    );
    assert_eq!(
        TokenRecord::at(TokenId::from_uuid(uuid(2))).as_bytes(),
        b"1/platform/token/tok_00000000000000000000000000000002"
    );
}
