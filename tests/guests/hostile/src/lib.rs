//! Tools that misbehave, one for each limit, so that the specification can watch them being
//! stopped.

use casemate_guest_sdk::prelude::*;
use std::{
    hint::black_box,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

/// Computes without end.
#[tool(title = "Endless loop")]
pub fn endless_loop() -> String {
    loop {
        black_box(0);
    }
}

/// Fills memory, one MiB after the other.
#[tool(title = "Memory bomb")]
pub fn memory_bomb(
    /// MiB to fill before it answers.
    #[arg(default = 4096)]
    mib: u32,
) -> String {
    let filled: Vec<Vec<u8>> = (0..mib).map(|_| black_box(vec![1; 1 << 20])).collect();
    format!("filled {} MiB", filled.len())
}

/// Needs a secret that nobody has set.
#[tool(title = "Wants a secret", secrets = ["MISSING_SECRET"])]
pub fn wants_secret(cx: &Cx) -> Result<String, ToolError> {
    cx.secret("MISSING_SECRET")?;
    Ok("got it".to_owned())
}

/// Needs to read a secret that nobody has granted.
#[tool(title = "Wants a value", reveal = ["UNREVEALED_SECRET"])]
pub fn wants_value(cx: &Cx) -> Result<String, ToolError> {
    Ok(format!(
        "got {} bytes",
        cx.reveal("UNREVEALED_SECRET")?.len()
    ))
}

/// Panics, with words that are nobody's business.
#[tool(title = "Crash")]
pub fn crash() -> String {
    panic!("these words stay inside");
}

/// Fails for a reason that is nobody's business but its operator's.
#[tool(title = "Fails inside")]
pub fn fails_inside() -> Result<String, ToolError> {
    Err(std::io::Error::other("the disk is on fire").into())
}

/// Logs one line with a field.
#[tool(title = "Logs fields")]
pub fn logs_fields(cx: &Cx) -> String {
    log!(cx, Info, "paged"; status = 201);
    "logged".to_owned()
}

/// Logs without measure.
#[tool(title = "Log flood")]
pub fn log_flood(
    /// Lines to log before it answers.
    #[arg(default = 1_000_000)]
    lines: u32,
    cx: &Cx,
) -> String {
    for line in 0..lines {
        log!(
            cx,
            Info,
            "line {line} of a flood that carries nothing worth reading"
        );
    }
    format!("logged {lines} lines")
}

/// Answers with more than anybody can read.
#[tool(title = "Big output")]
pub fn big_output(
    /// Characters in the answer.
    #[arg(default = 100_000_000)]
    characters: u32,
) -> String {
    "x".repeat(characters as usize)
}

/// Watches the clock until a time has passed.
#[tool(title = "Sleepy")]
pub fn sleepy(
    /// Milliseconds to wait before it answers.
    #[arg(default = 3_600_000)]
    milliseconds: u64,
) -> String {
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(milliseconds) {
        black_box(0);
    }
    "awake".to_owned()
}

/// Waits without computing.
#[tool(title = "Nap")]
pub fn nap(
    /// Milliseconds to wait before it answers.
    milliseconds: u64,
) -> String {
    std::thread::sleep(Duration::from_millis(milliseconds));
    "awake".to_owned()
}

/// Counts its calls in its own memory. The answer is always 1: every call has a fresh sandbox.
#[tool(title = "Remember")]
pub fn remember() -> String {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    (CALLS.fetch_add(1, Ordering::Relaxed) + 1).to_string()
}

casemate_guest_sdk::export!(
    endless_loop,
    memory_bomb,
    wants_secret,
    wants_value,
    crash,
    fails_inside,
    logs_fields,
    log_flood,
    big_output,
    sleepy,
    nap,
    remember
);
