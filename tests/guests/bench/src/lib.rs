//! Tools for the benchmarks: work of a known size, and each way of using more than one's share.

use casemate_guest_sdk::prelude::*;
use std::hint::black_box;

/// Computes for so many rounds, without touching memory.
#[tool(title = "Burn")]
pub fn burn(
    /// Rounds of a few instructions each.
    rounds: u64,
) -> String {
    let mut state = rounds | 1;
    for _ in 0..rounds {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state = black_box(state);
    }
    state.to_string()
}

/// Answers with the text that it was given.
#[tool(title = "Echo")]
pub fn echo(
    /// The text to send back.
    text: String,
) -> String {
    text
}

/// Adds two numbers: as little as a tool can do.
#[tool(title = "Add")]
pub fn add(
    /// One number.
    a: i64,
    /// The other.
    b: i64,
) -> String {
    a.wrapping_add(b).to_string()
}

/// Reads a small JSON text again and again: work of many branches.
#[tool(title = "Parse")]
pub fn parse(
    /// How often to read it.
    times: u32,
) -> String {
    const TEXT: &str = r#"{"name":"casemate","sizes":[1,2.5,-3e4],"nested":{"yes":true,"no":null},"text":"a \"quoted\" line\n"}"#;
    let read = (0..times).filter(|_| {
        black_box(TEXT)
            .parse::<casemate_guest_sdk::serde_json::Value>()
            .is_ok()
    });
    format!("read {} times", read.count())
}

/// Computes without end.
#[tool(title = "Spin")]
pub fn spin() -> String {
    loop {
        black_box(0);
    }
}

/// Fills memory, one MiB after the other.
#[tool(title = "Fill memory")]
pub fn fill_memory(
    /// MiB to fill before it answers.
    mib: u32,
) -> String {
    let filled: Vec<Vec<u8>> = (0..mib).map(|_| black_box(vec![1; 1 << 20])).collect();
    format!("filled {} MiB", filled.len())
}

/// Writes lines to the log.
#[tool(title = "Write log lines")]
pub fn write_log(
    /// Lines to write before it answers.
    lines: u32,
    cx: &Cx,
) -> String {
    for line in 0..lines {
        log!(cx, Info, "line {line} of many that say nothing");
    }
    format!("wrote {lines} lines")
}

/// Answers with a text of a given length.
#[tool(title = "Answer")]
pub fn answer(
    /// Characters of the answer.
    characters: u32,
) -> String {
    "x".repeat(characters as usize)
}

/// Calls the host again and again.
#[tool(title = "Ask the host")]
pub fn ask_host(
    /// Host calls before it answers.
    calls: u32,
    cx: &Cx,
) -> String {
    let cancelled = (0..calls).filter(|_| cx.cancelled()).count();
    format!("cancelled {cancelled} times")
}

/// Fetches one URL again and again, whatever comes of it.
#[tool(title = "Fetch")]
pub fn fetch(
    /// An absolute URL.
    url: String,
    /// Requests before it answers.
    requests: u32,
    cx: &Cx,
) -> String {
    let answered = (0..requests).filter(|_| cx.http().get(&*url).send().wait().is_ok());
    format!("{} requests were answered", answered.count())
}

casemate_guest_sdk::export!(
    burn,
    echo,
    add,
    parse,
    spin,
    fill_memory,
    write_log,
    answer,
    ask_host,
    fetch
);
