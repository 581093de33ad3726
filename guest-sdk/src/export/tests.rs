//! What the host gets to see, through the contract's own types.

use super::{completion, prompts, resources, tools};
use crate::{
    bindings::{
        casemate::tool::types::{
            CallContext, CallError, Caller, OtherError, ProtocolError, ResourceBody,
        },
        completion::exports::casemate::tool::completion::{CompletionRequest, Subject},
        exports::casemate::tool::tools::TaskSupport,
        resources::exports::casemate::tool::resources::ReadOutcome,
    },
    prelude::*,
    prompt::Prompt as _,
    resource::Readable as _,
    tool::Tool as _,
};

/// Works for long.
#[tool(task = "required")]
fn work() -> Result<String, ToolError> {
    Err(ToolError::protocol(1001, "Out of order."))
}

/// Rests.
#[tool]
fn rest() -> Result<String, ToolError> {
    Err(ToolError::not_found("There is no bed."))
}

/// Asks whoever cannot be asked.
#[prompt]
fn question() -> Result<String, ToolError> {
    Err(ToolError::missing_client_capability("elicitation"))
}

/// Greets.
#[prompt]
fn greeting(#[arg(complete = ["Ada", "Alan"])] name: String) -> String {
    format!("Hello, {name}!")
}

/// Any note.
#[resource("notes://{id}")]
fn note(#[arg(complete = ["one", "other"])] id: String) -> Result<String, ToolError> {
    match id.as_str() {
        "gone" => Err(ToolError::not_found("It is gone.")),
        "locked" => Err(ToolError::user("It is locked.")),
        id => Ok(id.to_owned()),
    }
}

/// The newest note.
#[resource("notes://newest")]
fn newest() -> &'static str {
    "the newest"
}

fn context() -> CallContext {
    CallContext {
        call_id: "call_1".to_owned(),
        caller: Caller {
            workspace: "acme".to_owned(),
            server: "notes".to_owned(),
            credential: None,
            client_name: None,
            client_version: None,
        },
        client_capabilities: Vec::new(),
        progress_wanted: false,
        trace_parent: None,
        trace_state: None,
        answers: Vec::new(),
        state: None,
    }
}

fn read(uri: &str) -> Result<String, CallError> {
    // The family first: the order of `export!` does not matter.
    match resources::read(&[note::ENTRY, newest::ENTRY], uri, context())? {
        ReadOutcome::Contents(contents) => match &contents[0].body {
            ResourceBody::Text(text) => Ok(text.clone()),
            ResourceBody::Blob(_) => panic!("these are texts"),
        },
        ReadOutcome::NeedInput(_) => panic!("nobody asks"),
    }
}

#[test]
fn a_uri_of_its_own_comes_before_a_template() {
    assert_eq!(read("notes://newest").unwrap(), "the newest");
    assert_eq!(read("notes://other").unwrap(), "other");
}

#[test]
fn resources_and_templates_are_listed_apart() {
    let list = resources::describe(&[note::ENTRY, newest::ENTRY]);
    let uris: Vec<_> = list.resources.iter().map(|one| &*one.uri).collect();
    let templates: Vec<_> = list
        .templates
        .iter()
        .map(|one| &*one.uri_template)
        .collect();
    assert_eq!(
        (uris, templates),
        (vec!["notes://newest"], vec!["notes://{id}"])
    );
}

#[test]
fn only_what_is_not_there_is_the_error_of_the_protocol() {
    for uri in ["notes://gone", "notes://a/b", "other://newest"] {
        let Err(CallError::Protocol(ProtocolError::ResourceNotFound(named))) = read(uri) else {
            panic!("{uri} is not found");
        };
        assert_eq!(named, uri);
    }
    let Err(CallError::Tool(error)) = read("notes://locked") else {
        panic!("it is there, and fails");
    };
    assert_eq!(error.message, "It is locked.");
}

#[test]
fn a_tool_may_break_the_protocol_and_what_it_does_not_find_is_its_own_failure() {
    let call = |name| {
        tools::call(
            &[work::ENTRY, rest::ENTRY],
            name,
            "{}".to_owned(),
            context(),
        )
    };
    let Err(CallError::Protocol(ProtocolError::Other(OtherError { code, message, .. }))) =
        call("work")
    else {
        panic!("it breaks the protocol");
    };
    assert_eq!((code, &*message), (1001, "Out of order."));
    let Err(CallError::Tool(error)) = call("rest") else {
        panic!("it fails");
    };
    assert_eq!(error.code.as_deref(), Some("not-found"));
}

#[test]
fn tools_say_whether_they_run_as_tasks() {
    let tools = tools::describe(&[work::ENTRY, rest::ENTRY]);
    let support: Vec<TaskSupport> = tools.iter().map(|tool| tool.task_support).collect();
    assert_eq!(support, [TaskSupport::Required, TaskSupport::Forbidden]);
}

#[test]
fn arguments_of_a_prompt_are_checked_before_it_is_filled_in() {
    let get = |name, arguments: &[(&str, &str)]| {
        let pairs = arguments.iter();
        let arguments = pairs.map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        prompts::get(&[greeting::ENTRY], name, arguments.collect(), context())
    };
    assert!(get("greeting", &[("name", "Ada")]).is_ok());
    for (name, arguments) in [("greeting", &[][..]), ("parting", &[("name", "Ada")])] {
        let Err(CallError::Protocol(ProtocolError::InvalidParams(_))) = get(name, arguments) else {
            panic!("{name} {arguments:?} cannot be filled in");
        };
    }
}

#[test]
fn a_prompt_may_need_more_of_the_client() {
    let got = prompts::get(&[question::ENTRY], "question", Vec::new(), context());
    let Err(CallError::Protocol(ProtocolError::MissingClientCapabilities(missing))) = got else {
        panic!("the client cannot be asked");
    };
    assert_eq!(missing, ["elicitation"]);
}

#[test]
fn completion_finds_prompts_by_name_and_templates_by_their_text() {
    let complete = |subject, argument: &str| {
        let request = CompletionRequest {
            subject,
            argument: argument.to_owned(),
            value: "a".to_owned(),
            filled: Vec::new(),
        };
        let suggestions =
            completion::complete(&[greeting::ENTRY], &[note::ENTRY], request, context());
        suggestions.map(|suggestions| suggestions.values)
    };
    let prompt = |name: &str| Subject::Prompt(name.to_owned());
    let template = |uri: &str| Subject::ResourceTemplate(uri.to_owned());
    assert_eq!(
        complete(prompt("greeting"), "name").unwrap(),
        ["Ada", "Alan"]
    );
    assert!(complete(template("notes://{id}"), "id").unwrap().is_empty());
    for unknown in [prompt("parting"), template("notes://one")] {
        let Err(CallError::Protocol(ProtocolError::InvalidParams(_))) = complete(unknown, "id")
        else {
            panic!("nobody knows it");
        };
    }
}
