//! How a call gets its place: past the gates of its workspace, checked, past the gate of all.

use super::{
    AuthorizedCall, Calls, aside,
    gate::{Full, Pass},
    prepare,
    refusal::{no_place, overloaded},
    running::{self, Registered},
    traffic::Passes,
};
use crate::service::access::still_stands;
use casemate_domain::{Level, Stop};
use casemate_runtime::Environment;
use std::time::Duration;
use tokio::time::Instant;

/// The longest that a call waits for its place, at all gates together.
const PATIENCE: Duration = Duration::from_secs(2);

/// A call that has its place in the sandbox, given back when this is dropped.
pub(super) struct AdmittedCall {
    pub(super) authorized: Box<AuthorizedCall>,
    pub(super) environment: Environment,
    _passes: Passes,
    _place: Pass,
    _registered: Registered,
}

impl Calls {
    /// Takes a place, and checks arguments and secrets. The gates of the workspace come first: what
    /// is checked for its calls is limited like what is run for them.
    pub(super) async fn admit(
        &self,
        authorized: Box<AuthorizedCall>,
    ) -> Result<AdmittedCall, (Box<AuthorizedCall>, Stop)> {
        let (passes, patience) = match self.enter_workspace(&authorized).await {
            Ok(entered) => entered,
            Err(stop) => return Err((authorized, stop)),
        };
        let (authorized, environment) = self.prepare(authorized).await?;
        let share = authorized.open.traffic().map(|traffic| traffic.share());
        let latest = Instant::now() + patience;
        let place = match self.gate.enter(self.parts.places, share, latest).await {
            Ok(place) => place,
            Err(Full) => return Err((authorized, overloaded(Level::Platform))),
        };
        let AuthorizedCall {
            open,
            call,
            control,
            ..
        } = &*authorized;
        let registered = self
            .parts
            .running
            .register(call.id, open.credential(), control);
        // From here on a revocation finds the call; one that came before is seen here.
        if !still_stands(&self.parts.state.snapshot(), open.credential()) {
            return Err((authorized, running::key_revoked()));
        }
        Ok(AdmittedCall {
            environment,
            _passes: passes,
            _place: place,
            _registered: registered,
            authorized,
        })
    }

    /// Waits for a place among the calls of the workspace. Gives how much longer the call may wait.
    async fn enter_workspace(
        &self,
        authorized: &AuthorizedCall,
    ) -> Result<(Passes, Duration), Stop> {
        let AuthorizedCall {
            open, target, call, ..
        } = authorized;
        prepare::check_size(call, &authorized.limits)?;
        let server = open.server();
        let who = (server.workspace.id, server.record.id, target.tool());
        let now = Instant::now();
        let latest = now + PATIENCE;
        let Some(traffic) = open.traffic() else {
            return Err(overloaded(Level::Workspace));
        };
        let passes = traffic.enter(open.limits(), who, now, latest).await;
        let passes = passes.map_err(no_place)?;
        Ok((passes, latest.saturating_duration_since(Instant::now())))
    }

    /// Checks arguments, and opens secrets.
    async fn prepare(
        &self,
        authorized: Box<AuthorizedCall>,
    ) -> Result<(Box<AuthorizedCall>, Environment), (Box<AuthorizedCall>, Stop)> {
        let check = |authorized: &AuthorizedCall| {
            let AuthorizedCall {
                open, target, call, ..
            } = authorized;
            prepare::check_arguments(open, target, call)
        };
        let bytes = authorized.call.request.size();
        let (authorized, checked) = match authorized.open.traffic().cloned() {
            Some(traffic) if aside::is_large(bytes) => {
                let work = move || {
                    let checked = check(&authorized);
                    (authorized, checked)
                };
                aside::run(&traffic, &self.aside, self.meter(), work).await
            }
            _ => {
                let checked = check(&authorized);
                (authorized, checked)
            }
        };
        let AuthorizedCall {
            open,
            target,
            control,
            ..
        } = &*authorized;
        let vault = &self.parts.vault;
        match checked.and_then(|()| prepare::environment(vault, open, target, control)) {
            Ok(environment) => Ok((authorized, environment)),
            Err(stop) => Err((authorized, stop)),
        }
    }
}
