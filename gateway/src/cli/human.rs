//! Sizes, durations, moments and texts for people. Programs read JSON.

use jiff::{Timestamp, tz::TimeZone};

/// `512 B`, `1.2 KB`, `64 MB`: steps of 1024, as limits count.
pub(crate) fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1023.95 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{} {}", short(value), UNITS[unit])
}

/// `850 µs`, `12.3 ms`, `1.5 s`, `2 min 3 s`.
pub(crate) fn duration(microseconds: u64) -> String {
    let us = microseconds as f64;
    match microseconds {
        0..1_000 => format!("{microseconds} µs"),
        1_000..1_000_000 => format!("{} ms", short(us / 1e3)),
        1_000_000..60_000_000 => format!("{} s", short(us / 1e6)),
        _ => {
            let seconds = microseconds / 1_000_000;
            format!("{} min {} s", seconds / 60, seconds % 60)
        }
    }
}

/// `950`, `1.2 k`, `34 M`, `5.6 G`: for large counts such as fuel.
pub(crate) fn count(number: u64) -> String {
    let n = number as f64;
    match number {
        0..1_000 => number.to_string(),
        1_000..1_000_000 => format!("{} k", short(n / 1e3)),
        1_000_000..1_000_000_000 => format!("{} M", short(n / 1e6)),
        _ => format!("{} G", short(n / 1e9)),
    }
}

/// One digit after the point, unless it says nothing.
fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// `1 tool`, `2 tools`.
pub(crate) fn plural(number: usize, noun: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{s}")
}

/// `2026-11-22 19:02`, in local time.
pub(crate) fn date(moment: Timestamp) -> String {
    date_in(moment, TimeZone::system())
}

/// `11-22 19:02:35`, in local time.
pub(crate) fn clock(moment: Timestamp) -> String {
    moment
        .to_zoned(TimeZone::system())
        .strftime("%m-%d %H:%M:%S")
        .to_string()
}

fn date_in(moment: Timestamp, zone: TimeZone) -> String {
    moment.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The first line of a text, cut to a width, without control characters.
pub(crate) fn line(text: &str, width: usize) -> String {
    let first = text.trim().lines().next().unwrap_or_default();
    let first: String = first.chars().filter(|c| !c.is_control()).collect();
    if first.chars().count() <= width {
        return first;
    }
    let cut: String = first.chars().take(width.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// The first sentence of a text: to the first stop that a space or the end follows.
pub(crate) fn sentence(text: &str) -> &str {
    let first = text.trim().lines().next().unwrap_or_default();
    let stop = first.match_indices(['.', '!', '?']).find(|(at, _)| {
        let after = &first[at + 1..];
        after.starts_with(char::is_whitespace)
    });
    stop.map_or(first, |(at, _)| &first[..=at])
}

/// A text with nothing in it that would act on a terminal: tools wrote it.
pub(crate) fn harmless(text: &str) -> String {
    let acts = |c: char| c.is_control() && c != '\n' && c != '\t';
    text.replace(acts, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        let sizes = [
            0,
            1023,
            1024,
            1229,
            65_536,
            (1 << 20) - 1,
            64 << 20,
            5 << 30,
        ];
        let shown: Vec<_> = sizes.into_iter().map(bytes).collect();
        assert_eq!(
            shown,
            [
                "0 B", "1023 B", "1 KB", "1.2 KB", "64 KB", "1 MB", "64 MB", "5 GB"
            ]
        );
    }

    #[test]
    fn durations_and_counts_are_short() {
        let shown: Vec<_> = [7, 12_345, 1_500_000, 123_000_000]
            .into_iter()
            .map(duration)
            .collect();
        assert_eq!(shown, ["7 µs", "12.3 ms", "1.5 s", "2 min 3 s"]);
        let shown: Vec<_> = [999, 1_234, 34_000_000, 5_600_000_000]
            .into_iter()
            .map(count)
            .collect();
        assert_eq!(shown, ["999", "1.2 k", "34 M", "5.6 G"]);
    }

    #[test]
    fn moments_are_to_the_minute() {
        let moment: Timestamp = "2026-11-22T19:02:35Z".parse().unwrap();
        assert_eq!(date_in(moment, TimeZone::UTC), "2026-11-22 19:02");
    }

    #[test]
    fn a_long_text_is_cut_to_its_first_line() {
        assert_eq!(line("  One line.\nAnother.", 40), "One line.");
        assert_eq!(line("abcdefgh", 8), "abcdefgh");
        assert_eq!(line("abcdefghi", 8), "abcdefg…");
    }

    #[test]
    fn the_first_sentence_ends_at_a_stop_before_a_space() {
        assert_eq!(
            sentence(" Reads api.test v1.2. More.\nEven more."),
            "Reads api.test v1.2."
        );
        assert_eq!(sentence("One line\nand another."), "One line");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn nothing_a_tool_wrote_acts_on_the_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\tc\n"), "a\u{fffd}[2Jb\tc\n");
        assert_eq!(line("a\u{1b}[2Jb", 40), "a[2Jb");
    }
}
