//! Which forms of secrets can begin at a place, by the first two bytes there.

use super::needle::Needle;

/// A form: the number of its secret, and its number among the forms of that.
type Form = (usize, usize);

/// What can begin how. Empty until a secret is armed.
#[derive(Default)]
pub(super) struct Index {
    /// A bit for each pair of bytes that a form can begin with.
    pairs: Vec<u64>,
    /// The forms that can begin with a byte.
    by_byte: Vec<Vec<Form>>,
}

impl Index {
    /// Enters a form.
    pub(super) fn add(&mut self, needle: &Needle, form: Form) {
        self.pairs.resize(PAIRS / 64, 0);
        self.by_byte.resize(256, Vec::new());
        let seconds: Vec<_> = (0..=u8::MAX)
            .filter(|byte| needle.may_go_on_with(*byte))
            .collect();
        for first in (0..=u8::MAX).filter(|byte| needle.may_begin_with(*byte)) {
            self.by_byte[usize::from(first)].push(form);
            if needle.is_one_byte(first) {
                seconds.iter().for_each(|second| self.allow(first, *second));
            } else {
                // The second byte is the rest of an escape, or of a character.
                (0..=u8::MAX).for_each(|second| self.allow(first, second));
            }
        }
    }

    /// The forms that may begin at a place.
    pub(super) fn candidates(&self, hay: &[u8], at: usize) -> &[Form] {
        let first = hay[at];
        let Some(forms) = self.by_byte.get(usize::from(first)) else {
            return &[];
        };
        if forms.is_empty() {
            return &[];
        }
        // At the end of a text, one byte decides.
        let may_begin = hay.get(at + 1).is_none_or(|second| {
            let (word, bit) = place(first, *second);
            self.pairs[word] & bit != 0
        });
        if may_begin { forms } else { &[] }
    }

    fn allow(&mut self, first: u8, second: u8) {
        let (word, bit) = place(first, second);
        self.pairs[word] |= bit;
    }
}

/// How many pairs of bytes there are.
const PAIRS: usize = 1 << 16;

/// Where the bit of a pair is.
fn place(first: u8, second: u8) -> (usize, u64) {
    let pair = usize::from(first) << 8 | usize::from(second);
    (pair / 64, 1 << (pair % 64))
}
