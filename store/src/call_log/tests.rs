use super::*;
use casemate_domain::{
    CallId, Caller, Credential, Digest, KeyId, LogLevel, LogLine, Receipt, StopReason,
};
use std::{collections::BTreeSet, fs, io::Write as _};
use tempfile::TempDir;
use uuid::Uuid;

const KEEP: Retention = Retention {
    days: 30,
    bytes: 1 << 30,
};

fn record(n: u64) -> CallRecord {
    CallRecord {
        id: CallId::from_uuid(Uuid::from_u128(n.into())),
        at: Timestamp::from_second(1_700_000_000 + n as i64).unwrap(),
        workspace_id: WorkspaceId::from_uuid(Uuid::from_u128((n % 2).into())),
        workspace: "acme".parse().unwrap(),
        server_id: ServerId::from_uuid(Uuid::from_u128((n % 3).into())),
        server: "tools".parse().unwrap(),
        subject: Subject::Tool(format!("tool_{}", n % 5).parse().unwrap()),
        digest: Digest::from_bytes([7; 32]),
        caller: Caller {
            credential: Credential::Key {
                id: KeyId::from_uuid(Uuid::from_u128(1)),
                name: "laptop".parse().unwrap(),
            },
            client: None,
        },
        outcome: match n % 7 {
            0 => OutcomeKind::Stopped(StopReason::FuelExhausted),
            _ => OutcomeKind::Ok,
        },
        message: None,
        duration_us: n,
        trace_id: None,
        receipt: Receipt::default(),
        log: Vec::new(),
        log_dropped: 0,
    }
}

fn number(record: &CallRecord) -> u64 {
    record.duration_us
}

fn numbers(records: &[CallRecord]) -> Vec<u64> {
    records.iter().map(number).collect()
}

fn open(dir: &TempDir) -> CallLog {
    CallLog::open(dir.path(), KEEP).unwrap()
}

/// A log in many small segments.
fn open_small(dir: &TempDir, retention: Retention) -> CallLog {
    let settings = Settings {
        retention,
        segment_bytes: 4096,
        queue: 8192,
    };
    CallLog::open_with(dir.path(), settings).unwrap()
}

/// Appends one by one, so that each line may start a new segment.
async fn append_slowly(log: &CallLog, numbers: std::ops::Range<u64>) {
    for n in numbers {
        log.append(record(n));
        log.flush().await.unwrap();
    }
}

async fn page(log: &CallLog, filter: CallFilter) -> CallPage {
    log.query(filter).await.unwrap()
}

/// All pages, one after the other.
async fn pages(log: &CallLog, mut filter: CallFilter) -> Vec<u64> {
    let mut found = Vec::new();
    loop {
        let page = page(log, filter.clone()).await;
        assert_eq!(page.unreadable, 0);
        found.extend(numbers(&page.records));
        match page.cursor {
            Some(cursor) => filter.cursor = Some(cursor),
            None => return found,
        }
    }
}

#[tokio::test]
async fn what_was_appended_is_found_newest_first_and_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(&dir);
    for n in 0..100 {
        log.append(record(n));
    }
    let found = page(&log, CallFilter::default()).await;
    assert_eq!(numbers(&found.records), (50..100).rev().collect::<Vec<_>>());
    assert_eq!(found.records[0], record(99));
    assert_eq!(log.dropped(), 0);
}

#[tokio::test]
async fn pages_neither_skip_nor_repeat_while_records_are_appended() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(&dir, KEEP);
    append_slowly(&log, 0..60).await;
    assert!(segment::list(dir.path()).unwrap().len() > 5);
    for limit in [1, 7, 59, 60, 61] {
        let mut found = Vec::new();
        let mut filter = CallFilter {
            limit,
            ..CallFilter::default()
        };
        let newest = page(&log, filter.clone()).await.records[0].duration_us;
        loop {
            let page = page(&log, filter.clone()).await;
            found.extend(numbers(&page.records));
            log.append(record(1000));
            filter.cursor = page.cursor;
            if filter.cursor.is_none() {
                break;
            }
        }
        found.retain(|n| *n != 1000);
        assert_eq!(found, (0..60).rev().collect::<Vec<_>>(), "{limit} {newest}");
    }
}

#[tokio::test]
async fn filters_find_what_they_say_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(&dir, KEEP);
    append_slowly(&log, 0..60).await;
    let sample = record(14);
    let all = || CallFilter {
        limit: 4,
        ..CallFilter::default()
    };
    type Wanted = fn(u64) -> bool;
    let cases: [(CallFilter, Wanted); 6] = [
        (
            CallFilter {
                workspace: Some(sample.workspace_id),
                ..all()
            },
            |n| n % 2 == 0,
        ),
        (
            CallFilter {
                server: Some(sample.server_id),
                ..all()
            },
            |n| n % 3 == 2,
        ),
        (
            CallFilter {
                subject: Some(sample.subject.clone()),
                ..all()
            },
            |n| n % 5 == 4,
        ),
        (
            CallFilter {
                outcome: Some(sample.outcome),
                ..all()
            },
            |n| n % 7 == 0,
        ),
        (
            CallFilter {
                since: Some(sample.at),
                ..all()
            },
            |n| n >= 14,
        ),
        (
            CallFilter {
                workspace: Some(sample.workspace_id),
                outcome: Some(OutcomeKind::Ok),
                ..all()
            },
            |n| n % 2 == 0 && n % 7 != 0,
        ),
    ];
    for (filter, wanted) in cases {
        let expected: Vec<u64> = (0..60).rev().filter(|n| wanted(*n)).collect();
        assert_eq!(pages(&log, filter.clone()).await, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn a_cursor_that_no_page_gave_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(&dir);
    log.append(record(1));
    log.flush().await.unwrap();
    for text in [
        "", "-", "1", "1-", "x-1", "+1-0", "01-0", "1-5", "1-ffffff", "1-0-0",
    ] {
        let filter = CallFilter {
            cursor: Some(text.to_owned()),
            ..CallFilter::default()
        };
        let refused = log.query(filter).await;
        assert!(
            matches!(refused, Err(Error::InvalidCursor)),
            "{text} {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_reopened_log_goes_on_and_an_unfinished_line_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(&dir);
    log.append(record(1));
    drop(log);
    let path = segment::path(dir.path(), 1);
    let whole = fs::read(&path).unwrap();
    for unfinished in [&b"{\"id\":"[..], b"\0\0\0", &vec![b'x'; 200_000]] {
        let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(unfinished).unwrap();
        let log = open(&dir);
        assert_eq!(log.cut(), unfinished.len() as u64);
        assert_eq!(fs::read(&path).unwrap(), whole);
        drop(log);
    }
    fs::write(&path, &whole[..20]).unwrap();
    let log = open(&dir);
    assert_eq!(log.cut(), 20);
    log.append(record(2));
    assert_eq!(pages(&log, CallFilter::default()).await, [2]);
}

#[tokio::test]
async fn a_damaged_line_is_counted_and_does_not_hide_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(&dir);
    for n in 0..3 {
        log.append(record(n));
    }
    drop(log);
    let path = segment::path(dir.path(), 1);
    let mut bytes = fs::read(&path).unwrap();
    let second = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    bytes[second] = 0xff;
    fs::write(&path, bytes).unwrap();
    let found = page(&open(&dir), CallFilter::default()).await;
    assert_eq!(numbers(&found.records), [2, 0]);
    assert_eq!(found.unreadable, 1);
}

#[tokio::test]
async fn a_full_queue_drops_and_counts_and_never_waits() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        retention: KEEP,
        segment_bytes: 1 << 20,
        queue: 10,
    };
    let log = CallLog::open_with(dir.path(), settings).unwrap();
    for n in 0..500 {
        log.append(record(n));
    }
    let dropped = log.dropped();
    let kept = pages(&log, CallFilter::default()).await;
    assert!(dropped > 0);
    assert_eq!(kept.len() as u64 + dropped, 500);
    assert_eq!(kept.last(), Some(&0));
}

#[tokio::test]
async fn retention_by_bytes_removes_the_oldest_segments_only() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(
        &dir,
        Retention {
            days: 30,
            bytes: 12_000,
        },
    );
    append_slowly(&log, 0..100).await;
    let segments = segment::list(dir.path()).unwrap();
    let bytes: u64 = segments.iter().map(|segment| segment.size).sum();
    assert!(bytes <= 12_000 + 4096, "{bytes}");
    let kept = pages(&log, CallFilter::default()).await;
    assert!(kept.len() > 5 && kept.len() < 60, "{}", kept.len());
    assert_eq!(
        kept,
        (100 - kept.len() as u64..100).rev().collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn retention_by_days_removes_what_is_older() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(&dir, KEEP);
    append_slowly(&log, 0..30).await;
    drop(log);
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(31 * 24 * 3600);
    for number in [1, 2] {
        let file = fs::File::options()
            .append(true)
            .open(segment::path(dir.path(), number));
        file.unwrap().set_modified(long_ago).unwrap();
    }
    drop(open_small(&dir, KEEP));
    let left = segment::list(dir.path()).unwrap();
    assert_eq!(left[0].number, 3);
    assert!(left.len() > 1);
}

#[tokio::test]
async fn a_query_goes_on_when_retention_took_the_segment_of_its_cursor() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_small(&dir, KEEP);
    append_slowly(&log, 0..30).await;
    let filter = CallFilter {
        limit: 28,
        ..CallFilter::default()
    };
    let cursor = page(&log, filter.clone()).await.cursor;
    fs::remove_file(segment::path(dir.path(), 1)).unwrap();
    let rest = page(&log, CallFilter { cursor, ..filter }).await;
    assert_eq!(rest.records.len(), 0);
    assert_eq!(rest.cursor, None);
}

#[tokio::test]
async fn a_giant_record_loses_the_end_of_its_log_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(&dir);
    let lines = (0..600).map(|at_us| LogLine {
        at_us,
        level: LogLevel::Info,
        message: "\u{1}".repeat(300),
        fields: None,
    });
    let giant = CallRecord {
        log: lines.collect(),
        log_dropped: 2,
        ..record(1)
    };
    log.append(giant.clone());
    log.append(record(2));
    let found = page(&log, CallFilter::default()).await.records;
    assert_eq!(numbers(&found), [2, 1]);
    let kept = &found[1];
    assert!(kept.log.len() > 100 && kept.log.len() < 600);
    assert_eq!(kept.log[..], giant.log[..kept.log.len()]);
    assert_eq!(kept.log_dropped as usize, 2 + 600 - kept.log.len());
    let size = fs::metadata(segment::path(dir.path(), 1)).unwrap().len();
    assert!(size < line::MOST_BYTES as u64 + 2000, "{size}");
}

#[tokio::test]
async fn followers_see_each_record_once_and_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(&dir);
    log.append(record(0));
    log.flush().await.unwrap();
    let mut tail = log.tail();
    for n in 1..20 {
        log.append(record(n));
    }
    for n in 1..20 {
        assert_eq!(number(&tail.recv().await.unwrap()), n);
    }
}

#[tokio::test]
async fn flushed_records_are_in_the_files() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(&dir);
    for n in 0..1000 {
        log.append(record(n));
    }
    log.flush().await.unwrap();
    let text = fs::read_to_string(segment::path(dir.path(), 1)).unwrap();
    let ids: BTreeSet<_> = text
        .lines()
        .map(|line| serde_json::from_str::<CallRecord>(line).unwrap().id)
        .collect();
    assert_eq!(ids.len(), 1000);
}

#[tokio::test]
async fn a_second_opening_is_refused_until_the_first_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    let first = open(&dir);
    let second = CallLog::open(dir.path(), KEEP);
    assert!(matches!(second, Err(Error::Locked { .. })), "{second:?}");
    drop(first);
    open(&dir);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn records_that_a_full_disk_refuses_are_counted_and_flush_tells() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/full", segment::path(dir.path(), 1)).unwrap();
    let log = open(&dir);
    log.append(record(1));
    log.append(record(2));
    let flushed = log.flush().await;
    assert!(matches!(flushed, Err(Error::Incomplete)), "{flushed:?}");
    assert_eq!(log.dropped(), 2);
}
