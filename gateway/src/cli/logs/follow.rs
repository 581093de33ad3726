//! New calls as they end. A lost connection is made again, and what happened meanwhile is shown.

use super::{Logs, Output, line::Columns, recent};
use crate::cli::{client::Client, exit::Exit, failure::Failure};
use bytes::BytesMut;
use casemate_domain::Json;
use futures_util::{Stream, StreamExt};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use std::{collections::VecDeque, pin::pin, time::Duration};

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A call is listed by its start and recorded at its end: a long one that ended during an outage
/// began before it.
const LONGEST_CALL: SignedDuration = SignedDuration::from_secs(120);

/// What is needed of a line to tell whether it was shown already.
#[derive(Debug, Deserialize)]
struct Heading {
    id: Option<String>,
    at: Option<Timestamp>,
    /// Not a record: so many came too fast for this reader.
    missed: Option<u64>,
}

/// Which records were shown.
#[derive(Debug, Default)]
struct Shown {
    ids: VecDeque<String>,
    latest: Option<Timestamp>,
}

impl Shown {
    const REMEMBERED: usize = 4_096;

    /// Whether the record is new; it is not afterwards.
    fn is_new(&mut self, record: &Json) -> bool {
        let Ok(Heading {
            id: Some(id), at, ..
        }) = serde_json::from_str(record.get())
        else {
            return true;
        };
        self.latest = self.latest.max(at);
        if self.ids.contains(&id) {
            return false;
        }
        if self.ids.len() == Self::REMEMBERED {
            self.ids.pop_front();
        }
        self.ids.push_back(id);
        true
    }

    /// From when on something may have been missed.
    fn since(&self) -> Option<Timestamp> {
        self.latest
            .and_then(|latest| latest.checked_sub(LONGEST_CALL).ok())
    }
}

/// Prints recent calls, then new ones until the process is ended or its reader goes away.
pub(super) async fn follow(command: &Logs, client: &Client, output: Output) -> Result<(), Failure> {
    let mut shown = Shown::default();
    let mut columns = Columns::default();
    let mut pause = None;
    loop {
        // The stream is opened first: what ends between the two requests is in one of them.
        match client
            .stream(&["v1", "calls", "stream"], &command.query())
            .await
        {
            Ok(response) => {
                if pause.take().is_some() {
                    output.printer.note("Connected again.");
                }
                let since = shown.since().or(command.since);
                let mut records = match recent(command, client, since, output.printer).await {
                    Ok(records) => records,
                    Err(failure) if may_pass(&failure) => Vec::new(),
                    Err(failure) => return Err(failure),
                };
                records.retain(|record| shown.is_new(record));
                columns = output.records(&records, columns)?;
                let lines = lines(response.bytes_stream());
                columns = pump(lines, &mut shown, columns, output).await?;
                output
                    .printer
                    .note("The connection ended; connecting again.");
            }
            // At first an unreachable or failing gateway is an error, later a pause.
            Err(failure) if pause.is_some() && may_pass(&failure) => {}
            Err(failure) => return Err(failure),
        }
        let now = pause.map_or(FIRST_PAUSE, |last: Duration| (last * 2).min(LONGEST_PAUSE));
        tokio::time::sleep(now).await;
        pause = Some(now);
    }
}

/// Whether trying again later may help.
fn may_pass(failure: &Failure) -> bool {
    match failure.exit() {
        Exit::Network | Exit::Failure => true,
        Exit::Ok | Exit::Usage | Exit::Auth | Exit::Validation => false,
    }
}

async fn pump(
    lines: impl Stream<Item = String>,
    shown: &mut Shown,
    mut columns: Columns,
    output: Output,
) -> Result<Columns, Failure> {
    let mut lines = pin!(lines);
    while let Some(line) = lines.next().await {
        let Ok(record) = Json::parse(line) else {
            continue;
        };
        let heading = serde_json::from_str::<Heading>(record.get()).ok();
        if let Some(missed) = heading.and_then(|heading| heading.missed) {
            output
                .printer
                .warning(&format!("{missed} calls came too fast to be shown here"));
        } else if shown.is_new(&record) {
            columns = output.records(&[record], columns)?;
        }
    }
    Ok(columns)
}

/// Whole lines of a body; ends with it, also when it breaks.
fn lines<B: AsRef<[u8]>, E>(body: impl Stream<Item = Result<B, E>>) -> impl Stream<Item = String> {
    let mut buffer = BytesMut::new();
    body.take_while(|chunk| std::future::ready(chunk.is_ok()))
        .filter_map(|chunk| std::future::ready(chunk.ok()))
        .map(move |chunk| {
            buffer.extend_from_slice(chunk.as_ref());
            let mut lines = Vec::new();
            while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
                let line = buffer.split_to(end + 1);
                let text = String::from_utf8_lossy(&line).trim().to_owned();
                lines.extend(Some(text).filter(|text| !text.is_empty()));
            }
            futures_util::stream::iter(lines)
        })
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    fn record(id: &str) -> Json {
        let at = "2026-11-22T12:02:00Z";
        Json::parse(format!(r#"{{"id":"{id}","at":"{at}"}}"#)).unwrap()
    }

    #[tokio::test]
    async fn lines_do_not_depend_on_how_they_were_sent() {
        let chunks = ["{\"a\":1}\n{\"b", "\":2}", "\n\n{\"c\":3}\n{\"cut"];
        let body = stream::iter(
            chunks
                .map(Ok::<_, ()>)
                .into_iter()
                .chain([Err(()), Ok("\n")]),
        );
        let lines: Vec<_> = lines(body).collect().await;
        assert_eq!(lines, ["{\"a\":1}", "{\"b\":2}", "{\"c\":3}"]);
    }

    #[test]
    fn a_record_is_shown_once() {
        let mut shown = Shown::default();
        assert!(shown.is_new(&record("call_1")));
        assert!(shown.is_new(&record("call_2")));
        assert!(!shown.is_new(&record("call_1")));
    }

    #[test]
    fn after_an_outage_long_calls_are_looked_for_too() {
        let mut shown = Shown::default();
        assert_eq!(shown.since(), None);
        shown.is_new(&record("call_1"));
        assert_eq!(shown.since().unwrap().to_string(), "2026-11-22T12:00:00Z");
    }

    #[test]
    fn memory_of_shown_records_is_bounded() {
        let mut shown = Shown::default();
        for number in 0..=Shown::REMEMBERED {
            assert!(shown.is_new(&record(&number.to_string())));
        }
        assert_eq!(shown.ids.len(), Shown::REMEMBERED);
    }
}
