//! The last changes, in memory.
//!
//! Those who follow changes live in the same process as an embedded engine and read everything
//! when they start, so there is nothing to gain from keeping changes across a restart.

use super::{Change, Error, KEPT_CHANGES, Revision};
use std::collections::VecDeque;

/// A bounded list of changes, complete from `oldest` on.
#[derive(Debug)]
pub(crate) struct History {
    changes: VecDeque<Change>,
    oldest: Revision,
    newest: Revision,
}

impl History {
    /// One that starts at a revision and knows nothing of what was before.
    pub(crate) fn starting_at(revision: Revision) -> Self {
        Self {
            changes: VecDeque::new(),
            oldest: revision,
            newest: revision,
        }
    }

    /// Adds what one commit changed.
    pub(crate) fn record(&mut self, revision: Revision, changes: Vec<Change>) {
        self.newest = revision;
        self.changes.extend(changes);
        // Whole commits go, never a part of one: a reader must not see half of a commit. The
        // newest commit stays even if it is larger than the bound.
        while self.changes.len() > KEPT_CHANGES {
            let first = self.changes[0].revision;
            if first == self.newest {
                break;
            }
            let end = self.changes.partition_point(|c| c.revision <= first);
            self.changes.drain(..end);
            self.oldest = first;
        }
    }

    /// The changes after a revision.
    pub(crate) fn since(&self, revision: Revision) -> Result<Vec<Change>, Error> {
        if revision < self.oldest || revision > self.newest {
            return Err(Error::Compacted {
                asked: revision,
                oldest: self.oldest,
                newest: self.newest,
            });
        }
        let start = self.changes.partition_point(|c| c.revision <= revision);
        Ok(self.changes.range(start..).cloned().collect())
    }
}
