//! What the client of the closed loop does while it waits for answers.
//!
//! A client that sleeps has to be woken by each answer. Within one machine it is the server that
//! pays for this: its write sends an interrupt to the core of the client, which takes microseconds
//! where the machine is a virtual one. Over a network nobody would pay; so by default the client
//! stays awake.

use crate::machine::Cores;
use serde::Serialize;
use tokio::task::yield_now;
use tokio_util::task::AbortOnDropHandle;

/// What the client of the closed loop does while it waits for answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Waiting {
    /// Looks for answers all the time, on a core of its own
    Awake,
    /// Sleeps, and is woken by the server: each answer costs every server some microseconds more
    Asleep,
}

/// How a benchmark is told.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct ClientOptions {
    /// What the client of the closed loop does while it waits for an answer; awake by default, if
    /// there is a core for it
    #[arg(long, value_enum, value_name = "HOW")]
    waiting: Option<Waiting>,
}

impl ClientOptions {
    /// As it was told; one that shares its core with the server would keep the server from it.
    pub(crate) fn on(self, cores: &Cores) -> Waiting {
        let own = if cores.apart() {
            Waiting::Awake
        } else {
            Waiting::Asleep
        };
        self.waiting.unwrap_or(own)
    }
}

impl Waiting {
    /// Keeps the executor of this thread from sleeping, as long as the value is kept.
    pub(super) fn begin(self) -> Option<AbortOnDropHandle<()>> {
        (self == Self::Awake).then(|| AbortOnDropHandle::new(tokio::spawn(stay_awake())))
    }

    /// In words, for the head of a table.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Awake => "awake while it waits for answers",
            Self::Asleep => "asleep while it waits for answers, and woken by the server",
        }
    }
}

/// A task that yields makes the executor look for answers without waiting for them.
async fn stay_awake() {
    loop {
        yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::Waiting;
    use crate::machine::thread_time;
    use std::time::Duration;
    use tokio::time::sleep;

    #[tokio::test]
    async fn a_client_that_is_awake_uses_its_core_and_one_that_sleeps_does_not() {
        let mut used = Vec::new();
        for waiting in [Waiting::Asleep, Waiting::Awake] {
            let before = thread_time();
            let awake = waiting.begin();
            sleep(Duration::from_millis(300)).await;
            drop(awake);
            used.push(thread_time() - before);
        }
        // Others may have most of the core meanwhile.
        assert!(used[1] > used[0] * 5, "{used:?}");
    }
}
