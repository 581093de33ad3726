//! `key-value`: a small store that outlives calls. No grant can allow it yet, so every request is
//! answered with `not-granted`.

use crate::{
    bindings::host::key_value::{Condition, Entry, Host, KeyPage, KvError},
    state::Session,
};

impl Host for Session {
    fn get(&mut self, _key: String) -> wasmtime::Result<Result<Option<Entry>, KvError>> {
        self.admit()?;
        Ok(Err(KvError::NotGranted))
    }

    fn set(
        &mut self,
        _key: String,
        _value: Vec<u8>,
        _condition: Condition,
        _ttl_ms: Option<u64>,
    ) -> wasmtime::Result<Result<Option<u64>, KvError>> {
        self.admit()?;
        Ok(Err(KvError::NotGranted))
    }

    fn delete(
        &mut self,
        _key: String,
        _condition: Condition,
    ) -> wasmtime::Result<Result<bool, KvError>> {
        self.admit()?;
        Ok(Err(KvError::NotGranted))
    }

    fn keys(
        &mut self,
        _prefix: String,
        _cursor: Option<String>,
        _limit: u32,
    ) -> wasmtime::Result<Result<KeyPage, KvError>> {
        self.admit()?;
        Ok(Err(KvError::NotGranted))
    }
}
