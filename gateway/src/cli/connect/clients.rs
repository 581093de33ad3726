//! The one table of clients: what each is called, where its configuration is, and what it wants to
//! read there. Everything that differs between clients is a cell of it.
//!
//! In a template, `@NAME@`, `@URL@` and `@CASEMATE@` stand for the name of the entry, the URL of the
//! server and this program; `@KEY@` for the text of the key, or for the client's way of naming the
//! environment variable that holds it, which is itself called `@VAR@`.

/// A client, or another thing that wants to know how to reach a server.
#[derive(Debug)]
pub(super) struct Client {
    /// As one types it.
    pub(super) id: &'static str,
    /// As it calls itself.
    pub(super) title: &'static str,
    /// The configuration of its user, if it has a file that can be written.
    pub(super) user: Option<Place>,
    /// The configuration of a project, from the project's folder. Such files are committed, so
    /// they never hold a key.
    pub(super) project: Option<&'static str>,
    pub(super) format: Format,
    /// The keys that lead to the table of servers in the file.
    pub(super) table: &'static [&'static str],
    /// The entry of one server, as JSON; or a whole text.
    pub(super) entry: &'static str,
    pub(super) reference: Reference,
    /// A command of the client that does the same for its user: with the key in it, or with the name
    /// of the variable that holds it, or with `@CONFIG@` for what a link of the client holds.
    pub(super) command: Option<&'static str>,
    /// A link that adds the server. It never holds a key.
    pub(super) link: Option<Link>,
    /// What its user does next.
    pub(super) next: &'static str,
}

/// A file of a person.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) base: Base,
    pub(super) path: &'static str,
}

/// What a path starts from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Base {
    /// The home folder.
    Home,
    /// The folder that an environment variable names, or one in the home folder.
    HomeOr(&'static str, &'static str),
    /// Where programs of this system keep settings, such as `~/Library/Application Support`.
    Settings,
    /// `~/.config`, also on macOS; where programs keep settings on Windows.
    DotConfig,
}

/// How the entry is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// JSON, with comments if the client allows them.
    Json,
    Toml,
    /// A YAML file of its own for each server.
    Yaml,
    /// Not a file: JSON to be put somewhere by hand.
    JsonText,
    /// The same in YAML.
    YamlText,
    /// Any other text.
    Text,
}

/// How a client reads the key from elsewhere than its configuration.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reference {
    /// It cannot.
    None,
    /// This text in place of the key.
    Text(&'static str),
    /// Another entry.
    Entry(&'static str),
    /// It asks its user and keeps the answer; this text is the input's description.
    Prompt(&'static str),
    /// It tells many people of the server, each of whom has a key of their own.
    Public,
}

/// The form of a link that adds a server.
#[derive(Debug, Clone, Copy)]
pub(super) enum Link {
    Cursor,
    VsCode,
}

const BEARER: &str = r#"{"type":"http","url":"@URL@","headers":{"Authorization":"Bearer @KEY@"}}"#;

/// Every client, in the order of the documentation.
pub(super) const CLIENTS: &[Client] = &[
    Client {
        id: "claude-code",
        title: "Claude Code",
        user: Some(Place {
            base: Base::HomeOr("CLAUDE_CONFIG_DIR", ""),
            path: ".claude.json",
        }),
        project: Some(".mcp.json"),
        format: Format::Json,
        table: &["mcpServers"],
        entry: BEARER,
        reference: Reference::Text("${@VAR@}"),
        // The header comes last: it takes all words that follow.
        command: Some(
            "claude mcp add --scope user --transport http @NAME@ @URL@ --header \"Authorization: Bearer @KEY@\"",
        ),
        link: None,
        next: "Check it with: claude mcp list",
    },
    Client {
        id: "claude-desktop",
        title: "Claude Desktop",
        user: Some(Place {
            base: Base::Settings,
            path: "Claude/claude_desktop_config.json",
        }),
        project: None,
        format: Format::Json,
        table: &["mcpServers"],
        entry: r#"{"command":"@CASEMATE@","args":["bridge","--url","@URL@"],"env":{"CASEMATE_KEY":"@KEY@"}}"#,
        reference: Reference::None,
        command: None,
        link: None,
        next: "Start Claude Desktop again.",
    },
    Client {
        id: "cursor",
        title: "Cursor",
        user: Some(Place {
            base: Base::Home,
            path: ".cursor/mcp.json",
        }),
        project: Some(".cursor/mcp.json"),
        format: Format::Json,
        table: &["mcpServers"],
        entry: r#"{"url":"@URL@","headers":{"Authorization":"Bearer @KEY@"}}"#,
        reference: Reference::Text("${env:@VAR@}"),
        command: None,
        link: Some(Link::Cursor),
        next: "Switch it on under Settings, MCP.",
    },
    Client {
        id: "vscode",
        title: "VS Code",
        user: Some(Place {
            base: Base::Settings,
            path: "Code/User/mcp.json",
        }),
        project: Some(".vscode/mcp.json"),
        format: Format::Json,
        table: &["servers"],
        entry: BEARER,
        reference: Reference::Prompt("API key of @NAME@"),
        command: Some("code --add-mcp '@CONFIG@'"),
        link: Some(Link::VsCode),
        next: "Start it with: MCP: List Servers. VS Code asks for the key once and keeps it.",
    },
    Client {
        id: "windsurf",
        title: "Windsurf",
        user: Some(Place {
            base: Base::Home,
            path: ".codeium/windsurf/mcp_config.json",
        }),
        project: None,
        format: Format::Json,
        table: &["mcpServers"],
        entry: r#"{"serverUrl":"@URL@","headers":{"Authorization":"Bearer @KEY@"}}"#,
        reference: Reference::Text("${env:@VAR@}"),
        command: None,
        link: None,
        next: "Refresh the list of MCP servers in Windsurf.",
    },
    Client {
        id: "zed",
        title: "Zed",
        user: Some(Place {
            base: Base::DotConfig,
            path: "zed/settings.json",
        }),
        project: None,
        format: Format::Json,
        table: &["context_servers"],
        entry: r#"{"url":"@URL@","headers":{"Authorization":"Bearer @KEY@"}}"#,
        reference: Reference::None,
        command: None,
        link: None,
        next: "Zed reads it at once: see the settings of the Agent Panel.",
    },
    Client {
        id: "gemini",
        title: "Gemini CLI",
        user: Some(Place {
            base: Base::Home,
            path: ".gemini/settings.json",
        }),
        project: Some(".gemini/settings.json"),
        format: Format::Json,
        table: &["mcpServers"],
        entry: r#"{"httpUrl":"@URL@","headers":{"Authorization":"Bearer @KEY@"}}"#,
        reference: Reference::Text("${@VAR@}"),
        command: Some(
            "gemini mcp add --scope user --transport http --header \"Authorization: Bearer @KEY@\" @NAME@ @URL@",
        ),
        link: None,
        next: "Check it with: gemini mcp list",
    },
    Client {
        id: "codex",
        title: "Codex CLI",
        user: Some(Place {
            base: Base::HomeOr("CODEX_HOME", ".codex"),
            path: "config.toml",
        }),
        project: Some(".codex/config.toml"),
        format: Format::Toml,
        table: &["mcp_servers"],
        entry: r#"{"url":"@URL@","http_headers":{"Authorization":"Bearer @KEY@"}}"#,
        reference: Reference::Entry(r#"{"url":"@URL@","bearer_token_env_var":"@VAR@"}"#),
        // It has no flag for the key itself.
        command: Some("codex mcp add @NAME@ --url @URL@ --bearer-token-env-var @VAR@"),
        link: None,
        next: "Check it with: codex mcp list",
    },
    Client {
        id: "opencode",
        title: "opencode",
        user: Some(Place {
            base: Base::DotConfig,
            path: "opencode/opencode.json",
        }),
        project: Some("opencode.json"),
        format: Format::Json,
        table: &["mcp", "servers"],
        entry: r#"{"type":"remote","url":"@URL@","headers":{"Authorization":"Bearer @KEY@"}}"#,
        reference: Reference::Text("{env:@VAR@}"),
        command: None,
        link: None,
        next: "Start opencode again, and check it with: opencode mcp list",
    },
    Client {
        id: "continue",
        title: "Continue",
        user: Some(Place {
            base: Base::Home,
            path: ".continue/mcpServers/@NAME@.yaml",
        }),
        project: Some(".continue/mcpServers/@NAME@.yaml"),
        format: Format::Yaml,
        table: &[],
        entry: r#"{"name":"@NAME@","version":"1.0.0","schema":"v1","mcpServers":[{"name":"@NAME@",
            "type":"streamable-http","url":"@URL@",
            "requestOptions":{"headers":{"Authorization":"Bearer @KEY@"}}}]}"#,
        reference: Reference::Text("${{ secrets.@VAR@ }}"),
        command: None,
        link: None,
        next: "Continue reads it at once; its tools are there in agent mode.",
    },
    Client {
        id: "librechat",
        title: "LibreChat",
        user: None,
        project: None,
        format: Format::YamlText,
        table: &["mcpServers"],
        entry: r#"{"type":"streamable-http","url":"@URL@",
            "headers":{"Authorization":"Bearer {{CASEMATE_KEY}}"},
            "customUserVars":{"CASEMATE_KEY":{"title":"Key","description":"API key of @NAME@"}}}"#,
        reference: Reference::Prompt(""),
        command: None,
        link: None,
        next: "Merge it into librechat.yaml; each user gives a key of their own.",
    },
    Client {
        id: "inspector",
        title: "MCP Inspector",
        user: None,
        project: None,
        format: Format::Text,
        table: &[],
        entry: "npx @modelcontextprotocol/inspector@2.12.0 --cli @URL@ --transport http \
                --header \"Authorization: Bearer @KEY@\" --method tools/list",
        reference: Reference::Text("$@VAR@"),
        command: None,
        link: None,
        next: "It needs Node 22.19 or later.",
    },
    Client {
        id: "openai-api",
        title: "OpenAI Responses API",
        user: None,
        project: None,
        format: Format::JsonText,
        table: &[],
        entry: r#"{"type":"mcp","server_label":"@NAME@","server_url":"@URL@","authorization":"@KEY@",
            "require_approval":"never"}"#,
        reference: Reference::None,
        command: None,
        link: None,
        next: "Put it into `tools` of the request. The URL must be reachable from the internet.",
    },
    Client {
        id: "anthropic-api",
        title: "Anthropic Messages API",
        user: None,
        project: None,
        format: Format::JsonText,
        table: &[],
        entry: r#"{"mcp_servers":[{"type":"url","url":"@URL@","name":"@NAME@","authorization_token":"@KEY@"}],
            "tools":[{"type":"mcp_toolset","mcp_server_name":"@NAME@"}]}"#,
        reference: Reference::None,
        command: None,
        link: None,
        next: "Send it with the header `anthropic-beta: mcp-client-2025-11-20`. \
               The URL must be https and reachable from the internet.",
    },
    Client {
        id: "registry",
        title: "MCP Registry",
        user: None,
        project: None,
        format: Format::JsonText,
        table: &[],
        entry: r#"{"$schema":"https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
            "name":"com.example/@NAME@","title":"@NAME@","description":"Tools of @NAME@","version":"1.0.0",
            "remotes":[{"type":"streamable-http","url":"@URL@","headers":[{"name":"Authorization",
            "description":"API key of @NAME@","value":"Bearer {api_key}","isRequired":true,"isSecret":true,
            "variables":{"api_key":{"description":"API key of @NAME@","isRequired":true,"isSecret":true}}}]}]}"#,
        reference: Reference::Public,
        command: None,
        link: None,
        next: "Save it as server.json, put a domain of yours and a description in place of those, and \
               publish it with: mcp-publisher publish. The URL must be reachable from the internet.",
    },
    Client {
        id: "curl",
        title: "curl",
        user: None,
        project: None,
        format: Format::Text,
        table: &[],
        entry: include_str!("curl.sh"),
        reference: Reference::Text("$@VAR@"),
        command: None,
        link: None,
        next: "It lists the tools, in the stateless revision of the protocol.",
    },
    Client {
        id: "python",
        title: "Python SDK",
        user: None,
        project: None,
        format: Format::Text,
        table: &[],
        entry: include_str!("python.py"),
        reference: Reference::None,
        command: None,
        link: None,
        next: "It needs: pip install mcp",
    },
    Client {
        id: "typescript",
        title: "TypeScript SDK",
        user: None,
        project: None,
        format: Format::Text,
        table: &[],
        entry: include_str!("typescript.mjs"),
        reference: Reference::None,
        command: None,
        link: None,
        next: "It needs: npm install @modelcontextprotocol/client",
    },
];

impl Client {
    /// The client that somebody means.
    pub(super) fn find(id: &str) -> Option<&'static Self> {
        CLIENTS.iter().find(|client| client.id == id)
    }

    /// Whether `--write` can do it.
    pub(super) fn is_writable(&self) -> bool {
        self.user.is_some() || self.project.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_client_has_an_id_of_its_own() {
        let ids: BTreeSet<_> = CLIENTS.iter().map(|client| client.id).collect();
        assert_eq!(ids.len(), CLIENTS.len());
        assert!(Client::find("claude-code").is_some());
        assert!(Client::find("notepad").is_none());
    }

    #[test]
    fn a_project_gets_a_reference_and_never_a_key() {
        for client in CLIENTS.iter().filter(|client| client.project.is_some()) {
            assert!(
                !matches!(client.reference, Reference::None),
                "{}",
                client.id
            );
        }
    }

    #[test]
    fn what_is_written_to_files_is_json_until_it_is_formatted() {
        for client in CLIENTS
            .iter()
            .filter(|client| client.format != Format::Text)
        {
            let entry: Result<serde_json::Value, _> = serde_json::from_str(client.entry);
            assert!(entry.is_ok_and(|entry| entry.is_object()), "{}", client.id);
        }
    }
}
