//! The things under test, built once per process: the binary and the components.
//!
//! `cargo test` alone is enough: whatever is missing or stale is built here. When all is fresh
//! this costs the time cargo takes to find that out.

use crate::cargo;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

const WASM: &str = "wasm32-wasip2";

/// The root of the repository.
pub fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .expect("the tests live in a folder of the repository")
        .to_owned()
}

/// The `casemate` binary: the one that `CASEMATE_BIN` names, or one built from this tree.
pub fn casemate() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match std::env::var_os("CASEMATE_BIN") {
        Some(path) => path.into(),
        None => build_casemate(),
    })
}

/// The component of a sample tool, by its folder under `sample-tools/`.
pub fn sample(name: &str) -> &'static Path {
    component("sample-tools", name)
}

/// The component of a test guest, by its folder under `tests/guests/`.
pub fn guest(name: &str) -> &'static Path {
    component("tests/guests", name)
}

fn build_casemate() -> PathBuf {
    let mut arguments = vec!["--package", "casemate-gateway", "--bin", "casemate"];
    if !cfg!(debug_assertions) {
        arguments.push("--release");
    }
    cargo::build(&arguments)
        .into_iter()
        .find(|file| file.file_stem().is_some_and(|stem| stem == "casemate"))
        .expect("cargo reports the binary it built")
}

fn component(folder: &str, name: &str) -> &'static Path {
    static COMPONENTS: OnceLock<BTreeMap<PathBuf, PathBuf>> = OnceLock::new();
    let components = COMPONENTS.get_or_init(build_components);
    let wanted = Path::new(folder).join(name.replace('_', "-"));
    components.get(&wanted).unwrap_or_else(|| {
        let known: Vec<_> = components
            .keys()
            .map(|path| path.display().to_string())
            .collect();
        panic!(
            "no component {}; there are: {}",
            wanted.display(),
            known.join(", ")
        )
    })
}

/// Folder of each package that becomes a component → the component.
fn build_components() -> BTreeMap<PathBuf, PathBuf> {
    assert_target_is_installed();
    let root = root();
    let packages: Vec<(PathBuf, String)> = cargo::metadata()
        .packages
        .iter()
        .filter_map(|package| {
            let folder = package.manifest_path.parent()?.strip_prefix(&root).ok()?;
            let is_guest = folder.starts_with("sample-tools") || folder.starts_with("tests/guests");
            let is_guest = is_guest && cargo::becomes_component(package);
            is_guest.then(|| (folder.as_std_path().to_owned(), package.name.to_string()))
        })
        .collect();
    let mut arguments = vec!["--profile", "tool", "--target", WASM];
    for (_, name) in &packages {
        arguments.extend(["--package", name]);
    }
    let files = cargo::build(&arguments);
    packages
        .into_iter()
        .map(|(folder, name)| {
            let file_name = format!("{}.wasm", name.replace('-', "_"));
            let file = files
                .iter()
                .find(|file| file.file_name().is_some_and(|n| *n == *file_name));
            (
                folder,
                file.unwrap_or_else(|| panic!("{name} gave no {file_name}"))
                    .clone(),
            )
        })
        .collect()
}

fn assert_target_is_installed() {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", WASM])
        .current_dir(root())
        .output()
        .expect("rustc can be started");
    let folder = String::from_utf8_lossy(&output.stdout);
    assert!(
        Path::new(folder.trim()).is_dir(),
        "the {WASM} target of Rust is not installed, so no component can be built; \
         run: rustup target add {WASM}"
    );
}
