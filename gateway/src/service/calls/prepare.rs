//! What is checked before a call enters the sandbox, and after it leaves.

use super::{numbers, target::Target};
use crate::service::{access::OpenServer, snapshot::ToolView, vault::Vault};
use casemate_domain::{
    Call, Conclusion, Json, Limits, PromptDefinition, Request, SecretName, SecretNeed, Stop,
    StopReason,
};
use casemate_runtime::{Control, Environment};
use secrecy::SecretString;
use serde_json::Value;
use std::sync::Arc;

/// What is handed over must be of bounded size.
pub(super) fn check_size(call: &Call, limits: &Limits) -> Result<(), Stop> {
    let bytes = call.request.size();
    if bytes as u64 <= limits.input_bytes {
        return Ok(());
    }
    Err(rejected(format!(
        "The arguments are {bytes} bytes; at most {} are allowed. Send less at once.",
        limits.input_bytes
    )))
}

/// What is handed over must be what was promised to clients.
pub(super) fn check_arguments(open: &OpenServer, target: &Target, call: &Call) -> Result<(), Stop> {
    match (target, &call.request) {
        (Target::Tool(tool), Request::Tool { arguments, .. }) => {
            check_schema(open, tool, arguments)
        }
        (Target::Offer(offer), Request::Prompt { name, arguments }) => offer
            .prompts
            .get(name)
            .map_or(Ok(()), |prompt| check_required(prompt, arguments)),
        _ => Ok(()),
    }
}

/// The arguments of a tool must be an object that fits its schema.
fn check_schema(open: &OpenServer, tool: &ToolView, arguments: &Json) -> Result<(), Stop> {
    let value: Value = serde_json::from_str(arguments.get())
        .map_err(|error| rejected(format!("The arguments cannot be read: {error}.")))?;
    if !value.is_object() {
        return Err(rejected("The arguments must be a JSON object.".to_owned()));
    }
    if numbers::may_be_rounded(&value)
        && let Some(number) = numbers::rounded(arguments.get())
    {
        let shown: String = number.chars().take(64).collect();
        return Err(rejected(format!(
            "The number {shown} in the arguments would be rounded. Write it with fewer digits, or \
             as a string if the tool takes one."
        )));
    }
    tool.input.check(&value).map_err(|mismatch| {
        rejected(format!(
            "The arguments do not fit the schema of `{}` {mismatch}.",
            open.shown_name(tool.record.name.as_str())
        ))
    })
}

/// A prompt is filled in with at least what it cannot do without.
fn check_required(prompt: &PromptDefinition, filled: &[(String, String)]) -> Result<(), Stop> {
    let is_filled = |wanted: &str| filled.iter().any(|(name, _)| name == wanted);
    let mut required = prompt.arguments.iter().filter(|argument| argument.required);
    match required.find(|argument| !is_filled(&argument.name)) {
        None => Ok(()),
        Some(missing) => Err(rejected(format!(
            "The prompt `{}` needs the argument `{}`.",
            prompt.name, missing.name
        ))),
    }
}

/// How long a structured answer is.
pub(super) fn structured_bytes(conclusion: &Conclusion) -> usize {
    match conclusion {
        Conclusion::Complete(result) => {
            let structured = result.structured.as_ref();
            structured.map_or(0, |structured| structured.get().len())
        }
        _ => 0,
    }
}

/// A structured answer must be what the tool's output schema promises.
pub(super) fn check_output(target: &Target, conclusion: &Conclusion) -> Option<Stop> {
    let (Target::Tool(tool), Conclusion::Complete(result)) = (target, conclusion) else {
        return None;
    };
    let schema = tool.output.as_ref()?;
    let problem = match &result.structured {
        None => "it has an output schema but gave no structured answer".to_owned(),
        Some(structured) => schema.check(&structured.to_value()).err()?.to_string(),
    };
    Some(Stop {
        reason: StopReason::InvalidOutput,
        message: format!(
            "The tool broke its own promise: its answer does not fit its output schema ({problem}). \
             Its author has to mend this."
        ),
    })
}

/// Decrypts what is granted and set. A secret without which the tool cannot work is named.
pub(super) fn environment(
    vault: &Vault,
    open: &OpenServer,
    target: &Target,
    control: &Control,
) -> Result<Environment, Stop> {
    let grant = target.grant();
    let mut secrets = Vec::with_capacity(grant.secrets.len());
    for granted in &grant.secrets {
        if let Some(record) = open.secret(&granted.name) {
            let value = vault.open(record).map_err(|error| {
                tracing::error!(secret = %granted.name, "a stored secret does not decrypt");
                denied(error.to_string())
            })?;
            secrets.push((granted.name.clone(), value));
        }
    }
    // Only tools declare what they cannot do without.
    if let Target::Tool(tool) = target {
        let needs = tool.definition.needs.secrets.iter();
        for need in needs.filter(|need| need.required) {
            check_need(open, tool, need, &secrets)?;
        }
    }
    Ok(Environment {
        grant: Arc::clone(grant),
        secrets,
        tenant: open.tenant().cloned().unwrap_or_default(),
        control: control.clone(),
    })
}

fn check_need(
    open: &OpenServer,
    tool: &ToolView,
    need: &SecretNeed,
    available: &[(SecretName, SecretString)],
) -> Result<(), Stop> {
    let name = &need.name;
    if available.iter().any(|(available, _)| available == name) {
        return Ok(());
    }
    let workspace = &open.server().workspace.name;
    Err(denied(if tool.grant.secret(name.as_str()).is_some() {
        format!(
            "The secret {name} is granted to this tool but not set in workspace {workspace}. \
             An administrator sets it with: casemate secret set {name} -w {workspace}"
        )
    } else {
        let (what, flag) = if need.reveal {
            ("to read the value of the secret", "--reveal-secret")
        } else {
            ("the secret", "--grant-secret")
        };
        format!(
            "The tool needs {what} {name}, which is not granted to it. \
             An administrator grants it by pushing the component again with all its grants and \
             `{flag} {name}`"
        )
    }))
}

fn rejected(message: String) -> Stop {
    Stop {
        reason: StopReason::InputRejected,
        message,
    }
}

fn denied(message: String) -> Stop {
    Stop {
        reason: StopReason::SecretDenied,
        message,
    }
}
