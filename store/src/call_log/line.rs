//! How a record is spelled: one line of JSON, not longer than the limit.

use casemate_domain::CallRecord;

/// The most bytes of a line. What a tool logged is cut to fit.
pub(super) const MOST_BYTES: usize = 256 << 10;

/// The most bytes of a message that has to be cut.
const SHORT_MESSAGE: usize = 4 << 10;

/// Adds the line of a record to a buffer. Says no if nothing could make it fit.
pub(super) fn write(record: &CallRecord, buffer: &mut Vec<u8>) -> bool {
    let start = buffer.len();
    append(record, buffer);
    if buffer.len() - start > MOST_BYTES {
        buffer.truncate(start);
        append(&shortened(record), buffer);
    }
    let fits = buffer.len() - start <= MOST_BYTES;
    if !fits {
        buffer.truncate(start);
    }
    fits
}

fn append(record: &CallRecord, buffer: &mut Vec<u8>) {
    serde_json::to_writer(&mut *buffer, record).expect("a call record is plain data");
    buffer.push(b'\n');
}

/// Keeps as much of the log, from its start, as fits.
fn shortened(record: &CallRecord) -> CallRecord {
    let mut short = CallRecord {
        log: Vec::new(),
        ..record.clone()
    };
    if let Some(message) = &mut short.message {
        message.truncate(message.floor_char_boundary(SHORT_MESSAGE));
    }
    let size = |value: serde_json::Result<String>| value.map_or(usize::MAX, |text| text.len());
    // The key of the log, its brackets, and digits that the count of dropped lines may gain.
    let room = MOST_BYTES.saturating_sub(size(serde_json::to_string(&short)) + 32);
    let mut used = 0;
    for line in &record.log {
        used += size(serde_json::to_string(line)) + 1;
        if used > room {
            break;
        }
        short.log.push(line.clone());
    }
    let dropped = record.log.len() - short.log.len();
    short.log_dropped = short
        .log_dropped
        .saturating_add(u32::try_from(dropped).unwrap_or(u32::MAX));
    short
}
