//! Builds the components and the gateway.

use crate::{
    cargo::{self, cargo},
    root, say, toolchain,
};
use anyhow::{Context, Result};
use std::{
    path::{Path, PathBuf},
    time::Instant,
};

/// How the gateway is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Quick to build.
    Dev,
    /// Quick to run.
    Release,
}

impl Profile {
    /// As `--release` says.
    pub(crate) fn from_flag(release: bool) -> Self {
        if release { Self::Release } else { Self::Dev }
    }
}

/// A component that was built.
#[derive(Debug)]
pub(crate) struct Component {
    /// The folder of its package.
    pub(crate) folder: PathBuf,
    /// The `.wasm` file.
    pub(crate) file: PathBuf,
}

/// `cargo xtask build`.
pub(crate) fn all(profile: Profile) -> Result<()> {
    let start = Instant::now();
    say::step(1, 3, "looking at the tools");
    toolchain::ensure()?;
    say::step(2, 3, "building the components");
    let components = components(&["sample-tools", "tests/guests"])?;
    say::step(3, 3, "building the gateway");
    let gateway = gateway(profile)?;
    say::line(&format!("\nbuilt in {}:", say::elapsed(start.elapsed())));
    for file in components
        .iter()
        .map(|component| &component.file)
        .chain([&gateway])
    {
        say::line(&format!("  {}", short(file)));
    }
    Ok(())
}

/// Builds every component in these folders of the repository.
pub(crate) fn components(folders: &[&str]) -> Result<Vec<Component>> {
    let metadata = cargo::metadata()?;
    let output = cargo::target_dir(&metadata)?
        .join(toolchain::WASM)
        .join("tool");
    let packages = metadata["packages"]
        .as_array()
        .context("`cargo metadata` lists no packages")?;
    let mut command = cargo();
    command.args(["build", "--profile", "tool", "--target", toolchain::WASM]);
    let mut components = Vec::new();
    for package in packages {
        let name = package["name"].as_str().context("a package has a name")?;
        let manifest = package["manifest_path"]
            .as_str()
            .context("a package has a manifest")?;
        let folder = Path::new(manifest)
            .parent()
            .context("a manifest lies in a folder")?;
        let is_in = |parent: &&str| folder.starts_with(root().join(parent));
        if folders.iter().any(is_in) && becomes_component(package) {
            command.args(["--package", name]);
            let file = output.join(format!("{}.wasm", name.replace('-', "_")));
            components.push(Component {
                folder: folder.to_owned(),
                file,
            });
        }
    }
    if !components.is_empty() {
        cargo::run(&mut command)?;
    }
    components.sort_by(|a, b| a.folder.cmp(&b.folder));
    Ok(components)
}

/// Whether a package is a library for others to load, as opposed to one for others to use.
fn becomes_component(package: &serde_json::Value) -> bool {
    let kinds = |target: &serde_json::Value| target["crate_types"].as_array().cloned();
    let targets = package["targets"].as_array().into_iter().flatten();
    targets
        .filter_map(kinds)
        .flatten()
        .any(|kind| kind == "cdylib")
}

/// Builds the gateway and returns the path of the binary; or returns the one that `CASEMATE_BIN`
/// names, as the tests do.
pub(crate) fn gateway(profile: Profile) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CASEMATE_BIN") {
        say::line(&format!("using {}", Path::new(&path).display()));
        return Ok(path.into());
    }
    let mut command = cargo();
    command.args([
        "build",
        "--package",
        "casemate-gateway",
        "--bin",
        "casemate",
    ]);
    let folder = match profile {
        Profile::Dev => "debug",
        Profile::Release => {
            command.arg("--release");
            "release"
        }
    };
    cargo::run(&mut command)?;
    let name = format!("casemate{}", std::env::consts::EXE_SUFFIX);
    Ok(cargo::target_dir(&cargo::metadata()?)?
        .join(folder)
        .join(name))
}

/// A path as people read it: from the root of the repository, if it lies below.
pub(crate) fn short(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}
