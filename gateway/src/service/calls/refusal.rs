//! Calls that never reach the sandbox, in words for their callers.

use super::traffic::NoPlace;
use crate::service::components::LoadError;
use casemate_domain::{CallId, Conclusion, Level, Outcome, Receipt, Stop, StopReason, ToolName};

/// An outcome of a call that never reached the sandbox.
pub(super) fn stopped(stop: Stop) -> Outcome {
    Outcome {
        conclusion: Conclusion::Stopped(stop),
        receipt: Receipt::default(),
        log: Vec::new(),
        log_dropped: 0,
    }
}

pub(super) fn overloaded(level: Level) -> Stop {
    let message = match level {
        Level::Platform => {
            "The gateway is running as many calls as it can. Try again in a second.".to_owned()
        }
        Level::Workspace | Level::Server | Level::Tool => format!(
            "The {0} is running as many calls as it may at once. Try again in a second, or have an \
             operator raise its limit `calls_at_once`.",
            level.as_str()
        ),
    };
    Stop {
        reason: StopReason::Overloaded,
        message,
    }
}

/// A call that has no place.
pub(super) fn no_place(why: NoPlace) -> Stop {
    let (level, wait) = match why {
        NoPlace::Full(level) => return overloaded(level),
        NoPlace::TooManyInAMinute(level, wait) => (level.as_str(), wait),
    };
    let seconds = wait.as_millis().div_ceil(1_000);
    Stop {
        reason: StopReason::RateLimited,
        message: format!(
            "The {level} has had as many calls as it may in a minute. Try again in {seconds} s, or have \
             an operator raise its limit `calls_per_minute`."
        ),
    }
}

pub(super) fn unloadable(error: &LoadError, id: CallId) -> Stop {
    tracing::error!(%id, error = error as &dyn std::error::Error, "a component cannot be loaded");
    let reason = match error {
        LoadError::Integrity(_) => StopReason::ArtifactIntegrity,
        LoadError::Rejected { .. } | LoadError::Host { .. } | LoadError::Store(..) => {
            StopReason::Internal
        }
    };
    let message = format!(
        "The tool cannot be loaded ({reason}). Tell the operator the call id {id}; \
         uploading the component again may help."
    );
    Stop { reason, message }
}

pub(super) fn not_loaded_in_time(wall_ms: u64) -> Stop {
    Stop {
        reason: StopReason::DeadlineExceeded,
        message: format!(
            "The tool was not loaded within {wall_ms} ms: it has to be compiled once more, which \
             goes on. Try again in a moment."
        ),
    }
}

/// A name that a caller wrote, short enough and without control characters.
pub(super) fn shown_name(name: &str) -> String {
    match name.parse::<ToolName>() {
        Ok(name) => name.to_string(),
        Err(_) => name
            .chars()
            .take(128)
            .collect::<String>()
            .escape_debug()
            .to_string(),
    }
}
