//! The README's first tool works as it is printed there, from an empty folder.

use casemate_tests::{Gateway, Output, root};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// The blocks of code in the section on writing a tool: language and text.
fn blocks() -> Vec<(String, String)> {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let section = readme.split("## Write a tool of your own").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let fenced = section.split("```").skip(1).step_by(2);
    fenced
        .map(|block| block.split_once('\n').unwrap())
        .map(|(language, text)| (language.to_owned(), text.to_owned()))
        .collect()
}

/// Runs a block as a newcomer's shell would.
fn shell(folder: &Path, block: &str) {
    let script = block.replace(
        "../casemate/guest-sdk",
        root().join("guest-sdk").to_str().unwrap(),
    );
    let status = Command::new("sh")
        .args(["-e", "-c", &script])
        .current_dir(folder)
        // One folder for all runs, so that the second one need not compile the SDK again.
        .env(
            "CARGO_TARGET_DIR",
            casemate_tests::metadata().target_directory.join("newcomer"),
        )
        .env_remove("RUSTFLAGS")
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{script}");
}

#[test]
fn the_first_tool_of_the_readme_can_be_written_pushed_and_called() {
    let folder = tempfile::tempdir().unwrap();
    let blocks = blocks();
    let [(_, set_up), (rust, code), (_, build), (_, commands)] = &blocks[..] else {
        panic!("the section has other blocks than this test knows: {blocks:?}");
    };
    assert_eq!(rust, "rust");
    shell(folder.path(), set_up);
    let package = folder.path().join("shout");
    fs::write(package.join("src/lib.rs"), code).unwrap();
    shell(&package, build);

    let gateway = Gateway::start();
    let built = casemate_tests::metadata()
        .target_directory
        .join("newcomer/wasm32-wasip2");
    std::os::unix::fs::symlink(&built, package_target(&package)).unwrap();
    let mut answers = String::new();
    for line in commands.lines().filter(|line| !line.contains("logs -f")) {
        let words = line.split('#').next().unwrap().split_whitespace();
        let arguments: Vec<_> = words.skip(1).collect();
        let mut command = gateway.cli_command();
        command.args(arguments).current_dir(&package);
        answers.push_str(&Output::of(command, "").ok().stdout);
    }
    assert!(answers.contains("HELLO!!!"), "{answers}");
    assert!(answers.contains("mcp_"), "{answers}");
}

/// Where the README looks for what was built.
fn package_target(package: &Path) -> std::path::PathBuf {
    let target = package.join("target");
    fs::create_dir_all(&target).unwrap();
    target.join("wasm32-wasip2")
}
