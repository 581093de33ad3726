//! Large requests, read and answered where nothing else waits for the thread.
//!
//! Reading four megabytes takes tens of milliseconds, and a thread that serves connections must not
//! stand still for so long: while it does such work, another one takes over what it would have
//! served. Of such work each workspace has only so much at once.

use std::{future::poll_fn, pin::pin, sync::Arc, task::ready};
use tokio::{
    runtime::{Handle, RuntimeFlavor},
    sync::Semaphore,
    task::block_in_place,
};
use tokio_util::sync::PollSemaphore;

/// Does work whose every step may take long, one of so many of a workspace at once, and of so many of
/// all workspaces.
pub(super) async fn run<T>(
    own: Arc<Semaphore>,
    all: &Arc<Semaphore>,
    work: impl Future<Output = T>,
) -> T {
    let (mut own, mut all) = (PollSemaphore::new(own), PollSemaphore::new(Arc::clone(all)));
    let mut turn = None;
    let mut work = pin!(work);
    let steps = poll_fn(|context| {
        if turn.is_none() {
            turn = ready!(own.poll_acquire(context));
        }
        let place = ready!(all.poll_acquire(context));
        // Given back after each step: who waits for its call computes nothing.
        let _given_back = (turn.take(), place);
        step(|| work.as_mut().poll(context))
    });
    steps.await
}

fn step<T>(work: impl FnOnce() -> T) -> T {
    match Handle::current().runtime_flavor() {
        // There is no other thread that could take over.
        RuntimeFlavor::CurrentThread => work(),
        _ => block_in_place(work),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::mpsc, time::Duration};

    /// With one thread for all: if the work held it, nobody would ever let the work go on.
    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn a_long_step_holds_up_nobody_and_only_so_many_are_taken_at_once() {
        let turns = Arc::new(Semaphore::new(1));
        let (began, begun) = mpsc::channel();
        let many = Arc::new(Semaphore::new(8));
        let works = [0, 1].map(|n| {
            let (began, turns) = (began.clone(), Arc::clone(&turns));
            let (goes_on, wait) = mpsc::channel::<()>();
            let work = async move {
                began.send(n).unwrap();
                wait.recv_timeout(Duration::from_secs(20)).is_ok()
            };
            let many = Arc::clone(&many);
            let running = async move { run(turns, &many, work).await };
            (goes_on, tokio::spawn(running))
        });
        let both = tokio::spawn(async move {
            let mut all_went_on = true;
            let mut works = works.map(Some);
            for _ in 0..2 {
                let first = loop {
                    match begun.try_recv() {
                        Ok(first) => break first,
                        Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
                    }
                };
                tokio::time::sleep(Duration::from_millis(50)).await;
                assert!(begun.try_recv().is_err(), "one at a time");
                let (goes_on, work) = works[first].take().unwrap();
                goes_on.send(()).unwrap();
                all_went_on &= work.await.unwrap();
            }
            all_went_on
        });
        assert!(both.await.unwrap());
    }
}
