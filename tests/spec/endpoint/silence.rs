//! A call that says nothing for long is not taken for dead on its way.

use casemate_tests::{Gateway, guest, http::Request};
use serde_json::json;
use std::{io::Read as _, thread};

/// Whether it is a stream, and the whole answer.
fn answer(request: &Request) -> (bool, String) {
    let opened = request.open();
    let is_stream = opened.headers["content-type"] == "text/event-stream";
    let mut text = String::new();
    opened.into_reader().read_to_string(&mut text).unwrap();
    (is_stream, text)
}

#[test]
fn a_call_that_is_silent_for_long_becomes_a_stream_with_comments() {
    let gateway = Gateway::builder().config("limits.wall_ms = 60_000").start();
    let server = gateway.server("silent");
    gateway.push(&server, guest("conformance"));
    let arguments = json!({ "seconds": 16.5 });
    let plain = gateway
        .modern(&server)
        .calling("slow_compute", arguments.clone());
    let watched = plain.clone().meta("progressToken", json!(1)).request();
    let json_only = plain.clone().with("Accept", "application/json").request();
    let params = json!({ "name": "slow_compute", "arguments": arguments });
    let legacy = gateway.legacy(&server).request("tools/call", params);
    let requests = [plain.request(), watched, legacy, json_only];
    let answers = thread::scope(|scope| {
        let asked = requests
            .each_ref()
            .map(|request| scope.spawn(move || answer(request)));
        asked.map(|asked| asked.join().unwrap())
    });
    for (at, (is_stream, text)) in answers.iter().enumerate() {
        assert!(text.contains("Computed for 16.5 seconds"), "{at}: {text}");
        let breaks_silence = text.starts_with(":\n\n");
        assert_eq!(
            (*is_stream, breaks_silence),
            (at < 3, at < 3),
            "{at}: {text}"
        );
    }
}
