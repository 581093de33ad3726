//! What recorded calls say about limits: what they would need, and whom a limit would stop.

use crate::service::error::Error;
use casemate_domain::{CallId, CallRecord, Limit, LimitSettings, Limits, OutcomeKind, StopReason};
use casemate_store::call_log::{CallFilter, CallLog};
use serde::Serialize;
use std::collections::BTreeMap;

/// The most calls that are looked at, the newest first.
pub const MOST_CALLS: usize = 10_000;
/// Records that are read at once. Each can hold a log.
const PAGE: usize = 100;
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

/// The limits that receipts say something about, and the ending of a call that one stops.
const KNOWN: [(Limit, Option<StopReason>); 8] = [
    (Limit::Fuel, Some(StopReason::FuelExhausted)),
    (Limit::WallMs, Some(StopReason::DeadlineExceeded)),
    (Limit::MemoryBytes, Some(StopReason::MemoryLimit)),
    (Limit::HostCalls, Some(StopReason::HostcallLimit)),
    (Limit::InputBytes, Some(StopReason::InputRejected)),
    (Limit::OutputBytes, Some(StopReason::OutputTooLarge)),
    // These two stop no call: lines are left out, and the tool gets an error.
    (Limit::LogLines, None),
    (Limit::HttpRequests, None),
];

/// What is looked at of one recorded call: numbers only, since records can be large.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    id: CallId,
    outcome: OutcomeKind,
    /// In the order of [`KNOWN`].
    used: [u64; KNOWN.len()],
}

impl From<&CallRecord> for Sample {
    fn from(record: &CallRecord) -> Self {
        let receipt = &record.receipt;
        Self {
            id: record.id,
            outcome: record.outcome,
            used: [
                receipt.fuel,
                receipt.wall_us.div_ceil(1_000),
                receipt.peak_memory_bytes,
                receipt.host_calls,
                receipt.bytes_in,
                receipt.bytes_out,
                record.log.len() as u64 + u64::from(record.log_dropped),
                receipt.http_requests,
            ],
        }
    }
}

impl Sample {
    /// Whether it ran to an end of its own, so that it says what such a call needs.
    fn ended_by_itself(&self) -> bool {
        !matches!(self.outcome, OutcomeKind::Stopped(_))
    }
}

/// The newest calls that fit a filter, newest first.
pub async fn samples(log: &CallLog, mut filter: CallFilter) -> Result<Vec<Sample>, Error> {
    let mut samples = Vec::new();
    filter.limit = PAGE;
    while samples.len() < MOST_CALLS {
        let page = log.query(filter.clone()).await?;
        samples.extend(page.records.iter().map(Sample::from));
        match page.cursor {
            Some(cursor) => filter.cursor = Some(cursor),
            None => break,
        }
    }
    samples.truncate(MOST_CALLS);
    Ok(samples)
}

/// Proposes limits with head-room over what calls used.
pub fn suggest(samples: &[Sample], now: &Limits) -> Suggestion {
    let whole: Vec<_> = samples.iter().filter(|s| s.ended_by_itself()).collect();
    let limits = KNOWN.iter().enumerate().filter_map(|(at, (limit, _))| {
        let mut values: Vec<u64> = whole.iter().map(|sample| sample.used[at]).collect();
        values.sort_unstable();
        suggested(*limit, &values, now.get(*limit))
    });
    Suggestion {
        limits: limits.collect(),
        calls: whole.len(),
        stopped: samples.len() - whole.len(),
        enough: whole.len() >= FEW_CALLS,
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

/// Which recorded calls these limits would have stopped. A call that such a limit did stop counts:
/// what it would have needed is not known.
pub fn what_if(samples: &[Sample], settings: &LimitSettings) -> WhatIf {
    let mut by_limit = BTreeMap::new();
    let mut examples = Vec::new();
    let mut stopped = 0;
    for sample in samples {
        let passed: Vec<Limit> = stops(settings)
            .filter(|(at, _, reason, value)| {
                sample.used[*at] > *value || sample.outcome == OutcomeKind::Stopped(*reason)
            })
            .map(|(_, limit, ..)| limit)
            .collect();
        if passed.is_empty() {
            continue;
        }
        stopped += 1;
        if examples.len() < EXAMPLES {
            examples.push(sample.id);
        }
        for limit in passed {
            *by_limit.entry(limit).or_default() += 1;
        }
    }
    WhatIf {
        calls: samples.len(),
        stopped,
        by_limit,
        examples,
    }
}

/// The limits that are asked about and stop calls: where their numbers are, and their values.
fn stops(settings: &LimitSettings) -> impl Iterator<Item = (usize, Limit, StopReason, u64)> + '_ {
    KNOWN
        .iter()
        .enumerate()
        .filter_map(|(at, (limit, reason))| {
            let value = settings.values.get(limit)?;
            Some((at, *limit, (*reason)?, *value))
        })
}

/// Limits that stop no call, or of which receipts say nothing: asking about them would always
/// answer "none".
pub fn unknown(settings: &LimitSettings) -> Vec<Limit> {
    let known: Vec<_> = stops(settings).map(|(_, limit, ..)| limit).collect();
    let asked = settings.values.keys().copied();
    asked.filter(|limit| !known.contains(limit)).collect()
}
