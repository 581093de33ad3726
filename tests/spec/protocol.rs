//! What the endpoint says is what the protocol says, in the judgment of others: the official schemas
//! of each revision, and the types of an independent implementation.
//!
//! [`tape`] holds what was said, [`modern`] and [`legacy`] make the gateway say all that it can. A
//! new method needs a row in a script and one in [`models`]; its schema is found by its name.

mod legacy;
mod models;
mod modern;
mod offered;
mod schemas;
mod tape;
mod tasks;

use crate::protocol_support;
use casemate_tests::{Gateway, Server, Shared, guest, mcp::Legacy, mcp::Modern, sample};
use schemas::Schemas;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tape::{Said, Tape};

static SCENE: Shared<Scene> = Shared::new(Scene::new);

/// A gateway that said all it can, and what it said.
struct Scene {
    tape: Tape,
}

impl Scene {
    fn new() -> Self {
        let gateway = Gateway::start();
        let mut tape = Tape::default();
        modern::record(&gateway, &server(&gateway, "modern"), &mut tape);
        for revision in Legacy::VERSIONS {
            let server = server(&gateway, &format!("legacy-{revision}"));
            legacy::record(&gateway, &server, revision, &mut tape);
        }
        Self { tape }
    }
}

fn server(gateway: &Gateway, name: &str) -> Server {
    let server = gateway.server(name);
    for component in [guest("conformance"), sample("json-query"), sample("echo")] {
        gateway.push(&server, component);
    }
    server
}

/// What must be on the tape of a revision, so that one on which little is cannot pass: results by
/// their methods, notifications and questions by their own, errors by their codes.
fn wanted(revision: &str) -> BTreeSet<String> {
    let results = [
        "tools/list",
        "tools/call",
        "resources/list",
        "resources/templates/list",
        "resources/read",
        "prompts/list",
        "prompts/get",
        "completion/complete",
    ];
    let events = [
        "notifications/progress",
        "notifications/message",
        "notifications/tools/list_changed",
        "notifications/resources/list_changed",
        "notifications/prompts/list_changed",
        "notifications/resources/updated",
    ];
    let errors = ["-32601", "-32602", "401", "404"];
    let mut wanted = BTreeSet::from_iter([&results[..], &events, &errors].concat());
    wanted.extend(match revision {
        Modern::VERSION => &[
            "server/discover",
            "subscriptions/listen",
            "input_required",
            "notifications/subscriptions/acknowledged",
            "task",
            "tasks/get",
            "tasks/update",
            "tasks/cancel",
            "notifications/tasks",
            "-32700",
            "-32600",
            "-32020",
            "-32021",
            "-32022",
            "405",
            "406",
            "413",
            "415",
            "429",
        ][..],
        _ => &[
            "initialize",
            "ping",
            "logging/setLevel",
            "resources/subscribe",
            "resources/unsubscribe",
            "-32002",
            "sampling/createMessage",
            "roots/list",
        ],
    });
    if ["2025-06-18", "2025-11-25"].contains(&revision) {
        wanted.insert("elicitation/create");
    }
    wanted.into_iter().map(str::to_owned).collect()
}

#[test]
fn all_that_is_said_follows_the_official_schema_of_its_revision() {
    let scene = SCENE.get();
    let mut faults = Vec::new();
    for said in scene.tape.all() {
        if let Some(schemas) = Schemas::of(said.revision)
            && let Err(problem) = schemas.check(said)
        {
            faults.push(format!("{said}: {problem}\n  {}", said.message));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn all_that_is_said_is_understood_by_types_of_others() {
    let scene = SCENE.get();
    let faults = scene.tape.all().iter().filter_map(|said| {
        let problem = models::check(said).err()?;
        Some(format!("{said}: {problem}\n  {}", said.message))
    });
    let faults: Vec<_> = faults.collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_tape_has_every_kind_of_answer_in_every_revision() {
    let scene = SCENE.get();
    for revision in Legacy::VERSIONS.into_iter().chain([Modern::VERSION]) {
        let all = scene.tape.all().iter();
        let said: Vec<_> = all.filter(|said| said.revision == revision).collect();
        let kinds: BTreeSet<_> = said.iter().map(|said| said.kind()).collect();
        let missing: Vec<_> = wanted(revision).difference(&kinds).cloned().collect();
        assert!(missing.is_empty(), "{revision} lacks {missing:?}");
        let contents = said.iter().filter_map(|said| {
            let blocks = said.message["result"]["content"].as_array()?;
            Some(blocks.iter().map(|block| block["type"].to_string()))
        });
        let contents: BTreeSet<String> = contents.flatten().collect();
        // Kinds that a revision does not know are told as text.
        let known = match revision {
            "2024-11-05" => 3,
            "2025-03-26" => 4,
            _ => 5,
        };
        assert_eq!(contents.len(), known, "{revision}: {contents:?}");
    }
}

/// What was said in the oldest revision, with the type of its schema that each was read into.
fn table_of_the_first_revision(tape: &Tape) -> String {
    let said = tape.all().iter();
    let said = said.filter(|said| said.revision == "2024-11-05");
    let rows: BTreeSet<_> = said
        .map(|said| {
            let kind = said.kind();
            let read = models::of_the_first_revision(&kind, &said.message).unwrap();
            let what = if said.message.get("error").is_some() {
                format!("error `{kind}`")
            } else if said.message.get("method").is_some() {
                format!("`{kind}`")
            } else {
                format!("result of `{kind}`")
            };
            format!("| {what} | `{read}` |\n")
        })
        .collect();
    let rows: String = rows.into_iter().collect();
    format!("| message | checked by |\n|---|---|\n{rows}")
}

#[test]
fn the_page_tells_what_is_checked_in_the_revision_that_the_suite_does_not_know() {
    let table = table_of_the_first_revision(&SCENE.get().tape);
    protocol_support::check("2024-11-05", &table);
}

/// A way to break what is on the tape: the kind of message, in words, and how.
type Damage = (&'static str, &'static str, fn(&mut Value));

const DAMAGES: [Damage; 16] = [
    ("tools/call", "content is no list", |m| {
        m["result"]["content"] = json!("text");
    }),
    ("tools/call", "a text without its text", |m| {
        m["result"]["content"][0] = json!({ "type": "text" });
    }),
    ("tools/call", "a content of no kind", |m| {
        m["result"]["content"][0] = json!({ "type": "smell", "text": "x" });
    }),
    ("tools/list", "a tool without a name", |m| {
        let tool = m["result"]["tools"][0].as_object_mut().unwrap();
        tool.remove("name");
    }),
    ("tools/list", "a schema that is none", |m| {
        m["result"]["tools"][0]["inputSchema"] = json!("object");
    }),
    ("resources/list", "a resource without its URI", |m| {
        let resource = m["result"]["resources"][0].as_object_mut().unwrap();
        resource.remove("uri");
    }),
    ("resources/templates/list", "a family without a name", |m| {
        let family = m["result"]["resourceTemplates"][0].as_object_mut().unwrap();
        family.remove("name");
    }),
    ("resources/read", "contents of nothing", |m| {
        let contents = m["result"]["contents"][0].as_object_mut().unwrap();
        contents.remove("uri");
    }),
    ("prompts/list", "arguments that are no list", |m| {
        m["result"]["prompts"][0]["arguments"] = json!("all");
    }),
    ("prompts/get", "a message of nobody", |m| {
        m["result"]["messages"][0]["role"] = json!("nobody");
    }),
    ("completion/complete", "one value", |m| {
        m["result"]["completion"]["values"] = json!("paris");
    }),
    ("notifications/resources/updated", "nothing was", |m| {
        m["params"].as_object_mut().unwrap().remove("uri");
    }),
    ("notifications/progress", "progress in words", |m| {
        m["params"]["progress"] = json!("half");
    }),
    ("notifications/message", "no such level", |m| {
        m["params"]["level"] = json!("loud");
    }),
    ("-32601", "a code in words", |m| {
        m["error"]["code"] = json!("method not found");
    }),
    ("-32602", "a response to nothing", |m| {
        m["jsonrpc"] = json!("1.0");
    }),
];

#[test]
fn control_what_is_broken_on_purpose_is_refused_by_both() {
    let scene = SCENE.get();
    for revision in Legacy::VERSIONS.into_iter().chain([Modern::VERSION]) {
        for (kind, what, damage) in DAMAGES {
            let mut all = scene.tape.all().iter();
            let said = all.find(|said| {
                let is_full = said.message["result"]["content"][0].is_object();
                said.revision == revision
                    && said.kind() == kind
                    && (kind != "tools/call" || is_full)
            });
            let mut broken: Said = said.unwrap_or_else(|| panic!("no {kind}")).clone();
            damage(&mut broken.message);
            if let Some(schemas) = Schemas::of(revision) {
                assert!(schemas.check(&broken).is_err(), "{revision}: {what}");
            }
            assert!(models::check(&broken).is_err(), "{revision}: {what}");
        }
    }
}
