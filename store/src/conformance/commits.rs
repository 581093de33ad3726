//! Claims about committing.

use super::{Engine, absent, at, commit, conflict, get, keys, open, present, put, scan, value};
use crate::metadata::{CommitError, Revision, Transaction};
use std::{collections::BTreeSet, sync::Arc};
use tokio::task::JoinSet;

/// Revisions have no gaps, whatever a commit writes.
pub async fn a_commit_raises_the_revision_by_one(engine: &dyn Engine) {
    let store = open(engine);
    let two = Transaction::new().put("a", "1").put("b", "1");
    assert_eq!(commit(&*store, two).await, Revision(1));
    assert_eq!(put(&*store, "a", "2").await, Revision(2));
    let delete = Transaction::new().delete("a");
    assert_eq!(commit(&*store, delete).await, Revision(3));
    assert_eq!(store.revision(), Revision(3));
}

/// Not even a delete counts, if there was nothing to delete.
pub async fn a_commit_that_changes_nothing_leaves_the_revision(engine: &dyn Engine) {
    let store = open(engine);
    let revision = put(&*store, "a", "1").await;
    assert_eq!(commit(&*store, Transaction::new()).await, revision);
    let delete = Transaction::new().delete("absent");
    assert_eq!(commit(&*store, delete).await, revision);
    assert_eq!(store.revision(), revision);
}

/// Whoever holds an entry's revision can tell that somebody wrote it.
pub async fn a_put_of_the_same_value_is_a_change(engine: &dyn Engine) {
    let store = open(engine);
    let first = put(&*store, "a", "1").await;
    let second = put(&*store, "a", "1").await;
    assert!(second > first);
    let entry = get(&*store, "a").await;
    assert_eq!(entry.map(|entry| entry.revision), Some(second));
}

/// Also after a key was deleted.
pub async fn an_absent_precondition_holds_only_for_absent_keys(engine: &dyn Engine) {
    let store = open(engine);
    let create = || Transaction::new().require(absent("a")).put("a", "1");
    commit(&*store, create()).await;
    assert_eq!(conflict(&*store, create()).await, "a");
    commit(&*store, Transaction::new().delete("a")).await;
    commit(&*store, create()).await;
}

/// Also after a key was deleted.
pub async fn a_present_precondition_holds_only_for_present_keys(engine: &dyn Engine) {
    let store = open(engine);
    let update = || Transaction::new().require(present("a")).put("b", "1");
    assert_eq!(conflict(&*store, update()).await, "a");
    put(&*store, "a", "1").await;
    commit(&*store, update()).await;
    commit(&*store, Transaction::new().delete("a")).await;
    assert_eq!(conflict(&*store, update()).await, "a");
}

/// A key that was deleted and written again is not as it was.
pub async fn a_revision_precondition_holds_only_for_the_last_change(engine: &dyn Engine) {
    let store = open(engine);
    let update = |revision| Transaction::new().require(at("a", revision)).put("a", "x");
    assert_eq!(conflict(&*store, update(Revision(0))).await, "a");
    let first = put(&*store, "a", "1").await;
    put(&*store, "b", "1").await;
    let second = commit(&*store, update(first)).await;
    assert_eq!(conflict(&*store, update(first)).await, "a");
    commit(&*store, Transaction::new().delete("a")).await;
    assert_eq!(conflict(&*store, update(second)).await, "a");
    put(&*store, "a", "1").await;
    assert_eq!(conflict(&*store, update(second)).await, "a");
}

/// A commit without writes is a question.
pub async fn preconditions_hold_for_a_commit_without_writes(engine: &dyn Engine) {
    let store = open(engine);
    let revision = put(&*store, "a", "1").await;
    let ask = Transaction::new().require(at("a", revision));
    assert_eq!(commit(&*store, ask).await, revision);
    let ask = Transaction::new().require(absent("a"));
    assert_eq!(conflict(&*store, ask).await, "a");
}

/// All or nothing, and the first precondition that fails is the one that is named.
pub async fn a_conflict_names_the_key_and_leaves_nothing(engine: &dyn Engine) {
    let store = open(engine);
    let revision = put(&*store, "a", "1").await;
    let before = scan(&*store, "").await;
    let refused = Transaction::new()
        .require(present("a"))
        .require(absent("a"))
        .require(present("b"))
        .put("a", "2")
        .put("c", "2")
        .delete("a2");
    assert_eq!(conflict(&*store, refused).await, "a");
    assert_eq!(scan(&*store, "").await, before);
    assert_eq!(store.revision(), revision);
}

/// Nobody sees one write of a commit without the others.
pub async fn writes_of_a_commit_happen_together(engine: &dyn Engine) {
    let store = open(engine);
    let both = |value: usize| {
        let value = value.to_string();
        Transaction::new().put("a", value.clone()).put("z", value)
    };
    commit(&*store, both(0)).await;
    let writing = Arc::clone(&store);
    let writer = tokio::spawn(async move {
        for round in 1..=50 {
            commit(&*writing, both(round)).await;
        }
    });
    while !writer.is_finished() {
        let seen = scan(&*store, "").await;
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0].value, seen[1].value);
        assert_eq!(seen[0].revision, seen[1].revision);
        tokio::task::yield_now().await;
    }
    writer.await.expect("the writer does not panic");
    assert_eq!(value(&*store, "z").await.as_deref(), Some("50"));
}

/// A counter that many raise at once loses nothing.
pub async fn of_rival_commits_exactly_one_wins(engine: &dyn Engine) {
    let store = open(engine);
    let start = put(&*store, "counter", "0").await;
    let mut rivals = JoinSet::new();
    for rival in 0..32 {
        let store = Arc::clone(&store);
        rivals.spawn(async move {
            let raise = Transaction::new()
                .require(at("counter", start))
                .put("counter", rival.to_string())
                .put(format!("won/{rival}"), "");
            match store.commit(raise).await {
                Ok(_) => Some(rival.to_string()),
                Err(CommitError::Conflict { .. }) => None,
                Err(CommitError::Failed(error)) => panic!("{error}"),
            }
        });
    }
    let winners: Vec<_> = rivals.join_all().await.into_iter().flatten().collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(value(&*store, "counter").await, Some(winners[0].clone()));
    assert_eq!(keys(&*store, "won/").await, [format!("won/{}", winners[0])]);
}

/// No two commits share a revision, and each finds its write there.
pub async fn concurrent_commits_get_revisions_of_their_own(engine: &dyn Engine) {
    let store = open(engine);
    let mut commits = JoinSet::new();
    for n in 0..64 {
        let store = Arc::clone(&store);
        commits.spawn(async move {
            let key = format!("{n:02}");
            let revision = put(&*store, &key, "").await;
            let found = get(&*store, &key).await.expect("it was written");
            assert_eq!(found.revision, revision);
            assert!(store.revision() >= revision);
            revision
        });
    }
    let revisions: BTreeSet<_> = commits.join_all().await.into_iter().collect();
    assert_eq!(revisions.len(), 64);
    assert_eq!(revisions.last(), Some(&Revision(64)));
}
