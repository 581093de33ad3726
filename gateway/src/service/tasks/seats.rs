//! How many tasks there may be, so that nobody fills memory or disk with them.

use super::TaskSettings;
use casemate_domain::{KeyId, WorkspaceId};
use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// There is no room for another task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// The key has too many.
    #[error(
        "this key has {most} tasks already, finished ones included; wait until the oldest expire, \
         or have an operator raise `tasks.per_key`"
    )]
    Key {
        /// How many it may have.
        most: u64,
    },
    /// The workspace has too many.
    #[error(
        "the workspace has {most} tasks already, finished ones included; wait until the oldest \
         expire, or have an operator raise `tasks.per_workspace`"
    )]
    Workspace {
        /// How many it may have.
        most: u64,
    },
    /// The tasks of the workspace hold too much.
    #[error(
        "the tasks of the workspace hold as much as they may ({most} bytes); wait until the oldest \
         expire, or have an operator raise `tasks.bytes_per_workspace`"
    )]
    Bytes {
        /// How much they may hold.
        most: u64,
    },
}

/// Who has how many.
#[derive(Debug)]
pub(super) struct Seats {
    settings: TaskSettings,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    keys: HashMap<KeyId, u64>,
    workspaces: HashMap<WorkspaceId, Share>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Share {
    tasks: u64,
    bytes: u64,
}

/// Room for one task, given back when this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    seats: Arc<Seats>,
    key: KeyId,
    workspace: WorkspaceId,
    bytes: u64,
}

impl Seats {
    pub(super) fn new(settings: TaskSettings) -> Self {
        Self {
            settings,
            taken: Mutex::default(),
        }
    }

    /// Room for a task that holds so much at its beginning.
    pub(super) fn take(
        self: &Arc<Self>,
        key: KeyId,
        workspace: WorkspaceId,
        bytes: u64,
    ) -> Result<Seat, Full> {
        let TaskSettings {
            per_key,
            per_workspace,
            bytes_per_workspace,
            ..
        } = self.settings;
        let mut taken = self.taken();
        let of_key = taken.keys.get(&key).copied().unwrap_or_default();
        let share = taken.workspaces.get(&workspace);
        let share = share.copied().unwrap_or_default();
        if of_key >= per_key {
            return Err(Full::Key { most: per_key });
        }
        if share.tasks >= per_workspace {
            let most = per_workspace;
            return Err(Full::Workspace { most });
        }
        if share.bytes.saturating_add(bytes) > bytes_per_workspace {
            let most = bytes_per_workspace;
            return Err(Full::Bytes { most });
        }
        taken.add(key, workspace, bytes);
        drop(taken);
        Ok(self.seat(key, workspace, bytes))
    }

    /// Room for a task that is there already.
    pub(super) fn occupy(self: &Arc<Self>, key: KeyId, workspace: WorkspaceId, bytes: u64) -> Seat {
        self.taken().add(key, workspace, bytes);
        self.seat(key, workspace, bytes)
    }

    fn seat(self: &Arc<Self>, key: KeyId, workspace: WorkspaceId, bytes: u64) -> Seat {
        Seat {
            seats: Arc::clone(self),
            key,
            workspace,
            bytes,
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Nothing panics while it holds this lock.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn add(&mut self, key: KeyId, workspace: WorkspaceId, bytes: u64) {
        *self.keys.entry(key).or_default() += 1;
        let share = self.workspaces.entry(workspace).or_default();
        share.tasks += 1;
        share.bytes += bytes;
    }
}

impl Seat {
    /// Counts what the task holds now. What a task comes to is never refused: only new tasks are.
    pub(super) fn hold(&mut self, bytes: u64) {
        let mut taken = self.seats.taken();
        let share = taken.workspaces.entry(self.workspace).or_default();
        share.bytes = share.bytes.saturating_sub(self.bytes) + bytes;
        self.bytes = bytes;
    }

    /// Counts what the task holds beside what it held.
    pub(super) fn hold_more(&mut self, bytes: u64) {
        self.hold(self.bytes + bytes);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        give_back(&mut taken.keys, self.key, |count| {
            *count -= 1;
            *count == 0
        });
        give_back(&mut taken.workspaces, self.workspace, |share| {
            share.tasks -= 1;
            share.bytes = share.bytes.saturating_sub(self.bytes);
            share.tasks == 0
        });
    }
}

/// Takes something off, and the whole entry out if nothing is left.
fn give_back<K: Eq + Hash, V>(map: &mut HashMap<K, V>, key: K, take: impl FnOnce(&mut V) -> bool) {
    if let Entry::Occupied(mut entry) = map.entry(key)
        && take(entry.get_mut())
    {
        entry.remove();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn key(n: u128) -> KeyId {
        KeyId::from_uuid(Uuid::from_u128(n))
    }

    fn workspace(n: u128) -> WorkspaceId {
        WorkspaceId::from_uuid(Uuid::from_u128(n))
    }

    fn seats() -> Arc<Seats> {
        Arc::new(Seats::new(TaskSettings {
            per_key: 2,
            per_workspace: 3,
            bytes_per_workspace: 100,
            ..TaskSettings::default()
        }))
    }

    #[test]
    fn a_key_and_a_workspace_have_so_many_seats_and_get_them_back() {
        let seats = seats();
        let take = |k, w| seats.take(key(k), workspace(w), 1);
        let (one, _two) = (take(1, 1).unwrap(), take(1, 1).unwrap());
        assert_eq!(take(1, 1).unwrap_err(), Full::Key { most: 2 });
        let _other = take(2, 1).unwrap();
        assert_eq!(take(3, 1).unwrap_err(), Full::Workspace { most: 3 });
        assert!(take(3, 2).is_ok(), "another workspace has its own");
        drop(one);
        assert!(take(1, 1).is_ok());
    }

    #[test]
    fn a_workspace_holds_so_much_and_results_count_when_they_are_there() {
        let seats = seats();
        let take = |bytes| seats.take(key(1), workspace(1), bytes);
        assert_eq!(take(101).unwrap_err(), Full::Bytes { most: 100 });
        let mut seat = take(60).unwrap();
        assert_eq!(take(60).unwrap_err(), Full::Bytes { most: 100 });
        seat.hold(10);
        drop(take(60).unwrap());
        seat.hold(500);
        assert_eq!(take(1).unwrap_err(), Full::Bytes { most: 100 });
        drop(seat);
        assert!(take(100).is_ok());
    }

    #[test]
    fn nothing_is_kept_of_those_without_a_task() {
        let seats = seats();
        drop(seats.take(key(1), workspace(1), 1).unwrap());
        let taken = seats.taken();
        assert!(taken.keys.is_empty() && taken.workspaces.is_empty());
    }
}
