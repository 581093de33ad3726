//! `casemate inspect`: what a component is and wants, without a gateway. The same code as an upload
//! looks at it, so that a refusal is known before there is anything to refuse it.

use super::{
    Context,
    exit::Exit,
    failure::Failure,
    human, offers,
    printer::{Printer, Rows},
    tool,
    warnings::{self, Warning},
};
use crate::service::{accept_definitions, profile};
use casemate_domain::{Definitions, ToolDefinition};
use casemate_runtime::{Config, Inspection, Rejection, Runtime};
use clap::Args;
use serde_json::json;
use std::{fs, path::PathBuf};

/// Show what a component is, its tools and what they need, its resources and prompts
///
/// Works without a gateway: the file is checked, compiled and asked for its tools in a sandbox that
/// may do nothing. A file that the gateway would refuse ends with exit code 4.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// Component to look at
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// Also show the input schema of each tool
    #[arg(long)]
    schemas: bool,
}

/// One component at a time needs little room.
const SLOTS: u32 = 4;

/// Runs the command.
pub(crate) async fn run(command: Inspect, context: &Context) -> Result<Exit, Failure> {
    let printer = context.printer;
    let wasm = fs::read(&command.file).map_err(|error| {
        Failure::new(
            Exit::Failure,
            format!("cannot read {}", command.file.display()),
        )
        .note(error.to_string())
    })?;
    let inspection = casemate_runtime::inspect(&wasm).map_err(rejected)?;
    if !printer.is_json() {
        show_file(&inspection, printer)?;
    }
    let definitions = describe(wasm).await?;
    let warnings = json!(profile::of_tools(&definitions.tools));
    if printer.is_json() {
        let shown = json!({
            "digest": inspection.digest,
            "size": inspection.size,
            "kind": inspection.kind.as_str(),
            "imports": inspection.imports,
            "exports": inspection.exports,
            "tools": definitions.tools,
            "resources": definitions.resources,
            "templates": definitions.templates,
            "prompts": definitions.prompts,
            "completes": definitions.completes,
            "warnings": warnings,
        });
        printer.result(&shown.to_string())?;
    } else {
        show_tools(&definitions.tools, &command, printer)?;
        let resources = definitions.resources.iter();
        let templates = definitions.templates.iter();
        offers::show(resources, templates, definitions.prompts.iter(), printer)?;
        let told: Vec<Warning> =
            serde_json::from_value(warnings).expect("warnings are read as they are written");
        warnings::tell(&told, printer);
    }
    Ok(Exit::Ok)
}

async fn describe(wasm: Vec<u8>) -> Result<Definitions, Failure> {
    let config = Config {
        slots: SLOTS,
        ..Config::default()
    };
    let runtime = Runtime::new(&config).map_err(|error| {
        Failure::new(Exit::Failure, "cannot start the sandbox").note(error.to_string())
    })?;
    let compiler = runtime.clone();
    let component = tokio::task::spawn_blocking(move || compiler.compile(&wasm))
        .await
        .map_err(|error| {
            Failure::new(Exit::Failure, "the compiler ended early").note(error.to_string())
        })?
        .map_err(rejected)?;
    let mut definitions = runtime.describe(&component).await.map_err(rejected)?;
    // The same checks as at upload, so that what passes here passes there.
    accept_definitions(&mut definitions.tools).map_err(rejected)?;
    Ok(definitions)
}

pub(super) fn rejected(rejection: Rejection) -> Failure {
    Failure::new(Exit::Validation, rejection.message).code(rejection.kind.as_str())
}

fn show_file(inspection: &Inspection, printer: Printer) -> Result<(), Failure> {
    let list = |names: &[String]| {
        if names.is_empty() {
            "-".to_owned()
        } else {
            names.join("\n")
        }
    };
    printer.table(&Rows::pairs([
        ("kind", inspection.kind.as_str().to_owned()),
        (
            "size",
            format!(
                "{} ({} bytes)",
                human::bytes(inspection.size),
                inspection.size
            ),
        ),
        ("digest", inspection.digest.to_string()),
        ("imports", list(&inspection.imports)),
        ("exports", list(&inspection.exports)),
    ]))
}

fn show_tools(
    tools: &[ToolDefinition],
    command: &Inspect,
    printer: Printer,
) -> Result<(), Failure> {
    if tools.is_empty() {
        printer.note("No tools found.");
        return Ok(());
    }
    printer.result("")?;
    printer.table(&tools_table(tools))?;
    let needs = needs_table(tools);
    if !needs.is_empty() {
        printer.result("")?;
        printer.table(&needs)?;
    }
    if command.schemas {
        for tool in tools {
            printer.result(&format!(
                "\n{}\n{:#}",
                tool.name,
                tool.input_schema.to_value()
            ))?;
        }
    }
    Ok(())
}

fn tools_table(tools: &[ToolDefinition]) -> Rows {
    let mut rows = Rows::new(["TOOL", "ARGUMENTS", "DESCRIPTION"]);
    for tool in tools {
        let summary = tool::summary(&tool.description);
        rows.push([tool.name.to_string(), arguments(tool), summary]);
    }
    rows
}

/// `city, days?`: the question mark means that it can be left out.
fn arguments(tool: &ToolDefinition) -> String {
    let schema = tool.input_schema.to_value();
    let required: Vec<_> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .collect();
    let Some(properties) = schema["properties"].as_object() else {
        return "-".to_owned();
    };
    let names: Vec<_> = properties
        .keys()
        .map(|name| {
            let mark = if required.iter().any(|required| *required == name) {
                ""
            } else {
                "?"
            };
            format!("{name}{mark}")
        })
        .collect();
    if names.is_empty() {
        "-".to_owned()
    } else {
        names.join(", ")
    }
}

fn needs_table(tools: &[ToolDefinition]) -> Rows {
    let mut rows = Rows::new(["NEEDS", "", "FOR", "TOOL"]);
    for tool in tools {
        let name = || tool.name.to_string();
        for host in &tool.needs.hosts {
            rows.push(["host".to_owned(), host.to_string(), String::new(), name()]);
        }
        for secret in &tool.needs.secrets {
            let mut reason = human::line(secret.description.as_deref().unwrap_or_default(), 60);
            if secret.reveal {
                reason.push_str(" (reads the value)");
            }
            let reason = reason.trim().to_owned();
            rows.push(["secret".to_owned(), secret.name.to_string(), reason, name()]);
        }
        for capability in &tool.needs.client_capabilities {
            rows.push([
                "client".to_owned(),
                capability.clone(),
                String::new(),
                name(),
            ]);
        }
        if tool.needs.key_value {
            rows.push([
                "store".to_owned(),
                "key-value".to_owned(),
                String::new(),
                name(),
            ]);
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tools() -> Vec<ToolDefinition> {
        serde_json::from_str(
            r#"[{ "name": "get_weather", "title": "Weather", "description": "Current weather.",
                "input_schema": { "type": "object", "required": ["city"],
                    "properties": { "city": { "type": "string" }, "days": { "type": "integer" } } },
                "needs": { "hosts": ["api.weather.test"], "key_value": true,
                    "secrets": [{ "name": "WEATHER_KEY", "description": "From the account page.", "reveal": true }] } },
               { "name": "ping", "description": "Answers.", "input_schema": { "type": "object" } }]"#,
        )
        .unwrap()
    }

    #[test]
    fn tools_are_shown_with_their_arguments() {
        insta::assert_snapshot!(tools_table(&tools()).to_text(), @r"
        TOOL         ARGUMENTS    DESCRIPTION
        get_weather  city, days?  Current weather.
        ping         -            Answers.
        ");
    }

    #[test]
    fn needs_are_shown_with_their_reason() {
        insta::assert_snapshot!(needs_table(&tools()).to_text(), @r"
        NEEDS                     FOR                                       TOOL
        host    api.weather.test                                            get_weather
        secret  WEATHER_KEY       From the account page. (reads the value)  get_weather
        store   key-value                                                   get_weather
        ");
    }

    #[test]
    fn a_refused_file_is_a_validation_failure() {
        let refused = casemate_runtime::inspect(b"not wasm").unwrap_err();
        let failure = rejected(refused);
        assert_eq!(failure.exit(), Exit::Validation);
        assert!(failure.word().is_some());
    }
}
