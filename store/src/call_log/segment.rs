//! The files of the log, and reading their lines from the end.

use crate::{
    FileError,
    files::{self, Context as _},
};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    time::SystemTime,
};

/// How much is read at once.
const BLOCK: u64 = 64 << 10;

/// One file of the log. A higher number is newer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) number: u64,
    pub(super) size: u64,
    /// When it was last written to.
    pub(super) changed: SystemTime,
}

pub(super) fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:016}.jsonl"))
}

/// All segments, oldest first.
pub(super) fn list(dir: &Path) -> Result<Vec<Segment>, FileError> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(dir).context("list", dir)? {
        let entry = entry.context("list", dir)?;
        let name = entry.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_suffix(".jsonl"))
            .and_then(|digits| digits.parse().ok());
        let Some(number) = number else { continue };
        let path = entry.path();
        // It may have gone since it was listed.
        let Some(metadata) = if_there(fs::metadata(&path)).context("look at", &path)? else {
            continue;
        };
        segments.push(Segment {
            number,
            size: metadata.len(),
            changed: metadata.modified().context("look at", &path)?,
        });
    }
    segments.sort_by_key(|segment| segment.number);
    Ok(segments)
}

/// Opens a segment for appending, and makes it if it is not there.
pub(super) fn open(dir: &Path, number: u64) -> Result<File, FileError> {
    let path = path(dir, number);
    let file = OpenOptions::new()
        .create(true)
        .read(true)
        .append(true)
        .open(&path)
        .context("open", &path)?;
    files::sync_dir(dir)?;
    Ok(file)
}

/// Cuts off what stands behind the last line. Returns how many bytes.
pub(super) fn cut_unfinished(file: &mut File, path: &Path) -> Result<u64, FileError> {
    let size = file.metadata().context("look at", path)?.len();
    let handle = file.try_clone().context("open", path)?;
    let mut lines = Lines::new(handle, size);
    let end = lines.end().context("read", path)?;
    if end < size {
        file.set_len(end).context("cut", path)?;
        file.sync_all().context("sync", path)?;
    }
    Ok(size - end)
}

/// Turns "there is no such file" into `None`.
pub(super) fn if_there<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The lines of a file, last one first.
pub(super) struct Lines {
    file: File,
    /// Where the buffer starts in the file.
    start: u64,
    /// What was read and not given out. Ends with the last line, once it is trimmed.
    buffer: Vec<u8>,
    /// Whether what stands behind the last line is gone from the buffer.
    trimmed: bool,
}

impl Lines {
    /// The lines before an offset.
    pub(super) fn new(file: File, end: u64) -> Self {
        Self {
            file,
            start: end,
            buffer: Vec::new(),
            trimmed: false,
        }
    }

    /// Where the last line ends.
    pub(super) fn end(&mut self) -> io::Result<u64> {
        while !self.trimmed {
            match self.buffer.iter().rposition(|byte| *byte == b'\n') {
                Some(at) => {
                    self.buffer.truncate(at + 1);
                    self.trimmed = true;
                }
                None => {
                    self.buffer.clear();
                    self.trimmed = !self.read_block()?;
                }
            }
        }
        Ok(self.start + self.buffer.len() as u64)
    }

    /// The next line, without its end, and where it starts.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Vec<u8>)>> {
        self.end()?;
        loop {
            let body = self.buffer.len().saturating_sub(1);
            let before = self.buffer[..body].iter().rposition(|byte| *byte == b'\n');
            let line_start = match before {
                Some(at) => at + 1,
                None if self.read_block()? => continue,
                None if self.buffer.is_empty() => return Ok(None),
                None => 0,
            };
            let mut line = self.buffer.split_off(line_start);
            line.pop();
            return Ok(Some((self.start + line_start as u64, line)));
        }
    }

    /// Reads the block before the buffer. Says no at the start of the file.
    fn read_block(&mut self) -> io::Result<bool> {
        let size = self.start.min(BLOCK);
        if size == 0 {
            return Ok(false);
        }
        self.start -= size;
        let mut block = Vec::with_capacity(size as usize + self.buffer.len());
        self.file.seek(SeekFrom::Start(self.start))?;
        (&self.file).take(size).read_to_end(&mut block)?;
        if block.len() as u64 != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        block.append(&mut self.buffer);
        self.buffer = block;
        Ok(true)
    }
}
