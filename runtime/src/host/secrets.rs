//! `secrets`: by grant. Who may have what is decided in [`crate::secrets`].

use crate::{
    bindings::host::secrets::{Host, SecretError},
    secrets::Refusal,
    state::Session,
};

impl Host for Session {
    fn placeholder(&mut self, name: String) -> wasmtime::Result<Result<String, SecretError>> {
        self.admit()?;
        Ok(self.secrets.placeholder(&name).map_err(SecretError::from))
    }

    fn reveal(&mut self, name: String) -> wasmtime::Result<Result<String, SecretError>> {
        self.admit()?;
        Ok(self.secrets.reveal(&name).map_err(SecretError::from))
    }
}

impl From<Refusal> for SecretError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotGranted => Self::NotGranted,
            Refusal::NotSet => Self::NotSet,
        }
    }
}
