//! Whose limits are meant, and what they are set to.

use crate::cli::{exit::Exit, failure::Failure, target::Target};
use casemate_domain::Limit;
use std::str::FromStr;

/// Whose limits are meant.
#[derive(Debug, clap::Args)]
pub(crate) struct ScopeArgs {
    /// SERVER/TOOL, TOOL with --server, or `platform`; a server alone is given with --server
    #[arg(value_name = "SCOPE")]
    pub(super) scope: Option<String>,
    /// Server: id, name, or workspace/name
    #[arg(short, long)]
    pub(super) server: Option<String>,
    /// Workspace
    #[arg(short, long, conflicts_with = "server")]
    pub(super) workspace: Option<String>,
}

impl ScopeArgs {
    /// Where the limits are in the admin API.
    pub(super) fn path(&self) -> Result<Vec<String>, Failure> {
        let words: Vec<&str> = match (self.scope.as_deref(), &self.workspace, &self.server) {
            (None | Some("platform"), None, None) => vec!["v1", "limits"],
            (None, Some(workspace), _) => vec!["v1", "workspaces", workspace, "limits"],
            (None, None, Some(server)) => vec!["v1", "servers", server, "limits"],
            (Some(_), Some(_), _) => {
                return Err(Failure::new(
                    Exit::Usage,
                    "a workspace has limits, and a tool has; name one of them",
                )
                .code("usage"));
            }
            (Some(_), None, _) => return self.tool_path(),
        };
        Ok(words.into_iter().map(str::to_owned).collect())
    }

    /// The same where only a tool will do.
    pub(super) fn tool_path(&self) -> Result<Vec<String>, Failure> {
        let Some(tool) = self.scope.as_deref() else {
            return Err(Failure::new(Exit::Usage, "which tool is meant?")
                .code("usage")
                .note("Write SERVER/TOOL, or TOOL with --server SERVER."));
        };
        let Target { server, tool } = Target::of(tool, self.server.as_deref())?;
        let words = ["v1", "servers", &server, "tools", &tool, "limits"];
        Ok(words.map(str::to_owned).to_vec())
    }
}

/// `LIMIT=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Setting {
    pub(super) limit: Limit,
    pub(super) value: u64,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or("write LIMIT=VALUE")?;
        let limit: Limit = name.trim().parse().map_err(|why| format!("{why}"))?;
        let value = limit
            .unit()
            .parse(value)
            .map_err(|why| format!("{limit}: {why}"))?;
        Ok(Self { limit, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(scope: Option<&str>, server: Option<&str>, workspace: Option<&str>) -> String {
        let args = ScopeArgs {
            scope: scope.map(str::to_owned),
            server: server.map(str::to_owned),
            workspace: workspace.map(str::to_owned),
        };
        args.path().unwrap().join("/")
    }

    #[test]
    fn every_level_has_its_address() {
        assert_eq!(path(None, None, None), "v1/limits");
        assert_eq!(path(Some("platform"), None, None), "v1/limits");
        assert_eq!(path(None, None, Some("acme")), "v1/workspaces/acme/limits");
        assert_eq!(path(None, Some("web"), None), "v1/servers/web/limits");
        let tool = "v1/servers/web/tools/get/limits";
        assert_eq!(path(Some("web/get"), None, None), tool);
        assert_eq!(path(Some("get"), Some("web"), None), tool);
    }

    #[test]
    fn values_are_read_in_the_unit_of_their_limit() {
        let setting = |text: &str| text.parse::<Setting>().map(|setting| setting.value);
        assert_eq!(setting("fuel=2G"), Ok(2_000_000_000));
        assert_eq!(setting("memory_bytes=32MiB"), Ok(32 << 20));
        assert_eq!(setting("wall_ms=5s"), Ok(5_000));
        assert!(setting("wall_ms=5MiB").unwrap_err().contains("wall_ms"));
        assert!(setting("fule=1").unwrap_err().contains("fule"));
    }
}
