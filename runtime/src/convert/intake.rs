//! Takes in the parts of an answer: counts them, masks secrets, checks JSON.

use crate::{
    json::{self, Shape},
    redact::{Redactor, WITHHELD},
    stop,
};
use casemate_domain::{Json, Limits, Stop};
use std::borrow::Cow;

/// What one piece of a list costs besides its bytes, so that a million empty pieces are not free.
pub(super) const PIECE: u64 = 16;

pub(crate) struct Intake<'a> {
    redactor: &'a Redactor,
    limits: &'a Limits,
    bytes: u64,
}

impl<'a> Intake<'a> {
    pub(super) fn new(redactor: &'a Redactor, limits: &'a Limits) -> Self {
        Self {
            redactor,
            limits,
            bytes: 0,
        }
    }

    /// What was taken in so far.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn piece(&mut self) {
        self.bytes += PIECE;
    }

    /// Whether so much more is no more than there may be. What is beyond that is counted and nothing
    /// else: the answer is refused, and looking through it takes time.
    fn admits(&mut self, more: usize) -> bool {
        let bytes = self.bytes.saturating_add(more as u64);
        let admits = bytes <= self.limits.output_bytes;
        if !admits {
            self.bytes = bytes;
        }
        admits
    }

    pub(super) fn text(&mut self, text: String) -> String {
        let written = text.len();
        if !self.admits(written) {
            return String::new();
        }
        let masked = self.redactor.mask(text);
        self.count(written, masked.len());
        masked
    }

    pub(super) fn maybe_text(&mut self, text: Option<String>) -> Option<String> {
        text.map(|text| self.text(text))
    }

    pub(super) fn texts(&mut self, texts: Vec<String>) -> Vec<String> {
        texts
            .into_iter()
            .map(|text| {
                self.piece();
                self.text(text)
            })
            .collect()
    }

    pub(super) fn blob(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        let written = bytes.len();
        if !self.admits(written) {
            return Vec::new();
        }
        let masked = self.redactor.mask_bytes(bytes);
        self.count(written, masked.len());
        masked
    }

    /// A text that is known to hold no secret.
    fn plain(&mut self, text: String) -> String {
        self.bytes += text.len() as u64;
        text
    }

    /// A mask may be longer than what it stands for, so both count.
    fn count(&mut self, written: usize, masked: usize) {
        self.bytes += written.max(masked) as u64;
    }

    /// Bytes that only the host and the guest read.
    pub(super) fn opaque(&mut self, bytes: Vec<u8>) -> Vec<u8> {
        self.bytes += bytes.len() as u64;
        bytes
    }

    /// Any JSON value. Masked first, so that what is passed on is what was checked.
    pub(super) fn json(&mut self, text: Option<String>, what: &str) -> Result<Option<Json>, Stop> {
        text.map(|text| self.shaped(text, what, Shape::Any))
            .transpose()
    }

    /// A JSON object.
    pub(super) fn object(
        &mut self,
        text: Option<String>,
        what: &str,
    ) -> Result<Option<Json>, Stop> {
        text.map(|text| self.shaped(text, what, Shape::Object))
            .transpose()
    }

    pub(super) fn shaped(&mut self, text: String, what: &str, shape: Shape) -> Result<Json, Stop> {
        if !self.admits(text.len()) {
            return Err(stop::output(self.limits));
        }
        let masked = match self.redactor.masked(&text, usize::MAX) {
            Cow::Borrowed(_) => None,
            Cow::Owned(masked) => Some(masked),
        };
        let Some(masked) = masked else {
            let parsed = json::parse(self.plain(text), shape);
            return parsed.map_err(|problem| invalid(what, &problem));
        };
        self.count(text.len(), masked.len());
        if masked == WITHHELD {
            let problem = "cannot be looked through for secrets in reasonable time";
            return Err(invalid(what, problem));
        }
        json::parse(masked, shape).map_err(|problem| {
            // A number can be the value of a secret, and a mask is no number.
            let is_broken_by_mask = json::parse(text, shape).is_ok();
            let broken = "holds the value of a secret where no text can stand in for it";
            invalid(what, if is_broken_by_mask { broken } else { &problem })
        })
    }
}

fn invalid(what: &str, problem: &str) -> Stop {
    stop::invalid_output(&format!("{what} {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_more_than_there_may_be_is_counted_and_not_looked_through() {
        let redactor = Redactor::default();
        let limits = Limits {
            output_bytes: 100,
            ..Limits::default()
        };
        let mut intake = Intake::new(&redactor, &limits);
        assert_eq!(intake.text("a".repeat(100)).len(), 100);
        assert_eq!(intake.text("b".to_owned()), "");
        assert!(intake.blob(vec![0; 100]).is_empty());
        assert_eq!(intake.bytes(), 201);
        assert!(intake.json(Some("{}".to_owned()), "this").is_err());
    }
}
