//! Takes the values of secrets out of what a tool says.
//!
//! A secret is looked for once it was used in the call: revealed, or sent, or left to it by an
//! earlier round. It is masked as it is, escaped as in JSON, JavaScript or HTML, percent-encoded, in
//! hex, and in base64 of both alphabets at every alignment, over several lines too; all of that in
//! UTF-16 as well, in either order of bytes, for a value in ASCII; of a value with several lines,
//! each line. This is a second wall behind the grant, not a proof: a tool that holds a value can
//! always write it backwards, or a piece at a time.
//!
//! A call without secrets pays nothing. All others pay one pass over a text: most places are passed
//! by after a look at two bytes, an escape is decoded once, and only those forms are tried whose first
//! character stands there. Where texts and secrets are made to look alike everywhere, the work still
//! stays [linear in the text](effort): a text that would take more is withheld as a whole.

mod effort;
mod index;
mod needle;

pub(crate) use effort::WITHHELD;

use casemate_domain::SecretName;
use effort::{Effort, Spare, TooMuch};
use index::Index;
use needle::Needle;
use std::{
    borrow::Cow,
    convert::Infallible,
    ops::Range,
    sync::{PoisonError, RwLock, RwLockReadGuard},
};

/// What every mask begins with.
const MASK: &str = "[secret ";

/// Whether the tool itself may read a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Its grant reveals it.
    Revealed,
    /// Only the host sees it.
    Hidden,
}

/// From whom values are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// Everybody outside the call.
    Outside,
    /// The tool, as far as values are hidden from it.
    Guest,
}

/// A secret that was used.
struct Armed {
    mask: String,
    sight: Sight,
    forms: Vec<Needle>,
}

/// All secrets that were used.
#[derive(Default)]
struct Armory {
    secrets: Vec<Armed>,
    index: Index,
}

/// The secrets that a call has used, as texts to look for.
#[derive(Default)]
pub(crate) struct Redactor {
    armory: RwLock<Armory>,
    spare: Spare,
}

/// A piece that is masked.
struct Found<'a> {
    range: Range<usize>,
    mask: &'a str,
    /// The longest match in the piece, which gives it its mask.
    longest: usize,
}

impl Redactor {
    /// Looks for a secret from now on.
    pub(crate) fn arm(&self, name: &SecretName, value: &str, sight: Sight) {
        let mask = format!("{MASK}{name}]");
        let mut armory = self.armory.write().unwrap_or_else(PoisonError::into_inner);
        if value.is_empty() || armory.secrets.iter().any(|armed| armed.mask == mask) {
            return;
        }
        let forms = needle::forms(value);
        let secret = armory.secrets.len();
        for (number, form) in forms.iter().enumerate() {
            armory.index.add(form, (secret, number));
        }
        armory.secrets.push(Armed { mask, sight, forms });
    }

    /// Masks a text that is owned; gives it back untouched when there is nothing to mask.
    pub(crate) fn mask(&self, text: String) -> String {
        match self.masked(&text, usize::MAX) {
            Cow::Borrowed(_) => text,
            Cow::Owned(masked) => masked,
        }
    }

    /// Masks each of some texts.
    pub(crate) fn mask_all(&self, texts: Vec<String>) -> Vec<String> {
        texts.into_iter().map(|text| self.mask(text)).collect()
    }

    /// Masks a text up to a place; what lies behind it is left out, but seen, so that a secret
    /// across the place is masked as a whole.
    pub(crate) fn masked<'a>(&self, text: &'a str, shown: usize) -> Cow<'a, str> {
        let shown = text.floor_char_boundary(shown);
        let armory = self.armory();
        let mut effort = Effort::new(&self.spare, shown);
        let (mut masked, mut done) = (None, 0);
        let mask = |Found { range, mask, .. }: Found<'_>| {
            let masked = masked.get_or_insert_with(|| String::with_capacity(shown));
            masked.push_str(&text[done..range.start]);
            masked.push_str(mask);
            done = range.end;
        };
        let hay = text.as_bytes();
        let looked = find(&armory, Audience::Outside, hay, shown, &mut effort, mask);
        match (looked, masked) {
            (Err(TooMuch), _) => Cow::Owned(WITHHELD.to_owned()),
            (Ok(()), None) => Cow::Borrowed(&text[..shown]),
            (Ok(()), Some(mut masked)) => {
                masked.push_str(&text[done.min(shown)..shown]);
                Cow::Owned(masked)
            }
        }
    }

    /// Masks bytes.
    pub(crate) fn mask_bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.replaced(Audience::Outside, bytes)
    }

    /// Masks what comes from outside for the eyes of the tool: a host may send back the secrets
    /// that were sent to it.
    pub(crate) fn hide(&self, bytes: Vec<u8>) -> Vec<u8> {
        self.replaced(Audience::Guest, bytes)
    }

    /// The same for what may be large: where something is masked, a copy is made, if there is room
    /// for as many bytes as it will have.
    pub(crate) fn hide_if<E>(
        &self,
        bytes: Vec<u8>,
        room: impl FnOnce(usize) -> Result<(), E>,
    ) -> Result<Vec<u8>, E> {
        self.replaced_if(Audience::Guest, bytes, room)
    }

    fn replaced(&self, audience: Audience, bytes: Vec<u8>) -> Vec<u8> {
        let Ok(replaced) = self.replaced_if(audience, bytes, |_| Ok::<_, Infallible>(()));
        replaced
    }

    fn replaced_if<E>(
        &self,
        audience: Audience,
        bytes: Vec<u8>,
        room: impl FnOnce(usize) -> Result<(), E>,
    ) -> Result<Vec<u8>, E> {
        let armory = self.armory();
        let look = |each: &mut dyn FnMut(Found<'_>)| {
            let mut effort = Effort::new(&self.spare, bytes.len());
            find(&armory, audience, &bytes, bytes.len(), &mut effort, each)
        };
        // Once for how long it becomes, and once to write it: a list of what is found could take several
        // times as much memory as the text.
        let (mut length, mut is_found) = (bytes.len(), false);
        let counted = look(&mut |found| {
            is_found = true;
            length = length - found.range.len() + found.mask.len();
        });
        if counted.is_err() {
            return Ok(WITHHELD.into());
        }
        if !is_found {
            return Ok(bytes);
        }
        room(length)?;
        let (mut masked, mut done) = (Vec::with_capacity(length), 0);
        let written = look(&mut |Found { range, mask, .. }| {
            masked.extend_from_slice(&bytes[done..range.start]);
            masked.extend_from_slice(mask.as_bytes());
            done = range.end;
        });
        if written.is_err() {
            return Ok(WITHHELD.into());
        }
        masked.extend_from_slice(&bytes[done..]);
        Ok(masked)
    }

    fn armory(&self) -> RwLockReadGuard<'_, Armory> {
        self.armory.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the pieces to mask that begin before a place, in order. Matches that overlap are one piece,
/// so that none leaves an edge.
fn find<'a>(
    armory: &'a Armory,
    audience: Audience,
    hay: &[u8],
    shown: usize,
    effort: &mut Effort<'_>,
    mut give: impl FnMut(Found<'a>),
) -> Result<(), TooMuch> {
    if armory.secrets.is_empty() {
        return Ok(());
    }
    let mut last: Option<Found<'a>> = None;
    let mut at = 0;
    while at < hay.len().min(shown) {
        let byte = hay[at];
        let is_covered = last.as_ref().is_some_and(|last| at < last.range.end);
        if byte == b'['
            && !is_covered
            && let Some(len) = masked_before(armory, &hay[at..])
        {
            at += len;
            continue;
        }
        for &(secret, form) in armory.index.candidates(hay, at).into_iter().flatten() {
            effort.step()?;
            let armed = &armory.secrets[secret];
            if audience == Audience::Guest && armed.sight == Sight::Revealed {
                continue;
            }
            if let Some(range) = armed.forms[form].matched(hay, at, effort)? {
                add(&mut last, range, &armed.mask)
                    .into_iter()
                    .for_each(&mut give);
            }
        }
        at += 1;
    }
    last.into_iter().for_each(give);
    Ok(())
}

/// How long the mask is that a text begins with.
fn masked_before(armory: &Armory, hay: &[u8]) -> Option<usize> {
    if !hay.starts_with(MASK.as_bytes()) {
        return None;
    }
    let masks = armory.secrets.iter().map(|armed| armed.mask.as_bytes());
    masks
        .filter(|mask| hay.starts_with(mask))
        .map(<[u8]>::len)
        .next()
}

/// Adds a match to the last piece, or begins another piece. Gives the one before then.
fn add<'a>(last: &mut Option<Found<'a>>, range: Range<usize>, mask: &'a str) -> Option<Found<'a>> {
    let longest = range.len();
    match last {
        Some(last) if range.start < last.range.end => {
            last.range.start = last.range.start.min(range.start);
            last.range.end = last.range.end.max(range.end);
            if longest > last.longest {
                (last.longest, last.mask) = (longest, mask);
            }
            None
        }
        _ => last.replace(Found {
            range,
            mask,
            longest,
        }),
    }
}

#[cfg(test)]
mod tests;
