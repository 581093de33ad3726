//! While a person types, the component that provides the prompt or the resource suggests what comes
//! next.

use crate::resources::made;
use casemate_guest_forge::Offers;
use casemate_tests::{
    Gateway, Server, Shared, guest,
    mcp::{Legacy, Modern, Reply},
};
use serde_json::{Value, json};
use std::sync::Arc;

static GATEWAY: Shared<Gateway> = Shared::new(Gateway::start);

const FILLED: &str = "test_prompt_with_arguments";
const FAMILY: &str = "test://template/{id}/data";

fn guest_server(name: &str) -> (Arc<Gateway>, Server) {
    let gateway = GATEWAY.get();
    let server = gateway.server(name);
    gateway.push(&server, guest("conformance"));
    (gateway, server)
}

fn of_prompt(argument: &str, value: &str) -> Value {
    json!({
        "ref": { "type": "ref/prompt", "name": FILLED },
        "argument": { "name": argument, "value": value },
    })
}

fn complete(client: &Modern, params: Value) -> Reply {
    client.message("completion/complete", params).send()
}

#[track_caller]
fn values(reply: &Reply) -> Value {
    reply.result()["completion"]["values"].clone()
}

#[test]
fn arguments_of_prompts_and_variables_of_families_are_completed() {
    let (gateway, server) = guest_server("completes");
    let client = gateway.modern(&server);
    let cities = complete(&client, of_prompt("arg1", "par"));
    assert_eq!(values(&cities), json!(["paris", "park", "party"]));
    assert_eq!(cities.result()["completion"]["hasMore"], false);
    assert_eq!(cities.result()["resultType"], "complete");
    let ids = complete(
        &client,
        json!({
            "ref": { "type": "ref/resource", "uri": FAMILY },
            "argument": { "name": "id", "value": "12" },
        }),
    );
    assert_eq!(values(&ids), json!(["123", "124"]));
    let mut with_context = of_prompt("arg2", "");
    with_context["context"] = json!({ "arguments": { "arg1": "paris" } });
    assert_eq!(
        values(&complete(&client, with_context)),
        json!(["paris-next"])
    );
    for version in Legacy::VERSIONS {
        let legacy = Legacy::connect(gateway.endpoint(&server), &server.key, version);
        let reply = legacy.send("completion/complete", of_prompt("arg1", "pari"));
        assert_eq!(values(&reply), json!(["paris"]));
        let capabilities = &legacy.greeting().result()["capabilities"];
        let has_word = capabilities.get("completions").is_some();
        assert_eq!(has_word, version >= "2025-03-26", "{version}");
    }
}

#[test]
fn what_cannot_be_completed_is_refused() {
    let (gateway, server) = guest_server("refuses-completion");
    let client = gateway.modern(&server);
    let argument = json!({ "name": "arg1", "value": "" });
    for params in [
        json!({ "ref": { "type": "ref/prompt", "name": "nothing" }, "argument": argument }),
        json!({ "ref": { "type": "ref/resource", "uri": "test://{x}" }, "argument": argument }),
        json!({ "ref": { "type": "ref/tool", "name": FILLED }, "argument": argument }),
        json!({ "ref": { "type": "ref/prompt", "name": FILLED } }),
        json!({ "argument": argument }),
        of_prompt("arg3", ""),
        json!({
            "ref": { "type": "ref/prompt", "name": FILLED },
            "argument": { "name": "arg1", "value": 1 },
        }),
    ] {
        let refused = complete(&client, params.clone());
        assert_eq!(
            (refused.status(), refused.code()),
            (200, -32602),
            "{params}"
        );
    }
}

#[test]
fn a_completion_is_recorded_under_what_it_is_of() {
    let (gateway, server) = guest_server("records-completion");
    complete(&gateway.modern(&server), of_prompt("arg1", "p")).result();
    let logged = gateway.cli(["logs", "--json", "-s", &server.id]).ok();
    let record: Value = serde_json::from_str(logged.stdout.trim()).unwrap();
    assert_eq!(record["completion"], FILLED);
    assert_eq!(record["outcome"], "ok");
}

#[test]
fn nothing_is_suggested_where_nothing_is_found() {
    let gateway = GATEWAY.get();
    let server = gateway.server("suggests-nothing");
    let path = made(&gateway, "silent", &Offers::ordinary());
    gateway.push(&server, &path);
    let params = json!({
        "ref": { "type": "ref/prompt", "name": "greet" },
        "argument": { "name": "who", "value": "A" },
    });
    let reply = complete(&gateway.modern(&server), params);
    assert_eq!(
        reply.result()["completion"],
        json!({ "values": [], "hasMore": false })
    );
}
