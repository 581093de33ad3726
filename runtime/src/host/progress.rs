//! `progress`: how far a call has come.

use crate::{bindings::host::progress::Host, log, state::Session};

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
            // Nothing is left out: what a tool puts between the characters of a secret would be what
            // hid it.
            let printable = log::printable(&masked);
            printable.chars().take(MESSAGE).collect::<String>()
        });
        self.observer.progress(done, total, message.as_deref());
        Ok(())
    }
}
