//! The threads on which the system is asked for names.
//!
//! It answers when it likes, long after anybody waits for it, and keeps its thread until then. So the
//! threads are limited in number, for each tenant and for all.

use super::resolver::Unresolved;
use crate::turns::Tenant;
use std::{io, sync::Arc};
use tokio::{sync::Semaphore, task::spawn_blocking};

/// The look-ups of one tenant among those of all.
#[derive(Debug, Clone)]
pub(super) struct Lookups {
    all: Arc<Semaphore>,
    own: Arc<Semaphore>,
}

/// How many names the system looks up at once, for all tenants. Its threads are those for all other
/// blocking work too, and that must always find some.
pub(super) const LOOKUPS_OF_ALL: usize = 32;

impl Lookups {
    pub(super) fn new(all: &Arc<Semaphore>, tenant: &Tenant) -> Self {
        Self {
            all: Arc::clone(all),
            own: Arc::clone(tenant.lookups()),
        }
    }

    /// Asks on a thread of its own, which counts until it is done, whether or not somebody waits.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, Unresolved> {
        // Its own first: who waits there must not take up what there is for all.
        let own = Arc::clone(&self.own).acquire_owned().await;
        let all = Arc::clone(&self.all).acquire_owned().await;
        let asked = spawn_blocking(move || {
            let answer = ask();
            drop((own, all));
            answer
        });
        match asked.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) | Err(_) => Err(Unresolved::NotFound),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        sync::{Mutex, mpsc},
        time::Duration,
    };

    /// A system that answers when it is told to, and tells how often it was asked.
    struct Stuck {
        all: Arc<Semaphore>,
        asked: (mpsc::Sender<()>, mpsc::Receiver<()>),
        answers: (mpsc::Sender<()>, Arc<Mutex<mpsc::Receiver<()>>>),
    }

    impl Stuck {
        fn new() -> Self {
            let (answer, answers) = mpsc::channel();
            Self {
                all: Arc::new(Semaphore::new(LOOKUPS_OF_ALL)),
                asked: mpsc::channel(),
                answers: (answer, Arc::new(Mutex::new(answers))),
            }
        }

        /// Lets a tenant ask for so many names, give up soon, and tells how many threads that took.
        async fn ask(&self, tenant: &Tenant, names: usize) -> usize {
            let lookups = Lookups::new(&self.all, tenant);
            let asking = (0..names).map(|_| {
                let (asked, answers) = (self.asked.0.clone(), Arc::clone(&self.answers.1));
                let ask = lookups.ask(move || {
                    asked.send(()).unwrap();
                    answers.lock().unwrap().recv().unwrap();
                    Ok(())
                });
                tokio::time::timeout(Duration::from_millis(200), ask)
            });
            futures_util::future::join_all(asking).await;
            self.asked.1.try_iter().count()
        }
    }

    #[tokio::test]
    async fn names_that_the_system_is_stuck_with_take_few_threads_also_when_nobody_waits() {
        let stuck = Stuck::new();
        let crowd: Vec<_> = (0..10).map(|_| Tenant::new()).collect();
        assert_eq!(stuck.ask(&crowd[0], 100).await, 4);
        assert_eq!(
            stuck.ask(&crowd[0], 100).await,
            0,
            "the threads are still taken"
        );
        assert_eq!(stuck.ask(&crowd[1], 100).await, 4, "others have theirs");
        let mut more = 0;
        for tenant in &crowd[2..] {
            more += stuck.ask(tenant, 10).await;
        }
        assert_eq!(more, LOOKUPS_OF_ALL - 8, "and all together have so many");
        (0..LOOKUPS_OF_ALL).for_each(|_| stuck.answers.0.send(()).unwrap());
        // A thread that is told to go on does so when it comes to it.
        while stuck.all.available_permits() < LOOKUPS_OF_ALL {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(
            stuck.ask(&crowd[0], 1).await,
            1,
            "what came back is free again"
        );
        stuck.answers.0.send(()).unwrap();
    }
}
