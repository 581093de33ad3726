//! Damage to requests that are mostly right.

use super::{
    Maker, Request,
    words::{NAMES, PIECES, TEXTS},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};

impl Maker {
    pub(super) fn damage_headers(&mut self, request: &mut Request) {
        if request.headers.is_empty() {
            return;
        }
        let at = self.below(request.headers.len());
        let (name, value) = request.headers[at].clone();
        match self.below(6) {
            0 => drop(request.headers.remove(at)),
            1 => request.headers.push((name, value)),
            2 => request.headers[at].0 = name.to_ascii_uppercase(),
            3 => request.headers[at].1 = self.pick(&TEXTS[1..5]).into(),
            4 => request.headers.push((name, self.pick(&NAMES[..2]).into())),
            _ => {
                let text = String::from_utf8_lossy(&value).into_owned();
                request.headers[at].1 =
                    format!("=?base64?{}?=", BASE64_STANDARD.encode(text)).into();
            }
        }
    }

    pub(super) fn damage_body(&mut self, body: &mut Vec<u8>, pool: &[Request]) {
        let at = self.below(body.len() + 1);
        match self.below(6) {
            0 => {
                let piece = self.pick(&PIECES);
                body.splice(at..at, piece.bytes());
            }
            // After a bracket or a comma a member fits.
            1 => {
                let fits = body
                    .iter()
                    .enumerate()
                    .filter(|(_, byte)| b"{,".contains(byte));
                let fits: Vec<_> = fits.map(|(at, _)| at + 1).collect();
                if !fits.is_empty() {
                    let (at, piece) = (self.pick(&fits), self.pick(&PIECES));
                    body.splice(at..at, piece.bytes());
                }
            }
            2 if at < body.len() => body[at] = self.random() as u8,
            3 if at < body.len() => drop(body.remove(at)),
            4 if !pool.is_empty() => {
                let other = &pool[self.below(pool.len())].body;
                let from = self.below(other.len() + 1);
                let piece: Vec<_> = other[from..].iter().take(40).copied().collect();
                body.splice(at..at, piece);
            }
            _ => body.truncate(at.max(body.len().saturating_sub(3))),
        }
    }
}
