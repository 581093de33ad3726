//! Work of the host for a call that would hold a thread of the executor for long.
//!
//! It is done where it is, in the turn of its call and on the account of its tenant; what else waits
//! for the thread goes on elsewhere.

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::block_in_place,
};

/// From how many bytes on that is worth it: for less, it takes longer to hand the thread over.
const LARGE: usize = 128 << 10;

/// Does work over so many bytes.
pub(crate) fn aside<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    let flavor = Handle::try_current().map(|handle| handle.runtime_flavor());
    // An executor with one thread has nobody to hand it over to.
    match flavor {
        Ok(RuntimeFlavor::MultiThread) if bytes > LARGE => block_in_place(work),
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{sync::mpsc, time::Duration};

    /// Whether, on the one thread that there is, others get on while there is work over so many bytes.
    fn others_get_on(bytes: usize) -> bool {
        let executor = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .unwrap();
        let (get_on, others) = mpsc::channel();
        let (began, begun) = tokio::sync::oneshot::channel();
        let wait = move || {
            began.send(()).unwrap();
            others.recv_timeout(Duration::from_secs(3)).is_ok()
        };
        executor.block_on(async move {
            let working = tokio::spawn(async move { aside(bytes, wait) });
            begun.await.unwrap();
            tokio::spawn(async move { get_on.send(()).ok() });
            working.await.unwrap()
        })
    }

    #[test]
    fn large_work_of_one_call_holds_up_no_other() {
        assert!(others_get_on(LARGE + 1));
    }

    #[test]
    fn control_work_that_is_not_handed_over_holds_up_all() {
        assert!(!others_get_on(LARGE));
    }

    #[tokio::test]
    async fn where_there_is_one_thread_the_work_is_done_on_it() {
        assert_eq!(aside(usize::MAX, || 7), 7);
    }
}
