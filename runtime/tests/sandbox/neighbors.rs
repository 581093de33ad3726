//! What others notice of a hostile guest, and how a call is given up.

use crate::support::{
    a_call, compiled,
    guest::{endless, quick},
    reason, runtime,
};
use casemate_domain::{Conclusion, Limits, StopReason};
use casemate_runtime::{Environment, Observer, Unobserved};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

fn unbounded(wall_ms: u64) -> Limits {
    Limits {
        fuel: u64::MAX / 2,
        wall_ms,
        ..Limits::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quick_call_beside_four_endless_ones_stays_quick() {
    let hog = compiled(&endless());
    let mut hogs = Vec::new();
    for _ in 0..4 {
        let hog = hog.clone();
        hogs.push(tokio::spawn(async move {
            let limits = unbounded(1_500);
            let observer = Arc::new(Unobserved);
            runtime()
                .call(&hog, &a_call(), Environment::default(), &limits, observer)
                .await
        }));
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let neighbor = compiled(&quick());
    let mut took = Vec::new();
    for _ in 0..100 {
        let neighbor = neighbor.clone();
        let started = Instant::now();
        let call = tokio::spawn(async move {
            let limits = Limits::default();
            let observer = Arc::new(Unobserved);
            runtime()
                .call(
                    &neighbor,
                    &a_call(),
                    Environment::default(),
                    &limits,
                    observer,
                )
                .await
        });
        let outcome = call.await.unwrap();
        took.push(started.elapsed());
        assert!(matches!(outcome.conclusion, Conclusion::Complete(_)));
    }
    let still_running = hogs.iter().filter(|hog| !hog.is_finished()).count();
    assert_eq!(still_running, 4, "the quick calls did not run beside them");
    took.sort();
    // Measured 0.1 ms with an optimized build on a quiet machine; tests share theirs.
    assert!(took[50] < Duration::from_millis(20), "{:?}", took[50]);
    for hog in hogs {
        assert_eq!(reason(&hog.await.unwrap()), StopReason::DeadlineExceeded);
    }
}

struct Withdrawn(AtomicBool);

impl Observer for Withdrawn {
    fn cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawn_call_ends_soon() {
    let observer = Arc::new(Withdrawn(AtomicBool::new(false)));
    let watching = observer.clone();
    let hog = compiled(&endless());
    let call = tokio::spawn(async move {
        let limits = unbounded(10_000);
        runtime()
            .call(&hog, &a_call(), Environment::default(), &limits, watching)
            .await
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    observer.0.store(true, Ordering::Relaxed);
    let started = Instant::now();
    assert_eq!(reason(&call.await.unwrap()), StopReason::Cancelled);
    assert!(started.elapsed() < Duration::from_millis(500));
}

#[tokio::test]
async fn a_dropped_call_gives_its_slot_back() {
    let runtime = casemate_runtime::Runtime::new(&casemate_runtime::Config {
        slots: 1,
        ..Default::default()
    })
    .unwrap();
    let hog = runtime.compile(&endless()).unwrap();
    let next = runtime.compile(&quick()).unwrap();
    let (call, limits) = (a_call(), unbounded(10_000));
    for _ in 0..20 {
        let observer = Arc::new(Unobserved);
        let abandoned = runtime.call(&hog, &call, Environment::default(), &limits, observer);
        let ended = tokio::time::timeout(Duration::from_millis(5), abandoned).await;
        assert!(ended.is_err(), "it was meant to be dropped while running");
        let observer = Arc::new(Unobserved);
        let outcome = runtime
            .call(&next, &call, Environment::default(), &limits, observer)
            .await;
        assert!(matches!(outcome.conclusion, Conclusion::Complete(_)));
    }
}

struct Panicking;

impl Observer for Panicking {
    fn log(&self, _: &casemate_domain::LogLine) {
        panic!("a fault of the host");
    }
}

#[tokio::test]
async fn a_panic_of_the_host_ends_one_call_only() {
    let mut guest = crate::support::guest::Guest::default().import(
        "logging",
        "log",
        "(param i32 i32 i32 i32 i32 i32)",
    );
    let line = guest.text("hello");
    let logs = compiled(&guest.call(&format!(
        "(call $log (i32.const 1) {line} (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 16)"
    )));
    let (call, limits) = (a_call(), Limits::default());
    let faulty = Arc::new(Panicking);
    let outcome = runtime()
        .call(&logs, &call, Environment::default(), &limits, faulty)
        .await;
    assert_eq!(reason(&outcome), StopReason::Internal);
    let sound = Arc::new(Unobserved);
    let outcome = runtime()
        .call(&logs, &call, Environment::default(), &limits, sound)
        .await;
    assert_eq!(outcome.log[0].message, "hello");
}
