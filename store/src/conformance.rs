//! What every engine of metadata must do, as functions that panic when one does not.
//!
//! [`metadata_conformance!`](crate::metadata_conformance) turns them into tests, one per claim. The
//! name of a function is the claim. [`follow_history`] compares an engine with the reference on a
//! history that somebody else made up, such as proptest.
//!
//! What cannot be seen through the trait is not here: that a commit survives a power cut, that
//! damage is found. Engines test that themselves.

mod commits;
mod follows;
mod histories;
mod limits;
mod reads;

pub use commits::*;
pub use follows::*;
pub use histories::{Step, StepWrite, follow_history};
pub use limits::*;
pub use reads::*;

use crate::metadata::{CommitError, Entry, Error, Metadata, Precondition, Revision, Transaction};
use std::sync::Arc;

/// How the suite gets at the engine under test.
pub trait Engine: Sync {
    /// Opens one and the same store, which is empty the first time. The suite drops what it got
    /// before it asks again.
    fn open(&self) -> Result<Arc<dyn Metadata>, Error>;
}

/// Makes a module of tests, one per claim: `metadata_conformance!(memory, MemoryEngine::new())`.
/// The expression is evaluated for each test and must give an [`Engine`] with an empty store.
#[macro_export]
macro_rules! metadata_conformance {
    ($module:ident, $engine:expr) => {
        $crate::metadata_conformance!(@tests $module, $engine,
            a_key_that_was_never_written_is_absent
            a_written_value_is_read_with_its_revision
            any_bytes_are_keys_and_values
            a_scan_is_in_the_order_of_keys
            a_scan_stays_inside_its_prefix
            a_scan_from_a_key_goes_on_there_and_stops_at_its_limit
            a_commit_raises_the_revision_by_one
            a_commit_that_changes_nothing_leaves_the_revision
            a_put_of_the_same_value_is_a_change
            an_absent_precondition_holds_only_for_absent_keys
            a_present_precondition_holds_only_for_present_keys
            a_revision_precondition_holds_only_for_the_last_change
            preconditions_hold_for_a_commit_without_writes
            a_conflict_names_the_key_and_leaves_nothing
            writes_of_a_commit_happen_together
            of_rival_commits_exactly_one_wins
            concurrent_commits_get_revisions_of_their_own
            changes_are_told_in_order_and_in_full
            changes_bring_an_old_copy_up_to_date
            changes_of_an_unknown_revision_are_refused
            old_changes_are_forgotten_in_whole_commits
            a_watcher_is_woken_when_the_change_can_be_read
            a_refused_commit_wakes_nobody
            a_record_at_the_limit_is_kept
            a_record_over_the_limit_is_refused_with_its_size
            a_key_that_is_empty_or_too_long_is_refused
            a_key_that_is_written_twice_is_refused
            a_reopened_store_keeps_everything
            a_reopened_store_goes_on_where_it_was
        );
    };
    (@tests $module:ident, $engine:expr, $($claim:ident)+) => {
        mod $module {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $claim() {
                    $crate::conformance::$claim(&$engine).await;
                }
            )+
        }
    };
}

fn open(engine: &dyn Engine) -> Arc<dyn Metadata> {
    engine.open().expect("the engine opens")
}

async fn commit(store: &dyn Metadata, transaction: Transaction) -> Revision {
    store
        .commit(transaction)
        .await
        .expect("the commit has no reason to fail")
}

async fn put(store: &dyn Metadata, key: &str, value: &str) -> Revision {
    commit(store, Transaction::new().put(key, value)).await
}

async fn get(store: &dyn Metadata, key: &str) -> Option<Entry> {
    let entry = store.get(key.as_bytes()).await;
    entry.expect("the key can be read")
}

async fn value(store: &dyn Metadata, key: &str) -> Option<String> {
    let entry = get(store, key).await;
    entry.map(|entry| String::from_utf8(entry.value).expect("the suite writes text"))
}

async fn scan(store: &dyn Metadata, prefix: &str) -> Vec<Entry> {
    let entries = store.scan(prefix.as_bytes()).await;
    entries.expect("the prefix can be scanned")
}

async fn keys(store: &dyn Metadata, prefix: &str) -> Vec<String> {
    names(scan(store, prefix).await)
}

fn names(entries: Vec<Entry>) -> Vec<String> {
    entries
        .into_iter()
        .map(|entry| entry.key.escape_ascii().to_string())
        .collect()
}

/// The key of the conflict that a commit must end in.
async fn conflict(store: &dyn Metadata, transaction: Transaction) -> String {
    match store.commit(transaction).await {
        Err(CommitError::Conflict { key }) => key.escape_ascii().to_string(),
        other => panic!("a conflict was due, but the commit gave {other:?}"),
    }
}

fn absent(key: &str) -> Precondition {
    Precondition::Absent(key.into())
}

fn present(key: &str) -> Precondition {
    Precondition::Present(key.into())
}

fn at(key: &str, revision: Revision) -> Precondition {
    Precondition::AtRevision(key.into(), revision)
}
