//! What a guest prints becomes lines of its log.

use crate::{log::LINE_BYTES, state::Shared};
use bytes::Bytes;
use casemate_domain::LogLevel;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::AsyncWrite;
use wasmtime_wasi::{
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamResult},
};

/// How much of an unfinished line is kept: more than is shown, so that a secret across the end of
/// what is shown is seen as a whole, however it is written.
const KEPT_BYTES: usize = LINE_BYTES + (24 << 10);
/// How much a guest may hand over in one write.
const CHUNK_BYTES: usize = 4 << 10;

/// Standard output or standard error of one call. All clones write the same line.
#[derive(Clone)]
pub(crate) struct Printed {
    shared: Arc<Shared>,
    level: LogLevel,
    line: Arc<Mutex<Vec<u8>>>,
}

impl Printed {
    pub(crate) fn new(shared: Arc<Shared>, level: LogLevel) -> Self {
        Self {
            shared,
            level,
            line: Arc::default(),
        }
    }

    fn add(&self, bytes: &[u8]) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            let room = KEPT_BYTES.saturating_sub(line.len());
            line.extend_from_slice(&text[..text.len().min(room)]);
            if text.len() < piece.len() {
                self.emit(&mut line);
            }
        }
    }

    /// Logs what was printed without a line end.
    pub(crate) fn finish(&self) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if !line.is_empty() {
            self.emit(&mut line);
        }
    }

    fn emit(&self, line: &mut Vec<u8>) {
        let text = String::from_utf8_lossy(line);
        let text = text.strip_suffix('\r').unwrap_or(&text);
        self.shared.log().add(self.level, text, None);
        line.clear();
    }
}

impl IsTerminal for Printed {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Printed {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        // Only WASI 0.3 asks for this, and it is not linked.
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for Printed {
    async fn ready(&mut self) {}
}

impl OutputStream for Printed {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.add(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(CHUNK_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        egress::{Egress, Way},
        limiter::Budget,
        redact::Sight,
        runtime::{EgressPolicy, Environment, Unobserved},
        state::State,
    };
    use casemate_domain::Limits;

    /// The lines that are logged of what a guest prints, a few bytes at a time, with this secret.
    fn printed(secret: &str, text: &str) -> Vec<String> {
        let limits = Limits::default();
        let egress = Arc::new(Egress::new(&EgressPolicy::default()).unwrap());
        let state = State::new(
            Environment::default(),
            &limits,
            Arc::new(Unobserved),
            std::time::Instant::now(),
            Way {
                egress,
                trace: None,
            },
            Arc::new(Budget::new(u64::MAX)),
        );
        let session = state.session_ref();
        let (name, shared) = ("TOKEN".parse().unwrap(), session.shared.clone());
        session.redactor.arm(&name, secret, Sight::Revealed);
        let printed = Printed::new(shared.clone(), LogLevel::Info);
        text.as_bytes()
            .chunks(7)
            .for_each(|chunk| printed.add(chunk));
        printed.finish();
        let (lines, _) = shared.log().take();
        lines.into_iter().map(|line| line.message).collect()
    }

    #[test]
    fn a_secret_across_writes_is_masked() {
        let lines = printed(
            "hunter22-hunter33",
            "it is hunter22-hunter33\r\nand no more",
        );
        assert_eq!(lines, ["it is [secret TOKEN]", "and no more"]);
    }

    #[test]
    fn a_secret_of_several_lines_is_masked_in_each() {
        let key = "-----BEGIN KEY-----\nMIIBVgIBADANBg\n-----END KEY-----";
        assert_eq!(printed(key, key), ["[secret TOKEN]"; 3]);
    }

    #[test]
    fn a_secret_at_the_end_of_a_long_line_leaves_no_edge() {
        // As large as a secret may be, written as long as it can be.
        let secret = "k".repeat(2_048);
        let escaped = "\\u006b".repeat(2_048);
        for form in [&secret, &escaped] {
            for before in [0, 1_000, LINE_BYTES - 1] {
                let lines = printed(&secret, &format!("{}{form}", "x".repeat(before)));
                assert_eq!(lines.len(), 1);
                assert!(
                    !lines[0].contains('k') && !lines[0].contains("006b"),
                    "{before}"
                );
            }
        }
    }
}
