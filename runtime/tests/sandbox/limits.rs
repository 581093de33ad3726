//! Each limit ends a guest that passes it with its own reason, and lets it go on below.

use crate::support::{
    a_call, compiled,
    guest::{Guest, component, endless, guest, quick},
    reason, run, runtime,
};
use casemate_domain::{Conclusion, Limits, StopReason};
use casemate_runtime::{Environment, Unobserved};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

fn completes(conclusion: &Conclusion) -> bool {
    matches!(conclusion, Conclusion::Complete(_))
}

#[tokio::test]
async fn an_endless_loop_ends_when_its_fuel_is_used_up() {
    let limits = Limits {
        fuel: 50_000_000,
        ..Limits::default()
    };
    let outcome = run(&endless(), &limits).await;
    assert_eq!(reason(&outcome), StopReason::FuelExhausted);
    assert_eq!(outcome.receipt.fuel, limits.fuel);
    assert!(outcome.receipt.cpu_us > 0);
}

#[tokio::test]
async fn an_endless_loop_with_fuel_to_spare_ends_at_its_deadline() {
    let limits = Limits {
        fuel: u64::MAX / 2,
        wall_ms: 200,
        ..Limits::default()
    };
    let started = Instant::now();
    let outcome = run(&endless(), &limits).await;
    assert_eq!(reason(&outcome), StopReason::DeadlineExceeded);
    assert!(started.elapsed() >= Duration::from_millis(200));
    assert!(outcome.receipt.wall_us < 1_000_000, "{:?}", outcome.receipt);
    assert!(outcome.receipt.fuel > 1_000_000, "{:?}", outcome.receipt);
}

/// Grows its memory page by page and crashes when it gets no more.
fn memory_bomb() -> Vec<u8> {
    guest(
        "(loop $again
            (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1)) (then unreachable))
            (br_if $again (i32.lt_u (memory.size) (i32.const 640))))
         (i32.const 16)",
    )
}

#[tokio::test]
async fn a_memory_bomb_is_told_from_a_crash() {
    let limits = Limits {
        memory_bytes: 16 << 20,
        ..Limits::default()
    };
    let outcome = run(&memory_bomb(), &limits).await;
    assert_eq!(reason(&outcome), StopReason::MemoryLimit);
    let peak = outcome.receipt.peak_memory_bytes;
    assert!(peak <= limits.memory_bytes && peak > 14 << 20, "{peak}");
}

#[tokio::test]
async fn the_same_memory_passes_under_a_higher_limit() {
    let outcome = run(&memory_bomb(), &Limits::default()).await;
    assert!(completes(&outcome.conclusion), "{:?}", outcome.conclusion);
    assert!(outcome.receipt.peak_memory_bytes >= 640 << 16);
}

#[tokio::test]
async fn a_component_that_starts_too_large_does_not_start() {
    let limits = Limits {
        memory_bytes: 1 << 20,
        ..Limits::default()
    };
    assert_eq!(
        reason(&run(&quick(), &limits).await),
        StopReason::MemoryLimit
    );
}

#[tokio::test]
async fn a_refused_growth_that_the_guest_gets_over_is_no_reason() {
    let refused_then_granted = guest(
        "(drop (memory.grow (i32.const 60000)))
         (drop (memory.grow (i32.const 1)))
         unreachable",
    );
    let outcome = run(&refused_then_granted, &Limits::default()).await;
    assert_eq!(reason(&outcome), StopReason::Trap);
}

#[tokio::test]
async fn a_table_bomb_has_its_own_reason() {
    let bomb = Guest::default().item("(table $t 1 funcref)").call(
        "(loop $again
            (if (i32.eq (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1))
                (then unreachable))
            (br $again))
         (i32.const 16)",
    );
    let outcome = run(&bomb, &Limits::default()).await;
    assert_eq!(reason(&outcome), StopReason::TableLimit);
}

#[tokio::test]
async fn endless_recursion_overflows_the_guests_stack_only() {
    let recursion = Guest::default()
        .item("(func $down (param i64) (result i64) (i64.add (local.get 0) (call $down (i64.add (local.get 0) (i64.const 1)))))")
        .call("(drop (call $down (i64.const 0))) (i32.const 16)");
    let outcome = run(&recursion, &Limits::default()).await;
    assert_eq!(reason(&outcome), StopReason::StackOverflow);
}

#[tokio::test]
async fn crashes_are_traps_that_say_what_happened() {
    for (body, says) in [
        ("unreachable", "panic"),
        (
            "(i32.div_u (i32.const 1) (i32.load (i32.const 0)))",
            "divided an integer by zero",
        ),
        (
            "(i32.load (i32.const -8))",
            "read or wrote memory out of bounds",
        ),
    ] {
        let outcome = run(&guest(body), &Limits::default()).await;
        assert_eq!(reason(&outcome), StopReason::Trap);
        let Conclusion::Stopped(stop) = &outcome.conclusion else {
            unreachable!()
        };
        assert!(stop.message.contains(says), "{}", stop.message);
        assert!(!stop.message.contains("0x"), "{}", stop.message);
    }
}

/// Calls the host over and over.
fn host_call_flood(times: u32) -> Vec<u8> {
    Guest::default()
        .import("cancellation", "is-cancelled", "(result i32)")
        .item("(global $count (mut i32) (i32.const 0))")
        .call(&format!(
            "(loop $again
                (drop (call $is-cancelled))
                (global.set $count (i32.add (global.get $count) (i32.const 1)))
                (br_if $again (i32.lt_u (global.get $count) (i32.const {times}))))
             (i32.const 16)"
        ))
}

#[tokio::test]
async fn a_flood_of_host_calls_is_stopped_at_its_limit() {
    let limits = Limits {
        host_calls: 1_000,
        ..Limits::default()
    };
    let outcome = run(&host_call_flood(1_001), &limits).await;
    assert_eq!(reason(&outcome), StopReason::HostcallLimit);
    assert_eq!(outcome.receipt.host_calls, 1_001);
    let outcome = run(&host_call_flood(1_000), &limits).await;
    assert!(completes(&outcome.conclusion), "{:?}", outcome.conclusion);
}

/// Reads a WASI clock over and over: host calls that are not of the contract.
fn clock_flood(condition: &str) -> Vec<u8> {
    Guest::default()
        .wasi("wasi:clocks/monotonic-clock", "now", "(result i64)")
        .item("(global $count (mut i32) (i32.const 0))")
        .call(&format!(
            "(loop $again
                (drop (call $now))
                (global.set $count (i32.add (global.get $count) (i32.const 1)))
                (br_if $again {condition}))
             (i32.const 16)"
        ))
}

#[tokio::test]
async fn a_flood_of_wasi_calls_counts_too() {
    let limits = Limits {
        host_calls: 1_000,
        ..Limits::default()
    };
    for condition in [
        "(i32.const 1)",
        "(i32.lt_u (global.get $count) (i32.const 1001))",
    ] {
        let outcome = run(&clock_flood(condition), &limits).await;
        assert_eq!(reason(&outcome), StopReason::HostcallLimit);
    }
}

fn log_flood() -> Vec<u8> {
    let mut guest = Guest::default()
        .import("logging", "log", "(param i32 i32 i32 i32 i32 i32)")
        .item("(global $count (mut i32) (i32.const 0))");
    let text = guest.text("all work and no play");
    guest.call(&format!(
        "(loop $again
            (call $log (i32.const 1) {text} (i32.const 0) (i32.const 0) (i32.const 0))
            (global.set $count (i32.add (global.get $count) (i32.const 1)))
            (br_if $again (i32.lt_u (global.get $count) (i32.const 5000))))
         (i32.const 16)"
    ))
}

#[tokio::test]
async fn a_log_flood_is_cut_and_counted_and_the_call_succeeds() {
    let outcome = run(&log_flood(), &Limits::default()).await;
    assert!(completes(&outcome.conclusion), "{:?}", outcome.conclusion);
    assert_eq!(outcome.log.len(), 1_000);
    assert_eq!(outcome.log_dropped, 4_000);
    assert_eq!(outcome.log[0].message, "all work and no play");
}

/// Answers with so many bytes of text.
fn output_of(bytes: u32) -> Vec<u8> {
    Guest::default()
        .item(crate::support::guest::ANSWER_TEXT)
        .call(&format!(
            "(if (i32.eq (memory.grow (i32.const 200)) (i32.const -1)) (then unreachable))
             (memory.fill (i32.const 65536) (i32.const 120) (i32.const {bytes}))
             {}",
            crate::support::guest::answer_text(&format!("(i32.const 65536) (i32.const {bytes})"))
        ))
}

#[tokio::test]
async fn an_answer_over_the_limit_is_dropped() {
    let limits = Limits {
        output_bytes: 100_000,
        ..Limits::default()
    };
    for bytes in [100_001, 10 << 20] {
        let outcome = run(&output_of(bytes), &limits).await;
        assert_eq!(reason(&outcome), StopReason::OutputTooLarge);
    }
    let outcome = run(&output_of(99_000), &limits).await;
    assert!(completes(&outcome.conclusion), "{:?}", outcome.conclusion);
    assert!(outcome.receipt.bytes_out >= 99_000);
}

#[tokio::test]
async fn a_huge_message_to_the_host_is_not_taken_for_a_huge_answer() {
    let shout = Guest::default()
        .import("logging", "log", "(param i32 i32 i32 i32 i32 i32)")
        .call(
            "(drop (memory.grow (i32.const 200)))
             (call $log (i32.const 1) (i32.const 65536) (i32.const 10485760)
                (i32.const 0) (i32.const 0) (i32.const 0))
             (i32.const 16)",
        );
    let outcome = run(&shout, &Limits::default()).await;
    assert_eq!(reason(&outcome), StopReason::HostcallLimit);
}

#[tokio::test]
async fn a_broken_answer_breaks_the_interface() {
    for body in [
        // A result of neither kind.
        "(i32.store8 (i32.const 16) (i32.const 7)) (i32.const 16)",
        // A list past the end of memory.
        "(i32.store (i32.const 28) (i32.const 256)) (i32.store (i32.const 32) (i32.const -1)) (i32.const 16)",
        // An address that is not aligned.
        "(i32.const 17)",
    ] {
        let outcome = run(&guest(body), &Limits::default()).await;
        let got = reason(&outcome);
        assert!(
            matches!(got, StopReason::AbiError | StopReason::OutputTooLarge),
            "{got}: {body}"
        );
    }
}

#[tokio::test]
async fn a_start_function_is_under_the_same_limits() {
    let module = r#"(module
        (memory (export "memory") 1)
        (func $start (loop $again (br $again)))
        (start $start)
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)
        (func (export "casemate:tool/tools@1.0.0#describe") (result i32) (i32.const 16))
        (func (export "casemate:tool/tools@1.0.0#call") (param i32) (result i32) (i32.const 16)))"#;
    let limits = Limits {
        fuel: 10_000_000,
        ..Limits::default()
    };
    let outcome = run(&component("tool", module), &limits).await;
    assert_eq!(reason(&outcome), StopReason::FuelExhausted);
}

#[tokio::test]
async fn arguments_over_the_limit_do_not_start_the_tool() {
    let limits = Limits {
        input_bytes: 1,
        ..Limits::default()
    };
    let outcome = run(&quick(), &limits).await;
    assert_eq!(reason(&outcome), StopReason::InputRejected);
    assert_eq!(outcome.receipt.fuel, 0);
}

#[tokio::test]
async fn after_every_kind_of_stop_the_next_call_works() {
    let limits = Limits {
        fuel: 10_000_000,
        memory_bytes: 16 << 20,
        ..Limits::default()
    };
    let next = compiled(&quick());
    for hostile in [endless(), memory_bomb(), guest("unreachable"), log_flood()] {
        run(&hostile, &limits).await;
        let outcome = runtime()
            .call(
                &next,
                &a_call(),
                Environment::default(),
                &Limits::default(),
                Arc::new(Unobserved),
            )
            .await;
        assert!(completes(&outcome.conclusion), "{:?}", outcome.conclusion);
    }
}
