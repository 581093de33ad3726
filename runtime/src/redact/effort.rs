//! How much work may go into looking through texts.
//!
//! Guests choose the text, and their workspaces the secrets: between them they can make every place
//! look like the beginning of every secret. So the work is counted, and is linear in the text; what
//! cannot be looked through for that is withheld.

use std::sync::atomic::{AtomicU64, Ordering};

/// Steps for each byte of a text. An ordinary one takes about one.
const STEPS_PER_BYTE: u64 = 16;
/// Steps for all texts of a call beyond that: for short ones, and for odd ones.
const SPARE_STEPS: u64 = 4 << 20;

/// What a text is replaced with that cannot be looked through.
pub(crate) const WITHHELD: &str = "[withheld: looking for secrets in it would take too long]";

/// A text would take more work than there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMuch;

/// The spare steps of a call, as far as its texts have used them.
#[derive(Default)]
pub(super) struct Spare {
    used: AtomicU64,
}

/// The work on one text.
pub(super) struct Effort<'a> {
    own: u64,
    most: u64,
    steps: u64,
    spare: &'a Spare,
}

impl<'a> Effort<'a> {
    /// Nothing was done yet on a text of so many bytes.
    pub(super) fn new(spare: &'a Spare, bytes: usize) -> Self {
        let own = STEPS_PER_BYTE.saturating_mul(bytes as u64);
        let left = SPARE_STEPS.saturating_sub(spare.used.load(Ordering::Relaxed));
        Self {
            own,
            most: own.saturating_add(left),
            steps: 0,
            spare,
        }
    }

    /// One more step: a character compared, or a form tried.
    pub(super) fn step(&mut self) -> Result<(), TooMuch> {
        self.steps += 1;
        if self.steps > self.most {
            return Err(TooMuch);
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }
}

impl Drop for Effort<'_> {
    fn drop(&mut self) {
        let beyond = self.steps.saturating_sub(self.own);
        if beyond > 0 {
            self.spare.used.fetch_add(beyond, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::{Audience, Redactor, Sight, find};
    use std::fmt::Write;

    fn redactor(values: &[String]) -> Redactor {
        let redactor = Redactor::default();
        for (number, value) in values.iter().enumerate() {
            let name = format!("SECRET_{number}").parse().unwrap();
            redactor.arm(&name, value, Sight::Hidden);
        }
        redactor
    }

    /// As many as a grant may have, each like a key of some service.
    fn ordinary() -> Redactor {
        let value = |number: u8| {
            let hash = blake3::hash(&[number]).to_hex();
            format!("sk_live_{}", &hash[..40])
        };
        redactor(&(0..32).map(value).collect::<Vec<_>>())
    }

    /// The steps that a text takes, and whether it could be looked through.
    fn steps(redactor: &Redactor, text: &str) -> (u64, bool) {
        let (armory, spare) = (redactor.armory(), Spare::default());
        let mut effort = Effort::new(&spare, text.len());
        let (audience, hay) = (Audience::Outside, text.as_bytes());
        let found = find(&armory, audience, hay, hay.len(), &mut effort, |_| ());
        (effort.steps(), found.is_ok())
    }

    #[test]
    fn escapes_that_begin_no_secret_cost_no_step() {
        let redactor = ordinary();
        for escape in [
            r"\\",
            r"\",
            "%",
            "%41",
            "%E2%82%AC",
            "&",
            "&amp;",
            r"\u00e9",
            r"\x51",
        ] {
            let text = escape.repeat(10_000);
            assert_eq!(steps(&redactor, &text), (0, true), "{escape}");
        }
    }

    #[test]
    fn an_ordinary_text_takes_a_small_part_of_the_steps_that_it_may() {
        let redactor = ordinary();
        let mut text = String::new();
        for line in 0..5_000 {
            let hash = blake3::hash(&[line as u8]).to_hex();
            let key = if line % 8 == 0 {
                "sk_test_is_no_secret"
            } else {
                "name"
            };
            writeln!(
                text,
                r#"{{"line": {line}, "hash": "{hash}", "key\n": "{key}\t"}}"#
            )
            .unwrap();
        }
        let (steps, is_through) = steps(&redactor, &text);
        let may = STEPS_PER_BYTE * text.len() as u64;
        assert!(is_through && steps < may / 8, "{steps} of {may}");
    }

    #[test]
    fn what_begins_like_a_secret_everywhere_is_withheld_after_linear_work() {
        let almost = |character: &str| character.repeat(2_000) + "!";
        for character in ["a", r"\", "%", "&", "="] {
            let redactor = redactor(&vec![almost(character); 32]);
            let text = character.repeat(1 << 16);
            let most = STEPS_PER_BYTE * text.len() as u64 + SPARE_STEPS;
            assert_eq!(steps(&redactor, &text), (most + 1, false), "{character}");
            assert_eq!(redactor.mask(text.clone()), WITHHELD);
            assert_eq!(redactor.hide(text.into_bytes()), WITHHELD.as_bytes());
        }
    }

    #[test]
    fn control_the_same_text_is_left_where_no_secret_begins_like_it() {
        let text = "a".repeat(1 << 16);
        assert_eq!(ordinary().mask(text.clone()), text);
    }

    #[test]
    fn many_short_texts_get_no_more_together_than_one_long_one() {
        let redactor = redactor(&vec!["a".repeat(100) + "!"; 32]);
        let text = "a".repeat(150);
        let withheld = |_: &u32| redactor.mask(text.clone()) == WITHHELD;
        let through = (0..100_000).take_while(|n| !withheld(n)).count();
        assert!((1..10_000).contains(&through), "{through}");
        let used = redactor.spare.used.load(Ordering::Relaxed);
        assert!(used <= SPARE_STEPS + 1, "{used}");
        assert_eq!(
            redactor.mask("short".to_owned()),
            "short",
            "it needs nothing of that"
        );
    }
}
