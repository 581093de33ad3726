//! Components are in memory as long as there is room for them, and their calls do not notice.

use casemate_guest_forge::{ANSWER_TEXT, Guest, answer_text};
use casemate_tests::{ADMIN_TOKEN, Gateway, Server, http::post};
use serde_json::{Value, json};
use std::{fs, thread};

const LOADED: &str = "a component was loaded from disk";

/// Room for about two dozen of the smallest components.
const LITTLE: &str = "sandbox.loaded_bytes = 1_048_576";
const MANY: usize = 40;

/// A component that knows its number, with some more exports.
fn numbered(number: usize, exports: usize) -> Vec<u8> {
    let mut guest = Guest::named(&tool(number));
    let text = guest.text(&number.to_string());
    let exports =
        (0..exports).map(|n| format!("(func (export \"f{n}\") (result i32) i32.const {n})"));
    guest
        .item(ANSWER_TEXT)
        .item(&exports.collect::<String>())
        .call(&answer_text(&text))
}

fn tool(number: usize) -> String {
    format!("tool-{number}")
}

/// A gateway with a server of so many components, started afresh so that none of them is loaded.
fn with_many(config: &str, exports: &[usize]) -> (Gateway, Server) {
    let mut gateway = Gateway::builder()
        .config(config)
        .env("CASEMATE_LOG", "info,casemate_gateway=debug")
        .start();
    let server = gateway.server("many");
    for (number, exports) in exports.iter().enumerate() {
        deploy(&gateway, &server, number, *exports);
    }
    gateway.stop();
    gateway.start_again();
    (gateway, server)
}

/// Through the admin API: hundreds of processes of the command line would take minutes.
#[track_caller]
fn deploy(gateway: &Gateway, server: &Server, number: usize, exports: usize) {
    let to = |path: &str| post(&gateway.admin_url(path)).bearer(ADMIN_TOKEN);
    let uploaded = to("/v1/components").body(numbered(number, exports)).send();
    assert_eq!(uploaded.status, 200, "{uploaded}");
    let version = json!({ "component": tool(number), "digest": uploaded.json()["digest"] });
    let deployed = to(&format!("/v1/servers/{}/versions", server.id))
        .json(&version)
        .send();
    assert_eq!(deployed.status, 200, "{deployed}");
}

#[track_caller]
fn call(gateway: &Gateway, server: &Server, number: usize) {
    let reply = gateway.modern(server).call(&tool(number), json!({}));
    assert_eq!(reply.text(), number.to_string(), "{}", reply.http);
}

/// What the gateway says of components in memory.
fn told(gateway: &Gateway, what: &str) -> u64 {
    let status: Value = gateway.cli(["status", "--json"]).ok().json();
    status["components"][what].as_u64().unwrap()
}

/// What the system says: a loaded component has its artifact open.
fn open_artifacts(gateway: &Gateway) -> usize {
    let files = fs::read_dir(format!("/proc/{}/fd", gateway.pid())).unwrap();
    let targets = files.filter_map(|file| fs::read_link(file.unwrap().path()).ok());
    let folder = gateway.data_dir().join("artifacts");
    targets.filter(|target| target.starts_with(&folder)).count()
}

/// The memory of the gateway that is no file's, in KiB.
fn anonymous_kib(gateway: &Gateway) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", gateway.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.unwrap().parse().unwrap()
}

#[test]
fn components_that_do_not_fit_into_memory_together_answer_all_the_same() {
    let (mut gateway, server) = with_many(LITTLE, &[0; MANY]);
    for _ in 0..3 {
        (0..MANY).for_each(|number| call(&gateway, &server, number));
    }
    let fit = told(&gateway, "loaded");
    assert!((10..40).contains(&fit), "{fit}");
    assert!(told(&gateway, "memory_bytes") <= told(&gateway, "memory_limit"));
    assert!(told(&gateway, "evictions") > 0);
    let loads = gateway.log().matches(LOADED).count();
    assert!(loads > 2 * MANY, "{loads}");
    // Those that were let go of are taken apart aside.
    gateway.await_log("rest", |_| {
        (open_artifacts(&gateway) <= fit as usize + 2).then_some(())
    });

    // Control: with room for all of them, each is loaded once.
    gateway.stop();
    gateway.reconfigure("");
    gateway.start_again();
    for _ in 0..3 {
        (0..MANY).for_each(|number| call(&gateway, &server, number));
    }
    let told = ["loaded", "loads", "evictions"].map(|what| told(&gateway, what));
    assert_eq!(told, [MANY as u64, MANY as u64, 0]);
    assert!(open_artifacts(&gateway) >= MANY);
}

#[test]
fn a_component_is_loaded_once_however_many_call_it_at_once() {
    let (gateway, server) = with_many("", &[0; 24]);
    thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| call(&gateway, &server, 0));
        }
    });
    assert_eq!(told(&gateway, "loads"), 1);
    // Control: different ones at once are as many loads.
    thread::scope(|scope| {
        for number in 0..24 {
            let (gateway, server) = (&gateway, &server);
            scope.spawn(move || call(gateway, server, number));
        }
    });
    assert_eq!(told(&gateway, "loads"), 24);
}

#[test]
fn a_walk_through_many_components_does_not_push_out_one_that_is_used() {
    let (gateway, server) = with_many(LITTLE, &[0; MANY]);
    for number in 0..MANY {
        call(&gateway, &server, number);
        call(&gateway, &server, 0);
    }
    let loads = told(&gateway, "loads");
    assert_eq!(loads, MANY as u64, "the one that is used was loaded once");
    // Control: one that is not used in between is pushed out.
    call(&gateway, &server, MANY - 12);
    assert_eq!(told(&gateway, "loads"), loads + 1);
}

#[test]
fn loaded_components_take_the_memory_that_they_are_counted_with() {
    // Small ones, and some with much to remember of each. The first call warms everything else up.
    for (count, exports) in [(60, 0), (10, 3_000)] {
        let (gateway, server) = with_many("", &vec![exports; count + 1]);
        call(&gateway, &server, 0);
        let (before, counted) = (anonymous_kib(&gateway), told(&gateway, "memory_bytes"));
        (1..=count).for_each(|number| call(&gateway, &server, number));
        let took = (anonymous_kib(&gateway) - before) << 10;
        let counted = told(&gateway, "memory_bytes") - counted;
        let each = took / count as u64;
        println!(
            "{exports} exports: {each} bytes each, counted {}",
            counted / count as u64
        );
        assert!(
            took < 2 * counted && counted < 4 * took,
            "{exports} exports: {took} bytes, counted as {counted}"
        );
        assert!(exports > 0 || each <= 100 << 10, "{each} bytes each");
    }
}
