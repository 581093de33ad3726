//! What clients were told changes only after somebody saw old and new, and agreed to exactly that.

use casemate_tests::{ADMIN_TOKEN, Gateway, Output, Server, Shared, http::post, sample};
use rustix::{
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

const TOLD: &str = "the text that it was given, unchanged.";
/// As long, so that it can take its place in the file.
const RETOLD: &str = "the text that was sent to it by some1.";

/// The sample `echo` with other words in its description.
fn retold(gateway: &Gateway, name: &str) -> PathBuf {
    let mut wasm = fs::read(sample("echo")).unwrap();
    let at = wasm
        .windows(TOLD.len())
        .position(|bytes| bytes == TOLD.as_bytes())
        .unwrap();
    wasm[at..at + TOLD.len()].copy_from_slice(RETOLD.as_bytes());
    written(gateway, name, &wasm)
}

/// The sample `echo` with another digest: a custom section that says nothing.
fn recoded(gateway: &Gateway, name: &str) -> PathBuf {
    let mut wasm = fs::read(sample("echo")).unwrap();
    wasm.extend(b"\0\x05\x01nabc");
    written(gateway, name, &wasm)
}

fn written(gateway: &Gateway, name: &str, wasm: &[u8]) -> PathBuf {
    let path = gateway.scratch().join(name);
    fs::write(&path, wasm).unwrap();
    path
}

fn push(gateway: &Gateway, server: &Server, file: &Path, flags: &[&str]) -> Output {
    let mut arguments = vec!["push", file.to_str().unwrap(), "-s", &server.id];
    arguments.extend(["--name", "echo"]);
    arguments.extend(flags);
    gateway.cli(arguments)
}

/// A server with `echo`.
fn server(gateway: &Gateway, name: &str) -> Server {
    let server = gateway.server(name);
    gateway.push(&server, sample("echo"));
    server
}

fn description(gateway: &Gateway, server: &Server) -> String {
    let list = gateway.modern(server).list();
    list.result()["tools"][0]["description"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[test]
fn a_push_shows_old_and_new_text() {
    let gateway = &*GATEWAY.get();
    let server = server(gateway, "shows");
    let refused = push(gateway, &server, &retold(gateway, "shows.wasm"), &[]);
    assert_eq!(refused.code, 4, "{refused}");
    let lines = [
        format!("- Answers with {TOLD}"),
        format!("+ Answers with {RETOLD}"),
        "Use it to check that a connection works.".to_owned(),
        "code changed: digest".to_owned(),
    ];
    for line in lines {
        assert!(
            refused.stdout.contains(&line),
            "{line} is missing: {refused}"
        );
    }
    assert!(description(gateway, &server).contains(TOLD));
}

#[test]
fn a_refused_push_is_json_for_programs() {
    let gateway = &*GATEWAY.get();
    let server = server(gateway, "programs");
    let file = retold(gateway, "programs.wasm");
    let refused = push(gateway, &server, &file, &["--json"]);
    assert_eq!(refused.code, 4, "{refused}");
    let plan = refused.json();
    let difference = &plan["changes"][0]["differences"][0];
    assert_eq!(difference["field"], "description");
    assert!(difference["old"].as_str().unwrap().contains(TOLD));
    assert!(difference["new"].as_str().unwrap().contains(RETOLD));
    assert_eq!(
        (&plan["problem"]["code"], &plan["applied"]),
        (&json!("changes_not_accepted"), &json!(false))
    );
    let error: Value = serde_json::from_str(&refused.stderr).unwrap();
    assert_eq!(error["error"]["code"], "changes_not_accepted");
}

#[test]
fn new_code_behind_the_same_definition_is_named_and_needs_no_consent() {
    let gateway = &*GATEWAY.get();
    let server = server(gateway, "recoded");
    let pushed = push(gateway, &server, &recoded(gateway, "recoded.wasm"), &[]).ok();
    assert!(pushed.stdout.contains("code changed: digest"), "{pushed}");
}

#[test]
fn a_dry_run_changes_nothing() {
    let gateway = &*GATEWAY.get();
    let server = server(gateway, "dry");
    let file = retold(gateway, "dry.wasm");
    let told = push(gateway, &server, &file, &["--dry-run", "--yes", "--full"]).ok();
    assert!(told.stdout.contains(RETOLD), "{told}");
    assert!(description(gateway, &server).contains(TOLD));
}

#[test]
fn consent_is_for_the_plan_that_was_shown() {
    let gateway = &*GATEWAY.get();
    let server = server(gateway, "bound");
    let file = retold(gateway, "bound.wasm");
    let plan = push(gateway, &server, &file, &["--dry-run", "--json"])
        .ok()
        .json();
    let deploy = |accepted: Value| {
        post(&gateway.admin_url(&format!("/v1/servers/{}/versions", server.id)))
            .bearer(ADMIN_TOKEN)
            .json(&json!({ "component": "echo", "digest": plan["digest"], "accept_changes": accepted }))
            .send()
    };
    let nobody = deploy(json!(null));
    assert_eq!(nobody.status, 409, "{nobody}");
    assert_eq!(nobody.json()["code"], "changes_not_accepted");
    assert_eq!(nobody.json()["fingerprint"], plan["fingerprint"]);
    assert_eq!(
        deploy(json!(true)).status,
        400,
        "yes to anything is no consent"
    );

    // Somebody else deploys in between: what was shown is no longer what would happen.
    push(gateway, &server, &recoded(gateway, "between.wasm"), &[]).ok();
    let late = deploy(plan["fingerprint"].clone());
    assert_eq!(late.status, 409, "{late}");
    assert_eq!(late.json()["code"], "plan_changed");
    assert!(description(gateway, &server).contains(TOLD));
    let again = deploy(late.json()["fingerprint"].clone());
    assert_eq!(again.status, 200, "{again}");
    assert!(description(gateway, &server).contains(RETOLD));
}

#[test]
fn a_version_that_was_kept_is_switched_to_and_back() {
    let gateway = &*GATEWAY.get();
    let server = server(gateway, "kept");
    let file = retold(gateway, "kept.wasm");
    let kept = push(gateway, &server, &file, &["--no-activate"]).ok();
    assert!(
        description(gateway, &server).contains(TOLD),
        "not seen by clients yet"
    );
    assert!(
        kept.stderr.contains("casemate version use ver_"),
        "it says how to go on: {kept}"
    );

    let listed = gateway
        .cli(["version", "list", "-s", &server.id, "--json"])
        .ok()
        .json();
    let (new, old) = (&listed["versions"][0], &listed["versions"][1]);
    assert_eq!(
        (&new["serves"], &old["serves"]),
        (&json!([]), &json!(["echo"]))
    );
    let switch = |version: &Value, flags: &[&str]| {
        let mut arguments = vec!["version", "use", version["id"].as_str().unwrap()];
        arguments.extend(["-s", &server.id]);
        arguments.extend(flags);
        gateway.cli(arguments)
    };
    let refused = switch(new, &[]);
    assert_eq!(
        refused.code, 4,
        "it changes what clients were told: {refused}"
    );
    assert!(refused.stdout.contains(RETOLD), "{refused}");
    switch(new, &["--yes"]).ok();
    assert!(description(gateway, &server).contains(RETOLD));
    switch(old, &["--yes"]).ok();
    assert!(description(gateway, &server).contains(TOLD));
    assert_eq!(
        gateway
            .modern(&server)
            .call("echo", json!({ "text": "hi" }))
            .text(),
        "hi"
    );
    let unknown = gateway.cli(["version", "use", "ver_0", "-s", &server.id]);
    assert_eq!(unknown.code, 4, "{unknown}");
}

/// Runs a push on a terminal, waits for its question, and gives what was on the screen.
fn asked(gateway: &Gateway, server: &Server, file: &Path, answer: Option<&[u8]>) -> String {
    let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&screen).unwrap();
    unlockpt(&screen).unwrap();
    let name = ptsname(&screen, Vec::new()).unwrap();
    let terminal = || {
        let path = name.to_str().unwrap();
        fs::File::options()
            .read(true)
            .write(true)
            .open(path)
            .unwrap()
    };
    let mut command = gateway.cli_command();
    command
        .args([
            "push",
            file.to_str().unwrap(),
            "-s",
            &server.id,
            "--name",
            "echo",
        ])
        .stdin(terminal())
        .stdout(terminal())
        .stderr(terminal());
    let mut child = command.spawn().unwrap();
    drop(command);
    let mut screen = fs::File::from(screen);
    let (mut shown, mut piece) = (Vec::new(), [0; 1024]);
    // A terminal that nobody holds open any more ends in an error.
    while let Ok(length @ 1..) = screen.read(&mut piece) {
        shown.extend_from_slice(&piece[..length]);
        if String::from_utf8_lossy(&shown).ends_with("[y/N] ") {
            match answer {
                Some(answer) => screen.write_all(answer).unwrap(),
                None => {
                    thread::sleep(Duration::from_millis(100));
                    // Not SIGINT, which whoever runs the tests may have switched off for all of us.
                    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
                }
            }
        }
    }
    child.wait().unwrap();
    String::from_utf8_lossy(&shown).into_owned()
}

#[test]
fn on_a_terminal_it_asks_and_leaves_nothing_behind() {
    let gateway = &*GATEWAY.get();
    let server = server(gateway, "asks");
    let file = retold(gateway, "asks.wasm");
    let hides_cursor = "\u{1b}[?25l";
    let interrupted = asked(gateway, &server, &file, None);
    assert!(interrupted.contains("Change them? [y/N]"), "{interrupted}");
    assert!(!interrupted.contains(hides_cursor), "{interrupted:?}");
    let refused = asked(gateway, &server, &file, Some(b"\n"));
    assert!(refused.contains("nothing was deployed"), "{refused}");
    assert!(description(gateway, &server).contains(TOLD));
    asked(gateway, &server, &file, Some(b"yes\n"));
    assert!(description(gateway, &server).contains(RETOLD));
}
