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
