//! The stages of a call, and the functions that each is told by.

use serde::Serialize;
use std::fmt;

/// What the gateway does for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Stage {
    Http,
    Endpoint,
    Key,
    Parse,
    Validate,
    Admit,
    Instantiate,
    Run,
    TearDown,
    Result,
    Log,
    Rest,
}

impl Stage {
    /// In the order of a call.
    pub(super) const ALL: [Self; 12] = [
        Self::Http,
        Self::Endpoint,
        Self::Key,
        Self::Parse,
        Self::Validate,
        Self::Admit,
        Self::Instantiate,
        Self::Run,
        Self::TearDown,
        Self::Result,
        Self::Log,
        Self::Rest,
    ];

    /// For the table.
    pub(super) fn what(self) -> &'static str {
        match self {
            Self::Http => "the socket, the head, the executor; the kernel for them",
            Self::Endpoint => "from the request to the call, and back",
            Self::Key => "server, key, what it opens",
            Self::Parse => "the envelope, parameters, arguments",
            Self::Validate => "arguments against their schema",
            Self::Admit => "limits, gates, turns, the record",
            Self::Instantiate => "a fresh store, its memory, its instances",
            Self::Run => "the call into the guest, and the guest",
            Self::TearDown => "memory and stack made fresh again",
            Self::Result => "what the guest said, masked and written",
            Self::Log => "the record, written on a thread of its own",
            Self::Rest => "what nothing tells",
        }
    }

    /// Parts of names of functions and threads.
    fn told_by(self) -> &'static [&'static str] {
        match self {
            Self::Log => &["call-log-writer", "call_log::", "log flusher"],
            Self::TearDown => &[
                "drop_in_place<wasmtime::runtime::store",
                "StoreOpaque as core::ops::drop",
                "decommit_queue",
                "merge_or_flush",
                // The stack of the guest is zeroed where its work ends.
                "casemate_runtime::call::Running::outcome",
            ],
            Self::Instantiate => &[
                "InstancePre",
                "casemate_runtime::sandbox::",
                "casemate_runtime::state::",
                "PoolingInstanceAllocator",
            ],
            Self::Run => &[
                "wasmtime::runtime::vm::libcalls",
                "fiber_start",
                "Exports::ask",
                "wasmtime::runtime::component::func",
                "casemate_runtime::call::",
            ],
            Self::Result => &[
                "casemate_runtime::convert",
                "casemate_runtime::redact",
                "casemate_gateway::mcp::answer",
                "casemate_gateway::mcp::result",
            ],
            Self::Validate => &["check_arguments", "jsonschema"],
            Self::Key => &["service::access", "Access::"],
            Self::Parse => &[
                "mcp::envelope",
                "mcp::object",
                "mcp::params",
                "mcp::headers",
                "serde_json::de",
            ],
            Self::Admit => &[
                "casemate_runtime::turns",
                "casemate_runtime::runtime",
                "casemate_runtime::limiter",
                "service::calls::",
                "ticker",
            ],
            Self::Endpoint => &["casemate_gateway::mcp", "router::Front", "listen::account"],
            Self::Http => &[
                "hyper",
                "casemate_gateway::listen",
                "tokio::",
                "epoll",
                "tcp_",
            ],
            Self::Rest => &[],
        }
    }

    /// Which stage a stack is of, outermost frame first, and the frame that tells: the innermost one
    /// that tells any.
    pub(super) fn of(frames: &[&str]) -> (Self, usize) {
        let told = |frame: &str| {
            // What is most particular comes first: a call log is also called from a call.
            const ORDER: [Stage; 11] = [
                Stage::Log,
                Stage::TearDown,
                Stage::Instantiate,
                Stage::Run,
                Stage::Result,
                Stage::Validate,
                Stage::Key,
                Stage::Parse,
                Stage::Admit,
                Stage::Endpoint,
                Stage::Http,
            ];
            let tells = |stage: &Stage| stage.told_by().iter().any(|part| frame.contains(part));
            if is_compiled(frame) {
                return Some(Stage::Run);
            }
            ORDER.into_iter().find(tells)
        };
        let innermost = frames.iter().enumerate().rev();
        innermost
            .filter_map(|(at, frame)| Some((told(frame)?, at)))
            .next()
            .unwrap_or((Self::Rest, 0))
    }
}

/// Whether a frame is of a tool: compiled code has no symbols, and its file is named by a digest.
fn is_compiled(frame: &str) -> bool {
    let name = frame
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    name.is_some_and(|name| name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit()))
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "HTTP",
            Self::Endpoint => "endpoint",
            Self::Key => "key",
            Self::Parse => "parse",
            Self::Validate => "validate",
            Self::Admit => "admit",
            Self::Instantiate => "instantiate",
            Self::Run => "run",
            Self::TearDown => "tear down",
            Self::Result => "result",
            Self::Log => "log",
            Self::Rest => "the rest",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Stage;

    #[test]
    fn the_innermost_frame_that_tells_anything_tells() {
        let stack = [
            "worker",
            "hyper::poll",
            "casemate_gateway::mcp::call",
            "malloc",
        ];
        assert_eq!(Stage::of(&stack), (Stage::Endpoint, 2));
        assert_eq!(Stage::of(&["worker", "malloc"]), (Stage::Rest, 0));
        let guest = format!("[{}]", "0123456789abcdef".repeat(4));
        assert_eq!(Stage::of(&["worker", &guest]), (Stage::Run, 1));
        assert_eq!(Stage::of(&["worker", "[unknown]"]).0, Stage::Rest);
    }

    #[test]
    fn every_stage_is_in_the_table_once() {
        for (at, stage) in Stage::ALL.into_iter().enumerate() {
            assert!(!Stage::ALL[..at].contains(&stage), "{stage}");
        }
    }
}
