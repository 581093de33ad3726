//! `casemate push`: uploads a component, shows what it is and what it would change, and deploys it.
//!
//! Nothing that clients already rely on changes without consent to what is shown.

mod grant;
mod needs;
mod upload;

use super::{
    Context,
    client::Client,
    exit::Exit,
    failure::Failure,
    human,
    plan::{Agreement, Extent, Plan, Planned},
    server::{self, Server},
    warnings::{self, Warning},
};
use casemate_domain::{ComponentName, Grant, HostPattern, SecretName};
use clap::Args;
use grant::{SecretArgument, Setting};
use serde_json::json;
use std::path::{Path, PathBuf};
use upload::Uploaded;

/// Upload a component and deploy its tools, resources and prompts to a server
///
/// Shows what was found, what it needs and what changes for clients, old and new. If anything that
/// clients know would change or go away, it asks first; without a terminal it needs --yes and else
/// ends with exit code 4, nothing changed. What is deployed is what was shown, or nothing.
///
/// A version gets exactly what is granted here: each push names all grants.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  casemate push weather.wasm -s weather --grant-host api.weather.test
  casemate push weather.wasm -s weather --grant-host api.weather.test \\
      --grant-secret WEATHER_KEY@api.weather.test --config UNITS=metric --yes
  casemate push weather.wasm -s weather --grant-host api.weather.test \\
      --grant-secret 'WEATHER_KEY@api.weather.test;Authorization: Bearer {}'")]
pub(crate) struct Push {
    /// Component to upload
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// Server that gets the tools: id, name, or workspace/name
    #[arg(short, long)]
    server: String,
    /// Name under which versions of this component are kept; by default made from the file name
    #[arg(long, value_name = "COMPONENT")]
    name: Option<ComponentName>,
    /// Keep the version, but leave what clients see as it is
    #[arg(long)]
    no_activate: bool,
    /// Host that the tools may reach, such as api.example.com or *.example.com (repeatable)
    #[arg(long = "grant-host", value_name = "HOST")]
    hosts: Vec<HostPattern>,
    /// Secret that the tools may use, towards all granted hosts or only the named one; with a header,
    /// the host sends it there itself (repeatable)
    #[arg(long = "grant-secret", value_name = "SECRET[@HOST[;HEADER: FORM]]")]
    secrets: Vec<SecretArgument>,
    /// Secret whose value the tools may read themselves (repeatable)
    #[arg(long = "reveal-secret", value_name = "SECRET")]
    revealed: Vec<SecretName>,
    /// Plain setting that the tools read (repeatable)
    #[arg(long = "config", value_name = "NAME=VALUE")]
    settings: Vec<Setting>,
    /// Accept changes without being asked
    #[arg(short, long)]
    yes: bool,
    /// Only show what would change; the file is uploaded, nothing is deployed
    #[arg(long)]
    dry_run: bool,
    /// Show long changes whole
    #[arg(long)]
    full: bool,
}

/// Runs the command.
pub(crate) async fn run(command: Push, context: &Context) -> Result<Exit, Failure> {
    let wasm = upload::read(&command.file)?;
    let component = match &command.name {
        Some(name) => name.clone(),
        None => component_name(&command.file)?,
    };
    let grant = grant::grant(
        &command.hosts,
        &command.secrets,
        &command.revealed,
        &command.settings,
    )
    .map_err(|error| Failure::invalid(error.to_string()))?;
    let client = context.client()?;
    let printer = context.printer;
    // Before the upload: a misspelled server should not cost one.
    let server: Server = server::find(&client, &command.server).await?.read()?;
    let uploaded = upload::upload(&client, wasm, printer).await?;

    let request = json!({
        "component": component,
        "digest": uploaded.digest,
        "grant": grant,
        "activate": !command.no_activate,
    });
    let path = ["v1", "servers", server.id.as_str(), "versions"];
    let planned = Planned::ask(&client, &path, &request).await?;
    if !printer.is_json() {
        let what = format!("{component} → {}/{}", server.workspace, server.name);
        printer.note(&format!("{what} · {}", uploaded.summary()));
        show(&command, &planned.plan, &uploaded, &grant, &server, context)?;
    }
    if command.dry_run {
        if printer.is_json() {
            printer.result(planned.text())?;
        }
        return Ok(Exit::Ok);
    }
    let agreement = if command.yes || command.no_activate {
        Agreement::Given
    } else {
        Agreement::Asked
    };
    planned.agree(agreement, context)?;
    let reply = planned.apply(&client, &path, &request).await?;
    if printer.is_json() {
        printer.result(reply.text())?;
        return Ok(Exit::Ok);
    }
    let done: Plan = reply.read()?;
    report(&command, &done, &server, &client, context).await
}

/// What the plan is, for people.
fn show(
    command: &Push,
    plan: &Plan,
    uploaded: &Uploaded,
    grant: &Grant,
    server: &Server,
    context: &Context,
) -> Result<(), Failure> {
    let printer = context.printer;
    let extent = if command.full {
        Extent::Whole
    } else {
        Extent::Cut
    };
    plan.show(|item| uploaded.about(item), extent, printer)?;
    let needs = needs::table(
        &uploaded.tools,
        grant,
        &plan.missing.secrets,
        &server.workspace,
    );
    if !needs.is_empty() {
        printer.result("")?;
        printer.table(&needs)?;
    }
    if let Some(flags) = needs::flags(&uploaded.tools, grant) {
        printer.result(&format!(
            "\nAll that they need, with what they have:\n  {flags}"
        ))?;
    }
    for warning in needs::idle(&uploaded.imports, &uploaded.tools, grant) {
        printer.warning(&warning);
    }
    let of_tools = |warning: &&Warning| warning.tool.is_some() || command.dry_run;
    warnings::tell(plan.warnings.iter().filter(of_tools), printer);
    printer.result("")
}

/// What clients see now.
async fn report(
    command: &Push,
    done: &Plan,
    before: &Server,
    client: &Client,
    context: &Context,
) -> Result<Exit, Failure> {
    let printer = context.printer;
    let server: Server = server::find(client, &before.id).await?.read()?;
    if command.no_activate {
        let version = done.version.as_deref().unwrap_or_default();
        printer.result(&format!(
            "{version} is kept, not active. Clients see what they saw before."
        ))?;
        printer.aside(&format!(
            "Switch to it: casemate version use {version} -s {}",
            server.reference()
        ));
    } else {
        let active = human::plural(server.tools.active, "tool");
        let mut besides = String::new();
        for (count, what) in [
            (server.resources.len(), "resource"),
            (server.templates.len(), "resource template"),
            (server.prompts.len(), "prompt"),
        ] {
            if count > 0 {
                besides += &format!(", {}", human::plural(count, what));
            }
        }
        printer.result(&format!("{active}{besides} active at {}", server.url))?;
        let of_list = |warning: &&Warning| warning.tool.is_none();
        warnings::tell(done.warnings.iter().filter(of_list), printer);
    }
    if !server.active {
        let name = server.reference();
        printer.warning(&format!(
            "the server {name} is inactive. Let clients in: casemate server activate {name}"
        ));
    }
    Ok(Exit::Ok)
}

/// `My_Tool.wasm` becomes `my-tool`.
fn component_name(file: &Path) -> Result<ComponentName, Failure> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let name = stem.to_lowercase().replace('_', "-");
    name.parse().map_err(|error: casemate_domain::Invalid| {
        Failure::invalid("the file name does not make a component name")
            .note(error.to_string())
            .note("Choose one with: --name COMPONENT")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_named_after_its_file() {
        let name = |file: &str| component_name(Path::new(file)).map(|name| name.to_string());
        assert_eq!(
            name("target/release/My_Tool.wasm"),
            Ok("my-tool".to_owned())
        );
        assert_eq!(name("weather"), Ok("weather".to_owned()));
        let failure = name("1.2.wasm").unwrap_err();
        assert!(
            failure.to_string().contains("--name COMPONENT"),
            "{failure}"
        );
    }
}
