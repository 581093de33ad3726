//! How to connect, ready to be pasted.

use super::{gateway::Gateway, setup::Demo};
use crate::{build, say};
use serde_json::json;

/// Shows the panel, on standard output.
pub(crate) fn show(gateway: &Gateway, demo: &Demo) {
    let rule = "─".repeat(80);
    say::result(&format!(
        "\n{rule}\n\
         Casemate serves {tools} tools of the server `samples` in the workspace `demo`\n\n\
         MCP URL   {url}\n\
         Key       {key}\n          \
         (shown only now; each run makes a new one, the old ones go on working)\n\n\
         Claude Code\n{claude}\n\n\
         One call by hand\n{curl}\n\n\
         The command line\n  \
         export CASEMATE_URL={admin} CASEMATE_TOKEN=$(cat {token})\n  \
         {binary} tool list -s samples\n\n\
         Data in {folder}. Ctrl-C stops the gateway.\n{rule}",
        tools = demo.tools,
        url = demo.url,
        key = demo.key,
        claude = claude(demo),
        curl = curl(demo),
        admin = gateway.admin_url(),
        token = build::short(&gateway.token_file()),
        binary = build::short(gateway.binary()),
        folder = build::short(&gateway.folder),
    ));
}

fn claude(demo: &Demo) -> String {
    format!(
        "  claude mcp add --transport http casemate-demo {} --header \"Authorization: Bearer {}\"",
        demo.url, demo.key
    )
}

/// The stateless revision needs no handshake: one request says everything.
fn curl(demo: &Demo) -> String {
    let body = json!({
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {
            "name": "echo",
            "arguments": { "text": "hello" },
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        },
    });
    let headers = [
        format!("Authorization: Bearer {}", demo.key),
        "Content-Type: application/json".to_owned(),
        "Accept: application/json, text/event-stream".to_owned(),
        "MCP-Protocol-Version: 2026-07-28".to_owned(),
        "Mcp-Method: tools/call".to_owned(),
        "Mcp-Name: echo".to_owned(),
    ];
    let headers: String = headers
        .iter()
        .map(|header| format!(" -H '{header}'"))
        .collect();
    format!("  curl -sS {}{headers} -d '{body}'", demo.url)
}

#[cfg(test)]
mod tests {
    use super::{Demo, curl};

    #[test]
    fn the_curl_line_is_one_line_that_a_shell_reads_as_it_stands() {
        let demo = Demo {
            url: "http://127.0.0.1:1/mcp/x".into(),
            key: "mcp_k".into(),
            tools: 1,
        };
        let line = curl(&demo);
        assert_eq!(line.lines().count(), 1);
        assert_eq!(line.matches('\'').count() % 2, 0);
        assert!(line.contains("-H 'Mcp-Name: echo'"));
    }
}
