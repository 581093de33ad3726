//! What is remembered of a call.

use crate::{
    CallId, Caller, Conclusion, Digest, PromptName, Receipt, ResourceUri, ServerId, ServerName,
    StopReason, ToolName, WorkspaceId, WorkspaceName,
};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How severe a log line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For the author.
    Debug,
    /// Normal.
    Info,
    /// Normal but noteworthy.
    Notice,
    /// Something may be wrong.
    Warning,
    /// Something is wrong.
    Error,
    /// A part does not work.
    Critical,
    /// Somebody must act now.
    Alert,
    /// Nothing works.
    Emergency,
}

/// One line that a tool logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When, in microseconds since the start of the call.
    pub at_us: u64,
    /// How severe.
    pub level: LogLevel,
    /// What it says, without control characters, secrets masked.
    pub message: String,
    /// Fields, as the text of a JSON object; in JSON, that object.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "fields")]
    pub fields: Option<String>,
}

/// Text of a JSON object as that object. Text that is none, which masking can make of it, stays
/// text; so was all that was written before.
mod fields {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::Value;

    pub(super) fn serialize<S: Serializer>(
        fields: &Option<String>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let text = fields.as_deref().unwrap_or_default();
        match serde_json::from_str::<Value>(text) {
            Ok(object @ Value::Object(_)) => object.serialize(serializer),
            _ => serializer.serialize_str(text),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<String>, D::Error> {
        Ok(match Option::<Value>::deserialize(deserializer)? {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(object) => Some(object.to_string()),
        })
    }
}

/// How a call ended, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutcomeKind {
    /// `ok`: with a result.
    Ok,
    /// `need_input`: with a request for input.
    NeedInput,
    /// `tool_error`: the tool said that it failed.
    ToolError,
    /// `protocol_error`: the tool refused the request.
    ProtocolError,
    /// The reason for which the host ended or refused it.
    Stopped(StopReason),
}

impl OutcomeKind {
    /// Every one.
    pub const ALL: [Self; 4 + StopReason::ALL.len()] = {
        let mut all = [Self::Ok; 4 + StopReason::ALL.len()];
        all[1] = Self::NeedInput;
        all[2] = Self::ToolError;
        all[3] = Self::ProtocolError;
        let mut at = 0;
        while at < StopReason::ALL.len() {
            all[4 + at] = Self::Stopped(StopReason::ALL[at]);
            at += 1;
        }
        all
    };

    /// The stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NeedInput => "need_input",
            Self::ToolError => "tool_error",
            Self::ProtocolError => "protocol_error",
            Self::Stopped(reason) => reason.as_str(),
        }
    }
}

impl From<&Conclusion> for OutcomeKind {
    fn from(conclusion: &Conclusion) -> Self {
        match conclusion {
            Conclusion::Complete(_)
            | Conclusion::Contents(_)
            | Conclusion::Filled(_)
            | Conclusion::Suggested(_) => Self::Ok,
            Conclusion::NeedInput(_) => Self::NeedInput,
            Conclusion::ToolError(_) => Self::ToolError,
            Conclusion::ProtocolError(_) => Self::ProtocolError,
            Conclusion::Stopped(stop) => Self::Stopped(stop.reason),
        }
    }
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for OutcomeKind {
    type Err = crate::Invalid;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "ok" => Self::Ok,
            "need_input" => Self::NeedInput,
            "tool_error" => Self::ToolError,
            "protocol_error" => Self::ProtocolError,
            other => {
                let quoted = serde_json::Value::from(other);
                Self::Stopped(serde_json::from_value(quoted).map_err(|_| {
                    let known: Vec<_> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
                    let shown: String = other.chars().take(40).collect();
                    crate::Invalid::new(
                        "outcome",
                        format!(
                            "`{}` is not known; there is: {}",
                            shown.escape_debug(),
                            known.join(", ")
                        ),
                    )
                })?)
            }
        })
    }
}

impl Serialize for OutcomeKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for OutcomeKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// What a call is of. In JSON one member, with the name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A tool was run.
    Tool(ToolName),
    /// A resource was read.
    Resource(ResourceUri),
    /// A prompt was filled in.
    Prompt(PromptName),
    /// Something was completed: an argument of this prompt, or a variable of this URI template.
    Completion(String),
}

impl Subject {
    /// The word for its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Tool(_) => "tool",
            Self::Resource(_) => "resource",
            Self::Prompt(_) => "prompt",
            Self::Completion(_) => "completion",
        }
    }

    /// The tool, if it is one.
    pub fn tool(&self) -> Option<&ToolName> {
        match self {
            Self::Tool(name) => Some(name),
            _ => None,
        }
    }

    /// Its name or URI.
    pub fn name(&self) -> &str {
        match self {
            Self::Tool(name) => name.as_str(),
            Self::Resource(uri) => uri.as_str(),
            Self::Prompt(name) => name.as_str(),
            Self::Completion(of) => of,
        }
    }
}

/// A tool by its name, anything else with the word for its kind.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tool(name) => write!(f, "{name}"),
            other => write!(f, "{} {}", other.kind(), other.name()),
        }
    }
}

/// The one record of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    /// Of the call.
    pub id: CallId,
    /// When it started.
    pub at: jiff::Timestamp,
    /// The workspace it happened in.
    pub workspace_id: WorkspaceId,
    /// Its name at that time.
    pub workspace: WorkspaceName,
    /// The server it came through.
    pub server_id: ServerId,
    /// Its name at that time.
    pub server: ServerName,
    /// What it was of.
    #[serde(flatten)]
    pub subject: Subject,
    /// What ran.
    pub digest: Digest,
    /// Who made it.
    pub caller: Caller,
    /// How it ended, in a word.
    pub outcome: OutcomeKind,
    /// How it ended, in a sentence, unless it ended well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// From the arrival of the request to the end, in microseconds.
    pub duration_us: u64,
    /// The W3C trace that its client says it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
    /// What it used.
    pub receipt: Receipt,
    /// What the tool logged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log: Vec<LogLine>,
    /// Log lines that did not fit.
    #[serde(default)]
    pub log_dropped: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_read_as_it_is_written() {
        for kind in OutcomeKind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        // The words that reading knows; the first in the message is what was read.
        let unknown = serde_json::from_str::<StopReason>("\"bad\"").unwrap_err();
        let known = unknown.to_string().matches('`').count() / 2 - 1;
        assert_eq!(StopReason::ALL.len(), known, "{unknown}");
        let error = "bad".parse::<OutcomeKind>().unwrap_err().to_string();
        assert!(
            error.contains("tool_error, ") && error.contains("fuel_exhausted"),
            "{error}"
        );
    }

    #[test]
    fn fields_of_a_line_are_an_object_in_json() {
        let line = |fields: Option<&str>| LogLine {
            at_us: 1,
            level: LogLevel::Info,
            message: "paged".to_owned(),
            fields: fields.map(str::to_owned),
        };
        for fields in [None, Some(r#"{"status":201}"#), Some("masked")] {
            let text = serde_json::to_string(&line(fields)).unwrap();
            assert_eq!(
                serde_json::from_str::<LogLine>(&text).unwrap(),
                line(fields)
            );
        }
        let shown = serde_json::to_value(line(Some(r#"{"status":201}"#))).unwrap();
        assert_eq!(shown["fields"]["status"], 201);
        let before = r#"{"at_us":1,"level":"info","message":"paged","fields":"{\"status\":201}"}"#;
        let read: LogLine = serde_json::from_str(before).unwrap();
        assert_eq!(read, line(Some(r#"{"status":201}"#)));
    }
}
