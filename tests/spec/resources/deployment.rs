//! Resources and prompts belong to the version of their component that is in use.

use super::{GATEWAY, TEXT, guest_server, made, reading};
use casemate_guest_forge::Offers;
use casemate_tests::{Gateway, guest};
use serde_json::{Value, json};

fn ordinary(change: impl FnOnce(&mut Offers)) -> Offers {
    let mut offers = Offers::ordinary();
    change(&mut offers);
    offers
}

#[test]
fn what_a_component_may_not_say_is_refused_with_its_reason() {
    let gateway = GATEWAY.get();
    let server = gateway.server("refuses");
    type Change = fn(&mut Offers);
    let cases: [(Change, &str); 6] = [
        (|o| o.uris = vec!["today".to_owned()], "scheme"),
        (
            |o| o.uris = (0..10_000).map(|n| format!("a:{n}")).collect(),
            "10000 resources",
        ),
        (|o| o.templates = vec!["a://{?b}".to_owned()], "{?b}"),
        (|o| o.prompts = vec!["say hello".to_owned()], "bad name"),
        (|o| o.description = Some("a\u{200B}b".to_owned()), "U+200B"),
        (
            |o| o.icon = Some("http://a.test/b.png".to_owned()),
            "picture",
        ),
    ];
    for (change, says) in cases {
        let path = made(&gateway, "refused", &ordinary(change));
        let pushed = gateway.cli(["push", path.to_str().unwrap(), "-s", &server.id, "--json"]);
        assert_eq!(pushed.code, 4, "{says}: {pushed}");
        let refused = pushed.stderr.contains("metadata_rejected");
        assert!(refused && pushed.stderr.contains(says), "{says}: {pushed}");
    }
    gateway.push(&server, &made(&gateway, "control", &ordinary(|_| ())));
    let read = reading(&gateway.modern(&server), "notes://today").send();
    assert_eq!(read.result()["contents"], json!([]));
}

#[test]
fn a_uri_and_a_name_come_from_one_component_of_a_server() {
    let gateway = GATEWAY.get();
    let server = gateway.server("clashes");
    let only = |uris: &[&str], templates: &[&str], prompts: &[&str]| Offers {
        uris: uris.iter().map(|&uri| uri.to_owned()).collect(),
        templates: templates.iter().map(|&uri| uri.to_owned()).collect(),
        prompts: prompts.iter().map(|&name| name.to_owned()).collect(),
        ..Offers::ordinary()
    };
    let first = made(&gateway, "first", &Offers::ordinary());
    gateway.push_with(&server, &first, &["--name", "first"]);
    for (offers, what) in [
        (
            only(&["notes://today"], &[], &[]),
            "resource `notes://today`",
        ),
        (
            only(&[], &["notes://{day}"], &[]),
            "resource template `notes://{day}`",
        ),
        (only(&[], &[], &["greet"]), "prompt `greet`"),
    ] {
        let second = made(&gateway, "second", &offers);
        let second = second.to_str().unwrap();
        let push = [
            "push", second, "-s", &server.id, "--name", "second", "--yes",
        ];
        let pushed = gateway.cli(push);
        assert_ne!(pushed.code, 0, "{pushed}");
        let says = format!("{what} of this server already comes from component `first`");
        assert!(pushed.stderr.contains(&says), "{says}: {pushed}");
    }
    let others = only(&["notes://other"], &["notes://{day}/{hour}"], &["part"]);
    let second = made(&gateway, "second", &others);
    gateway.push_with(&server, &second, &["--name", "second"]);
    let client = gateway.modern(&server);
    let listed = client.message("resources/list", json!({})).send();
    let uris = listed.result()["resources"].as_array().unwrap().iter();
    let uris: Vec<_> = uris.map(|one| one["uri"].as_str().unwrap()).collect();
    assert_eq!(uris, ["notes://other", "notes://today"]);
}

#[test]
fn a_push_shows_what_changes_and_asks_for_what_clients_know() {
    let gateway = GATEWAY.get();
    let server = gateway.server("plans");
    let path = made(&gateway, "planned", &Offers::ordinary());
    let plan = |path: &std::path::Path, flag: &str| {
        let path = path.to_str().unwrap();
        gateway.cli([
            "push", path, "-s", &server.id, "--name", "planned", "--json", flag,
        ])
    };
    let changes = |flag| plan(&path, flag).ok().json()["changes"].clone();
    let added = json!([
        { "tool": "planned", "change": "added" },
        { "resource": "notes://today", "change": "added" },
        { "template": "notes://{day}", "change": "added" },
        { "prompt": "greet", "change": "added" },
    ]);
    assert_eq!(changes("--dry-run"), added);
    plan(&path, "--yes").ok();
    let next = ordinary(|offers| {
        offers.prompts = Vec::new();
        offers.description = Some("Another text.".to_owned());
    });
    let path = made(&gateway, "planned", &next);
    let refused = plan(&path, "--full");
    assert_eq!(refused.code, 4, "{refused}");
    assert!(refused.stderr.contains("changes_not_accepted"), "{refused}");
    let shown = gateway.cli([
        "push",
        path.to_str().unwrap(),
        "-s",
        &server.id,
        "--name",
        "planned",
        "--dry-run",
    ]);
    let shown = shown.ok().stdout;
    for line in [
        "resource notes://today",
        "+ Another text.",
        "prompt greet",
        "removed",
    ] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    plan(&path, "--yes").ok();
    let prompts = gateway.modern(&server).message("prompts/list", json!({}));
    assert_eq!(prompts.send().code(), -32601, "the last prompt is gone");
}

#[test]
fn a_version_that_is_kept_is_served_when_it_is_switched_to() {
    let gateway = GATEWAY.get();
    let server = gateway.server("switches");
    let push = |offers: &Offers, flags: &[&str]| {
        let path = made(&gateway, "switched", offers);
        let mut all = vec!["--name", "switched"];
        all.extend(flags);
        gateway.push_with(&server, &path, &all);
    };
    let client = gateway.modern(&server);
    let read = |uri: &str| reading(&client, uri).send();
    push(&Offers::ordinary(), &["--no-activate"]);
    assert_eq!(read("notes://today").code(), -32601);
    let newest = || {
        let listed = gateway
            .cli(["version", "list", "-s", &server.id, "--json"])
            .ok()
            .json();
        listed["versions"][0].clone()
    };
    let first = newest();
    assert_eq!(first["offers"], false);
    let first = first["id"].as_str().unwrap();
    gateway
        .cli(["version", "use", first, "-s", &server.id, "--yes"])
        .ok();
    assert!(read("notes://today").result().is_object());
    assert_eq!(newest()["offers"], true);
    push(
        &ordinary(|o| o.uris = vec!["notes://later".to_owned()]),
        &[],
    );
    assert!(read("notes://later").result().is_object());
    let gone = ordinary(|o| o.templates = Vec::new());
    push(&gone, &[]);
    assert_eq!(read("notes://later").code(), -32602);
    gateway
        .cli(["version", "use", first, "-s", &server.id, "--yes"])
        .ok();
    assert!(
        read("notes://any").result().is_object(),
        "the family is back"
    );
}

#[test]
fn what_is_served_outlives_a_restart() {
    let mut gateway = Gateway::start();
    let server = gateway.server("restarted");
    gateway.push(&server, guest("conformance"));
    gateway.stop();
    gateway.start_again();
    let client = gateway.modern(&server);
    let read = reading(&client, TEXT).send();
    assert!(read.result()["contents"][0]["text"].is_string());
    let listed = client.message("prompts/list", json!({})).send();
    assert!(!listed.result()["prompts"].as_array().unwrap().is_empty());
}

#[test]
fn an_administrator_sees_what_a_server_offers() {
    let (gateway, server) = guest_server("shows");
    let shown = gateway.cli(["server", "show", &server.id]).ok().stdout;
    for text in [
        "RESOURCE",
        TEXT,
        "test://template/{id}/data",
        "PROMPT",
        "arg1, arg2",
    ] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    let shown = gateway
        .cli(["server", "show", &server.id, "--json"])
        .ok()
        .json();
    let resources = shown["resources"].as_array().unwrap();
    let text = resources.iter().find(|one| one["uri"] == TEXT).unwrap();
    assert_eq!(text["component"], "conformance-guest");
    assert!(text["version"].as_str().unwrap().starts_with("ver_"));
    let names = |kind: &str| -> Vec<Value> {
        let all = shown[kind].as_array().unwrap().iter();
        all.map(|one| one["name"].clone()).collect()
    };
    assert!(names("prompts").contains(&json!("test_simple_prompt")));
    assert!(names("templates").contains(&json!("template_data")));
}
