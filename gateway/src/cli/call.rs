//! `casemate call`: calls a tool, reads a resource or fills in a prompt through the gateway, on the
//! same path as a client, and shows what came of it.

mod offered;
mod show;

use super::{
    Context,
    client::Reply,
    coerce::{self, Input},
    exit::Exit,
    failure::Failure,
    near,
    target::Target,
    tool::{self, Tool},
};
use casemate_domain::{LogLine, Receipt};
use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{fs, io, path::PathBuf};

/// Call a tool, read a resource or fill in a prompt, on the same path as a client
///
/// Values become what the tool's schema wants: city=Oslo days=3 metric=true. Repeat an argument to
/// make a list. Values for a prompt stay text. The server may be inactive; the tool must be active.
///
/// The result goes to standard output, the receipt to standard error. If the call fails or is
/// stopped, what it says goes to standard error and the exit code is 1; --json prints the whole
/// answer in both cases.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  casemate call weather/weather city=Oslo days=3
  casemate call acme/weather/weather @arguments.json days=5
  echo '{\"city\":\"Oslo\"}' | casemate call weather/weather -
  casemate call weather/weather 'filter:={\"min\":10}'
  casemate call glossary --resource glossary://words/grant
  casemate call glossary --prompt explain word=grant")]
pub(crate) struct Call {
    /// Tool, as SERVER/TOOL; with --resource or --prompt the server: id, name, or workspace/name
    #[arg(value_name = "SERVER/TOOL")]
    target: String,
    /// Arguments: k=v, k:=json, @file.json, or - for a JSON object on standard input
    #[arg(value_name = "ARGUMENT")]
    arguments: Vec<Input>,
    /// Read this resource of the server
    #[arg(long, value_name = "URI", conflicts_with = "arguments")]
    resource: Option<String>,
    /// Fill in this prompt of the server
    #[arg(long, value_name = "PROMPT", conflicts_with = "resource")]
    prompt: Option<String>,
    /// Write images, audio and files of the result to this folder
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
}

/// What the gateway says about a call.
#[derive(Debug, Deserialize)]
struct Answer {
    call_id: String,
    outcome: String,
    #[serde(default)]
    result: Value,
    message: Option<String>,
    /// What the tool says about a failure to its operator and not to the model.
    detail: Option<String>,
    receipt: Receipt,
    #[serde(default)]
    log: Vec<LogLine>,
    duration_us: u64,
}

impl Answer {
    fn is_error(&self) -> bool {
        self.outcome != "ok" || self.result["isError"] == true
    }
}

/// Runs the command.
pub(crate) async fn run(command: Call, context: &Context) -> Result<Exit, Failure> {
    let save = command.save.clone();
    let reply = if let Some(uri) = &command.resource {
        offered::read(&command.target, uri, context).await?
    } else if let Some(prompt) = &command.prompt {
        offered::fill(&command.target, prompt, &command.arguments, context).await?
    } else {
        call(command, context).await?
    };
    let answer: Answer = reply.read()?;
    if context.printer.is_json() {
        context.printer.result(reply.text())?;
        return Ok(if answer.is_error() {
            Exit::Failure
        } else {
            Exit::Ok
        });
    }
    show::show(&answer, save.as_deref(), context.printer)
}

async fn call(command: Call, context: &Context) -> Result<Reply, Failure> {
    let target: Target = command.target.parse().map_err(|why: String| {
        Failure::new(Exit::Usage, why)
            .note("What is not a tool: casemate call SERVER --resource URI, or --prompt PROMPT.")
            .code("usage")
    })?;
    let base = read_base(&command.arguments)?;
    let client = context.client()?;
    let Target { server, tool } = &target;
    let tools = tool::all(&client, server).await?;
    let found = find(&tools, &target)?;
    let coerced = coerce::arguments(base, command.arguments, &found.input_schema)?;
    for warning in &coerced.warnings {
        context.printer.warning(warning);
    }
    let body = json!({ "arguments": coerced.arguments });
    client
        .post(&["v1", "servers", server, "tools", tool, "call"], &body)
        .await
}

/// The tool, or what to do to have it.
fn find<'a>(tools: &'a [Tool], target: &Target) -> Result<&'a Tool, Failure> {
    let Target { server, tool } = target;
    match tools.iter().find(|candidate| candidate.name == *tool) {
        Some(found) if found.active => Ok(found),
        Some(_) => Err(Failure::invalid(format!(
            "the tool `{tool}` of server `{server}` is inactive"
        ))
        .note(format!(
            "Activate it: casemate tool activate {server}/{tool}"
        ))
        .code("not_found")),
        None => {
            let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
            Err(
                Failure::invalid(format!("the server `{server}` has no tool `{tool}`"))
                    .note(near::hint(tool, &names, "No tools found."))
                    .code("not_found"),
            )
        }
    }
}

/// The arguments that come from a file or from standard input.
fn read_base(inputs: &[Input]) -> Result<Map<String, Value>, Failure> {
    let mut base = Map::new();
    for input in inputs {
        let (name, text) = match input {
            Input::File(path) => (path.as_str(), fs::read_to_string(path)),
            Input::Stdin => ("standard input", io::read_to_string(io::stdin())),
            Input::Text(..) | Input::Json(..) => continue,
        };
        let text = text.map_err(|error| {
            Failure::new(Exit::Failure, format!("cannot read {name}")).note(error.to_string())
        })?;
        let object: Map<String, Value> = serde_json::from_str(&text).map_err(|error| {
            Failure::invalid(format!("{name} does not hold a JSON object")).note(error.to_string())
        })?;
        base.extend(object);
    }
    Ok(base)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tools() -> Vec<Tool> {
        let tool = |name: &str, active: bool| {
            json!({ "name": name, "title": null, "description": "", "active": active,
                "component": "c", "digest": "d", "input_schema": { "type": "object" } })
        };
        let tools = json!([tool("get_weather", true), tool("set_weather", false)]);
        serde_json::from_value(tools).unwrap()
    }

    fn failure(target: &str) -> String {
        find(&tools(), &target.parse().unwrap())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn an_unknown_tool_suggests_a_near_one() {
        insta::assert_snapshot!(failure("weather/get_wether"), @r"
        the server `weather` has no tool `get_wether`
          Did you mean `get_weather`?
          [not_found]
        ");
    }

    #[test]
    fn an_inactive_tool_says_how_to_activate_it() {
        insta::assert_snapshot!(failure("acme/weather/set_weather"), @r"
        the tool `set_weather` of server `acme/weather` is inactive
          Activate it: casemate tool activate acme/weather/set_weather
          [not_found]
        ");
    }

    #[test]
    fn a_file_must_hold_an_object() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        let input = Input::File(path.to_str().unwrap().to_owned());
        fs::write(&path, r#"{"city":"Oslo"}"#).unwrap();
        assert_eq!(
            read_base(std::slice::from_ref(&input)).unwrap()["city"],
            "Oslo"
        );
        fs::write(&path, "[1]").unwrap();
        assert_eq!(read_base(&[input]).unwrap_err().exit(), Exit::Validation);
    }
}
