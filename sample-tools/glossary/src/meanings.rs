//! The words and their meanings.

/// Words in alphabetical order, what they mean, and which to read next.
pub(crate) const WORDS: &[(&str, &str, &[&str])] = &[
    (
        "call",
        "One run of a tool: arguments in, content out, in a sandbox of its own.",
        &["tool", "limit"],
    ),
    (
        "component",
        "A WebAssembly file that provides tools, and perhaps resources and prompts.",
        &["tool", "version"],
    ),
    (
        "grant",
        "What an administrator allows a version to reach: hosts, secrets, settings, the store.",
        &["version", "secret"],
    ),
    ("key", "What a client shows to use one server.", &["server"]),
    (
        "limit",
        "How much time, memory or output a call may use before it is stopped.",
        &["call"],
    ),
    (
        "secret",
        "A value of a workspace that a tool can use without seeing it.",
        &["grant", "workspace"],
    ),
    (
        "server",
        "A set of tools at one address, for clients of MCP.",
        &["tool", "key", "workspace"],
    ),
    (
        "tool",
        "A function that a model may call.",
        &["call", "component"],
    ),
    (
        "version",
        "A component as it was pushed, with what was granted to it.",
        &["component", "grant"],
    ),
    (
        "workspace",
        "What belongs together and is kept apart from all others: servers, secrets, limits.",
        &["server", "secret", "limit"],
    ),
];
