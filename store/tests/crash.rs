//! What is left when the process is killed at any moment.
//!
//! A child process, which is this test program again, commits, puts blobs and appends calls, and
//! says on its standard output what was acknowledged. It is killed without warning; then everything
//! that it said must be there. A power cut is more than that: it also loses what was not synced.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test may panic, in its child too")]

use bytes::Bytes;
use casemate_domain::{
    CallId, CallRecord, Caller, Credential, Digest, OutcomeKind, Receipt, ServerId, Subject,
    TokenId, WorkspaceId,
};
use casemate_store::{
    blobs::Blobs,
    call_log::{CallFilter, CallLog, Retention},
    metadata::{Metadata, Transaction},
    sled::SledMetadata,
};
use std::{
    collections::BTreeMap,
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};
use tokio::runtime::Runtime;
use uuid::Uuid;

/// Tells the child where to write.
const DIR: &str = "CASEMATE_CRASH_TEST_DIR";

const ROUNDS: u64 = 15;

const KEEP: Retention = Retention {
    days: 1,
    bytes: 1 << 30,
};

#[test]
fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = Acknowledged::default();
    for round in 0..ROUNDS {
        // From "while opening" to "in the middle of much work", in an order without a pattern.
        let patience = Duration::from_millis(round * 7919 % 15 * 25);
        run_and_kill(dir.path(), patience, &mut acknowledged);
        Runtime::new()
            .unwrap()
            .block_on(acknowledged.check(dir.path()));
    }
    assert!(
        acknowledged.commits > 500,
        "the child did too little to prove anything: {} commits",
        acknowledged.commits
    );
}

/// What the child said, over all rounds.
#[derive(Default)]
struct Acknowledged {
    commits: usize,
    values: BTreeMap<String, String>,
    blobs: Vec<Digest>,
    calls: u64,
    revision: u64,
}

impl Acknowledged {
    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["commit", key, value, revision] => {
                self.commits += 1;
                self.values.insert((*key).to_owned(), (*value).to_owned());
                self.revision = self.revision.max(revision.parse().unwrap());
            }
            ["blob", digest] => self.blobs.push(digest.parse().unwrap()),
            ["calls", flushed] => self.calls += flushed.parse::<u64>().unwrap(),
            // What the test harness of the child says.
            _ => {}
        }
    }

    async fn check(&self, dir: &Path) {
        let store = SledMetadata::open(dir.join("meta")).unwrap();
        assert!(store.recovery().is_none(), "{:?}", store.recovery());
        assert!(store.revision().0 >= self.revision);
        for (key, value) in &self.values {
            for side in ["left", "right"] {
                let entry = store.get(format!("{side}/{key}").as_bytes()).await.unwrap();
                let found = number(&entry.expect("an acknowledged commit is there").value);
                // The child may have written once more without getting to say so.
                assert!(
                    found >= number(value.as_bytes()),
                    "{side}/{key}: {found} < {value}"
                );
            }
        }
        // Commits that nobody acknowledged are there wholly or not at all.
        let values = |entries: Vec<casemate_store::metadata::Entry>| -> Vec<_> {
            entries.into_iter().map(|e| (e.value, e.revision)).collect()
        };
        let left = values(store.scan(b"left/").await.unwrap());
        let right = values(store.scan(b"right/").await.unwrap());
        assert_eq!(left, right);

        let blobs = Blobs::local(dir.join("blobs")).unwrap();
        for digest in &self.blobs {
            assert!(
                blobs.get(digest).await.unwrap().is_some(),
                "blob {digest} is gone"
            );
        }
        for blob in blobs.list().await.unwrap() {
            blobs.get(&blob.digest).await.unwrap();
        }

        let log = CallLog::open(dir.join("calls"), KEEP).unwrap();
        let (mut calls, mut cursor) = (0, None);
        loop {
            let filter = CallFilter {
                limit: 1000,
                cursor,
                ..CallFilter::default()
            };
            let page = log.query(filter).await.unwrap();
            assert_eq!(page.unreadable, 0);
            calls += page.records.len() as u64;
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert!(calls >= self.calls, "{calls} calls of {}", self.calls);
    }
}

/// The number that a value starts with.
fn number(value: &[u8]) -> u64 {
    let text = str::from_utf8(value).unwrap();
    text.split(';').next().unwrap().parse().unwrap()
}

fn run_and_kill(dir: &Path, patience: Duration, acknowledged: &mut Acknowledged) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let reader = std::thread::spawn(move || output.lines().map_while(Result::ok).collect());
    std::thread::sleep(Duration::from_millis(60) + patience);
    child.kill().unwrap();
    child.wait().unwrap();
    let said: Vec<String> = reader.join().unwrap();
    for line in said {
        acknowledged.hear(&line);
    }
}

#[test]
#[ignore = "the process that the test above kills"]
fn child() {
    let Some(dir) = env::var_os(DIR) else { return };
    Runtime::new().unwrap().block_on(work(Path::new(&dir)));
}

/// Works until it is killed.
async fn work(dir: &Path) {
    let store = Arc::new(SledMetadata::open(dir.join("meta")).unwrap());
    let blobs = Blobs::local(dir.join("blobs")).unwrap();
    let log = CallLog::open(dir.join("calls"), KEEP).unwrap();
    for worker in 0..4_u64 {
        let store = Arc::clone(&store);
        tokio::spawn(async move { commit_forever(&*store, worker).await });
    }
    let start = store.revision().0;
    for round in 0.. {
        for n in 0..20 {
            log.append(call(n));
        }
        log.flush().await.unwrap();
        say(&format!("calls {}", 20 - log.dropped().min(20)));
        let content = format!("{start} {round} ").repeat(5000);
        let digest = blobs.put(Bytes::from(content)).await.unwrap();
        say(&format!("blob {digest}"));
    }
}

/// Raises numbers, each in two keys at once, at both ends of the key space.
async fn commit_forever(store: &dyn Metadata, worker: u64) {
    let first = store.revision().0 + 1;
    for n in first.. {
        let key = format!("{worker}-{}", n % 50);
        let value = format!("{n};{}", "x".repeat((n * 37 % 1500) as usize));
        let both = Transaction::new()
            .put(format!("left/{key}"), value.clone())
            .put(format!("right/{key}"), value);
        let revision = store.commit(both).await.unwrap();
        say(&format!("commit {key} {n} {revision}"));
    }
}

/// One write per line: a line that is cut short by the kill must not look like another.
fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    output.write_all(format!("{line}\n").as_bytes()).unwrap();
    output.flush().unwrap();
}

fn call(n: u128) -> CallRecord {
    let uuid = Uuid::from_u128(n);
    CallRecord {
        id: CallId::from_uuid(uuid),
        at: jiff::Timestamp::now(),
        workspace_id: WorkspaceId::from_uuid(uuid),
        workspace: "acme".parse().unwrap(),
        server_id: ServerId::from_uuid(uuid),
        server: "tools".parse().unwrap(),
        subject: Subject::Tool("add".parse().unwrap()),
        digest: Digest::from_bytes([0; 32]),
        caller: Caller {
            credential: Credential::Token {
                id: TokenId::from_uuid(uuid),
            },
            client: None,
        },
        outcome: OutcomeKind::Ok,
        message: None,
        duration_us: 1,
        trace_id: None,
        receipt: Receipt::default(),
        log: Vec::new(),
        log_dropped: 0,
    }
}
