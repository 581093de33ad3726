//! A workspace beside guests that take all the time they can get notices little of it. What it would
//! notice without the guard is seen in the tests of the runtime, and measured by `bench neighbors`.

use super::{
    family::Bench,
    row::Row,
    time::{ASKERS, HOGS, WAITERS},
    upload::{call, deploy, upload},
};
use serde_json::json;
use std::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Calls of the guest at once.
const AT_ONCE: usize = 4;
/// Calls of the neighbor beside them.
const QUICK: usize = 20;
/// So long may half of these take, also where nothing is optimized and much else runs. A guest that
/// kept its core until its deadline would make each take longer.
const HALF_WITHIN: Duration = Duration::from_millis(150);
const TRIES: usize = 3;

/// How long the neighbor's calls took in the middle while the guest is called without a pause.
fn beside(bench: &Bench, row: &Row) -> Duration {
    let tool = row.id.to_ascii_lowercase();
    let digest = upload(&bench.gateway, &(row.guest)(&tool)).unwrap();
    deploy(&bench.gateway, &bench.server, &tool, &digest, &json!({}));
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    call(&bench.gateway, &bench.server, &tool);
                }
            });
        }
        thread::sleep(Duration::from_millis(50));
        let mut took: Vec<_> = (0..QUICK).map(|_| bench.quick()).collect();
        over.store(true, Ordering::Relaxed);
        took.sort();
        took[QUICK / 2]
    })
}

#[test]
fn a_neighbor_of_guests_that_take_all_the_time_there_is_notices_little() {
    // Until its deadline, a guest takes longer than half of the neighbor's calls may.
    let settings = [
        ("limits.wall_ms", 1_000),
        ("limits.fuel", 10_000_000_000_000),
        ("limits.host_calls", 1_000_000_000),
    ];
    let bench = Bench::start("beside", &settings);
    let rows = [&HOGS, &ASKERS, &WAITERS].into_iter();
    let mut late = Vec::new();
    for row in rows.flat_map(|family| family.rows) {
        let started = Instant::now();
        let mut best = beside(&bench, row);
        for _ in 1..TRIES {
            if best > HALF_WITHIN {
                best = best.min(beside(&bench, row));
            }
        }
        println!("{}: {best:?}, tried for {:?}", row.id, started.elapsed());
        if best > HALF_WITHIN {
            late.push(format!("{} ({}): {best:?}", row.id, row.what));
        }
    }
    assert!(late.is_empty(), "{}", late.join("\n"));
    bench.assert_unharmed();
}
