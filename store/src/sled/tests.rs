use super::*;
use crate::metadata::MAX_RECORD_BYTES;
use std::{
    fs,
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc as std_mpsc,
    },
};
use tempfile::TempDir;

fn put(key: &str, value: impl Into<Vec<u8>>) -> Transaction {
    Transaction::new().put(key, value)
}

async fn fill(store: &SledMetadata) -> Vec<Entry> {
    for round in 0..4 {
        for n in 0..40 {
            let value = vec![b'a' + round; 50 * n];
            store.commit(put(&format!("{n:03}"), value)).await.unwrap();
        }
    }
    store.scan(b"").await.unwrap()
}

/// A closed store with records in it, and what is in it.
async fn filled() -> (TempDir, PathBuf, Vec<Entry>) {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("meta");
    let store = SledMetadata::open(&dir).unwrap();
    let entries = fill(&store).await;
    (parent, dir, entries)
}

fn copies(parent: &TempDir) -> usize {
    fs::read_dir(parent.path())
        .unwrap()
        .filter(|entry| {
            let name = entry.as_ref().unwrap().file_name();
            name.to_string_lossy().contains(".damaged-")
        })
        .count()
}

fn snapshot(dir: &Path) -> PathBuf {
    fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| {
            path.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("snap.")
        })
        .unwrap()
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_acknowledged_and_nothing_new_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let broken = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&broken);
    let store = SledMetadata::open_with(dir.path(), |_| {
        Box::new(move || match flag.load(Ordering::SeqCst) {
            true => Err(io::Error::other("input/output error")),
            false => Ok(()),
        })
    })
    .unwrap();
    store.commit(put("a", "1")).await.unwrap();
    let mut watch = store.watch();
    watch.borrow_and_update();

    broken.store(true, Ordering::SeqCst);
    let failed = store.commit(put("a", "2").put("b", "2")).await;
    // The next sync would "succeed": the system forgets what it could not write.
    broken.store(false, Ordering::SeqCst);
    let refused = store.commit(put("c", "3")).await;

    assert!(
        matches!(&failed, Err(CommitError::Failed(Error::NotDurable { cause })) if cause.contains("input/output")),
        "{failed:?}"
    );
    assert!(
        matches!(refused, Err(CommitError::Failed(Error::ReadOnly { .. }))),
        "{refused:?}"
    );
    let shown = store.scan(b"").await.unwrap();
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].value, b"1");
    assert_eq!(store.get(b"b").await.unwrap(), None);
    assert_eq!(store.revision(), Revision(1));
    assert!(!watch.has_changed().unwrap());
    assert!(store.failure().is_some());
}

/// A store whose syncs wait for `release`, and a counter of them.
fn gated(dir: &Path) -> (Arc<SledMetadata>, std_mpsc::Sender<()>, Arc<AtomicUsize>) {
    let (release, gate) = std_mpsc::channel();
    let syncs = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&syncs);
    let store = SledMetadata::open_with(dir, |_| {
        Box::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
            gate.recv().map_err(io::Error::other)
        })
    });
    (Arc::new(store.unwrap()), release, syncs)
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_is_not_durable_yet_is_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let (store, release, syncs) = gated(dir.path());
    release.send(()).unwrap();
    store.commit(put("a", "1").put("c", "1")).await.unwrap();

    let writing = Arc::clone(&store);
    let change = put("a", "2").put("b", "2").delete("c");
    let commit = tokio::spawn(async move { writing.commit(change).await });
    until(|| syncs.load(Ordering::SeqCst) == 2).await;

    let shown = |entries: Vec<Entry>| -> Vec<_> {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        entries
            .into_iter()
            .map(|e| (text(e.key), text(e.value)))
            .collect()
    };
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let before = shown(store.scan(b"").await.unwrap());
    assert_eq!(before, [pair("a", "1"), pair("c", "1")]);
    assert_eq!(shown(store.scan(b"c").await.unwrap()), [pair("c", "1")]);
    assert_eq!(
        store.get(b"a").await.unwrap().unwrap().revision,
        Revision(1)
    );
    assert_eq!(store.changes_since(Revision(1)).await.unwrap(), []);

    release.send(()).unwrap();
    assert_eq!(commit.await.unwrap().unwrap(), Revision(2));
    let after = shown(store.scan(b"").await.unwrap());
    assert_eq!(after, [pair("a", "2"), pair("b", "2")]);
}

#[tokio::test]
async fn commits_that_wait_share_one_sync() {
    let dir = tempfile::tempdir().unwrap();
    let (store, release, syncs) = gated(dir.path());
    let commits: Vec<_> = (0..50)
        .map(|n| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.commit(put(&format!("{n}"), "1")).await })
        })
        .collect();
    until(|| syncs.load(Ordering::SeqCst) == 1).await;
    // All others are in the queue once each task has run.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    for _ in 0..50 {
        release.send(()).unwrap();
    }
    for commit in commits {
        commit.await.unwrap().unwrap();
    }
    assert!(syncs.load(Ordering::SeqCst) <= 3, "{syncs:?}");
    assert_eq!(store.revision(), Revision(50));
}

#[tokio::test]
async fn a_second_opening_is_refused_until_the_first_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let first = SledMetadata::open(dir.path()).unwrap();
    let second = SledMetadata::open(dir.path());
    assert!(matches!(second, Err(Error::Locked { .. })), "{second:?}");
    drop(first);
    SledMetadata::open(dir.path()).unwrap();
}

#[tokio::test]
async fn the_largest_records_stay_out_of_the_side_files() {
    let parent = tempfile::tempdir().unwrap();
    let store = SledMetadata::open(parent.path()).unwrap();
    for round in 0..3_u8 {
        for n in 0..120 {
            let key = format!("{n:0>250}");
            let value = vec![round; MAX_RECORD_BYTES - key.len()];
            store.commit(put(&key, value)).await.unwrap();
        }
    }
    drop(store);
    let side_files = fs::read_dir(parent.path().join("blobs")).unwrap().count();
    assert_eq!(side_files, 0);
}

#[tokio::test]
async fn a_damaged_snapshot_is_done_without_and_the_directory_is_kept_aside() {
    let (parent, dir, entries) = filled().await;
    // The first opening after changes leaves a snapshot.
    drop(SledMetadata::open(&dir).unwrap());
    let path = snapshot(&dir);
    let mut bytes = fs::read(&path).unwrap();
    bytes[5] ^= 0xff;
    fs::write(&path, &bytes).unwrap();

    let store = SledMetadata::open(&dir).unwrap();

    assert_eq!(store.scan(b"").await.unwrap(), entries);
    let recovery = store.recovery().unwrap();
    let kept = recovery.copy.join(path.file_name().unwrap());
    assert_eq!(fs::read(kept).unwrap(), bytes);
    assert_eq!(copies(&parent), 1);
    store.commit(put("new", "1")).await.unwrap();
}

#[tokio::test]
async fn a_lost_log_is_refused_and_not_taken_for_an_empty_store() {
    let (parent, dir, _) = filled().await;
    for damage in [fs::remove_file, |path: PathBuf| fs::write(path, b"")] {
        damage(dir.join("db")).unwrap();
        let refused = SledMetadata::open(&dir).unwrap_err();
        assert!(matches!(refused, Error::Damaged { .. }), "{refused}");
        assert!(
            refused.to_string().contains("restore the last backup"),
            "{refused}"
        );
    }
    assert_eq!(copies(&parent), 0);
}

#[tokio::test]
async fn an_older_log_and_the_log_of_another_store_are_refused() {
    let (_parent, dir, _) = filled().await;
    let old = fs::read(dir.join("db")).unwrap();
    let store = SledMetadata::open(&dir).unwrap();
    store.commit(put("a", "1")).await.unwrap();
    drop(store);
    let (_other_parent, other, _) = filled().await;
    for log in [old, fs::read(other.join("db")).unwrap()] {
        fs::write(dir.join("db"), log).unwrap();
        let refused = SledMetadata::open(&dir).unwrap_err();
        assert!(matches!(refused, Error::Damaged { .. }), "{refused}");
    }
}

#[tokio::test]
async fn an_interrupted_opening_is_undone_by_the_next_one() {
    let (parent, dir, entries) = filled().await;
    let spare = parent.path().join("meta.opening");
    copy_all(&dir, &spare);
    // As sled leaves a log that it found damaged near its start.
    fs::write(dir.join("db"), b"").unwrap();

    let store = SledMetadata::open(&dir).unwrap();

    assert_eq!(store.scan(b"").await.unwrap(), entries);
    assert!(!spare.exists());
    assert!(store.recovery().is_none());
}

#[tokio::test]
async fn the_marker_follows_an_open_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = SledMetadata::open(dir.path()).unwrap();
    store.commit(put("a", "1")).await.unwrap();
    let noted = || match marker::Marker::read(dir.path()).unwrap() {
        marker::Found::Marker(marker) => marker.revision,
        other => panic!("{other:?}"),
    };
    until(|| noted() == Revision(1)).await;
}

#[tokio::test]
async fn a_damaged_byte_anywhere_is_healed_or_refused_but_never_served() {
    let (parent, dir, entries) = filled().await;
    let length = fs::metadata(dir.join("db")).unwrap().len() as usize;
    let (mut opened, mut refused) = (0, 0);
    for case in 0..60 {
        let damaged = parent.path().join(format!("case-{case}"));
        copy_all(&dir, &damaged);
        let log = damaged.join("db");
        let mut bytes = fs::read(&log).unwrap();
        // Most cases near the front, where the log holds something.
        match case % 6 {
            0 => bytes.truncate(length / 60 * case),
            1 => bytes[length / 60 * case..].fill(0),
            _ => bytes[case * 2477 % length] ^= 1 << (case % 8),
        }
        fs::write(&log, &bytes).unwrap();
        match SledMetadata::open(&damaged) {
            Ok(store) => {
                assert_eq!(store.scan(b"").await.unwrap(), entries, "case {case}");
                opened += 1;
            }
            Err(Error::Damaged { .. }) => {
                assert!(fs::read(&log).unwrap() == bytes, "case {case}");
                refused += 1;
            }
            Err(other) => panic!("case {case}: {other}"),
        }
    }
    assert!(refused > 10, "{opened} opened, {refused} refused");
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_all(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}
