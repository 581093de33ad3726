//! How a record is spelled: one line of JSON, not longer than the limit.

mod object;

use casemate_domain::{CallRecord, Caller, ClaimedClient, Credential, Receipt};
use object::Object;

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

/// What serializing the record gives, and it is read back that way. Written member by member,
/// because every call has a line, and code that can write anything takes several times as long.
fn append(record: &CallRecord, buffer: &mut Vec<u8>) {
    let CallRecord {
        id,
        at,
        workspace_id,
        workspace,
        server_id,
        server,
        subject,
        digest,
        caller,
        outcome,
        message,
        duration_us,
        trace_id,
        receipt,
        log,
        log_dropped,
    } = record;
    let mut line = Object::start(buffer);
    line.shown("id", id);
    line.shown("at", at);
    line.shown("workspace_id", workspace_id);
    line.plain("workspace", workspace.as_str());
    line.shown("server_id", server_id);
    line.plain("server", server.as_str());
    line.value(subject.kind(), subject.name());
    line.shown("digest", digest);
    line.object("caller", |who| append_caller(caller, who));
    line.plain("outcome", outcome.as_str());
    if let Some(message) = message {
        line.value("message", message);
    }
    line.value("duration_us", duration_us);
    if let Some(trace_id) = trace_id {
        line.value("trace_id", trace_id);
    }
    line.object("receipt", |used| append_receipt(receipt, used));
    if !log.is_empty() {
        line.value("log", log);
    }
    line.value("log_dropped", log_dropped);
    line.end();
    buffer.push(b'\n');
}

fn append_caller(caller: &Caller, who: &mut Object<'_>) {
    let Caller { credential, client } = caller;
    who.object("credential", |proof| match credential {
        Credential::Key { id, name } => {
            proof.plain("kind", "key");
            proof.shown("id", id);
            proof.value("name", name);
        }
        Credential::Token { id } => {
            proof.plain("kind", "token");
            proof.shown("id", id);
        }
    });
    if let Some(ClaimedClient { name, version }) = client {
        who.object("client", |claim| {
            claim.value("name", &**name);
            claim.value("version", &**version);
        });
    }
}

fn append_receipt(receipt: &Receipt, used: &mut Object<'_>) {
    let Receipt {
        fuel,
        wall_us,
        cpu_us,
        peak_memory_bytes,
        bytes_in,
        bytes_out,
        host_calls,
        http_requests,
        hosts,
        secrets,
        digest,
    } = receipt;
    used.value("fuel", fuel);
    used.value("wall_us", wall_us);
    used.value("cpu_us", cpu_us);
    used.value("peak_memory_bytes", peak_memory_bytes);
    used.value("bytes_in", bytes_in);
    used.value("bytes_out", bytes_out);
    used.value("host_calls", host_calls);
    used.value("http_requests", http_requests);
    if !hosts.is_empty() {
        used.value("hosts", hosts);
    }
    if !secrets.is_empty() {
        used.value("secrets", secrets);
    }
    if let Some(digest) = digest {
        used.shown("digest", digest);
    }
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

#[cfg(test)]
mod tests;
