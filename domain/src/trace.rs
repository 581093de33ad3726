//! W3C trace context: which larger undertaking a call is part of.

use crate::Invalid;
use std::{fmt, str::FromStr};

/// A `traceparent`. A client makes it up, so it proves and decides nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceParent(String);

/// `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`, without the dashes.
const PARTS: [usize; 4] = [2, 32, 16, 2];
/// The longest one, in bytes. Later versions may add to it.
const LONGEST: usize = 512;

impl TraceParent {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id that all parts of a trace share: 32 hexadecimal digits.
    pub fn trace_id(&self) -> &str {
        &self.0[3..35]
    }
}

impl FromStr for TraceParent {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_hex = |part: &str| {
            part.bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        let mut parts = text.splitn(5, '-');
        let mut next = |length: usize| {
            let part = parts.next()?;
            (part.len() == length && is_hex(part)).then_some(part)
        };
        let read = PARTS.map(&mut next);
        let rest = parts.next();
        let is_right = match read {
            [Some(version), Some(trace), Some(parent), Some(_)] => {
                let is_something = |part: &str| part.bytes().any(|byte| byte != b'0');
                version != "ff"
                    && (version != "00" || rest.is_none())
                    && is_something(trace)
                    && is_something(parent)
            }
            _ => false,
        };
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_right && is_plain && text.len() <= LONGEST {
            return Ok(Self(text.to_owned()));
        }
        Err(Invalid::new(
            "traceparent",
            "is not `00-`, 32 digits, `-`, 16 digits, `-`, 2 digits, in lower-case hexadecimal",
        ))
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    #[test]
    fn only_the_form_of_the_w3c_is_read() {
        for right in [
            format!("00-{TRACE}-00f067aa0ba902b7-01"),
            format!("cc-{TRACE}-00f067aa0ba902b7-00"),
            format!("cc-{TRACE}-00f067aa0ba902b7-00-what-the-future-may-be-like"),
        ] {
            let parent: TraceParent = right.parse().unwrap();
            assert_eq!((parent.as_str(), parent.trace_id()), (&*right, TRACE));
        }
        let nothing = "0".repeat(32);
        for wrong in [
            String::new(),
            "00".to_owned(),
            format!("00-{TRACE}-00f067aa0ba902b7"),
            format!("00-{TRACE}-00f067aa0ba902b7-01-more"),
            format!("ff-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-0000000000000000-01"),
            format!("00-{nothing}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", TRACE.to_uppercase()),
            format!(" 00-{TRACE}-00f067aa0ba902b7-01"),
            format!("00-{TRACE}-00f067aa0ba902b7-0é"),
            format!("cc-{TRACE}-00f067aa0ba902b7-00-\r\nevil: 1"),
        ] {
            assert!(wrong.parse::<TraceParent>().is_err(), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn reading_never_panics(text in "[-0-9a-fé]{0,60}") {
            if let Ok(parent) = text.parse::<TraceParent>() {
                assert_eq!(parent.trace_id().len(), 32);
            }
        }
    }
}
