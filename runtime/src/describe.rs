//! Asks a component for its tools, resources and prompts.
//!
//! The component runs in the same sandbox as for a call, with nothing granted and tight limits.
//! Its answer is what clients and administrators will read, so it is checked word by word.

mod definition;
mod prompt;
mod resource;
mod schema;
mod texts;

pub use schema::schema_fits;

use crate::{
    call::Common,
    component::Component,
    rejection::{Rejection, RejectionKind},
    runtime::{Environment, Unobserved},
    sandbox,
    state::State,
};
use casemate_domain::{Definitions, Limits, Stop, StopReason};
use std::{collections::HashSet, fmt::Display, hash::Hash, sync::Arc, time::Instant};
use wasmtime::Store;

/// Of one component.
const TOOLS: usize = 200;
const RESOURCES: usize = 500;
const TEMPLATES: usize = 50;
const PROMPTS: usize = 200;

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

/// Asks a component for everything it provides. `common` is asked for what each sandbox needs.
pub(crate) async fn describe<'a>(
    component: &Component,
    limits: &Limits,
    common: impl Fn() -> Common<'a>,
) -> Result<Definitions, Rejection> {
    let exports = component.exports();
    let ask = async |store: &mut Store<State>| exports.tools(component, store).await;
    let tools = asked(component, limits, common(), "tools", ask).await?;
    let ask = async |store: &mut Store<State>| exports.resources(component, store).await;
    let listed = asked(component, limits, common(), "resources", ask).await?;
    let ask = async |store: &mut Store<State>| exports.prompts(component, store).await;
    let prompts = asked(component, limits, common(), "prompts", ask).await?;
    few("tools", tools.len(), TOOLS)?;
    few("resources", listed.resources.len(), RESOURCES)?;
    few("resource templates", listed.templates.len(), TEMPLATES)?;
    few("prompts", prompts.len(), PROMPTS)?;
    let definitions = Definitions {
        tools: all(tools, definition::check)?,
        resources: all(listed.resources, resource::check)?,
        templates: all(listed.templates, resource::check_template)?,
        prompts: all(prompts, prompt::check)?,
        completes: exports.completes(),
    };
    if definitions.is_empty() {
        return Err(metadata(
            "The component lists 0 tools, and no resources and prompts either; there has to be \
             something that clients can use.",
        ));
    }
    once("tool", definitions.tools.iter().map(|tool| &tool.name))?;
    once("resource", definitions.resources.iter().map(|one| &one.uri))?;
    let templates = definitions.templates.iter();
    once("resource template", templates.map(|one| &one.uri_template))?;
    once("prompt", definitions.prompts.iter().map(|one| &one.name))?;
    Ok(definitions)
}

/// Asks one thing of a component, in a sandbox of its own.
async fn asked<T>(
    component: &Component,
    limits: &Limits,
    common: Common<'_>,
    what: &str,
    ask: impl AsyncFnOnce(&mut Store<State>) -> wasmtime::Result<T>,
) -> Result<T, Rejection> {
    let environment = Environment::default();
    let mut place = common.turns.place(environment.tenant.clone());
    let state = State::new(
        environment,
        limits,
        Arc::new(Unobserved),
        Instant::now(),
        common.way,
        common.budget,
    );
    let watch = state.session_ref().watch();
    let mut store = sandbox::store(component, state, limits);
    let ended = sandbox::watched(ask(&mut store), &watch, &mut place).await;
    sandbox::settle(ended, &store, limits).map_err(|stop| silent(what, stop))
}

fn all<T, D>(
    listed: Vec<T>,
    check: impl Fn(T) -> Result<D, Rejection>,
) -> Result<Vec<D>, Rejection> {
    listed.into_iter().map(check).collect()
}

fn few(what: &str, count: usize, most: usize) -> Result<(), Rejection> {
    if count <= most {
        return Ok(());
    }
    Err(metadata(format!(
        "The component lists {count} {what}; at most {most} are allowed."
    )))
}

fn once<'a, T: Display + Eq + Hash + 'a>(
    what: &str,
    names: impl Iterator<Item = &'a T>,
) -> Result<(), Rejection> {
    let mut seen = HashSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(metadata(format!(
                "The component lists the {what} `{name}` twice. Give each {what} its own name."
            )));
        }
    }
    Ok(())
}

fn metadata(message: impl Into<String>) -> Rejection {
    Rejection::new(RejectionKind::MetadataRejected, message)
}

/// The rejection of a component that could not say what it provides.
fn silent(what: &str, stop: Stop) -> Rejection {
    match stop.reason {
        StopReason::Internal | StopReason::Overloaded => {
            Rejection::new(RejectionKind::Internal, stop.message)
        }
        reason => metadata(format!(
            "The component could not list its {what} ({reason}). {} Listing has to work without \
             secrets, network and settings.",
            stop.message
        )),
    }
}
