//! Access tokens of administrators come and go; one that works remains; refused credentials leave
//! a trace for the operator, without what was tried.

use casemate_tests::{
    ADMIN_TOKEN, Gateway, Output, Server, Shared,
    http::{get, post},
    mcp::Modern,
};
use serde_json::json;

static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

/// The command line with another token.
fn with_token(gateway: &Gateway, token: &str, arguments: &[&str]) -> Output {
    let mut command = gateway.cli_command();
    command.args(arguments).env("CASEMATE_TOKEN", token);
    Output::of(command, "")
}

fn id_of(gateway: &Gateway, name: &str) -> String {
    let listed = gateway.cli(["token", "list", "--json"]).ok().json();
    let tokens = listed["tokens"].as_array().unwrap();
    let found = tokens.iter().find(|token| token["name"] == name);
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_token_is_shown_once_works_and_is_revoked() {
    let gateway = &*GATEWAY.get();
    let made = gateway
        .cli(["token", "create", "Ada", "--expires", "30d"])
        .ok();
    assert!(
        made.stdout.starts_with("cma_") && made.stdout.lines().count() == 1,
        "{made}"
    );
    let token = made.stdout.trim();
    let list = || with_token(gateway, token, &["workspace", "list"]);
    list().ok();
    let listed = gateway.cli(["token", "list"]).ok();
    assert!(
        listed.stdout.contains("Ada") && !listed.stdout.contains(token),
        "{listed}"
    );
    let id = id_of(gateway, "Ada");
    gateway.cli(["token", "revoke", &id, "--yes"]).ok();
    assert_eq!(list().code, 3, "from the next request on");
}

#[test]
fn who_follows_calls_with_a_token_hears_no_more_once_it_is_revoked() {
    let gateway = &*GATEWAY.get();
    let made = gateway.cli(["token", "create", "follower"]).ok();
    let follow = get(&gateway.admin_url("/v1/calls/stream"))
        .bearer(made.stdout.trim())
        .patience(std::time::Duration::from_secs(20));
    std::thread::scope(|scope| {
        let following = scope.spawn(|| follow.send());
        std::thread::sleep(std::time::Duration::from_millis(500));
        assert!(
            !following.is_finished(),
            "it goes on while the token stands"
        );
        let id = id_of(gateway, "follower");
        gateway.cli(["token", "revoke", &id, "--yes"]).ok();
        let ended = following.join().unwrap();
        assert_eq!(ended.status, 200);
    });
}

#[test]
fn the_last_token_that_works_cannot_be_revoked() {
    let gateway = Gateway::start();
    let first = id_of(&gateway, "brought to the first start");
    let refused = gateway.cli(["token", "revoke", &first, "--yes"]);
    assert_eq!(refused.code, 4, "{refused}");
    assert!(
        refused.stderr.contains("last_token") && refused.stderr.contains("token create"),
        "{refused}"
    );
    // An expired one is no other that works.
    gateway
        .cli(["token", "create", "brief", "--expires", "1s"])
        .ok();
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert_eq!(gateway.cli(["token", "revoke", &first, "--yes"]).code, 4);

    let second = gateway.cli(["token", "create", "second"]).ok();
    gateway.cli(["token", "revoke", &first, "--yes"]).ok();
    assert_eq!(gateway.cli(["workspace", "list"]).code, 3);
    with_token(&gateway, second.stdout.trim(), &["workspace", "list"]).ok();
}

#[test]
fn a_lost_token_is_replaced_by_a_start_that_says_so() {
    let mut gateway = Gateway::start();
    assert!(gateway.stop().success());
    let before = gateway.log().len();
    let mut gateway = gateway.with_arguments(&["--new-access-token"]);
    gateway.start_again();
    let token = gateway.await_log("an access token", |log| {
        let line = log[before..]
            .lines()
            .find(|line| line.contains("CASEMATE_TOKEN="))?;
        Some(line.strip_prefix("export CASEMATE_TOKEN=")?.to_owned())
    });
    with_token(&gateway, &token, &["workspace", "list"]).ok();
    gateway.cli(["workspace", "list"]).ok();
    let listed = gateway.cli(["token", "list"]).ok();
    assert!(
        listed.stdout.contains("made by serve --new-access-token"),
        "{listed}"
    );
}

#[test]
fn what_the_first_start_prints_can_be_pasted_into_a_shell() {
    let gateway = Gateway::builder().without_bootstrap_token().start();
    let lines = gateway.await_log("the lines to paste", |log| {
        let lines: Vec<_> = log
            .lines()
            .filter(|line| line.starts_with("export "))
            .collect();
        (lines.len() == 2).then(|| lines.join("\n"))
    });
    let mut shell = std::process::Command::new("sh");
    let binary = casemate_tests::casemate().display().to_string();
    shell
        .arg("-c")
        .arg(format!("{lines}\n'{binary}' workspace create pasted"))
        .env("HOME", gateway.scratch());
    Output::of(shell, "").ok();
    gateway.await_log("the address", |log| {
        log.contains(&gateway.admin_url("")).then_some(())
    });
}

#[test]
fn two_authorization_headers_are_refused_whatever_is_in_them() {
    let gateway = &*GATEWAY.get();
    let request = get(&gateway.admin_url("/v1/servers")).bearer(ADMIN_TOKEN);
    assert_eq!(request.send().status, 200);
    assert_eq!(request.bearer(ADMIN_TOKEN).send().status, 401);
}

fn refused_key_line(gateway: &Gateway, server: &Server, reason: &str) -> String {
    gateway.await_log(reason, |log| {
        let mut lines = log
            .lines()
            .filter(|line| line.contains("a key was refused"));
        lines
            .find(|line| line.contains(&server.id) && line.contains(reason))
            .map(str::to_owned)
    })
}

#[test]
fn a_refused_key_leaves_a_trace_without_the_key() {
    let gateway = Gateway::start();
    let (ours, theirs) = (gateway.server("ours"), gateway.server("theirs"));
    let refused = |key: &str| {
        let reply = Modern::new(gateway.endpoint(&ours), key).list();
        assert_eq!(reply.status(), 401);
    };
    refused(&theirs.key);
    let line = refused_key_line(&gateway, &ours, "is for another server");
    assert!(
        line.contains("key_") && line.contains("127.0.0.1"),
        "{line}"
    );
    refused("mcp_0000000000000000000000000000000000000000000000_000000");
    refused_key_line(&gateway, &ours, "malformed");
    let keys = gateway
        .cli(["key", "list", "-s", &ours.id, "--json"])
        .ok()
        .json();
    let id = keys["keys"][0]["id"].as_str().unwrap().to_owned();
    gateway.cli(["key", "revoke", &id, "--yes"]).ok();
    refused(&ours.key);
    let line = refused_key_line(&gateway, &ours, "was revoked");
    assert!(line.contains(&id), "{line}");

    let wrong = "cma_wrong_and_not_to_be_seen";
    assert_eq!(with_token(&gateway, wrong, &["workspace", "list"]).code, 3);
    gateway.await_log("a refused token", |log| {
        log.contains("an access token was refused").then_some(())
    });
    for secret in [&ours.key, &theirs.key, wrong] {
        assert!(
            !gateway.log().contains(&secret[4..]),
            "a secret is in the log"
        );
    }
}

#[test]
fn guessing_keys_does_not_fill_the_log() {
    let gateway = Gateway::start();
    let server = gateway.server("guessed");
    let body = gateway
        .modern(&server)
        .message("tools/list", json!({}))
        .body();
    for _ in 0..60 {
        let guess = post(&gateway.endpoint(&server))
            .bearer("mcp_guess")
            .json(&body);
        assert_eq!(guess.send().status, 401);
    }
    let lines = gateway.log().matches("a key was refused").count();
    assert!((1..=40).contains(&lines), "{lines} lines for 60 guesses");
}
