//! Server-sent events: the data of each, as it comes.

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};

/// The messages of an event stream.
#[derive(Debug)]
pub(crate) struct Events<S> {
    chunks: S,
    pending: Vec<u8>,
    data: Option<String>,
}

impl<S, E> Events<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    /// Reads from the body of an answer.
    pub(crate) fn new(chunks: S) -> Self {
        Self {
            chunks,
            pending: Vec::new(),
            data: None,
        }
    }

    /// The next message; nothing at the end, an error if the connection broke.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, E> {
        loop {
            while let Some(line) = self.line() {
                if let Some(message) = self.take(&line) {
                    return Ok(Some(message));
                }
            }
            match self.chunks.next().await {
                Some(chunk) => self.pending.extend_from_slice(&chunk?),
                None => return Ok(None),
            }
        }
    }

    fn line(&mut self) -> Option<String> {
        let end = self.pending.iter().position(|b| *b == b'\n')?;
        let line: Vec<u8> = self.pending.drain(..=end).collect();
        let line = String::from_utf8_lossy(&line);
        Some(line.trim_end_matches(['\n', '\r']).to_owned())
    }

    /// Takes a line; an empty one ends an event. Comments and events without data keep a
    /// connection alive and say nothing.
    fn take(&mut self, line: &str) -> Option<String> {
        if line.is_empty() {
            return self.data.take().filter(|data| !data.trim().is_empty());
        }
        let value = line.strip_prefix("data:")?;
        let value = value.strip_prefix(' ').unwrap_or(value);
        match &mut self.data {
            Some(data) => {
                data.push('\n');
                data.push_str(value);
            }
            none => *none = Some(value.to_owned()),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use std::convert::Infallible;

    #[tokio::test]
    async fn messages_do_not_depend_on_how_they_were_sent() {
        let text =
            ": hi\n\nid: 1\ndata:\n\nevent: message\r\ndata: {\"ä\":\r\ndata: 1}\r\n\r\ndata:2\n\n";
        for size in [1, 2, 7, 1000] {
            let chunks: Vec<_> = text
                .as_bytes()
                .chunks(size)
                .map(|chunk| Ok::<_, Infallible>(Bytes::copy_from_slice(chunk)))
                .collect();
            let mut events = Events::new(stream::iter(chunks));
            let mut messages = Vec::new();
            while let Ok(Some(message)) = events.next().await {
                messages.push(message);
            }
            assert_eq!(messages, ["{\"ä\":\n1}", "2"], "in chunks of {size}");
        }
    }
}
