//! Text as it comes, for the benchmarks that send much of it.

/// 64 KiB with quotes and lines.
pub(crate) fn prose() -> String {
    let line = "He said \"sixty-four KiB\", and meant it; so here they are, line by line.\n";
    let mut text = line.repeat((64 << 10) / line.len() + 1);
    text.truncate(64 << 10);
    text
}
