//! The pool holds what all of its slots together can want, and not a slot more.

use crate::support::{
    a_call,
    guest::{Guest, Part, endless, quick},
    reason,
};
use casemate_domain::{Conclusion, Limits, StopReason};
use casemate_runtime::{Config, Environment, Runtime, Unobserved};
use std::sync::Arc;

/// A guest that takes as much of the pool as a component may have, and then never ends.
fn glutton() -> Vec<u8> {
    let tables = "(table 1 funcref)".repeat(4);
    let items = format!("(core module $x (memory 1) {tables}) (core module $y)")
        + &"(core instance (instantiate $x))".repeat(3)
        + &"(core instance (instantiate $y))".repeat(40);
    Guest::default()
        .part(Part::touched(&items))
        .call("(call $touch) (loop $again (br $again)) (i32.const 16)")
}

#[tokio::test]
async fn more_calls_than_slots_are_turned_away_as_overload() {
    let runtime = Runtime::new(&Config {
        slots: 1,
        ..Default::default()
    })
    .unwrap();
    let component = runtime.compile(&endless()).unwrap();
    let limits = Limits {
        fuel: u64::MAX / 2,
        wall_ms: 300,
        ..Limits::default()
    };
    let call = a_call();
    let one = || {
        runtime.call(
            &component,
            &call,
            Environment::default(),
            &limits,
            Arc::new(Unobserved),
        )
    };
    let (first, second) = tokio::join!(one(), one());
    assert_eq!(reason(&first), StopReason::DeadlineExceeded);
    assert_eq!(reason(&second), StopReason::Overloaded);
}

#[tokio::test]
async fn who_has_a_slot_finds_all_it_needs_whatever_the_others_take() {
    let runtime = Runtime::new(&Config {
        slots: 4,
        ..Default::default()
    })
    .unwrap();
    assert!(runtime.pooled(), "{}", runtime.allocator());
    let limits = Limits {
        fuel: u64::MAX / 2,
        wall_ms: 2_000,
        ..Limits::default()
    };
    let (glutton, modest) = (glutton(), quick());
    let components = [&glutton, &glutton, &glutton, &modest].map(|wasm| runtime.compile(wasm));
    let (call, limits, runtime) = (&a_call(), &limits, &runtime);
    let calls = components.map(|component| async move {
        let component = component.unwrap();
        let environment = Environment::default();
        let observer = Arc::new(Unobserved);
        runtime
            .call(&component, call, environment, limits, observer)
            .await
    });
    let outcomes = futures_util::future::join_all(calls).await;
    for outcome in &outcomes[..3] {
        assert_eq!(reason(outcome), StopReason::DeadlineExceeded);
    }
    let modest = &outcomes[3].conclusion;
    assert!(matches!(modest, Conclusion::Complete(_)), "{modest:?}");
}
