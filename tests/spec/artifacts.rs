//! What was compiled is kept, and native code is only run if this installation made it.

mod again;
mod bombs;

use casemate_tests::{Gateway, Server, sample};
use serde_json::json;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

const LOADED: &str = "a component was loaded from disk";
const COMPILED: &str = "a component was compiled";
const DAMAGED: &str = "an artifact is not usable and is made again";

/// A gateway that tells where components come from, and one server with the tool `echo`.
fn with_echo() -> (Gateway, Server) {
    let gateway = Gateway::builder()
        .env("CASEMATE_LOG", "info,casemate_gateway=debug")
        .start();
    let server = gateway.server("kept");
    gateway.push(&server, sample("echo"));
    (gateway, server)
}

/// Starts the gateway again and calls the tool. Gives what was logged from the start on.
#[track_caller]
fn call_after_restart(gateway: &mut Gateway, server: &Server) -> String {
    gateway.stop();
    let before = gateway.log().len();
    gateway.start_again();
    echo(gateway, server, "again");
    gateway.log()[before..].to_owned()
}

#[track_caller]
fn echo(gateway: &Gateway, server: &Server, text: &str) {
    let reply = gateway.modern(server).call("echo", json!({ "text": text }));
    assert_eq!(reply.text(), text, "{}", reply.http);
}

/// The artifacts of a gateway.
fn artifacts(gateway: &Gateway) -> Vec<PathBuf> {
    let folder = fs::read_dir(gateway.data_dir().join("artifacts")).unwrap();
    folder.map(|entry| entry.unwrap().path()).collect()
}

#[track_caller]
fn the_artifact(gateway: &Gateway) -> PathBuf {
    let [path] = artifacts(gateway).try_into().unwrap();
    path
}

/// Replaces a file that may not be written to.
fn replace(path: &Path, bytes: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn the_first_call_after_a_restart_compiles_nothing() {
    let (mut gateway, server) = with_echo();
    assert!(gateway.log().contains(COMPILED), "{}", gateway.log());
    let artifact = the_artifact(&gateway);
    let written = fs::metadata(&artifact).unwrap().modified().unwrap();
    let log = call_after_restart(&mut gateway, &server);
    assert!(log.contains(LOADED), "{log}");
    assert!(!log.contains(COMPILED), "{log}");
    assert_eq!(
        fs::metadata(&artifact).unwrap().modified().unwrap(),
        written
    );

    // Control: without the artifact the same call compiles.
    fs::remove_file(&artifact).unwrap();
    let log = call_after_restart(&mut gateway, &server);
    assert!(log.contains(COMPILED), "{log}");
    assert!(artifact.exists());
}

#[test]
fn artifacts_are_for_the_gateway_alone() {
    let (gateway, _) = with_echo();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&the_artifact(&gateway)), 0o400);
    assert_eq!(mode(&gateway.data_dir().join("artifacts")), 0o700);
}

#[test]
fn the_artifact_of_one_component_never_stands_in_for_another() {
    let (mut gateway, server) = with_echo();
    let echos = the_artifact(&gateway);
    let other = gateway.server("other");
    gateway.push(&other, sample("text-stats"));
    let others = artifacts(&gateway);
    let others = others.iter().find(|path| **path != echos).unwrap();
    replace(&echos, &fs::read(others).unwrap());
    let log = call_after_restart(&mut gateway, &server);
    assert!(log.contains(DAMAGED) && log.contains(COMPILED), "{log}");
}

#[test]
fn the_artifact_of_another_installation_is_not_run() {
    let (mut gateway, server) = with_echo();
    let (elsewhere, _) = with_echo();
    let foreign = fs::read(the_artifact(&elsewhere)).unwrap();
    replace(&the_artifact(&gateway), &foreign);
    let log = call_after_restart(&mut gateway, &server);
    assert!(log.contains(DAMAGED) && log.contains(COMPILED), "{log}");
}

#[test]
fn a_refused_upload_leaves_no_artifact() {
    let gateway = Gateway::start();
    let server = gateway.server("refused");
    let path = gateway.scratch().join("slow.wasm");
    // Everything about it is right until its functions are looked at, after it was compiled.
    fs::write(&path, tool_with("")).unwrap();
    let pushed = gateway.cli(["push", path.to_str().unwrap(), "-s", &server.id]);
    assert!(pushed.stderr.contains("wrong_world"), "{pushed}");
    assert!(artifacts(&gateway).is_empty());
}

#[test]
fn a_compilation_over_its_budget_is_refused_and_within_it_is_not() {
    let (mut gateway, server) = with_echo();
    let path = sample("text-stats").to_str().unwrap();
    gateway.stop();
    gateway.reconfigure("compile.wall_ms = 1");
    gateway.start_again();
    let refused = gateway.cli(["push", path, "-s", &server.id, "--name", "stats"]);
    assert_eq!(refused.code, 4, "{refused}");
    assert!(refused.stderr.contains("compile_budget"), "{refused}");
    // What was compiled before needs no budget.
    echo(&gateway, &server, "still here");

    gateway.stop();
    gateway.reconfigure("");
    gateway.start_again();
    gateway
        .cli(["push", path, "-s", &server.id, "--name", "stats"])
        .ok();
}

/// A component that says it is a tool, with these items in a module of it.
fn tool_with(items: &str) -> Vec<u8> {
    let text = format!(
        "(component (core module {items}) (instance $tools) \
         (export \"casemate:tool/tools@1.0.0\" (instance $tools)))"
    );
    wat::parse_str(text).unwrap()
}

#[test]
fn code_that_this_very_gateway_compiled_is_not_taken_as_an_upload() {
    let (gateway, server) = with_echo();
    let artifact = fs::read(the_artifact(&gateway)).unwrap();
    let magic = artifact.windows(4).position(|four| four == b"\x7fELF");
    let code = &artifact[magic.expect("an artifact holds the engine's own file")..];
    for (name, bytes) in [("whole.wasm", &artifact[..]), ("code.wasm", code)] {
        let path = gateway.scratch().join(name);
        fs::write(&path, bytes).unwrap();
        let pushed = gateway.cli(["push", path.to_str().unwrap(), "-s", &server.id]);
        assert_eq!(pushed.code, 4, "{pushed}");
        let kinds = ["precompiled_refused", "malformed_component"];
        assert!(
            kinds.iter().any(|kind| pushed.stderr.contains(kind)),
            "{pushed}"
        );
        let is_code = pushed.stderr.contains(kinds[0]);
        assert!(is_code || name == "whole.wasm", "{pushed}");
    }
}
