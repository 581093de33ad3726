//! `config`: plain settings, by grant.

use crate::{bindings::host::config::Host, state::Session};

impl Host for Session {
    fn get(&mut self, name: String) -> wasmtime::Result<Option<String>> {
        self.admit()?;
        Ok(self.grant.config.get(name.as_str()).cloned())
    }

    fn get_all(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        self.admit()?;
        let all = self.grant.config.iter();
        Ok(all
            .map(|(name, value)| (name.to_string(), value.clone()))
            .collect())
    }
}
