//! Finding records.

use super::{
    CallFilter, CallPage, Error,
    cursor::Cursor,
    segment::{self, Lines, Segment, if_there},
};
use crate::files::Context as _;
use casemate_domain::CallRecord;
use jiff::{SignedDuration, Timestamp};
use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
};

/// The most bytes that one query reads. A rare thing is found in several pages, each in good time.
const MOST_READ: u64 = 64 << 20;

/// By how much the clock may have been set back while the log was written.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_hours(24);

const DEFAULT_LIMIT: usize = 50;
const MOST_RECORDS: usize = 1000;

/// Finds records. Blocks.
pub(super) fn run(dir: &Path, filter: &CallFilter) -> Result<CallPage, Error> {
    let cursor = filter.cursor.as_deref().map(str::parse).transpose()?;
    let mut segments = segment::list(dir)?;
    segments.retain(|segment| {
        let before_cursor = cursor.is_none_or(|at: Cursor| segment.number <= at.segment);
        before_cursor && !is_older(segment, filter.since)
    });
    let mut search = Search {
        filter,
        limit: match filter.limit {
            0 => DEFAULT_LIMIT,
            limit => limit.min(MOST_RECORDS),
        },
        read: 0,
        page: CallPage {
            records: Vec::new(),
            cursor: None,
            unreadable: 0,
        },
    };
    for (older, segment) in segments.iter().enumerate().rev() {
        let end = match cursor {
            Some(at) if at.segment == segment.number => Some(at.offset),
            _ => None,
        };
        let stopped_at = search.segment(dir, segment, end)?;
        if let Some(offset) = stopped_at {
            let more = offset > 0 || older > 0;
            let at = Cursor {
                segment: segment.number,
                offset,
            };
            search.page.cursor = more.then(|| at.to_string());
            break;
        }
    }
    Ok(search.page)
}

/// Whether nothing in a segment can have started since then: all was written before.
fn is_older(segment: &Segment, since: Option<Timestamp>) -> bool {
    let latest =
        Timestamp::try_from(segment.changed).and_then(|changed| changed.checked_add(CLOCK_SLACK));
    since.is_some_and(|since| latest.is_ok_and(|latest| latest < since))
}

struct Search<'a> {
    filter: &'a CallFilter,
    limit: usize,
    read: u64,
    page: CallPage,
}

impl Search<'_> {
    /// Searches one segment. Gives the offset of the last line that was looked at if that is enough.
    fn segment(
        &mut self,
        dir: &Path,
        segment: &Segment,
        end: Option<u64>,
    ) -> Result<Option<u64>, Error> {
        let path = segment::path(dir, segment.number);
        // Retention may have taken it since it was listed.
        let Some(mut file) = if_there(File::open(&path)).context("open", &path)? else {
            return Ok(None);
        };
        if let Some(end) = end
            && !starts_a_line(&mut file, end).context("read", &path)?
        {
            return Err(Error::InvalidCursor);
        }
        let mut lines = Lines::new(file, end.unwrap_or(segment.size));
        while let Some((offset, line)) = next(&mut lines).context("read", &path)? {
            self.read += line.len() as u64 + 1;
            match serde_json::from_slice::<CallRecord>(&line) {
                Ok(record) if self.matches(&record) => self.page.records.push(record),
                Ok(_) => {}
                Err(_) => self.page.unreadable += 1,
            }
            if self.page.records.len() >= self.limit || self.read >= MOST_READ {
                return Ok(Some(offset));
            }
        }
        Ok(None)
    }

    fn matches(&self, record: &CallRecord) -> bool {
        fn is<T: PartialEq>(wanted: &Option<T>, found: &T) -> bool {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        }
        is(&self.filter.workspace, &record.workspace_id)
            && is(&self.filter.server, &record.server_id)
            && is(&self.filter.subject, &record.subject)
            && is(&self.filter.outcome, &record.outcome)
            && self.filter.since.is_none_or(|since| record.at >= since)
    }
}

/// The next line. A file that became shorter has none: its end was cut after a failed write.
fn next(lines: &mut Lines) -> io::Result<Option<(u64, Vec<u8>)>> {
    match lines.next() {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        other => other,
    }
}

fn starts_a_line(file: &mut File, offset: u64) -> io::Result<bool> {
    let Some(before) = offset.checked_sub(1) else {
        return Ok(true);
    };
    file.seek(SeekFrom::Start(before))?;
    let mut byte = [0];
    Ok(file.read(&mut byte)? == 1 && byte == *b"\n")
}
