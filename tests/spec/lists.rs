//! What clients are shown of a server: the same bytes until something changes, only what the key
//! opens, under names that fit, and no more than a model can read.

mod choice;
mod prefix;
mod profile;
mod references;
mod search;
mod size;
mod stable;

use casemate_guest_forge::Definition;
use casemate_tests::{
    Gateway, Output, Server, Shared,
    mcp::{Legacy, Reply},
};
use serde_json::json;
use std::{collections::BTreeMap, fs};

static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

/// Ordinary tools with these names.
fn tools(names: &[&str]) -> Vec<Definition> {
    names.iter().map(|name| Definition::named(name)).collect()
}

/// Pushes a component with these tools and gives what came of it, good or bad.
fn push(
    gateway: &Gateway,
    server: &Server,
    name: &str,
    tools: &[Definition],
    flags: &[&str],
) -> Output {
    let wasm = Definition::guest_of(tools).call("(i32.const 16)");
    let path = gateway
        .scratch()
        .join(format!("{}-{name}.wasm", server.name));
    fs::write(&path, wasm).unwrap();
    let mut arguments = vec!["push", path.to_str().unwrap(), "-s", &server.id];
    arguments.extend(["--name", name, "--yes"]);
    arguments.extend(flags);
    gateway.cli(arguments)
}

/// A server with these tools.
fn server_with(gateway: &Gateway, name: &str, names: &[&str]) -> Server {
    let server = gateway.server(name);
    push(gateway, &server, "tools", &tools(names), &[]).ok();
    server
}

/// The same server, with a key for these tools.
fn with_key_for(gateway: &Gateway, server: &Server, tools: &[&str]) -> Server {
    let mut arguments = vec!["key", "create", "some", "-s", &server.id];
    for tool in tools {
        arguments.extend(["--tool", tool]);
    }
    Server {
        key: gateway.cli(arguments).ok().stdout.trim().to_owned(),
        ..server.clone()
    }
}

fn set(gateway: &Gateway, server: &Server, flags: &[&str]) -> Output {
    let mut arguments = vec!["server", "set", &server.id];
    arguments.extend(flags);
    gateway.cli(arguments)
}

/// The list in each revision, fresh from a new connection.
fn lists(gateway: &Gateway, server: &Server) -> BTreeMap<&'static str, Reply> {
    let url = gateway.endpoint(server);
    let legacy = Legacy::VERSIONS.map(|version| {
        let client = Legacy::connect(&url, &server.key, version);
        (version, client.list())
    });
    let modern = ("2026-07-28", gateway.modern(server).list());
    legacy.into_iter().chain([modern]).collect()
}

/// The names in the list of each revision must be these.
#[track_caller]
fn assert_listed(gateway: &Gateway, server: &Server, names: &[&str]) {
    for (version, list) in lists(gateway, server) {
        assert_eq!(list.tool_names(), names, "{version}");
    }
}

/// The answer to a call of a tool that there is not, with the name taken out.
#[track_caller]
fn unknown(gateway: &Gateway, server: &Server, tool: &str) -> String {
    let reply = gateway.modern(server).call(tool, json!({}));
    assert_eq!(reply.status(), 200, "{}", reply.http);
    assert_eq!(reply.code(), -32602, "{}", reply.http);
    let legacy = gateway.legacy(server).call(tool, json!({}));
    assert_eq!(legacy.error(), reply.error());
    reply.error().to_string().replace(tool, "NAME")
}
