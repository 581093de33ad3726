//! What people read. All of it goes to standard error but the connection panel, so that standard
//! output is left to the programs that are run.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a program for a terminal"
)]

use std::{
    io::{IsTerminal, stderr},
    time::Duration,
};

/// A line of its own.
pub(crate) fn line(text: &str) {
    eprintln!("{text}");
}

/// A result, on standard output.
pub(crate) fn result(text: &str) {
    println!("{text}");
}

/// Something went wrong.
pub(crate) fn error(text: &str) {
    eprintln!("{} {text}", styled("error:", "1;31"));
}

/// A step begins.
pub(crate) fn step(number: usize, of: usize, what: &str) {
    eprintln!("\n{} {what}", styled(&format!("[{number}/{of}]"), "1;36"));
}

/// Puts a heading in bold, or leaves it as it is where nobody would see the difference.
pub(crate) fn heading(text: &str) {
    eprintln!("\n{}", styled(text, "1"));
}

/// A time as people say it.
pub(crate) fn elapsed(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{} min {:02} s", time.as_secs() / 60, time.as_secs() % 60)
    }
}

fn styled(text: &str, style: &str) -> String {
    if stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()) {
        format!("\x1b[{style}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::elapsed;
    use std::time::Duration;

    #[test]
    fn long_times_are_told_in_minutes() {
        assert_eq!(elapsed(Duration::from_millis(1_260)), "1.3 s");
        assert_eq!(elapsed(Duration::from_secs(187)), "3 min 07 s");
    }
}
