//! Between our types and those of the contract.

use crate::{
    Caller, Cx, ToolError,
    ask::{Ask, Question, QuestionBody},
    bindings::{casemate::tool::types as wit, exports::casemate::tool::tools},
    content::{Audience, Body, Content, Resource, ResourceBody},
    cx::CallInfo,
    error::Kind,
    host::Host,
    output::Outcome,
    tool::{Annotations, Descriptor, Needs, TaskSupport},
};

pub(super) fn tool(tool: Descriptor) -> tools::Tool {
    let Annotations {
        read_only,
        destructive,
        idempotent,
        open_world,
    } = tool.annotations;
    tools::Tool {
        name: tool.name.to_owned(),
        title: tool.title.map(str::to_owned),
        description: tool.description.to_owned(),
        input_schema: tool.input_schema.to_string(),
        output_schema: tool.output_schema.map(|schema| schema.to_string()),
        annotations: tools::Annotations {
            read_only,
            destructive,
            idempotent,
            open_world,
        },
        icons: Vec::new(),
        task_support: match tool.task {
            TaskSupport::Forbidden => tools::TaskSupport::Forbidden,
            TaskSupport::Optional => tools::TaskSupport::Optional,
            TaskSupport::Required => tools::TaskSupport::Required,
        },
        needs: needs(tool.needs),
        meta: None,
    }
}

fn needs(needs: Needs) -> tools::Needs {
    let secrets = needs.secrets.into_iter().map(|need| tools::SecretNeed {
        name: need.name.to_owned(),
        description: None,
        required: need.required,
        reveal: need.reveal,
    });
    let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
    tools::Needs {
        secrets: secrets.collect(),
        hosts: owned(needs.hosts),
        client_capabilities: owned(needs.client_capabilities),
        key_value: needs.key_value,
    }
}

pub(super) fn cx(context: wit::CallContext) -> Cx {
    let caller = context.caller;
    let answers = context.answers.into_iter().map(|answer| {
        // The host has checked that it is JSON.
        (
            answer.key,
            serde_json::from_str(&answer.value).unwrap_or_default(),
        )
    });
    let info = CallInfo {
        call_id: context.call_id,
        caller: Caller {
            workspace: caller.workspace,
            server: caller.server,
            credential: caller.credential,
            client_name: caller.client_name,
            client_version: caller.client_version,
        },
        client_capabilities: context.client_capabilities,
        progress_wanted: context.progress_wanted,
        trace_parent: context.trace_parent,
        trace_state: context.trace_state,
        answers: answers.collect(),
        state: context.state,
    };
    #[cfg(target_family = "wasm")]
    let host = Host;
    #[cfg(not(target_family = "wasm"))]
    let host = Host::default();
    Cx { host, info }
}

pub(super) fn outcome(outcome: Outcome) -> tools::CallOutcome {
    match outcome {
        Outcome::Complete(result) => tools::CallOutcome::Complete(tools::ToolResult {
            content: result.content.into_iter().map(content).collect(),
            structured: result.structured,
            meta: result.meta,
        }),
        Outcome::Ask(ask) => tools::CallOutcome::NeedInput(need_input(ask)),
    }
}

pub(super) fn error(error: ToolError) -> wit::CallError {
    let protocol = match error.kind() {
        Kind::Work | Kind::NotFound => return wit::CallError::Tool(tool_error(&error)),
        Kind::Params => wit::ProtocolError::InvalidParams(error.message().to_owned()),
        Kind::Client(capability) => {
            wit::ProtocolError::MissingClientCapabilities(vec![capability.to_string()])
        }
        Kind::Protocol(code) => wit::ProtocolError::Other(wit::OtherError {
            code: *code,
            message: error.message().to_owned(),
            data: None,
        }),
    };
    wit::CallError::Protocol(protocol)
}

fn tool_error(error: &ToolError) -> wit::ToolError {
    let wait = error.wait();
    wit::ToolError {
        message: error.message().to_owned(),
        code: error.error_code().map(str::to_owned),
        retry_after_ms: wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        content: error.content().iter().cloned().map(content).collect(),
        detail: error.detail().map(str::to_owned),
    }
}

pub(super) fn content(content: Content) -> wit::Content {
    let Content {
        body,
        audience,
        priority,
    } = content;
    let has_hints = !audience.is_empty() || priority.is_some();
    let readers = audience.into_iter().map(self::audience);
    let annotations = has_hints.then(|| wit::ContentAnnotations {
        audience: readers.collect(),
        priority,
        last_modified: None,
    });
    wit::Content {
        body: content_body(body),
        annotations,
        meta: None,
    }
}

pub(super) fn audience(reader: Audience) -> wit::Audience {
    match reader {
        Audience::User => wit::Audience::User,
        Audience::Assistant => wit::Audience::Assistant,
    }
}

fn content_body(body: Body) -> wit::ContentBody {
    match body {
        Body::Text(text) => wit::ContentBody::Text(text),
        Body::Image(image) => wit::ContentBody::Image(wit::Media {
            data: image.data,
            mime_type: image.mime_type,
        }),
        Body::Audio(audio) => wit::ContentBody::Audio(wit::Media {
            data: audio.data,
            mime_type: audio.mime_type,
        }),
        Body::ResourceLink(link) => wit::ContentBody::ResourceLink(wit::ResourceLink {
            uri: link.uri,
            name: link.name,
            title: link.title,
            description: link.description,
            mime_type: link.mime_type,
            size: link.size,
            icons: Vec::new(),
        }),
        Body::Resource(resource) => wit::ContentBody::EmbeddedResource(contents(resource)),
    }
}

pub(super) fn contents(resource: Resource) -> wit::ResourceContents {
    wit::ResourceContents {
        uri: resource.uri,
        mime_type: resource.mime_type,
        body: match resource.body {
            ResourceBody::Text(text) => wit::ResourceBody::Text(text),
            ResourceBody::Blob(bytes) => wit::ResourceBody::Blob(bytes),
        },
        meta: None,
    }
}

pub(super) fn need_input(ask: Ask) -> wit::NeedInput {
    let requests = ask.questions.into_iter().map(|Question { key, body }| {
        let body = match body {
            QuestionBody::Form { message, schema } => wit::InputBody::ElicitForm(wit::ElicitForm {
                message,
                schema: schema.to_string(),
            }),
            QuestionBody::Page { message, url, id } => {
                wit::InputBody::ElicitUrl(wit::ElicitUrl { message, url, id })
            }
            QuestionBody::Sample(params) => wit::InputBody::Sample(params.to_string()),
            QuestionBody::Roots => wit::InputBody::ListRoots,
        };
        wit::InputRequest { key, body }
    });
    wit::NeedInput {
        requests: requests.collect(),
        state: ask.state,
    }
}
