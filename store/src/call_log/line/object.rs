//! An object of JSON, written member by member.

use serde::Serialize;
use std::{fmt::Display, io::Write as _};

/// An object on its way into a buffer. Its keys are words that need no escaping.
pub(super) struct Object<'a> {
    buffer: &'a mut Vec<u8>,
    /// What stands before the next key.
    before: u8,
}

impl<'a> Object<'a> {
    pub(super) fn start(buffer: &'a mut Vec<u8>) -> Self {
        Self {
            buffer,
            before: b'{',
        }
    }

    /// A member whose value is text that needs no escaping: a word, a name of such characters.
    pub(super) fn plain(&mut self, key: &str, value: &str) {
        self.key(key);
        self.buffer.push(b'"');
        self.buffer.extend_from_slice(value.as_bytes());
        self.buffer.push(b'"');
    }

    /// A member whose value is shown in such text: an id, a digest, a time.
    pub(super) fn shown(&mut self, key: &str, value: &impl Display) {
        self.key(key);
        write!(self.buffer, "\"{value}\"").expect("memory takes what is written to it");
    }

    /// A member with any value.
    pub(super) fn value(&mut self, key: &str, value: &(impl Serialize + ?Sized)) {
        self.key(key);
        serde_json::to_writer(&mut *self.buffer, value).expect("a call record is plain data");
    }

    /// A member that is an object with at least one member.
    pub(super) fn object(&mut self, key: &str, write: impl FnOnce(&mut Object<'_>)) {
        self.key(key);
        let mut inner = Object::start(self.buffer);
        write(&mut inner);
        inner.end();
    }

    pub(super) fn end(self) {
        self.buffer.push(b'}');
    }

    fn key(&mut self, key: &str) {
        self.buffer.extend_from_slice(&[self.before, b'"']);
        self.buffer.extend_from_slice(key.as_bytes());
        self.buffer.extend_from_slice(b"\":");
        self.before = b',';
    }
}
