//! One record for each call, however it ends.

use crate::service::snapshot::ServerView;
use casemate_domain::{
    Call, CallRecord, Conclusion, Digest, Outcome, OutcomeKind, ProtocolError, Receipt, StopReason,
};
use casemate_runtime::Control;
use casemate_store::call_log::CallLog;
use std::{fmt, sync::Arc, time::Instant};

/// Holds the record of a running call. If it is dropped before the end, the caller went away, and
/// the record says so.
pub(super) struct Recorder {
    log: Arc<CallLog>,
    record: Option<Arc<CallRecord>>,
    received: Instant,
    control: Control,
}

impl Recorder {
    pub(super) fn start(
        log: Arc<CallLog>,
        server: &ServerView,
        digest: Digest,
        call: &Call,
        received: Instant,
        control: Control,
    ) -> Self {
        let bytes_in = call.request.size() as u64;
        let record = CallRecord {
            id: call.id,
            at: jiff::Timestamp::now(),
            workspace_id: server.workspace.id,
            workspace: call.workspace.clone(),
            server_id: server.record.id,
            server: call.server.clone(),
            subject: call.request.subject(),
            digest,
            caller: call.caller.clone(),
            outcome: OutcomeKind::Stopped(StopReason::Cancelled),
            message: None,
            duration_us: 0,
            trace_id: call
                .trace_parent
                .as_ref()
                .map(|trace| trace.trace_id().to_owned()),
            receipt: Receipt {
                bytes_in,
                digest: Some(digest),
                ..Receipt::default()
            },
            log: Vec::new(),
            log_dropped: 0,
        };
        Self {
            log,
            record: Some(Arc::new(record)),
            received,
            control,
        }
    }

    /// Records how the call ended. Gives its duration in microseconds.
    pub(super) fn finish(mut self, outcome: &Outcome) -> u64 {
        match self.record.take() {
            Some(record) => self.append(record, outcome, message(&outcome.conclusion)),
            None => self.elapsed_us(),
        }
    }

    fn append(
        &self,
        mut shared: Arc<CallRecord>,
        outcome: &Outcome,
        message: Option<String>,
    ) -> u64 {
        let duration_us = self.elapsed_us();
        let record = own(&mut shared);
        record.message = message;
        record.outcome = OutcomeKind::from(&outcome.conclusion);
        record.duration_us = duration_us;
        record.receipt = Receipt {
            bytes_in: record.receipt.bytes_in,
            digest: record.receipt.digest,
            ..outcome.receipt.clone()
        };
        record.log.clone_from(&outcome.log);
        record.log_dropped = outcome.log_dropped;
        self.log.append(shared);
        duration_us
    }

    fn elapsed_us(&self) -> u64 {
        u64::try_from(self.received.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let Some(mut shared) = self.record.take() else {
            return;
        };
        let message = Some("The caller went away before the call ended.".to_owned());
        // The runtime leaves behind what a call had used when its caller went away.
        if let Some(outcome) = self.control.abandoned() {
            self.append(shared, outcome, message);
        } else {
            let record = own(&mut shared);
            record.message = message;
            record.duration_us = self.elapsed_us();
            record.receipt.wall_us = record.duration_us;
            self.log.append(shared);
        }
    }
}

/// A record that is shared only once it is in the log. It is made where it will stay.
fn own(record: &mut Arc<CallRecord>) -> &mut CallRecord {
    Arc::get_mut(record).expect("a record is shared when it is complete")
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder")
    }
}

/// How the call ended, in a sentence, unless it ended well.
fn message(conclusion: &Conclusion) -> Option<String> {
    match conclusion {
        Conclusion::Complete(_)
        | Conclusion::Contents(_)
        | Conclusion::Filled(_)
        | Conclusion::Suggested(_)
        | Conclusion::NeedInput(_) => None,
        Conclusion::ToolError(error) => Some(match &error.detail {
            Some(detail) => format!("{} ({detail})", error.message),
            None => error.message.clone(),
        }),
        Conclusion::ProtocolError(error) => Some(match error {
            ProtocolError::InvalidParams(why) => why.clone(),
            ProtocolError::MissingClientCapabilities(names) => {
                format!("The client lacks {}.", names.join(", "))
            }
            ProtocolError::ResourceNotFound(uri) => format!("No resource at {uri}."),
            ProtocolError::Other { message, .. } => message.clone(),
        }),
        Conclusion::Stopped(stop) => Some(stop.message.clone()),
    }
}
