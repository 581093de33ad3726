//! What the benchmarks take from the registries of others: servers to compare with, and tools in
//! languages that bring much along. What cannot be had is left out, which is said.

use crate::{build, cargo, clients, root, say};
use anyhow::Result;
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::SystemTime,
};

/// Installs the servers of other people that the gateway is compared with.
pub(super) fn install(folder: &Path) {
    let pins = root().join("tests/clients/python/fastmcp.txt");
    let python = clients::install_python(&pins, &folder.join("python"));
    let ours = root().join("bench/peers/node");
    let home = folder.join("node");
    let node = clients::install_node(&ours, &home).and_then(|()| {
        // A module finds its packages from where it lies.
        fs::copy(ours.join("server.mjs"), home.join("server.mjs"))?;
        Ok(())
    });
    for (name, installed) in [("Python", python), ("TypeScript", node)] {
        if let Err(error) = installed {
            say::line(&format!("no {name} server to compare with: {error:#}"));
        }
    }
}

/// Builds the tools that come with a whole language.
pub(super) fn build_tools(folder: &Path) {
    let built = [
        ("JavaScript", javascript(folder)),
        ("Python", python(folder)),
    ];
    for (language, built) in built {
        if let Err(error) = built {
            say::line(&format!("no tool in {language}: {error:#}"));
        }
    }
}

fn javascript(folder: &Path) -> Result<()> {
    let source = root().join("tests/guests/js");
    let home = folder.join("componentize-js");
    let output = folder.join("javascript.wasm");
    clients::install_node(&source, &home)?;
    if is_fresh(&output, &source)? {
        return Ok(());
    }
    say::line(&format!("building {}", build::short(&output)));
    for file in ["adder.js", "build.mjs"] {
        // A module finds its packages from where it lies.
        fs::copy(source.join(file), home.join(file))?;
    }
    let mut command = Command::new(home.join("node_modules/.bin/node"));
    command.arg("build.mjs").arg(root().join("wit"));
    command.arg("adder.js").arg(output);
    cargo::run(command.current_dir(home).stdin(Stdio::null()))
}

fn python(folder: &Path) -> Result<()> {
    let source = root().join("tests/guests/python");
    let home = folder.join("componentize-py");
    let output = folder.join("python.wasm");
    clients::install_python(&source.join("requirements.txt"), &home)?;
    if is_fresh(&output, &source)? {
        return Ok(());
    }
    say::line(&format!("building {}", build::short(&output)));
    let mut command = Command::new(home.join("bin/componentize-py"));
    command.args(["--quiet", "--world", "tool", "--wit-path"]);
    command.arg(root().join("wit"));
    // The host offers no sockets, and a tool needs nothing else of WASI.
    command.args(["componentize", "--stub-wasi", "--python-path"]);
    command.arg(source).args(["--output"]).arg(output);
    cargo::run(command.arg("adder").stdin(Stdio::null()))
}

/// Whether a component is younger than what it is made of.
fn is_fresh(component: &Path, source: &Path) -> Result<bool> {
    let Ok(made) = changed(component) else {
        return Ok(false);
    };
    for folder in [source, &root().join("wit")] {
        for entry in folder.read_dir()? {
            if changed(&entry?.path())? > made {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn changed(path: &Path) -> std::io::Result<SystemTime> {
    fs::metadata(path)?.modified()
}
