//! What is checked before a call enters the sandbox, and after it leaves.

use crate::service::{access::OpenServer, snapshot::ToolView, vault::Vault};
use casemate_domain::{Call, Conclusion, Limits, SecretName, SecretNeed, Stop, StopReason};
use casemate_runtime::Environment;
use secrecy::SecretString;
use serde_json::Value;
use std::sync::Arc;

/// Arguments must be of bounded size.
pub(super) fn check_size(call: &Call, limits: &Limits) -> Result<(), Stop> {
    let bytes = call.arguments.get().len();
    if bytes as u64 <= limits.input_bytes {
        return Ok(());
    }
    Err(rejected(format!(
        "The arguments are {bytes} bytes; at most {} are allowed. Send less at once.",
        limits.input_bytes
    )))
}

/// Arguments must be an object that fits the tool's schema.
pub(super) fn check_arguments(tool: &ToolView, call: &Call) -> Result<(), Stop> {
    let text = call.arguments.get();
    let value: Value = serde_json::from_str(text)
        .map_err(|error| rejected(format!("The arguments cannot be read: {error}.")))?;
    if !value.is_object() {
        return Err(rejected("The arguments must be a JSON object.".to_owned()));
    }
    tool.input.check(&value).map_err(|mismatch| {
        rejected(format!(
            "The arguments do not fit the schema of `{}` {mismatch}.",
            call.tool
        ))
    })
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
pub(super) fn check_output(tool: &ToolView, conclusion: &Conclusion) -> Option<Stop> {
    let Conclusion::Complete(result) = conclusion else {
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
    tool: &ToolView,
) -> Result<Environment, Stop> {
    let mut secrets = Vec::with_capacity(tool.grant.secrets.len());
    for granted in &tool.grant.secrets {
        if let Some(record) = open.secret(&granted.name) {
            let value = vault.open(record).map_err(|error| {
                tracing::error!(secret = %granted.name, "a stored secret does not decrypt");
                denied(error.to_string())
            })?;
            secrets.push((granted.name.clone(), value));
        }
    }
    for need in tool
        .definition
        .needs
        .secrets
        .iter()
        .filter(|need| need.required)
    {
        check_need(open, tool, need, &secrets)?;
    }
    Ok(Environment {
        grant: Arc::clone(&tool.grant),
        secrets,
        ..Environment::default()
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
             An administrator grants it by pushing the component again with: {flag} {name}"
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
