//! The log of one call, capped.
//!
//! Lines come from the guest's `logging` import and from its standard output and error. What is
//! over a cap is dropped and counted, never an error: a tool must not fail because it talks much.

use crate::{redact::Redactor, runtime::Observer};
use casemate_domain::{Limits, LogLevel, LogLine};
use std::{sync::Arc, time::Instant};

/// The longest message or fields of one line, in bytes.
pub(crate) const LINE_BYTES: usize = 8 << 10;
/// What a line ends with that was longer.
const CUT: char = '…';
/// What a line costs besides its text, so that empty lines are not free.
const LINE_OVERHEAD: u64 = 16;

/// The log of one call.
pub(crate) struct Log {
    started: Instant,
    redactor: Arc<Redactor>,
    observer: Arc<dyn Observer>,
    lines: Vec<LogLine>,
    dropped: u32,
    bytes_left: u64,
    lines_left: u64,
}

impl Log {
    pub(crate) fn new(
        started: Instant,
        limits: &Limits,
        redactor: Arc<Redactor>,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self {
            started,
            redactor,
            observer,
            lines: Vec::new(),
            dropped: 0,
            bytes_left: limits.log_bytes,
            lines_left: limits.log_lines,
        }
    }

    /// Whether every further line is dropped.
    pub(crate) fn is_full(&self) -> bool {
        self.lines_left == 0 || self.bytes_left == 0
    }

    /// Adds a line, or counts it as dropped.
    pub(crate) fn add(&mut self, level: LogLevel, message: &str, fields: Option<String>) {
        if self.is_full() {
            self.dropped = self.dropped.saturating_add(1);
            return;
        }
        let mut shown = printable(&self.redactor.masked(message, LINE_BYTES));
        if message.len() > LINE_BYTES && !shown.ends_with(CUT) {
            shown.push(CUT);
        }
        let fits = |fields: &String| fields.len() <= LINE_BYTES;
        let fields = fields
            .filter(fits)
            .map(|fields| self.redactor.mask(fields))
            .filter(fits);
        let size = shown.len() + fields.as_ref().map_or(0, String::len);
        let Some(left) = self.bytes_left.checked_sub(size as u64 + LINE_OVERHEAD) else {
            self.dropped = self.dropped.saturating_add(1);
            return;
        };
        self.bytes_left = left;
        self.lines_left -= 1;
        let at_us = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let line = LogLine {
            at_us,
            level,
            message: shown,
            fields,
        };
        self.observer.log(&line);
        self.lines.push(line);
    }

    /// The lines, and how many were dropped.
    pub(crate) fn take(&mut self) -> (Vec<LogLine>, u32) {
        (std::mem::take(&mut self.lines), self.dropped)
    }
}

/// A text without control characters and at most [`LINE_BYTES`] long.
pub(crate) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LINE_BYTES));
    for c in text.chars() {
        if out.len() + c.len_utf8() > LINE_BYTES {
            out.push(CUT);
            break;
        }
        match c {
            '\t' | '\n' => out.push(' '),
            c if c.is_control() || casemate_domain::is_invisible(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{redact::Sight, runtime::Unobserved};

    fn log(limits: &Limits) -> Log {
        Log::new(
            Instant::now(),
            limits,
            Arc::new(Redactor::default()),
            Arc::new(Unobserved),
        )
    }

    #[test]
    fn lines_over_the_cap_are_dropped_and_counted() {
        let mut log = log(&Limits {
            log_lines: 2,
            ..Limits::default()
        });
        for _ in 0..5 {
            log.add(LogLevel::Info, "x", None);
        }
        let (lines, dropped) = log.take();
        assert_eq!((lines.len(), dropped), (2, 3));
    }

    #[test]
    fn bytes_over_the_cap_are_dropped_and_counted() {
        let mut log = log(&Limits {
            log_bytes: 100,
            ..Limits::default()
        });
        log.add(LogLevel::Info, &"x".repeat(90), None);
        log.add(LogLevel::Info, "short", None);
        let (lines, dropped) = log.take();
        assert_eq!((lines.len(), dropped), (1, 1));
    }

    #[test]
    fn a_line_shows_no_control_characters_and_has_an_end() {
        assert_eq!(printable("a\u{1b}[2J\nb\u{202e}"), "a\u{fffd}[2J b\u{fffd}");
        assert!(printable(&"x".repeat(100_000)).len() <= LINE_BYTES + '…'.len_utf8());
    }

    #[test]
    fn a_secret_at_the_end_of_a_long_line_leaves_no_edge() {
        let redactor = Arc::new(Redactor::default());
        redactor.arm(
            &"TOKEN".parse().unwrap(),
            "hunter22-hunter33",
            Sight::Revealed,
        );
        let mut log = Log::new(
            Instant::now(),
            &Limits::default(),
            redactor,
            Arc::new(Unobserved),
        );
        for before in LINE_BYTES - 20..LINE_BYTES {
            let line = format!("{}hunter22-hunter33 and more", "x".repeat(before));
            log.add(
                LogLevel::Info,
                &line,
                Some(r#"{"a":"hunter22-hunter33"}"#.to_owned()),
            );
        }
        for line in log.take().0 {
            assert!(!line.message.contains("hunt"), "{}", &line.message[8_000..]);
            assert!(line.message.ends_with(CUT));
            assert_eq!(line.fields.unwrap(), r#"{"a":"[secret TOKEN]"}"#);
        }
    }
}
