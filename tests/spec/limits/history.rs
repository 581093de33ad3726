//! Recorded calls say which limits would fit, and whom a limit would have stopped.

use super::{GATEWAY, hostile};
use serde_json::{Value, json};

fn of<'a>(suggestion: &'a Value, name: &str) -> &'a Value {
    let limits = suggestion["limits"].as_array().unwrap();
    let found = limits.iter().find(|limit| limit["limit"] == name);
    found.unwrap_or_else(|| panic!("{suggestion}"))
}

#[test]
fn suggested_limits_leave_room_and_say_on_how_much_they_rest() {
    let gateway = GATEWAY.get();
    let server = hostile(&gateway, "suggested");
    let client = gateway.modern(&server);
    let none = gateway
        .cli(["limits", "suggest", "suggested/big_output"])
        .ok();
    assert!(none.stderr.contains("No recorded call"), "{none}");
    for characters in [10, 2_000, 5_000] {
        client.call("big_output", json!({ "characters": characters }));
    }
    // One that was stopped says nothing about what is needed.
    client.call("big_output", json!({ "characters": 4_000_000 }));
    let suggestion = gateway
        .cli(["limits", "suggest", "suggested/big_output", "--json"])
        .ok()
        .json();
    assert_eq!(
        (&suggestion["calls"], &suggestion["stopped"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(suggestion["enough"], false);
    let output = of(&suggestion, "output_bytes");
    // The answer counts with what stands round the text.
    let around = |value: &Value, text: u64| (text..text + 100).contains(&value.as_u64().unwrap());
    assert!(around(&output["median"], 2_000), "{output}");
    assert!(around(&output["most"], 5_000), "{output}");
    assert_eq!(output["suggested"], 16_384, "twice the most, rounded up");
    let fuel = of(&suggestion, "fuel");
    assert!(fuel["suggested"].as_u64() >= fuel["most"].as_u64());
    assert!(fuel["suggested"].as_u64() < fuel["now"].as_u64());

    let shown = gateway
        .cli(["limits", "suggest", "suggested/big_output"])
        .ok();
    let next = shown
        .stderr
        .lines()
        .find(|line| line.contains("casemate limits set"));
    let next = next.unwrap_or_else(|| panic!("{shown}"));
    let words: Vec<&str> = next
        .split("casemate ")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .collect();
    gateway.cli(words).ok();
    let still = client.call("big_output", json!({ "characters": 5_000 }));
    assert!(!still.is_tool_error(), "{}", still.http);
    let grown = client.call("big_output", json!({ "characters": 20_000 }));
    assert!(grown.is_tool_error(), "the suggested limit is in force");
}

#[test]
fn what_a_limit_would_have_stopped_is_told_before_it_is_set() {
    let gateway = GATEWAY.get();
    let server = hostile(&gateway, "foretold");
    let client = gateway.modern(&server);
    for characters in [10, 2_000, 5_000, 6_000] {
        client.call("big_output", json!({ "characters": characters }));
    }
    let what_if = |setting: &str| {
        gateway
            .cli(["limits", "whatif", "foretold/big_output", setting, "--json"])
            .ok()
            .json()
    };
    let some = what_if("output_bytes=4_000");
    assert_eq!((&some["calls"], &some["stopped"]), (&json!(4), &json!(2)));
    assert_eq!(some["by_limit"], json!({ "output_bytes": 2 }));
    assert_eq!(some["examples"].as_array().unwrap().len(), 2);
    assert_eq!(what_if("output_bytes=100KiB")["stopped"], 0);
    let shown = gateway.cli([
        "limits",
        "whatif",
        "foretold/big_output",
        "output_bytes=4_000",
    ]);
    assert!(shown.ok().stdout.contains("2 of 4 recorded calls"));
    let unknown = gateway.cli(["limits", "whatif", "foretold/big_output", "handles=10"]);
    assert_ne!(unknown.code, 0, "{unknown}");
    assert!(unknown.stderr.contains("handles"), "{unknown}");
}
