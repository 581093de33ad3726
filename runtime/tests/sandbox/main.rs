//! The promises of the sandbox, each against a guest that tries to break it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod artifacts;
mod describing;
mod egress;
mod limits;
mod neighbors;
mod offers;
mod pool;
mod redaction;
mod rejections;
mod results;
mod support;
