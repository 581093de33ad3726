//! Server-sent events, one JSON-RPC message each.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read};

/// The messages of an event stream as they arrive. Dropping it closes the connection, which in
/// the stateless revision cancels the call.
pub struct Events {
    lines: BufReader<Box<dyn Read + Send>>,
}

impl Events {
    /// Reads from the body of an answer.
    pub fn new(body: Box<dyn Read + Send>) -> Self {
        Self {
            lines: BufReader::new(body),
        }
    }

    /// The next message; a failed test if the stream ends instead.
    #[track_caller]
    pub fn expect(&mut self) -> Value {
        self.next().expect("the stream has one more message")
    }

    /// The data of the next event that has any; comments and empty events are keep-alives.
    fn next_data(&mut self) -> Option<String> {
        let mut data = String::new();
        let mut line = String::new();
        loop {
            line.clear();
            if self.lines.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end_matches(['\r', '\n']);
            if let Some(more) = line.strip_prefix("data:") {
                if !data.is_empty() {
                    data.push('\n');
                }
                data.push_str(more.strip_prefix(' ').unwrap_or(more));
            } else if line.is_empty() && !data.trim().is_empty() {
                return Some(data);
            }
        }
    }
}

impl Iterator for Events {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        let data = self.next_data()?;
        Some(serde_json::from_str(&data).unwrap_or_else(|e| panic!("not JSON ({e}): {data}")))
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Events;
    use serde_json::json;

    #[test]
    fn events_are_read_past_comments_and_over_several_data_lines() {
        let body = ": hello\n\nid: 1\ndata:\n\nevent: message\r\ndata: {\"a\":\r\ndata: 1}\r\n\r\ndata: 2\n\n";
        let events: Vec<_> = Events::new(Box::new(std::io::Cursor::new(body))).collect();
        assert_eq!(events, [json!({"a": 1}), json!(2)]);
    }
}
