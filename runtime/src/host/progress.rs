//! `progress`: how far a call has come.

use crate::{bindings::host::progress::Host, state::Session};

/// The longest message, in characters.
const MESSAGE: usize = 500;

impl Host for Session {
    fn report(
        &mut self,
        done: f64,
        total: Option<f64>,
        message: Option<String>,
    ) -> wasmtime::Result<()> {
        self.admit()?;
        let rises = self.progress.is_none_or(|last| done > last);
        if !done.is_finite() || !rises {
            return Ok(());
        }
        self.progress = Some(done);
        let total = total.filter(|total| total.is_finite());
        let message = message.map(|message| {
            let masked = self.redactor.masked(&message, MESSAGE * 4);
            let printable = masked.chars().filter(|c| !c.is_control());
            printable.take(MESSAGE).collect::<String>()
        });
        self.observer.progress(done, total, message.as_deref());
        Ok(())
    }
}
