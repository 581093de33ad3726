//! Cargo as the harness uses it: to learn what the workspace is made of and to build what is
//! tested.

use cargo_metadata::{CrateType, Message, Metadata, MetadataCommand};
use std::{
    io::BufReader,
    path::PathBuf,
    process::{Command, Stdio},
};

/// The workspace as cargo sees it, without the packages of others.
pub fn metadata() -> Metadata {
    MetadataCommand::new()
        .current_dir(crate::root())
        .no_deps()
        .other_options(vec!["--offline".into()])
        .exec()
        .expect("`cargo metadata` works in the root of the repository")
}

/// Whether a package becomes a component: a library for others to load, as opposed to one for
/// others to use.
pub fn becomes_component(package: &cargo_metadata::Package) -> bool {
    let mut targets = package.targets.iter();
    targets.any(|target| target.crate_types.contains(&CrateType::CDyLib))
}

/// Builds and returns the files that were made or were already fresh. Cargo's own words go to
/// standard error.
pub(crate) fn build(arguments: &[&str]) -> Vec<PathBuf> {
    let mut child = cargo()
        .arg("build")
        .args(arguments)
        .args(["--message-format", "json-render-diagnostics", "--quiet"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("cargo can be started");
    let output = BufReader::new(child.stdout.take().expect("standard output is piped"));
    let files = Message::parse_stream(output)
        .filter_map(|message| match message.expect("cargo prints JSON") {
            Message::CompilerArtifact(artifact) => Some(artifact),
            _ => None,
        })
        .flat_map(|artifact| {
            artifact
                .filenames
                .into_iter()
                .chain(artifact.executable)
                .collect::<Vec<_>>()
        })
        .map(PathBuf::from)
        .collect();
    let status = child.wait().expect("cargo ends");
    assert!(
        status.success(),
        "cargo build {} failed, see above",
        arguments.join(" ")
    );
    files
}

/// Cargo without the variables that it sets for the program it runs. Build scripts watch some of
/// them; left in, they would make this build and the developer's own undo each other.
fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(crate::root());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_")
            || text.starts_with("CARGO_MANIFEST_")
            || text.starts_with("CARGO_BIN_")
            || [
                "CARGO_CRATE_NAME",
                "CARGO_PRIMARY_PACKAGE",
                "CARGO_TARGET_TMPDIR",
                "OUT_DIR",
            ]
            .contains(&&*text)
        {
            command.env_remove(&name);
        }
    }
    command
}
