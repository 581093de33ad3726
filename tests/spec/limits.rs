//! Limits are set at four levels, a lower one only tightens, and everybody can see who sets what.

mod history;
mod stopping;

use casemate_tests::{ADMIN_TOKEN, Gateway, Server, Shared, guest, http, mcp::Reply};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

fn hostile(gateway: &Gateway, name: &str) -> Server {
    let server = gateway.server(name);
    gateway.push(&server, guest("hostile"));
    server
}

/// The word for how a call ended; `ok` if it ended well.
fn ending(reply: &Reply) -> String {
    if !reply.is_tool_error() {
        return "ok".to_owned();
    }
    let error = &reply.result()["_meta"]["dev.casemate/error"];
    error["code"].as_str().unwrap().to_owned()
}

/// The newest records of a tool, the latest last.
fn records(gateway: &Gateway, server: &Server, tool: &str) -> Vec<Value> {
    let logged = gateway
        .cli(["logs", "-s", &server.id, "--tool", tool, "--json"])
        .ok();
    let parse = |line: &str| serde_json::from_str(line).unwrap();
    logged.stdout.lines().map(parse).collect()
}

fn limit(answer: &Value, name: &str) -> Value {
    let limits = answer["limits"].as_array().unwrap();
    let found = limits.iter().find(|limit| limit["limit"] == name);
    found.unwrap_or_else(|| panic!("{answer}")).clone()
}

#[test]
fn the_limits_in_force_are_published_with_their_bounds() {
    let gateway = GATEWAY.get();
    let answer = http::get(&gateway.admin_url("/v1/limits"))
        .bearer(ADMIN_TOKEN)
        .send()
        .json();
    let fuel = limit(&answer, "fuel");
    assert_eq!(
        (&fuel["value"], &fuel["from"], &fuel["default"]),
        (
            &json!(20_000_000_000_u64),
            &json!("platform"),
            &json!(20_000_000_000_u64)
        )
    );
    assert!(fuel["ceiling"].as_u64() > fuel["value"].as_u64());
    let platform = answer["platform"].to_string();
    for name in [
        "sandbox.places",
        "sandbox.stack_bytes",
        "compile.cpu_ms",
        "compile.component_bytes",
    ] {
        assert!(platform.contains(name), "{platform}");
    }
    let shown = gateway.cli(["limits", "show"]).ok();
    for words in [
        "memory_bytes",
        "64 MiB",
        "wall_ms",
        "30 s",
        "compile.wall_ms",
    ] {
        assert!(shown.stdout.contains(words), "{shown}");
    }
}

#[test]
fn a_tool_with_a_limit_of_its_own_is_stopped_by_it_and_no_other_is() {
    let gateway = GATEWAY.get();
    let (tight, free) = (hostile(&gateway, "tight"), hostile(&gateway, "free"));
    gateway
        .cli(["limits", "set", "tight/nap", "wall_ms=200ms"])
        .ok();
    let sleep = json!({ "milliseconds": 400 });
    let call = |server: &Server| gateway.modern(server).call("nap", sleep.clone());
    assert_eq!(ending(&call(&tight)), "deadline_exceeded");
    assert_eq!(ending(&call(&free)), "ok");
    let explained = gateway.cli(["limits", "explain", "tight/nap"]).ok();
    let line = explained
        .stdout
        .lines()
        .find(|line| line.starts_with("wall_ms"));
    let line = line.unwrap_or_else(|| panic!("{explained}"));
    assert!(line.contains("30 s") && line.contains("200 ms *"), "{line}");
    gateway
        .cli(["limits", "set", "tight/nap", "--unset", "wall_ms"])
        .ok();
    assert_eq!(ending(&call(&tight)), "ok", "taken back, it is gone");
}

#[test]
fn a_lower_level_only_tightens() {
    let gateway = GATEWAY.get();
    gateway.workspace("levels");
    let server = gateway.server_in("levels", "levels-server");
    gateway.push(&server, guest("hostile"));
    let set = |words: &[&str]| {
        let all: Vec<&str> = ["limits", "set", "--json"]
            .iter()
            .chain(words)
            .copied()
            .collect();
        gateway.cli(all)
    };
    set(&["-w", "levels", "wall_ms=5s"]).ok();
    let refused = set(&["-s", &server.id, "wall_ms=10s"]);
    assert_ne!(refused.code, 0, "{refused}");
    assert!(
        refused.stderr.contains("limit_too_loose") && refused.stderr.contains("workspace"),
        "{refused}"
    );
    let of_server = set(&["-s", &server.id, "wall_ms=2s"]).ok().json();
    assert_eq!(limit(&of_server, "wall_ms")["value"], 2_000);
    // The workspace may go below what a server has; the least counts.
    set(&["-w", "levels", "wall_ms=1s"]).ok();
    let of_tool = gateway.cli(["limits", "show", "nap", "-s", &server.id, "--json"]);
    let wall = limit(&of_tool.ok().json(), "wall_ms");
    assert_eq!(
        (&wall["value"], &wall["from"]),
        (&json!(1_000), &json!("workspace"))
    );
}

#[test]
fn a_profile_sets_all_limits_at_once() {
    let gateway = GATEWAY.get();
    let server = hostile(&gateway, "profiled");
    let set = gateway.cli([
        "limits",
        "set",
        "-s",
        &server.id,
        "--profile",
        "small",
        "--json",
    ]);
    let answer = set.ok().json();
    assert_eq!(limit(&answer, "memory_bytes")["value"], 32 << 20);
    assert_eq!(answer["settings"], json!({ "profile": "small" }));
    let bomb = gateway
        .modern(&server)
        .call("memory_bomb", json!({ "mib": 40 }));
    assert_eq!(ending(&bomb), "memory_limit");
    gateway
        .cli(["limits", "set", "-s", &server.id, "--no-profile"])
        .ok();
    let bomb = gateway
        .modern(&server)
        .call("memory_bomb", json!({ "mib": 40 }));
    assert_eq!(ending(&bomb), "ok");
}

#[test]
fn limits_outlive_a_restart() {
    let mut gateway = Gateway::start();
    let server = hostile(&gateway, "lasting");
    gateway
        .cli(["limits", "set", "lasting/remember", "fuel=1M"])
        .ok();
    assert!(gateway.stop().success());
    gateway.start_again();
    let shown = gateway.cli(["limits", "show", "lasting/remember", "--json"]);
    assert_eq!(limit(&shown.ok().json(), "fuel")["value"], 1_000_000);
    let reply = gateway.modern(&server).call("endless_loop", json!({}));
    assert_ne!(ending(&reply), "ok");
}

#[test]
fn what_cannot_be_set_is_refused_with_what_can() {
    let gateway = GATEWAY.get();
    hostile(&gateway, "refusing");
    let refused = |words: &[&str], say: &str| {
        let all: Vec<&str> = ["limits", "set"].iter().chain(words).copied().collect();
        let refused = gateway.cli(all);
        assert_ne!(refused.code, 0, "{refused}");
        assert!(refused.stderr.contains(say), "{say}: {refused}");
    };
    refused(&["refusing/nap", "fule=1"], "fuel");
    refused(&["refusing/nap", "memory_bytes=1KiB"], "1 MiB");
    refused(&["refusing/nap", "wall_ms=5MiB"], "time");
    refused(&["refusing/nap"], "nothing to set");
    refused(&["refusing/nobody", "fuel=1M"], "nobody");
    refused(&["refusing/nap", "fuel=1M", "--unset", "fuel"], "at once");
    refused(&["refusing/nap", "fuel=99999999T"], "too large");
    refused(&["platform", "fuel=1M"], "configuration file");
    for setting in ["limits.memory_bytes = 1", "sandbox.memory_bytes = 1"] {
        let gateway = Gateway::builder().config(setting).build();
        assert!(
            gateway.refuses_to_start().contains("memory_bytes"),
            "{setting}"
        );
    }
}

#[test]
fn what_a_profile_cannot_loosen_is_said() {
    let gateway = GATEWAY.get();
    hostile(&gateway, "profiled");
    let set = |profile: &str| {
        let arguments = ["limits", "set", "-s", "profiled", "--profile", profile];
        gateway.cli(arguments).ok().stderr
    };
    let large = set("large");
    assert!(large.contains("fuel (platform)"), "{large}");
    let small = set("small");
    assert!(!small.contains("allows more"), "{small}");
}

#[test]
fn a_suggestion_without_a_tool_asks_which() {
    let gateway = GATEWAY.get();
    let refused = gateway.cli(["limits", "suggest", "-s", "web"]);
    assert_eq!(refused.code, 2, "{refused}");
    assert!(refused.stderr.contains("which tool"), "{refused}");
}

#[test]
fn calls_beyond_those_at_once_wait_their_turn_and_are_then_refused() {
    let gateway = GATEWAY.get();
    let (narrow, wide) = (hostile(&gateway, "narrow"), hostile(&gateway, "wide"));
    gateway
        .cli(["limits", "set", "-s", "narrow", "calls_at_once=1"])
        .ok();
    let sleep = |server: &Server, milliseconds: u64| {
        let client = gateway.modern(server);
        client.call("nap", json!({ "milliseconds": milliseconds }))
    };
    let pair = |server: &Server, milliseconds: u64| {
        let start = Instant::now();
        let endings = std::thread::scope(|scope| {
            let calls = [(); 2].map(|()| scope.spawn(|| ending(&sleep(server, milliseconds))));
            let mut endings = calls.map(|call| call.join().unwrap());
            endings.sort();
            endings
        });
        (endings, start.elapsed())
    };
    let (endings, took) = pair(&narrow, 300);
    assert_eq!(endings, ["ok", "ok"], "the second waited for the first");
    assert!(took >= Duration::from_millis(600), "{took:?}");
    let (endings, took) = pair(&wide, 300);
    assert_eq!(endings, ["ok", "ok"]);
    assert!(took < Duration::from_millis(590), "side by side: {took:?}");
    let (endings, _) = pair(&narrow, 3_000);
    assert_eq!(
        endings,
        ["ok", "overloaded"],
        "nobody waits longer than two seconds"
    );
    assert_eq!(ending(&sleep(&narrow, 1)), "ok");
}

#[test]
fn calls_beyond_those_of_a_minute_are_refused_until_their_time_comes() {
    let gateway = GATEWAY.get();
    let (server, free) = (hostile(&gateway, "rated"), hostile(&gateway, "unrated"));
    let set = |name: &str, value: &str| {
        gateway.cli(["limits", "set", "-s", name, value]).ok();
    };
    set("rated", "calls_per_minute=3");
    let call = |server: &Server| {
        let client = gateway.modern(server);
        client.call("nap", json!({ "milliseconds": 1 }))
    };
    let endings: Vec<_> = (0..4).map(|_| ending(&call(&server))).collect();
    assert_eq!(endings, ["ok", "ok", "ok", "rate_limited"]);
    let refused = call(&server);
    let text = refused.text();
    assert!(
        text.contains("calls_per_minute") && text.contains("Try again in"),
        "{text}"
    );
    assert_eq!(ending(&call(&free)), "ok", "nobody else is held up");
    set("rated", "calls_per_minute=600");
    let start = Instant::now();
    while ending(&call(&server)) != "ok" {
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}

/// How a short call ends beside one of another workspace that takes three seconds.
fn beside_a_nap(gateway: &Gateway) -> (String, Duration) {
    let (naps, calls) = (hostile(gateway, "naps"), hostile(gateway, "calls"));
    let nap = |server: &Server, milliseconds: u64| {
        let client = gateway.modern(server);
        ending(&client.call("nap", json!({ "milliseconds": milliseconds })))
    };
    assert_eq!(nap(&calls, 1), "ok");
    std::thread::scope(|scope| {
        let long = scope.spawn(|| nap(&naps, 3_000));
        let status = http::get(&gateway.admin_url("/v1/status")).bearer(ADMIN_TOKEN);
        while status.clone().send().json()["calls"]["running"] == 0 {
            std::thread::sleep(Duration::from_millis(5));
        }
        let start = Instant::now();
        let short = nap(&calls, 1);
        let took = start.elapsed();
        assert_eq!(long.join().unwrap(), "ok");
        (short, took)
    })
}

#[test]
fn calls_beyond_the_places_of_the_installation_wait_and_are_then_refused() {
    let gateway = Gateway::builder().config("sandbox.places = 1").start();
    let (short, took) = beside_a_nap(&gateway);
    assert_eq!(short, "overloaded");
    assert!(took >= Duration::from_secs(2), "{took:?}");
}

#[test]
fn control_with_a_place_for_each_nobody_waits() {
    let gateway = GATEWAY.get();
    let (short, took) = beside_a_nap(&gateway);
    assert_eq!(short, "ok");
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn arguments_are_checked_only_for_calls_that_have_a_place() {
    let gateway = GATEWAY.get();
    let server = hostile(&gateway, "checked");
    gateway
        .cli(["limits", "set", "-s", "checked", "calls_at_once=1"])
        .ok();
    let call = |arguments: Value| ending(&gateway.modern(&server).call("nap", arguments));
    let large = json!({ "none": vec![1; 100_000] });
    for arguments in [json!({ "none": 1 }), large] {
        assert_eq!(call(arguments.clone()), "input_rejected");
        std::thread::scope(|scope| {
            let nap = scope.spawn(|| call(json!({ "milliseconds": 3_000 })));
            std::thread::sleep(Duration::from_millis(300));
            assert_eq!(call(arguments), "overloaded");
            assert_eq!(nap.join().unwrap(), "ok");
        });
    }
}

#[test]
fn status_shows_what_runs() {
    let gateway = GATEWAY.get();
    let server = hostile(&gateway, "busy");
    std::thread::scope(|scope| {
        let client = gateway.modern(&server);
        let busy = scope.spawn(move || client.call("nap", json!({ "milliseconds": 800 })));
        let seen = (0..40).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            let status = gateway.cli(["status", "--json"]).ok().json();
            status["calls"]["running"].as_u64() >= Some(1)
                && status["calls"]["memory_bytes"].as_u64() > Some(0)
        });
        assert!(seen, "a call ran and status did not show it");
        busy.join().unwrap();
    });
    let shown = gateway.cli(["status"]).ok();
    assert!(shown.stdout.contains("calls running"), "{shown}");
}

#[test]
fn the_memory_of_all_calls_together_is_bounded() {
    let gateway = Gateway::builder()
        .config("sandbox.memory_bytes = 62_914_560")
        .start();
    let server = hostile(&gateway, "crowded");
    let fill = |mib: u32| {
        let reply = gateway
            .modern(&server)
            .call("memory_bomb", json!({ "mib": mib }));
        ending(&reply)
    };
    assert_eq!(fill(20), "ok");
    assert_eq!(
        fill(50),
        "overloaded",
        "one workspace gets two thirds of 60 MiB"
    );
    assert_eq!(fill(20), "ok", "and gives it back");
    let roomy = GATEWAY.get();
    let server = hostile(&roomy, "roomy");
    let reply = roomy
        .modern(&server)
        .call("memory_bomb", json!({ "mib": 50 }));
    assert_eq!(
        ending(&reply),
        "ok",
        "with memory for all, the same call passes"
    );
}

#[test]
fn a_client_is_told_what_its_call_used_where_the_gateway_is_set_to_say_so() {
    let silent = GATEWAY.get();
    let server = hostile(&silent, "silent");
    let reply = silent.modern(&server).call("remember", json!({}));
    assert_eq!(reply.result()["_meta"]["dev.casemate/receipt"], Value::Null);
    let telling = Gateway::builder().config("server.receipts = true").start();
    let server = hostile(&telling, "telling");
    for reply in [
        telling.modern(&server).call("remember", json!({})),
        telling.legacy(&server).call("endless_loop", json!({})),
    ] {
        let receipt = &reply.result()["_meta"]["dev.casemate/receipt"];
        let digest = receipt["digest"].as_str().unwrap();
        assert!(
            receipt["fuel"].as_u64() > Some(0) && !digest.is_empty(),
            "{receipt}"
        );
        let text = receipt.to_string();
        assert!(
            !text.contains("secrets") && !text.contains("hosts"),
            "{text}"
        );
    }
}
