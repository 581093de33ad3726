//! `cancellation`: whether going on makes sense.

use crate::{bindings::host::cancellation::Host, state::Session};
use std::time::Instant;

impl Host for Session {
    fn is_cancelled(&mut self) -> wasmtime::Result<bool> {
        self.admit()?;
        Ok(self.control.is_stopped())
    }

    fn remaining_ms(&mut self) -> wasmtime::Result<u64> {
        self.admit()?;
        let left = self.deadline.saturating_duration_since(Instant::now());
        Ok(u64::try_from(left.as_millis()).unwrap_or(u64::MAX))
    }
}
