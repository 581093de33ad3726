//! Asks a component for its tools.
//!
//! The component runs in the same sandbox as for a call, with nothing granted and tight limits.
//! Its answer is what clients and administrators will read, so it is checked word by word.

mod definition;
mod schema;

use crate::{
    call::Common,
    component::Component,
    rejection::{Rejection, RejectionKind},
    runtime::{Environment, Unobserved},
    sandbox,
    state::State,
};
use casemate_domain::{Limits, Stop, StopReason, ToolDefinition};
use std::{collections::HashSet, sync::Arc, time::Instant};

/// Tools of one component.
const TOOLS: usize = 200;

/// What asking may use.
pub(crate) fn limits() -> Limits {
    Limits {
        fuel: 5_000_000_000,
        wall_ms: 10_000,
        host_calls: 10_000,
        http_requests: 0,
        log_lines: 0,
        ..Limits::default()
    }
}

/// Asks a component for its tools.
pub(crate) async fn describe(
    component: &Component,
    limits: &Limits,
    common: Common,
) -> Result<Vec<ToolDefinition>, Rejection> {
    let environment = Environment::default();
    let mut place = common.turns.place(environment.tenant.clone());
    let state = State::new(
        environment,
        limits,
        Arc::new(Unobserved),
        Instant::now(),
        common.outgoing,
        common.budget,
    );
    let watch = state.session_ref().watch();
    let mut store = sandbox::store(component, state, limits);
    let work = component.run_describe(&mut store);
    let ended = sandbox::watched(work, &watch, &mut place).await;
    let tools = sandbox::settle(ended, &store, limits).map_err(silent)?;
    if tools.is_empty() || tools.len() > TOOLS {
        return Err(metadata(format!(
            "The component lists {} tools; 1 to {TOOLS} are allowed.",
            tools.len()
        )));
    }
    let mut names = HashSet::new();
    let mut definitions = Vec::with_capacity(tools.len());
    for tool in tools {
        let definition = definition::check(tool)?;
        if !names.insert(definition.name.clone()) {
            return Err(metadata(format!(
                "The component lists the tool `{}` twice. Give each tool its own name.",
                definition.name
            )));
        }
        definitions.push(definition);
    }
    Ok(definitions)
}

fn metadata(message: impl Into<String>) -> Rejection {
    Rejection::new(RejectionKind::MetadataRejected, message)
}

/// The rejection of a component that could not say what its tools are.
fn silent(stop: Stop) -> Rejection {
    match stop.reason {
        StopReason::Internal | StopReason::Overloaded => {
            Rejection::new(RejectionKind::Internal, stop.message)
        }
        reason => metadata(format!(
            "The component could not list its tools ({reason}). {} Listing has to work without \
             secrets, network and settings.",
            stop.message
        )),
    }
}
