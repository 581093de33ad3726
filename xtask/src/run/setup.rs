//! Puts the sample tools into the gateway, over its command line. What is there already is used.

use super::gateway::Gateway;
use crate::{build::Component, cargo, say};
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::{
    io::Write,
    process::Stdio,
    time::{SystemTime, UNIX_EPOCH},
};

/// What a client needs to know.
pub(crate) struct Demo {
    /// The endpoint.
    pub(crate) url: String,
    /// A new key for it.
    pub(crate) key: String,
    /// How many tools it has.
    pub(crate) tools: usize,
}

const WORKSPACE: &str = "demo";
const SERVER: &str = "samples";

/// What a sample needs beyond its upload.
const GRANTS: &[(&str, &[&str])] = &[
    ("http-get", &["--grant-host", "example.com"]),
    (
        "weather",
        &[
            "--grant-host",
            "api.weather.example",
            "--grant-secret",
            "WEATHER_KEY",
        ],
    ),
];

/// Makes the workspace, the server, the secret and the key, and uploads the samples.
pub(crate) fn set_up(gateway: &Gateway, samples: &[Component]) -> Result<Demo> {
    if find(&json(gateway, &["workspace", "list"])?, WORKSPACE).is_none() {
        json(gateway, &["workspace", "create", WORKSPACE])?;
    }
    let known = find(
        &json(gateway, &["server", "list", "-w", WORKSPACE])?,
        SERVER,
    );
    let server = match known {
        Some(server) => server,
        None => json(gateway, &["server", "create", SERVER, "-w", WORKSPACE])?,
    };
    let id = server["id"].as_str().context("a server has an id")?;
    let url = server["url"]
        .as_str()
        .context("a server has a URL")?
        .to_owned();
    if find(
        &json(gateway, &["secret", "list", "-w", WORKSPACE])?,
        "WEATHER_KEY",
    )
    .is_none()
    {
        set_secret(gateway, "WEATHER_KEY", "demo-weather-key")?;
    }
    for sample in samples {
        push(gateway, id, sample)?;
    }
    let tools = json(gateway, &["tool", "list", "-s", id])?;
    let tools = rows(&tools).len();
    // The name says when, so that the keys of earlier runs can be told apart and revoked.
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let name = format!("run-{now}");
    let key = cargo::output(&mut gateway.cli(&["key", "create", &name, "-s", id]))?;
    Ok(Demo {
        url,
        key: key.trim().to_owned(),
        tools,
    })
}

fn push(gateway: &Gateway, server: &str, sample: &Component) -> Result<()> {
    let name = sample
        .folder
        .file_name()
        .context("a package has a folder")?
        .to_string_lossy();
    let file = sample
        .file
        .to_str()
        .context("a build folder has a plain name")?;
    let mut arguments = vec!["push", file, "-s", server, "--name", &name, "--yes"];
    arguments.extend(
        GRANTS
            .iter()
            .filter(|(of, _)| *of == name)
            .flat_map(|(_, flags)| *flags),
    );
    say::line(&format!("  {name}"));
    json(gateway, &arguments).map(drop)
}

fn set_secret(gateway: &Gateway, name: &str, value: &str) -> Result<()> {
    let mut command = gateway.cli(&["secret", "set", name, "-w", WORKSPACE]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    child
        .stdin
        .take()
        .context("standard input is piped")?
        .write_all(value.as_bytes())?;
    let status = child.wait()?;
    if !status.success() {
        bail!("the secret {name} could not be set ({status})");
    }
    Ok(())
}

fn json(gateway: &Gateway, arguments: &[&str]) -> Result<Value> {
    let text = cargo::output(gateway.cli(arguments).arg("--json"))?;
    serde_json::from_str(&text)
        .with_context(|| format!("`{}` printed no JSON", arguments.join(" ")))
}

/// The rows of a list, which stand alone or under the one name that they have.
fn rows(list: &Value) -> &[Value] {
    let under_a_name = || list.as_object()?.values().find_map(Value::as_array);
    list.as_array()
        .or_else(under_a_name)
        .map_or(&[], Vec::as_slice)
}

fn find(list: &Value, name: &str) -> Option<Value> {
    rows(list).iter().find(|row| row["name"] == name).cloned()
}

#[cfg(test)]
mod tests {
    use super::find;
    use serde_json::json;

    #[test]
    fn a_row_is_found_by_name_in_both_shapes_of_a_list() {
        let row = json!({ "name": "demo", "id": "x" });
        assert_eq!(find(&json!([row]), "demo"), Some(row.clone()));
        assert_eq!(find(&json!({ "workspaces": [row] }), "demo"), Some(row));
        assert_eq!(find(&json!({ "workspaces": [] }), "demo"), None);
    }
}
