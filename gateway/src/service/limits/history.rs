//! What recorded calls say about limits: what they would need, and whom a limit would stop.

use crate::service::error::Error;
use casemate_domain::{CallId, CallRecord, Limit, LimitSettings, Limits, OutcomeKind};
use casemate_store::call_log::{CallFilter, CallLog};
use serde::Serialize;
use std::collections::BTreeMap;

/// The most calls that are looked at, the newest first.
pub const MOST_CALLS: usize = 10_000;
/// Calls below which a suggestion says that it rests on little.
pub const FEW_CALLS: usize = 100;
/// How much more than any call used is suggested.
const HEAD_ROOM: u64 = 2;
/// Calls that are named as examples.
const EXAMPLES: usize = 5;

/// What one limit could be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggested {
    /// Which.
    pub limit: Limit,
    /// In force.
    pub now: u64,
    /// What half of the calls stayed within.
    pub median: u64,
    /// What 99 of 100 calls stayed within.
    pub p99: u64,
    /// What no call exceeded.
    pub most: u64,
    /// Twice that, rounded up, and no more than what is in force.
    pub suggested: u64,
}

/// What the calls of one tool suggest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// On how many calls it rests: those that ended by themselves.
    pub calls: usize,
    /// Calls that a limit stopped. What they would have needed is not known.
    pub stopped: usize,
    /// Whether there are enough calls to rest on.
    pub enough: bool,
    /// One entry for each limit that a receipt says something about.
    pub limits: Vec<Suggested>,
}

/// What limits would have stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WhatIf {
    /// How many calls were looked at.
    pub calls: usize,
    /// How many of them would have been stopped.
    pub stopped: usize,
    /// By which limit. A call that passes several counts for each.
    pub by_limit: BTreeMap<Limit, usize>,
    /// Some of them, the newest first.
    pub examples: Vec<CallId>,
}

/// The newest records that fit a filter, newest first.
pub async fn records(log: &CallLog, mut filter: CallFilter) -> Result<Vec<CallRecord>, Error> {
    let mut records = Vec::new();
    filter.limit = 1_000;
    while records.len() < MOST_CALLS {
        let page = log.query(filter.clone()).await?;
        records.extend(page.records);
        match page.cursor {
            Some(cursor) => filter.cursor = Some(cursor),
            None => break,
        }
    }
    records.truncate(MOST_CALLS);
    Ok(records)
}

/// What a recorded call used of what a limit is on, where its receipt tells.
fn used(record: &CallRecord, limit: Limit) -> Option<u64> {
    let receipt = &record.receipt;
    let lines = || record.log.len() as u64 + u64::from(record.log_dropped);
    Some(match limit {
        Limit::Fuel => receipt.fuel,
        Limit::WallMs => receipt.wall_us.div_ceil(1_000),
        Limit::MemoryBytes => receipt.peak_memory_bytes,
        Limit::HostCalls => receipt.host_calls,
        Limit::InputBytes => receipt.bytes_in,
        Limit::OutputBytes => receipt.bytes_out,
        Limit::LogLines => lines(),
        Limit::HttpRequests => receipt.http_requests,
        Limit::TableElements
        | Limit::Instances
        | Limit::Handles
        | Limit::LogBytes
        | Limit::HttpMs
        | Limit::HttpBodyBytes
        | Limit::HttpRedirects
        | Limit::CallsAtOnce => return None,
    })
}

/// Whether a call ran to an end of its own, so that its receipt says what such a call needs.
fn ended_by_itself(record: &CallRecord) -> bool {
    !matches!(record.outcome, OutcomeKind::Stopped(_))
}

/// Proposes limits with head-room over what calls used.
pub fn suggest(records: &[CallRecord], now: &Limits) -> Suggestion {
    let whole: Vec<_> = records.iter().filter(|r| ended_by_itself(r)).collect();
    let limits = Limit::ALL
        .iter()
        .filter_map(|limit| {
            let mut values = Vec::with_capacity(whole.len());
            for record in &whole {
                values.push(used(record, *limit)?);
            }
            values.sort_unstable();
            suggested(*limit, &values, now.get(*limit))
        })
        .collect();
    Suggestion {
        calls: whole.len(),
        stopped: records.len() - whole.len(),
        enough: whole.len() >= FEW_CALLS,
        limits,
    }
}

/// From values in order.
fn suggested(limit: Limit, values: &[u64], now: u64) -> Option<Suggested> {
    let most = *values.last()?;
    let at = |share: f64| values[((values.len() - 1) as f64 * share).ceil() as usize];
    let room = round_up(most.saturating_mul(HEAD_ROOM).max(1));
    Some(Suggested {
        limit,
        now,
        median: at(0.5),
        p99: at(0.99),
        most,
        suggested: room.max(limit.floor()).min(now),
    })
}

/// To the next power of two: limits are easier to read when they are round, and a tool that grows
/// a little does not pass them at once.
fn round_up(value: u64) -> u64 {
    value.checked_next_power_of_two().unwrap_or(value)
}

/// Which recorded calls these limits would have stopped. Calls that a limit did stop count as far
/// as they came: they would have been stopped as well.
pub fn what_if(records: &[CallRecord], settings: &LimitSettings) -> WhatIf {
    let mut by_limit = BTreeMap::new();
    let mut examples = Vec::new();
    let mut stopped = 0;
    for record in records {
        let passed: Vec<Limit> = Limit::ALL
            .iter()
            .copied()
            .filter(|limit| {
                let value = settings.get(*limit);
                value.is_some_and(|value| used(record, *limit).is_some_and(|used| used > value))
            })
            .collect();
        if passed.is_empty() {
            continue;
        }
        stopped += 1;
        if examples.len() < EXAMPLES {
            examples.push(record.id);
        }
        for limit in passed {
            *by_limit.entry(limit).or_default() += 1;
        }
    }
    WhatIf {
        calls: records.len(),
        stopped,
        by_limit,
        examples,
    }
}

/// Limits of which receipts say nothing: asking about them would always answer "none".
pub fn unknown(settings: &LimitSettings) -> Vec<Limit> {
    const KNOWN: [Limit; 8] = [
        Limit::Fuel,
        Limit::WallMs,
        Limit::MemoryBytes,
        Limit::HostCalls,
        Limit::InputBytes,
        Limit::OutputBytes,
        Limit::LogLines,
        Limit::HttpRequests,
    ];
    let asked = settings.values.keys().copied();
    asked.filter(|limit| !KNOWN.contains(limit)).collect()
}
