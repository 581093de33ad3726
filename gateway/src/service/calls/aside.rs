//! Work for a call that would hold a thread for long, done where no other call waits for it.
//!
//! Reading and checking four megabytes of JSON takes as long as hundreds of calls. The threads that
//! serve connections must not stand still for it, and those for such work are limited in number: one
//! workspace has at most so many of them at once, and its further calls wait for each other; all
//! together have as many as there are cores, so that other calls still get theirs.

use super::Traffic;
use casemate_runtime::Meter;
use std::{future::pending, panic::resume_unwind, sync::Arc, thread::available_parallelism};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// From how many bytes of JSON on the work is done aside: what is smaller is checked in less time
/// than it takes to wake another thread.
const LARGE: usize = 128 << 10;

/// How many threads one workspace has for it at once.
pub(super) const THREADS: usize = 2;

/// How many threads all workspaces have for it at once.
pub(crate) fn threads_of_all() -> usize {
    available_parallelism().map_or(THREADS, |cores| cores.get().max(THREADS))
}

/// Whether work over so many bytes is done aside.
pub(in crate::service) fn is_large(bytes: usize) -> bool {
    bytes > LARGE
}

/// Does work on a thread of its own, on the account of the workspace. The work ends by itself also
/// if nobody waits for it any more, and keeps its place among those of the workspace until then.
pub(super) async fn run<T: Send + 'static>(
    traffic: &Traffic,
    all: &Arc<Semaphore>,
    meter: Meter,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    let turn = Arc::clone(traffic.aside()).acquire_owned().await;
    let place = Arc::clone(all).acquire_owned().await;
    let given_back = (turn, place);
    let tenant = traffic.tenant().clone();
    let working = spawn_blocking(move || {
        let (done, took) = meter.measure(work);
        tenant.owes(took);
        drop(given_back);
        done
    });
    match working
        .await
        .map_err(tokio::task::JoinError::try_into_panic)
    {
        Ok(done) => done,
        Err(Ok(panic)) => resume_unwind(panic),
        // The runtime ends, and with it whoever waits here.
        Err(Err(_)) => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_runtime::{Config, Runtime};
    use std::sync::mpsc;

    fn meter() -> Meter {
        let config = Config {
            slots: 2,
            ..Config::default()
        };
        Runtime::new(&config).unwrap().meter()
    }

    /// On one thread: if the work held it, nobody would ever let the work go on.
    #[tokio::test]
    async fn work_aside_holds_up_nobody_and_a_workspace_has_only_so_much_of_it_at_once() {
        let (traffic, meter) = (Arc::new(Traffic::default()), meter());
        let (began, begun) = mpsc::channel();
        let (goes_on, working): (Vec<_>, Vec<_>) = (0..=THREADS)
            .map(|_| {
                let (traffic, meter, began) = (Arc::clone(&traffic), meter.clone(), began.clone());
                let (goes_on, wait) = mpsc::channel::<()>();
                let working = tokio::spawn(async move {
                    let work = move || {
                        began.send(()).unwrap();
                        wait.recv().unwrap();
                    };
                    let all = Arc::new(Semaphore::new(8));
                    run(&traffic, &all, meter, work).await;
                });
                (goes_on, working)
            })
            .unzip();
        let so_many = || async {
            let mut so_many = 0;
            for _ in 0..50 {
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
                so_many += begun.try_iter().count();
            }
            so_many
        };
        assert_eq!(so_many().await, THREADS);
        // Whoever goes away leaves the work, and its place, behind.
        working[0].abort();
        assert_eq!(so_many().await, 0);
        goes_on[0].send(()).unwrap();
        assert_eq!(so_many().await, 1);
        for goes_on in &goes_on[1..] {
            goes_on.send(()).unwrap();
        }
        for working in working.into_iter().skip(1) {
            working.await.unwrap();
        }
    }
}
