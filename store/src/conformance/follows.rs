//! Claims about following changes, and about opening again.

use super::{Engine, absent, commit, conflict, get, open, put, scan};
use crate::metadata::{Change, Error, KEPT_CHANGES, Metadata, Revision, Transaction, Write};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

async fn changes(store: &dyn Metadata, since: Revision) -> Vec<Change> {
    let changes = store.changes_since(since).await;
    changes.expect("the changes are known")
}

/// Each write of each commit, but not the deletes of what was absent.
pub async fn changes_are_told_in_order_and_in_full(engine: &dyn Engine) {
    let store = open(engine);
    let first = put(&*store, "a", "1").await;
    let several = Transaction::new()
        .put("c", "2")
        .delete("absent")
        .delete("a")
        .put("b", "2");
    let second = commit(&*store, several).await;
    let told = changes(&*store, first).await;
    assert!(told.iter().all(|change| change.revision == second));
    let expected = [("c", Some("2")), ("a", None), ("b", Some("2"))].map(|(key, value)| {
        let key = key.into();
        match value {
            Some(value) => Write::Put {
                key,
                value: value.into(),
            },
            None => Write::Delete { key },
        }
    });
    let writes: Vec<_> = told.into_iter().map(|change| change.write).collect();
    assert_eq!(writes, expected);
    assert_eq!(changes(&*store, second).await, []);
    assert_eq!(changes(&*store, Revision(0)).await.len(), 4);
}

/// A copy and the changes since give the present state.
pub async fn changes_bring_an_old_copy_up_to_date(engine: &dyn Engine) {
    let store = open(engine);
    for n in 0..20 {
        put(&*store, &format!("{}", n % 7), &format!("{n}")).await;
    }
    let since = store.revision();
    let copied = scan(&*store, "").await;
    let mut copy: BTreeMap<_, _> = copied.into_iter().map(|e| (e.key, e.value)).collect();
    for n in 0..20 {
        let key = format!("{}", n % 9);
        let write = match n % 3 {
            0 => Transaction::new().delete(key),
            _ => Transaction::new().put(key, format!("new {n}")),
        };
        commit(&*store, write).await;
    }
    for change in changes(&*store, since).await {
        match change.write {
            Write::Put { key, value } => drop(copy.insert(key, value)),
            Write::Delete { key } => drop(copy.remove(&key)),
        }
    }
    let now = scan(&*store, "").await;
    assert_eq!(copy, now.into_iter().map(|e| (e.key, e.value)).collect());
}

/// A revision from the future is one of another store.
pub async fn changes_of_an_unknown_revision_are_refused(engine: &dyn Engine) {
    let store = open(engine);
    let revision = put(&*store, "a", "1").await;
    let refused = store.changes_since(revision.next()).await;
    assert!(
        matches!(refused, Err(Error::Compacted { newest, .. }) if newest == revision),
        "{refused:?}"
    );
}

/// What is kept is at least what was promised, and has no holes.
pub async fn old_changes_are_forgotten_in_whole_commits(engine: &dyn Engine) {
    let store = open(engine);
    let per_commit = 64;
    let commits = KEPT_CHANGES / per_commit + 2;
    for n in 0..commits {
        let many = (0..per_commit).fold(Transaction::new(), |many, key| {
            many.put(format!("{key}"), format!("{n}"))
        });
        commit(&*store, many).await;
    }
    let oldest = match store.changes_since(Revision(0)).await {
        Err(Error::Compacted { oldest, .. }) => oldest,
        other => panic!("the oldest changes should be forgotten, but are {other:?}"),
    };
    let kept = changes(&*store, oldest).await;
    assert!(kept.len() + per_commit > KEPT_CHANGES);
    assert_eq!(kept.len() % per_commit, 0);
    assert_eq!(kept[0].revision, oldest.next());
    assert_eq!(
        kept.last().map(|change| change.revision),
        Some(store.revision())
    );
}

/// Whoever is woken finds what woke him.
pub async fn a_watcher_is_woken_when_the_change_can_be_read(engine: &dyn Engine) {
    let store = open(engine);
    let mut watch = store.watch();
    assert_eq!(*watch.borrow_and_update(), store.revision());
    let writing = Arc::clone(&store);
    let writer = tokio::spawn(async move { put(&*writing, "a", "1").await });
    let woken = tokio::time::timeout(Duration::from_secs(10), watch.changed()).await;
    woken
        .expect("the watcher is woken")
        .expect("the store is open");
    let seen = *watch.borrow_and_update();
    let entry = get(&*store, "a").await.expect("it can be read");
    assert_eq!(entry.revision, seen);
    assert_eq!(changes(&*store, Revision(0)).await.len(), 1);
    assert_eq!(writer.await.expect("the writer does not panic"), seen);
}

/// There is nothing to see.
pub async fn a_refused_commit_wakes_nobody(engine: &dyn Engine) {
    let store = open(engine);
    put(&*store, "a", "1").await;
    let mut watch = store.watch();
    watch.borrow_and_update();
    let refused = Transaction::new().require(absent("a")).put("a", "2");
    conflict(&*store, refused).await;
    commit(&*store, Transaction::new().delete("absent")).await;
    assert!(!watch.has_changed().expect("the store is open"));
}

/// Entries, their values and their revisions.
pub async fn a_reopened_store_keeps_everything(engine: &dyn Engine) {
    let store = open(engine);
    for n in 0..300 {
        put(&*store, &format!("{}", n % 100), &"x".repeat(n)).await;
    }
    commit(&*store, Transaction::new().delete("7").delete("8")).await;
    let (before, revision) = (scan(&*store, "").await, store.revision());
    drop(store);
    let store = open(engine);
    assert_eq!(scan(&*store, "").await, before);
    assert_eq!(store.revision(), revision);
}

/// The revision does not start again, and preconditions still hold.
pub async fn a_reopened_store_goes_on_where_it_was(engine: &dyn Engine) {
    let store = open(engine);
    let revision = put(&*store, "a", "1").await;
    drop(store);
    let store = open(engine);
    assert_eq!(*store.watch().borrow(), revision);
    assert_eq!(changes(&*store, revision).await, []);
    let update = Transaction::new()
        .require(super::at("a", revision))
        .put("a", "2");
    assert_eq!(commit(&*store, update).await, revision.next());
    assert_eq!(changes(&*store, revision).await.len(), 1);
}
