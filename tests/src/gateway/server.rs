//! A server on a gateway, made through the command line, with a key that opens it.

use super::Gateway;
use crate::{Output, mcp};
use std::path::Path;

/// What a test needs to know of a server. It outlives restarts of the gateway.
#[derive(Debug, Clone)]
pub struct Server {
    /// The workspace that owns it.
    pub workspace: String,
    /// Its name, unique in the workspace.
    pub name: String,
    /// Its id, as in `/mcp/{id}`.
    pub id: String,
    /// A key that opens it and nothing else.
    pub key: String,
}

impl Gateway {
    /// Makes a workspace.
    pub fn workspace(&self, name: &str) {
        self.cli(["workspace", "create", name]).ok();
    }

    /// Makes a server with a key in a workspace of its own.
    pub fn server(&self, name: &str) -> Server {
        let workspace = format!("{name}-workspace");
        self.workspace(&workspace);
        self.server_in(&workspace, name)
    }

    /// Makes a server with a key in a workspace that is there.
    pub fn server_in(&self, workspace: &str, name: &str) -> Server {
        let made = self
            .cli(["server", "create", name, "-w", workspace, "--json"])
            .ok()
            .json();
        let id = made["id"]
            .as_str()
            .expect("a new server has an id")
            .to_owned();
        let key = self.key(&id);
        Server {
            workspace: workspace.to_owned(),
            name: name.to_owned(),
            id,
            key,
        }
    }

    /// Makes one more key for a server, given by name or id.
    pub fn key(&self, server: &str) -> String {
        let made = self.cli(["key", "create", "test", "-s", server]).ok();
        made.stdout.trim().to_owned()
    }

    /// Uploads a component to a server and activates its tools.
    pub fn push(&self, server: &Server, component: &Path) -> Output {
        self.push_with(server, component, &[])
    }

    /// The same with more flags, such as `["--grant-host", "127.0.0.1"]`.
    pub fn push_with(&self, server: &Server, component: &Path, flags: &[&str]) -> Output {
        let component = component.to_str().expect("build folders have plain names");
        let mut arguments = vec!["push", component, "-s", &server.id, "--yes"];
        arguments.extend(flags);
        self.cli(arguments).ok()
    }

    /// Sets a secret of the server's workspace.
    pub fn secret(&self, server: &Server, name: &str, value: &str) {
        self.cli_with(["secret", "set", name, "-w", &server.workspace], value)
            .ok();
    }

    /// The URL of a server's endpoint, as this run of the gateway serves it.
    pub fn endpoint(&self, server: &Server) -> String {
        self.mcp_url(&format!("/mcp/{}", server.id))
    }

    /// A client of the stateless revision with the server's key.
    pub fn modern(&self, server: &Server) -> mcp::Modern {
        mcp::Modern::new(self.endpoint(server), &server.key)
    }

    /// A client of the newest handshake revision with the server's key, already connected.
    pub fn legacy(&self, server: &Server) -> mcp::Legacy {
        mcp::Legacy::connect(self.endpoint(server), &server.key, mcp::Legacy::NEWEST)
    }
}
