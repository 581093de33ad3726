//! What a component says about its resources and prompts, and being asked for them.

use crate::support::{
    a_call,
    guest::{Definition, Guest, Offers, component},
    runtime,
};
use casemate_domain::{
    Completion, CompletionSubject, Conclusion, Definitions, Limits, Outcome, Request, StopReason,
    Suggestions,
};
use casemate_runtime::{Environment, Rejection, RejectionKind, Unobserved};
use std::sync::Arc;

async fn described(wasm: &[u8]) -> Result<Definitions, Rejection> {
    let component = runtime().compile(wasm).unwrap();
    runtime().describe(&component).await
}

fn offers(change: impl FnOnce(&mut Offers)) -> Offers {
    let mut offers = Offers::ordinary();
    change(&mut offers);
    offers
}

async fn asked(wasm: &[u8], request: Request, limits: &Limits) -> Outcome {
    let component = runtime().compile(wasm).unwrap();
    let call = casemate_domain::Call {
        request,
        ..a_call()
    };
    let (environment, unobserved) = (Environment::default(), Arc::new(Unobserved));
    runtime()
        .call(&component, &call, environment, limits, unobserved)
        .await
}

fn requests() -> [Request; 3] {
    let name = "greet".parse().unwrap();
    let subject = CompletionSubject::Template("notes://{day}".parse().unwrap());
    [
        Request::Read("notes://today".parse().unwrap()),
        Request::Prompt {
            name,
            arguments: vec![("who".to_owned(), "Ada".to_owned())],
        },
        Request::Complete(Completion {
            subject,
            argument: "day".to_owned(),
            value: "to".to_owned(),
            filled: Vec::new(),
        }),
    ]
}

#[tokio::test]
async fn what_is_offered_is_described_as_it_is() {
    let offers = offers(|offers| {
        offers.description = Some("What is there.".to_owned());
        offers.mime_type = Some("text/plain".to_owned());
        offers.icon = Some("https://a.test/icon.png".to_owned());
        offers.meta = Some(r#"{"com.example/a":1}"#.to_owned());
    });
    let found = described(&offers.component()).await.unwrap();
    assert_eq!(found.tools[0].name.as_str(), "noop");
    let (resource, template) = (&found.resources[0], &found.templates[0]);
    assert_eq!(resource.uri.as_str(), "notes://today");
    assert_eq!(resource.description.as_deref(), Some("What is there."));
    assert_eq!(resource.mime_type.as_deref(), Some("text/plain"));
    assert_eq!((resource.size, &resource.annotations), (None, &None));
    assert_eq!(template.uri_template.as_str(), "notes://{day}");
    assert_eq!(template.icons[0].src, "https://a.test/icon.png");
    let prompt = &found.prompts[0];
    assert_eq!(prompt.name.as_str(), "greet");
    assert_eq!(prompt.arguments[0].name, "who");
    assert_eq!(
        prompt.meta.as_ref().unwrap().get(),
        r#"{"com.example/a":1}"#
    );
    assert!(found.completes);
}

#[tokio::test]
async fn tools_alone_are_offered_by_most_and_need_not_be() {
    let tools = described(&Definition::named("a").component())
        .await
        .unwrap();
    assert!(!tools.has_more_than_tools() && !tools.completes);
    let without = Offers::ordinary().component_beside(Guest::default());
    let found = described(&without).await.unwrap();
    assert!(found.tools.is_empty() && !found.prompts.is_empty());
    let nothing = Offers::default().component_beside(Guest::default());
    let rejection = described(&nothing).await.unwrap_err();
    assert!(rejection.message.contains("0 tools"), "{rejection}");
}

#[tokio::test]
async fn offers_that_nobody_could_use_or_see_are_refused() {
    type Change = fn(&mut Offers);
    let cases: [(Change, &str); 16] = [
        (|o| o.uris = vec!["today".to_owned()], "bad URI"),
        (|o| o.uris = vec!["notes://a b".to_owned()], "bad URI"),
        (|o| o.uris = vec!["notes://\u{200B}".to_owned()], "bad URI"),
        (|o| o.uris = vec!["notes://a".to_owned(); 2], "twice"),
        (
            |o| o.uris = (0..10_000).map(|n| format!("a:{n}")).collect(),
            "10000 resources",
        ),
        (|o| o.templates = vec!["notes://{?q}".to_owned()], "{?q}"),
        (
            |o| o.templates = vec!["notes://a".to_owned()],
            "no variables",
        ),
        (|o| o.templates = vec!["a:{b}".to_owned(); 2], "twice"),
        (|o| o.prompts = vec!["say hello".to_owned()], "bad name"),
        (|o| o.prompts = vec!["greet".to_owned(); 2], "twice"),
        (|o| o.arguments = vec!["who".to_owned(); 2], "twice"),
        (|o| o.arguments = vec!["w\u{202E}ho".to_owned()], "U+202E"),
        (|o| o.name = " ".to_owned(), "no name"),
        (
            |o| o.description = Some("a\u{E0041}b".to_owned()),
            "U+E0041",
        ),
        (|o| o.mime_type = Some("text".to_owned()), "media type"),
        (
            |o| o.icon = Some("javascript:alert(1)".to_owned()),
            "picture",
        ),
    ];
    for (change, says) in cases {
        let rejection = described(&offers(change).component()).await.unwrap_err();
        assert_eq!(rejection.kind, RejectionKind::MetadataRejected, "{says}");
        assert!(rejection.message.contains(says), "{says}: {rejection}");
    }
}

#[tokio::test]
async fn each_interface_is_asked_for_what_it_has() {
    let wasm = Offers::ordinary().component();
    let [read, get, complete] = requests();
    let limits = Limits::default();
    let outcome = asked(&wasm, read, &limits).await;
    assert_eq!(outcome.conclusion, Conclusion::Contents(Vec::new()));
    assert!(outcome.receipt.fuel > 0 && outcome.receipt.bytes_in > 0);
    let outcome = asked(&wasm, get, &limits).await;
    assert!(matches!(outcome.conclusion, Conclusion::Filled(_)));
    let outcome = asked(&wasm, complete, &limits).await;
    assert!(matches!(outcome.conclusion, Conclusion::Suggested(_)));
}

#[tokio::test]
async fn limits_are_those_of_tools() {
    let wasm = Offers::ordinary().component();
    for request in requests() {
        let little = Limits {
            input_bytes: 4,
            ..Limits::default()
        };
        let outcome = asked(&wasm, request.clone(), &little).await;
        let Conclusion::Stopped(stop) = outcome.conclusion else {
            panic!("{:?}", outcome.conclusion)
        };
        assert_eq!(stop.reason, StopReason::InputRejected);
        let without_fuel = Limits {
            fuel: 1,
            ..Limits::default()
        };
        let outcome = asked(&wasm, request, &without_fuel).await;
        assert!(matches!(outcome.conclusion, Conclusion::Stopped(_)));
    }
}

#[tokio::test]
async fn what_a_component_does_not_export_it_is_not_asked_for() {
    let wasm = Definition::named("a").component();
    let [read, get, complete] = requests();
    for request in [read, get] {
        let outcome = asked(&wasm, request, &Limits::default()).await;
        assert!(matches!(outcome.conclusion, Conclusion::Stopped(_)));
    }
    // Clients ask for suggestions without knowing who has any.
    let outcome = asked(&wasm, complete, &Limits::default()).await;
    let nothing = Conclusion::Suggested(Suggestions::default());
    assert_eq!((outcome.conclusion, outcome.receipt.fuel), (nothing, 0));
}

#[test]
fn an_interface_of_the_right_name_and_the_wrong_type_is_refused() {
    let wit = "package casemate:tool@1.0.0;
        interface prompts { describe: func() -> string; get: func() -> string; }
        interface tools { describe: func() -> string; call: func() -> string; }
        world w { export prompts; export tools; }";
    let module = r#"(module (memory (export "memory") 1)
        (func (export "casemate:tool/prompts@1.0.0#describe") (result i32) (i32.const 8))
        (func (export "casemate:tool/prompts@1.0.0#get") (result i32) (i32.const 8))
        (func (export "casemate:tool/tools@1.0.0#describe") (result i32) (i32.const 8))
        (func (export "casemate:tool/tools@1.0.0#call") (result i32) (i32.const 8)))"#;
    let wasm = crate::support::guest::component_of(wit, "w", module);
    let rejection = runtime().compile(&wasm).unwrap_err();
    assert_eq!(rejection.kind, RejectionKind::WrongWorld, "{rejection}");
    let full = component("full", &module_of_all());
    assert!(runtime().compile(&full).is_ok());
}

#[test]
fn an_interface_in_a_version_that_is_not_served_is_not_passed_over() {
    let wit = "package test:made;
        world w { export casemate:tool/tools@1.0.0; export casemate:tool/prompts@2.0.0; }
        package casemate:tool@1.0.0 { interface tools { call: func() -> string; } }
        package casemate:tool@2.0.0 { interface prompts { get: func() -> string; } }";
    let module = r#"(module (memory (export "memory") 1)
        (func (export "casemate:tool/tools@1.0.0#call") (result i32) (i32.const 8))
        (func (export "casemate:tool/prompts@2.0.0#get") (result i32) (i32.const 8)))"#;
    let wasm = crate::support::guest::component_of(wit, "w", module);
    let rejection = runtime().compile(&wasm).unwrap_err();
    assert_eq!(rejection.kind, RejectionKind::WrongWorld, "{rejection}");
    assert!(rejection.message.contains("prompts@2.0.0"), "{rejection}");
}

/// The control: the same by the contract.
fn module_of_all() -> String {
    r#"(module (memory (export "memory") 1)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 64))
        (func (export "casemate:tool/tools@1.0.0#describe") (result i32) (i32.const 16))
        (func (export "casemate:tool/tools@1.0.0#call") (param i32) (result i32) (i32.const 16))
        (func (export "casemate:tool/resources@1.0.0#describe") (result i32) (i32.const 16))
        (func (export "casemate:tool/resources@1.0.0#read") (param i32) (result i32) (i32.const 16))
        (func (export "casemate:tool/prompts@1.0.0#describe") (result i32) (i32.const 16))
        (func (export "casemate:tool/prompts@1.0.0#get") (param i32) (result i32) (i32.const 16))
        (func (export "casemate:tool/completion@1.0.0#complete") (param i32) (result i32)
            (i32.const 16)))"#
        .to_owned()
}
