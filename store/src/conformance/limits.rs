//! Claims about what is too large.

use super::{Engine, commit, open, scan};
use crate::metadata::{CommitError, Error, MAX_KEY_BYTES, MAX_RECORD_BYTES, Metadata, Transaction};

async fn refusal(store: &dyn Metadata, transaction: Transaction) -> Error {
    let refused = match store.commit(transaction).await {
        Err(CommitError::Failed(error)) => error,
        other => panic!("a refusal was due, but the commit gave {other:?}"),
    };
    assert_eq!(scan(store, "").await, [], "a refused commit leaves nothing");
    refused
}

/// The limit itself is allowed, with the longest key too.
pub async fn a_record_at_the_limit_is_kept(engine: &dyn Engine) {
    let store = open(engine);
    for length in [1, MAX_KEY_BYTES] {
        let (key, value) = (vec![b'k'; length], vec![7; MAX_RECORD_BYTES - length]);
        commit(&*store, Transaction::new().put(key.clone(), value.clone())).await;
        let entry = store.get(&key).await.expect("the key can be read");
        assert_eq!(entry.map(|entry| entry.value), Some(value));
    }
}

/// And so is everything that was to be written with it.
pub async fn a_record_over_the_limit_is_refused_with_its_size(engine: &dyn Engine) {
    let store = open(engine);
    let too_large = Transaction::new()
        .put("small", "1")
        .put("large", vec![0; MAX_RECORD_BYTES - 4]);
    match refusal(&*store, too_large).await {
        Error::RecordTooLarge { key, size, limit } => {
            assert_eq!((key.as_str(), size), ("large", MAX_RECORD_BYTES + 1));
            assert_eq!(limit, MAX_RECORD_BYTES);
        }
        other => panic!("{other}"),
    }
}

/// A key that cannot be is not looked for either.
pub async fn a_key_that_is_empty_or_too_long_is_refused(engine: &dyn Engine) {
    let store = open(engine);
    for length in [0, MAX_KEY_BYTES + 1] {
        let error = refusal(&*store, Transaction::new().put(vec![0; length], "")).await;
        assert!(matches!(error, Error::InvalidKey { size, .. } if size == length));
        let found = store.get(&vec![0; length]).await.expect("it can be asked");
        assert_eq!(found, None);
    }
}

/// Which of the two would count is nobody's to guess.
pub async fn a_key_that_is_written_twice_is_refused(engine: &dyn Engine) {
    let store = open(engine);
    let twice = Transaction::new().put("a", "1").put("b", "1").delete("a");
    let error = refusal(&*store, twice).await;
    assert!(matches!(error, Error::DuplicateKey { key } if key == "a"));
}
