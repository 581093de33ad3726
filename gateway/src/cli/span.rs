//! Spans of time and moments as people type them: `90d`, `1h 30m`, `2026-11-22T10:00:00Z`.

use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

/// A span such as `30m`, `1h`, `2d` or `90d`, in whole seconds. A day is 24 hours.
pub(crate) fn seconds(text: &str) -> Result<u64, String> {
    let seconds = positive(text)?.as_secs();
    u64::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| refused(text))
}

/// A moment: a span before now, or an RFC 3339 time.
pub(crate) fn since(text: &str) -> Result<Timestamp, String> {
    since_at(text, Timestamp::now())
}

fn since_at(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    if let Ok(moment) = text.parse() {
        return Ok(moment);
    }
    let back =
        positive(text).map_err(|why| format!("{why}, or a time like 2026-11-22T10:00:00Z"))?;
    now.checked_sub(back)
        .map_err(|_| format!("`{text}` is too long ago"))
}

fn positive(text: &str) -> Result<SignedDuration, String> {
    let span: Span = text.trim().parse().map_err(|_| refused(text))?;
    let duration = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| format!("`{text}` has months or years, which differ in length; write days"))?;
    if duration.is_positive() {
        Ok(duration)
    } else {
        Err(refused(text))
    }
}

fn refused(text: &str) -> String {
    format!("`{text}` is not a span of time such as 30m, 1h, 2d or 90d")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        let spans = [
            ("30m", 1_800),
            ("1h", 3_600),
            ("2d", 172_800),
            ("90d", 7_776_000),
            ("1h 30m", 5_400),
            ("1w", 604_800),
        ];
        for (text, expected) in spans {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in ["", "90", "soon", "-1h", "0s", "100ms", "1y", "2mo"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }

    #[test]
    fn since_is_a_span_before_now_or_a_moment() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let at = |text| since_at(text, now).unwrap().to_string();
        assert_eq!(at("1h"), "2026-11-22T11:00:00Z");
        assert_eq!(at("2d"), "2026-11-20T12:00:00Z");
        assert_eq!(at("2026-11-01T00:00:00+02:00"), "2026-10-31T22:00:00Z");
        assert!(
            since_at("yesterday", now)
                .unwrap_err()
                .contains("2026-11-22T10:00:00Z")
        );
    }
}
