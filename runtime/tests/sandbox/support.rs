//! Guests in a few lines of WebAssembly text, and calls of them.
//!
//! The guests come from the crate that makes them for all tests.

pub(crate) mod dns;
pub(crate) mod http;
pub(crate) mod server;

pub(crate) use casemate_guest_forge as guest;

use casemate_domain::{
    Call, Caller, Conclusion, Credential, KeyId, Limits, Outcome, Request, StopReason,
};
use casemate_runtime::{Component, Config, EgressPolicy, Environment, Runtime, Unobserved};
use std::sync::{Arc, OnceLock};

/// A runtime as it is by default, with few slots.
pub(crate) fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| with_policy(EgressPolicy::default()))
}

/// A runtime whose tools may reach this machine.
pub(crate) fn local_runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        with_policy(EgressPolicy {
            allow_ranges: ["127.0.0.0/8", "::1/128"]
                .map(|range| range.parse().unwrap())
                .into(),
            ..EgressPolicy::default()
        })
    })
}

fn with_policy(egress: EgressPolicy) -> Runtime {
    policed(egress, 64)
}

/// A runtime with a policy of its own.
pub(crate) fn policed(egress: EgressPolicy, slots: u32) -> Runtime {
    let config = Config {
        slots,
        egress,
        ..Config::default()
    };
    let runtime = Runtime::new(&config).unwrap();
    assert!(runtime.pooled(), "{}", runtime.allocator());
    runtime
}

/// A call without arguments.
pub(crate) fn a_call() -> Call {
    Call {
        id: "call_0123456789abcdef0123456789abcdef".parse().unwrap(),
        workspace: "acme".parse().unwrap(),
        server: "main".parse().unwrap(),
        caller: Caller {
            credential: Credential::Key {
                id: KeyId::from_uuid(uuid::Uuid::nil()),
                name: "test".parse().unwrap(),
            },
            client: None,
        },
        request: Request::Tool {
            name: "tool".parse().unwrap(),
            arguments: casemate_domain::Json::parse("{}".to_owned()).unwrap(),
        },
        client_capabilities: Vec::new(),
        progress_wanted: false,
        trace_parent: None,
        trace_state: None,
        continuation: Default::default(),
    }
}

/// Compiles a guest whose `call` has this body.
pub(crate) fn compiled(wasm: &[u8]) -> Component {
    runtime().compile(wasm).unwrap()
}

/// Runs a guest with nothing granted.
pub(crate) async fn run(wasm: &[u8], limits: &Limits) -> Outcome {
    run_with(runtime(), wasm, Environment::default(), limits).await
}

/// Runs a guest.
pub(crate) async fn run_with(
    runtime: &Runtime,
    wasm: &[u8],
    environment: Environment,
    limits: &Limits,
) -> Outcome {
    let component = runtime.compile(wasm).unwrap();
    runtime
        .call(
            &component,
            &a_call(),
            environment,
            limits,
            Arc::new(Unobserved),
        )
        .await
}

/// The reason for which a call was stopped.
#[track_caller]
pub(crate) fn reason(outcome: &Outcome) -> StopReason {
    match &outcome.conclusion {
        Conclusion::Stopped(stop) => stop.reason,
        other => panic!("was not stopped: {other:?}"),
    }
}

/// The one text of a complete result.
#[track_caller]
pub(crate) fn text(outcome: &Outcome) -> &str {
    let Conclusion::Complete(result) = &outcome.conclusion else {
        panic!("did not complete: {:?}", outcome.conclusion);
    };
    match &result.content[0].body {
        casemate_domain::ContentBody::Text(text) => text,
        other => panic!("is no text: {other:?}"),
    }
}
