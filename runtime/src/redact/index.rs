//! Which forms of secrets can begin at a place, by the first two bytes there. An escape counts as the
//! character that it stands for.

use super::needle::{Needle, escape};

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

    /// The forms that may begin at a place: with what stands there, and with what that is an escape of.
    pub(super) fn candidates(&self, hay: &[u8], at: usize) -> [&[Form]; 2] {
        let first = hay[at];
        let plain = self.beginning(first, hay.get(at + 1));
        if self.by_byte.is_empty() || !escape::BEGINS.contains(&first) {
            return [plain, &[]];
        }
        let escaped = escape::any(&hay[at..]).map_or(&[][..], |(found, len)| {
            let byte = found.encode_utf8(&mut [0; 4]).as_bytes()[0];
            // A form that begins with a backslash itself is among the plain ones.
            if byte == first {
                return &[];
            }
            self.beginning(byte, hay.get(at + len))
        });
        [plain, escaped]
    }

    /// The forms that may begin with a byte, and then go on with another one.
    fn beginning(&self, first: u8, second: Option<&u8>) -> &[Form] {
        let Some(forms) = self.by_byte.get(usize::from(first)) else {
            return &[];
        };
        if forms.is_empty() {
            return &[];
        }
        // At the end of a text, one byte decides.
        let may_begin = second.is_none_or(|second| {
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
