//! Tools that tell how far they are while they run.

use casemate_guest_sdk::prelude::*;
use std::{thread::sleep, time::Duration};

const STEP: Duration = Duration::from_millis(50);

/// Reports progress three times.
#[tool]
pub fn test_tool_with_progress(cx: &Cx) -> &'static str {
    cx.progress(0, Some(100.0), "");
    sleep(STEP);
    cx.progress(50, Some(100.0), "");
    sleep(STEP);
    cx.progress(100, Some(100.0), "");
    "progress was reported"
}

/// Reports progress that stands still, falls and is no number.
#[tool]
pub fn test_falling_progress(cx: &Cx) -> &'static str {
    let all = [10.0, 5.0, 10.0, f64::NAN, 20.0, f64::INFINITY, -1.0, 20.5];
    for done in all {
        cx.progress(done, Some(100.0), "");
    }
    "progress fell"
}

/// Logs three lines.
#[tool]
pub fn test_tool_with_logging(cx: &Cx) -> &'static str {
    log!(cx, Info, "Tool execution started");
    sleep(STEP);
    log!(cx, Info, "Tool processing data");
    sleep(STEP);
    log!(cx, Info, "Tool execution completed");
    "lines were logged"
}

/// Logs a line of each level.
#[tool]
pub fn test_logging_tool(cx: &Cx) -> &'static str {
    log!(cx, Debug, "a detail"; step = 1);
    log!(cx, Info, "a fact");
    log!(cx, Warning, "a worry");
    log!(cx, Error, "a fault");
    "lines were logged"
}

/// Works for a while, telling how far it is, or not.
#[tool]
pub fn test_busy(
    /// Steps of a hundredth of a second.
    #[arg(default = 100)]
    steps: u32,
    /// Reports in each step.
    #[arg(default = 1)]
    reports: u32,
    cx: &Cx,
) -> String {
    let total = f64::from(steps) * f64::from(reports);
    for step in 0..steps {
        sleep(Duration::from_millis(10));
        for report in 0..reports {
            let done = f64::from(step) * f64::from(reports) + f64::from(report);
            cx.progress(done, Some(total), "busy");
        }
    }
    format!("done after {steps} steps")
}
