//! Claims about reading.

use super::{Engine, commit, get, keys, names, open, put, scan};
use crate::metadata::{Entry, Revision, Transaction};

/// An empty store has no entries and is at revision 0.
pub async fn a_key_that_was_never_written_is_absent(engine: &dyn Engine) {
    let store = open(engine);
    assert_eq!(get(&*store, "a").await, None);
    assert_eq!(scan(&*store, "").await, []);
    assert_eq!(store.revision(), Revision(0));
}

/// What is read is what was written last, and when.
pub async fn a_written_value_is_read_with_its_revision(engine: &dyn Engine) {
    let store = open(engine);
    put(&*store, "a", "old").await;
    let revision = put(&*store, "a", "new").await;
    put(&*store, "b", "other").await;
    let expected = Entry {
        key: b"a".to_vec(),
        value: b"new".to_vec(),
        revision,
    };
    assert_eq!(get(&*store, "a").await, Some(expected.clone()));
    assert_eq!(scan(&*store, "a").await, [expected]);
}

/// Neither keys nor values need to be text, and a value may be empty.
pub async fn any_bytes_are_keys_and_values(engine: &dyn Engine) {
    let store = open(engine);
    let every_byte: Vec<u8> = (0..=255).collect();
    for key in [&b"\0"[..], b"\0\0", b"\xff", b"\xff\xff", &every_byte] {
        commit(&*store, Transaction::new().put(key, every_byte.clone())).await;
        let entry = store.get(key).await.expect("the key can be read");
        assert_eq!(entry.map(|entry| entry.value), Some(every_byte.clone()));
    }
    assert_eq!(keys(&*store, "").await.len(), 5);
    commit(&*store, Transaction::new().put("empty", "")).await;
    let entry = get(&*store, "empty").await;
    assert_eq!(entry.map(|entry| entry.value), Some(Vec::new()));
    let high = store
        .scan(b"\xff")
        .await
        .expect("the prefix can be scanned");
    assert_eq!(high.len(), 2);
}

/// Keys are ordered by their bytes.
pub async fn a_scan_is_in_the_order_of_keys(engine: &dyn Engine) {
    let store = open(engine);
    for key in ["b", "a/2", "a", "a/10", "Z", "a\0"] {
        put(&*store, key, "").await;
    }
    let found = keys(&*store, "").await;
    assert_eq!(found, ["Z", "a", "a\\x00", "a/10", "a/2", "b"]);
}

/// A prefix is a prefix of bytes, not of parts.
pub async fn a_scan_stays_inside_its_prefix(engine: &dyn Engine) {
    let store = open(engine);
    for key in ["1/a", "1/ab", "1/ab/c", "1/ac", "1/b", "1", "2/ab"] {
        put(&*store, key, "").await;
    }
    assert_eq!(keys(&*store, "1/ab").await, ["1/ab", "1/ab/c"]);
    assert_eq!(keys(&*store, "1/ab/").await, ["1/ab/c"]);
    assert_eq!(keys(&*store, "3").await, [""; 0]);
    assert_eq!(keys(&*store, "").await.len(), 7);
}

/// Pages need no gap and no overlap.
pub async fn a_scan_from_a_key_goes_on_there_and_stops_at_its_limit(engine: &dyn Engine) {
    let store = open(engine);
    for key in ["a", "b/1", "b/2", "b/3", "c"] {
        put(&*store, key, "").await;
    }
    for (start, limit, expected) in [
        ("", 2, &["b/1", "b/2"][..]),
        ("b/2", 2, &["b/2", "b/3"]),
        ("b/2\0", 9, &["b/3"]),
        ("b/15", 1, &["b/2"]),
        ("c", 9, &[]),
        ("b/", 0, &[]),
    ] {
        let page = store.scan_from(b"b/", start.as_bytes(), limit).await;
        let page = names(page.expect("the page can be read"));
        assert_eq!(page, expected, "from {start} at most {limit}");
    }
}
