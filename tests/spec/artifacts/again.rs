//! Components that have to be compiled once more when they are called.

use super::{COMPILED, echo, the_artifact, with_echo};
use casemate_tests::sample;
use serde_json::json;
use std::fs;

#[test]
fn a_call_waits_for_a_compilation_no_longer_than_it_may_take() {
    let (mut gateway, server) = with_echo();
    gateway.stop();
    fs::remove_file(the_artifact(&gateway)).unwrap();
    gateway.reconfigure("limits.wall_ms = 10");
    let before = gateway.log().len();
    gateway.start_again();
    let reply = gateway
        .modern(&server)
        .call("echo", json!({ "text": "now" }));
    assert!(reply.is_tool_error(), "{}", reply.http);
    assert!(
        reply.text().contains("was not loaded within 10 ms"),
        "{}",
        reply.http
    );
    // It goes on, and is there for a call that comes later.
    gateway.await_log("the compilation", |log| {
        log[before..].contains(COMPILED).then_some(())
    });
}

#[test]
fn a_component_that_does_not_compile_any_more_is_not_tried_at_every_call() {
    const REFUSED: &str = "a stored component does not compile any more";
    let (mut gateway, server) = with_echo();
    gateway.stop();
    fs::remove_file(the_artifact(&gateway)).unwrap();
    gateway.reconfigure("compile.wall_ms = 1");
    gateway.start_again();
    let call = || {
        let reply = gateway
            .modern(&server)
            .call("echo", json!({ "text": "now" }));
        assert!(reply.text().contains("cannot be loaded"), "{}", reply.http);
        gateway.log().matches(REFUSED).count()
    };
    assert_eq!([call(), call(), call()], [1, 1, 1]);
    // Whoever uploads it again has it tried again.
    let path = sample("echo").to_str().unwrap();
    gateway.cli(["push", path, "-s", &server.id]).ok();
    assert_eq!(call(), 2);

    // Control: with time to compile, it answers.
    gateway.stop();
    gateway.reconfigure("");
    gateway.start_again();
    echo(&gateway, &server, "again");
}
