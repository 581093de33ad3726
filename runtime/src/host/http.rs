//! `http`: outgoing requests, to granted hosts. The policy is in [`crate::egress`].

use crate::{
    bindings::host::http::{Host, HttpError, Request, Response},
    state::Session,
};

impl Host for Session {
    async fn send(&mut self, request: Request) -> wasmtime::Result<Result<Response, HttpError>> {
        self.admit()?;
        let answer = self
            .outgoing
            .send(request, &self.grant, &mut self.secrets, self.deadline)
            .await;
        Ok(answer)
    }
}
