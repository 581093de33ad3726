//! The calls that run now, so that they can be counted and stopped.

use casemate_domain::{CallId, Credential, KeyId, Stop, StopReason, TokenId};
use casemate_runtime::Control;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// The calls that run now.
#[derive(Debug, Default)]
pub struct Running {
    calls: Mutex<HashMap<CallId, Entry>>,
    stopping: AtomicBool,
}

#[derive(Debug)]
struct Entry {
    credential: Credential,
    control: Control,
}

/// A call among those that run. It is no longer when this is dropped.
#[derive(Debug)]
pub struct Registered {
    running: Arc<Running>,
    id: CallId,
}

impl Running {
    /// Adds a call.
    pub fn register(
        self: &Arc<Self>,
        id: CallId,
        credential: &Credential,
        control: &Control,
    ) -> Registered {
        let entry = Entry {
            credential: credential.clone(),
            control: control.clone(),
        };
        self.calls().insert(id, entry);
        // One that waited for its place while all others were stopped.
        if self.stopping.load(Ordering::SeqCst) {
            control.stop(gateway_stops());
        }
        Registered {
            running: Arc::clone(self),
            id,
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.calls().len()
    }

    /// Stops every call that was made with this key.
    pub fn stop_key(&self, key: KeyId) {
        self.stop(
            key_revoked(),
            |credential| matches!(credential, Credential::Key { id, .. } if *id == key),
        );
    }

    /// Stops every call that was made with this access token.
    pub fn stop_token(&self, token: TokenId) {
        self.stop(
            key_revoked(),
            |credential| matches!(credential, Credential::Token { id } if *id == token),
        );
    }

    /// Stops every call, and those that come later, because the gateway stops.
    pub fn stop_all(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.stop(gateway_stops(), |_| true);
    }

    fn stop(&self, why: Stop, which: impl Fn(&Credential) -> bool) {
        let controls: Vec<Control> = self
            .calls()
            .values()
            .filter(|entry| which(&entry.credential))
            .map(|entry| entry.control.clone())
            .collect();
        // Without the lock: a stopped call may end, and leave, at once.
        for control in controls {
            control.stop(why.clone());
        }
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<CallId, Entry>> {
        // Nothing panics while it holds this lock.
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn gateway_stops() -> Stop {
    Stop {
        reason: StopReason::Cancelled,
        message: "The call was stopped: the gateway is stopping. Try again in a moment.".to_owned(),
    }
}

/// What a call is told whose key was revoked while it ran.
pub(super) fn key_revoked() -> Stop {
    Stop {
        reason: StopReason::KeyRevoked,
        message: "The call was stopped: its key was revoked.".to_owned(),
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.running.calls().remove(&self.id);
    }
}
