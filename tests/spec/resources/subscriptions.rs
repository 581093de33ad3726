//! Clients that listen are told when lists of resources and prompts change, and when another version
//! provides a resource.

use super::{GATEWAY, made};
use casemate_guest_forge::Offers;
use casemate_tests::{
    Gateway, Server,
    mcp::{Events, Legacy},
};
use serde_json::{Value, json};
use std::sync::Arc;

const ID: &str = "io.modelcontextprotocol/subscriptionId";
const TODAY: &str = "notes://today";

fn push(gateway: &Gateway, server: &Server, change: impl FnOnce(&mut Offers)) {
    let mut offers = Offers::ordinary();
    change(&mut offers);
    let path = made(gateway, "told", &offers);
    gateway.push_with(server, &path, &["--name", "told"]);
}

fn server(name: &str) -> (Arc<Gateway>, Server) {
    let gateway = GATEWAY.get();
    let server = gateway.server(name);
    push(&gateway, &server, |_| ());
    (gateway, server)
}

fn another_prompt(offers: &mut Offers) {
    offers.prompts.push("part".to_owned());
}

fn another_resource(offers: &mut Offers) {
    another_prompt(offers);
    offers.uris.push("notes://later".to_owned());
}

fn methods(events: &mut Events, count: usize) -> Vec<String> {
    let mut next = || events.expect()["method"].as_str().unwrap().to_owned();
    (0..count).map(|_| next()).collect()
}

#[test]
fn a_listener_is_told_of_what_it_asked_for() {
    let (gateway, server) = server("told-modern");
    let wanted = json!({
        "promptsListChanged": true,
        "resourcesListChanged": true,
        "resourceSubscriptions": [TODAY, "notes://a-day", "other://nothing"],
    });
    let message = gateway
        .modern(&server)
        .message("subscriptions/listen", json!({ "notifications": wanted }));
    let mut events = message.id(json!("mine")).stream();
    let first = events.expect();
    assert_eq!(
        first["params"]["notifications"],
        json!({
            "promptsListChanged": true,
            "resourcesListChanged": true,
            "resourceSubscriptions": ["notes://a-day", TODAY],
        })
    );
    push(&gateway, &server, another_prompt);
    let changed = events.expect();
    assert_eq!(changed["method"], "notifications/prompts/list_changed");
    assert_eq!(changed["params"], json!({ "_meta": { ID: "mine" } }));
    let updated = events.expect();
    assert_eq!(updated["method"], "notifications/resources/updated");
    assert_eq!(
        updated["params"],
        json!({ "uri": "notes://a-day", "_meta": { ID: "mine" } })
    );
    assert_eq!(events.expect()["params"]["uri"], TODAY);
    push(&gateway, &server, another_resource);
    assert_eq!(
        methods(&mut events, 3),
        [
            "notifications/resources/list_changed",
            "notifications/resources/updated",
            "notifications/resources/updated",
        ]
    );
}

#[test]
fn who_asked_for_nothing_of_that_is_told_nothing_of_it() {
    let (gateway, server) = server("told-tools");
    let wanted = json!({ "notifications": { "toolsListChanged": true } });
    let message = gateway
        .modern(&server)
        .message("subscriptions/listen", wanted);
    let mut events = message.stream();
    events.expect();
    push(&gateway, &server, another_resource);
    let tool = format!("{}/told", server.name);
    gateway.cli(["tool", "deactivate", &tool]).ok();
    assert_eq!(
        methods(&mut events, 1),
        ["notifications/tools/list_changed"]
    );
}

#[test]
fn a_session_subscribes_and_hears_on_its_stream() {
    let (gateway, server) = server("told-legacy");
    let client = gateway.legacy(&server);
    let subscribe = |method: &str, uri: &str| client.send(method, json!({ "uri": uri }));
    assert_eq!(subscribe("resources/subscribe", TODAY).result(), &json!({}));
    assert_eq!(subscribe("resources/subscribe", "other://a").code(), -32002);
    let mut events = Events::new(client.listen().into_reader());
    push(&gateway, &server, another_resource);
    assert_eq!(
        methods(&mut events, 2),
        [
            "notifications/resources/list_changed",
            "notifications/prompts/list_changed",
        ]
    );
    let updated = events.expect();
    assert_eq!(
        updated,
        json!({ "jsonrpc": "2.0", "method": "notifications/resources/updated",
            "params": { "uri": TODAY } })
    );
    assert_eq!(
        subscribe("resources/unsubscribe", TODAY).result(),
        &json!({})
    );
    push(&gateway, &server, another_prompt);
    push(&gateway, &server, |_| ());
    let told: Vec<Value> = (0..2).map(|_| events.expect()).collect();
    let lists = [
        "notifications/resources/list_changed",
        "notifications/prompts/list_changed",
    ];
    let of_lists = told
        .iter()
        .all(|one| lists.contains(&one["method"].as_str().unwrap()));
    assert!(of_lists, "{told:?}");
}

#[test]
fn a_stream_that_is_opened_later_tells_what_changed_since_the_subscription() {
    let (gateway, server) = server("told-late");
    let client = gateway.legacy(&server);
    client
        .send("resources/subscribe", json!({ "uri": TODAY }))
        .result();
    push(&gateway, &server, another_prompt);
    let mut events = Events::new(client.listen().into_reader());
    assert_eq!(events.expect()["params"]["uri"], TODAY);
}

#[test]
fn a_stream_that_is_refused_takes_no_subscription_away() {
    let (gateway, server) = server("told-crowd");
    let clients: Vec<_> = (0..16).map(|_| gateway.legacy(&server)).collect();
    let mut streams: Vec<_> = clients
        .iter()
        .map(|client| {
            client
                .send("resources/subscribe", json!({ "uri": TODAY }))
                .result();
            let stream = client.listen();
            assert_eq!(stream.status, 200);
            stream
        })
        .collect();
    for _ in 0..2 {
        assert_eq!(gateway.legacy(&server).listen().status, 429);
    }
    drop(streams.remove(0));
    push(&gateway, &server, another_prompt);
    let mut events = Events::new(clients[0].listen().into_reader());
    assert_eq!(events.expect()["params"]["uri"], TODAY);
}

#[test]
fn a_subscription_takes_a_session_and_there_are_so_many() {
    let (gateway, server) = server("told-bounds");
    let (url, version) = (gateway.endpoint(&server), Legacy::NEWEST);
    let client = Legacy::connect(url, &server.key, version);
    let subscribe = |n: u32| {
        client.send(
            "resources/subscribe",
            json!({ "uri": format!("notes://{n}") }),
        )
    };
    for n in 0..100 {
        subscribe(n).result();
    }
    assert_eq!(subscribe(100).code(), -32602);
    client
        .send("resources/unsubscribe", json!({ "uri": "notes://1" }))
        .result();
    subscribe(100).result();
    let bare = client.request("resources/subscribe", json!({ "uri": TODAY }));
    let reply = casemate_tests::mcp::Reply::of(bare.without("Mcp-Session-Id").send());
    assert_eq!(reply.code(), -32602);
}
