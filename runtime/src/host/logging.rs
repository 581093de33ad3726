//! `logging`: lines for the call's log.

use crate::{
    bindings::host::logging::{Host, Level},
    json::{self, Shape},
    log::LINE_BYTES,
    state::Session,
};
use casemate_domain::LogLevel;

impl Host for Session {
    fn log(
        &mut self,
        level: Level,
        message: String,
        fields: Option<String>,
    ) -> wasmtime::Result<()> {
        self.admit()?;
        let mut log = self.shared.log();
        // Reading costs the host far more than writing costs the guest: what is not kept is not read.
        let fields = fields.filter(|fields| fields.len() <= LINE_BYTES && !log.is_full());
        // Fields that are not an object are left out rather than the line.
        let fields = fields.and_then(|fields| json::parse(fields, Shape::Object).ok());
        let fields = fields.map(|fields| fields.get().to_owned());
        log.add(domain_level(level), &message, fields);
        Ok(())
    }
}

fn domain_level(level: Level) -> LogLevel {
    match level {
        Level::Debug => LogLevel::Debug,
        Level::Info => LogLevel::Info,
        Level::Notice => LogLevel::Notice,
        Level::Warning => LogLevel::Warning,
        Level::Error => LogLevel::Error,
        Level::Critical => LogLevel::Critical,
        Level::Alert => LogLevel::Alert,
        Level::Emergency => LogLevel::Emergency,
    }
}
