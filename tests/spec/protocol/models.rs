//! The types of other implementations as judges: those of `rmcp` for every revision, and those
//! that are generated from the schema of 2024-11-05, of which no JSON file is here.
//!
//! Each message is read into the one type that it has to be. The unions of these crates take any
//! object, so that reading into them would prove nothing.

use super::tape::Said;
use rmcp::model;
use rust_mcp_schema::mcp_2024_11_05 as first;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads a message into its type in `rmcp`, and into that of the oldest revision if it is of that.
pub(super) fn check(said: &Said) -> Result<(), String> {
    let kind = said.kind();
    let message = &said.message;
    if message.get("error").is_some() {
        read::<model::JsonRpcError>(message)?;
    } else if message.get("method").is_some() {
        by_itself(&kind, message)?;
    } else {
        read::<model::JsonRpcResponse<Value>>(message)?;
        result(&kind, &message["result"])?;
    }
    if said.revision == "2024-11-05" {
        of_the_first_revision(&kind, message)?;
    }
    Ok(())
}

fn result(kind: &str, result: &Value) -> Result<&'static str, String> {
    match kind {
        "initialize" => read::<model::InitializeResult>(result),
        "server/discover" => read::<model::DiscoverResult>(result),
        "ping" | "logging/setLevel" | "resources/subscribe" | "resources/unsubscribe" => {
            read::<model::EmptyResult>(result)
        }
        "tools/list" => read::<model::ListToolsResult>(result),
        "tools/call" => read::<model::CallToolResult>(result),
        "resources/list" => read::<model::ListResourcesResult>(result),
        "resources/templates/list" => read::<model::ListResourceTemplatesResult>(result),
        "resources/read" => read::<model::ReadResourceResult>(result),
        "prompts/list" => read::<model::ListPromptsResult>(result),
        "prompts/get" => read::<model::GetPromptResult>(result),
        "completion/complete" => read::<model::CompleteResult>(result),
        "input_required" => read::<model::InputRequiredResult>(result),
        "task" => read::<model::CreateTaskResult>(result),
        "tasks/get" => read::<model::GetTaskResult>(result),
        "tasks/update" | "tasks/cancel" => read::<model::TaskAckResult>(result),
        "subscriptions/listen" => read::<model::SubscriptionsListenResult>(result),
        other => Err(format!("no type is known for a result of `{other}`")),
    }
}

#[expect(
    deprecated,
    reason = "the newest revision keeps what it will take out, and so does the gateway"
)]
fn by_itself(method: &str, message: &Value) -> Result<&'static str, String> {
    type Told<N> = model::JsonRpcNotification<N>;
    type Asked<R> = model::JsonRpcRequest<R>;
    match method {
        "notifications/progress" => read::<Told<model::ProgressNotification>>(message),
        "notifications/message" => read::<Told<model::LoggingMessageNotification>>(message),
        "notifications/tools/list_changed" => {
            read::<Told<model::ToolListChangedNotification>>(message)
        }
        "notifications/resources/list_changed" => {
            read::<Told<model::ResourceListChangedNotification>>(message)
        }
        "notifications/prompts/list_changed" => {
            read::<Told<model::PromptListChangedNotification>>(message)
        }
        "notifications/resources/updated" => {
            read::<Told<model::ResourceUpdatedNotification>>(message)
        }
        "notifications/tasks" => read::<Told<model::TaskStatusNotification>>(message),
        "notifications/subscriptions/acknowledged" => {
            read::<Told<model::SubscriptionsAcknowledgedNotification>>(message)
        }
        "elicitation/create" => read::<Asked<model::ElicitRequest>>(message),
        "sampling/createMessage" => read::<Asked<model::CreateMessageRequest>>(message),
        "roots/list" => read::<Asked<model::ListRootsRequest>>(message),
        other => Err(format!("no type is known for `{other}`")),
    }
}

/// The type of the oldest revision that a message is read into.
pub(super) fn of_the_first_revision(kind: &str, message: &Value) -> Result<&'static str, String> {
    let result = &message["result"];
    match kind {
        "initialize" => read::<first::InitializeResult>(result),
        "ping" | "logging/setLevel" | "resources/subscribe" | "resources/unsubscribe" => {
            read::<first::Result>(result)
        }
        "tools/list" => read::<first::ListToolsResult>(result),
        "tools/call" => read::<first::CallToolResult>(result),
        "resources/list" => read::<first::ListResourcesResult>(result),
        "resources/templates/list" => read::<first::ListResourceTemplatesResult>(result),
        "resources/read" => read::<first::ReadResourceResult>(result),
        "prompts/list" => read::<first::ListPromptsResult>(result),
        "prompts/get" => read::<first::GetPromptResult>(result),
        "completion/complete" => read::<first::CompleteResult>(result),
        // The schema demands an id, also where none could be read.
        _ if message.get("error").is_some() && message.get("id").is_none() => Ok("JsonrpcError"),
        _ if message.get("error").is_some() => read::<first::JsonrpcError>(message),
        _ => said_by_the_first_revision(kind, message),
    }
}

fn said_by_the_first_revision(method: &str, message: &Value) -> Result<&'static str, String> {
    match method {
        "notifications/progress" => read::<first::ProgressNotification>(message),
        "notifications/message" => read::<first::LoggingMessageNotification>(message),
        "notifications/tools/list_changed" => read::<first::ToolListChangedNotification>(message),
        "notifications/resources/list_changed" => {
            read::<first::ResourceListChangedNotification>(message)
        }
        "notifications/prompts/list_changed" => {
            read::<first::PromptListChangedNotification>(message)
        }
        "notifications/resources/updated" => read::<first::ResourceUpdatedNotification>(message),
        "sampling/createMessage" => read::<first::CreateMessageRequest>(message),
        "roots/list" => read::<first::ListRootsRequest>(message),
        other => Err(format!("the revision has no `{other}`")),
    }
}

/// The name of the type that a value was read into.
fn read<T: DeserializeOwned>(value: &Value) -> Result<&'static str, String> {
    let name = std::any::type_name::<T>();
    serde_json::from_value::<T>(value.clone()).map_err(|error| format!("no {name}: {error}"))?;
    Ok(name.rsplit("::").next().unwrap_or(name))
}
