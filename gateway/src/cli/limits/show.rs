//! Tables of limits.

use super::scope::ScopeArgs;
use crate::cli::{Context, client::Reply, exit::Exit, failure::Failure, printer::Rows};
use casemate_domain::{Level, Limit, Profile, Unit};
use serde::Deserialize;

/// The limits of a scope, as the admin API shows them.
#[derive(Debug, Deserialize)]
struct Answer {
    limits: Vec<Shown>,
    #[serde(default)]
    platform: Vec<Platform>,
}

#[derive(Debug, Deserialize)]
struct Shown {
    limit: Limit,
    value: u64,
    from: Level,
    steps: Vec<Step>,
    about: String,
    unit: Unit,
    ceiling: u64,
}

impl Shown {
    /// The most that can be set here: what the levels above allow.
    fn at_most(&self) -> u64 {
        let above = self.steps.split_last().map_or(&[][..], |(_, above)| above);
        let values = above.iter().filter_map(|step| step.value);
        values.fold(self.ceiling, u64::min)
    }
}

#[derive(Debug, Deserialize)]
struct Step {
    level: Level,
    value: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Platform {
    name: String,
    value: u64,
    about: String,
    unit: Unit,
    ceiling: u64,
}

/// `casemate limits show`.
pub(super) async fn in_force(scope: &ScopeArgs, context: &Context) -> Result<Exit, Failure> {
    reply_in_force(&ask(scope, context).await?, context)
}

async fn ask(scope: &ScopeArgs, context: &Context) -> Result<Reply, Failure> {
    let path = scope.path()?;
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    context.client()?.get(&parts, &[]).await
}

/// The limits in force, from an answer of the admin API.
pub(super) fn reply_in_force(reply: &Reply, context: &Context) -> Result<Exit, Failure> {
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let answer: Answer = reply.read()?;
    let mut rows = Rows::new(["LIMIT", "VALUE", "SET BY", "AT MOST", "WHAT"]);
    for shown in answer.limits {
        rows.push([
            shown.limit.to_string(),
            shown.unit.show(shown.value),
            shown.from.as_str().to_owned(),
            shown.unit.show(shown.at_most()),
            shown.about,
        ]);
    }
    for limit in answer.platform {
        rows.push([
            limit.name,
            limit.unit.show(limit.value),
            Level::Platform.as_str().to_owned(),
            limit.unit.show(limit.ceiling),
            limit.about,
        ]);
    }
    context.printer.table(&rows)?;
    Ok(Exit::Ok)
}

/// Says which limits of a profile have no effect, because something else sets less.
pub(super) fn held_lower(
    profile: Profile,
    reply: &Reply,
    context: &Context,
) -> Result<(), Failure> {
    let answer: Answer = reply.read()?;
    let own = profile.limits();
    let held: Vec<_> = answer
        .limits
        .iter()
        .filter(|shown| shown.value < own.get(shown.limit))
        .map(|shown| format!("{} ({})", shown.limit, shown.from.as_str()))
        .collect();
    if !held.is_empty() {
        context.printer.warning(&format!(
            "the profile {profile} allows more than is in force for {}; a lower level only tightens",
            held.join(", ")
        ));
    }
    Ok(())
}

/// `casemate limits explain`.
pub(super) async fn explained(scope: &ScopeArgs, context: &Context) -> Result<Exit, Failure> {
    let reply = ask(scope, context).await?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let answer: Answer = reply.read()?;
    let mut rows = Rows::new([
        "LIMIT",
        "PLATFORM",
        "WORKSPACE",
        "SERVER",
        "TOOL",
        "IN FORCE",
    ]);
    for shown in answer.limits {
        let at = |level: Level| {
            let step = shown.steps.iter().find(|step| step.level == level);
            let value = step.and_then(|step| step.value);
            let text = value.map_or_else(|| "-".to_owned(), |value| shown.unit.show(value));
            if shown.from == level && value.is_some() {
                format!("{text} *")
            } else {
                text
            }
        };
        rows.push([
            shown.limit.to_string(),
            at(Level::Platform),
            at(Level::Workspace),
            at(Level::Server),
            at(Level::Tool),
            shown.unit.show(shown.value),
        ]);
    }
    context.printer.table(&rows)?;
    context
        .printer
        .aside("* decides. A lower level only tightens; - takes what the level above allows.");
    Ok(Exit::Ok)
}
