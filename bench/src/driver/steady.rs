//! The open loop at high rates: requests are sent at a constant rate whatever comes back, timed to
//! microseconds. Timers have a grain of a millisecond, so this one looks at the clock all the time
//! and needs a core of its own.

use super::{Latency, Question, Summary, Tally, Wire};
use serde::Serialize;
use std::time::{Duration, Instant};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::{JoinSet, yield_now},
    time::timeout,
};

/// Answers that do not come this long after the last request are not waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of a steady load.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Steadied {
    /// Requests that were due.
    pub(crate) due: u64,
    /// Those that were answered well.
    pub(crate) answered: u64,
    /// Those for which no connection was free: all waited for answers.
    pub(crate) unsent: u64,
    pub(crate) errors: Tally,
    /// Of good answers, from the time a request was due.
    pub(crate) latency: Summary,
    /// Of answers that were errors, from the time a request was due.
    pub(crate) refusals: Summary,
    /// From the time a request was due to when it was sent.
    pub(crate) lateness: Summary,
}

/// One end of a request.
struct Ended {
    connection: usize,
    took: Duration,
    error: Option<String>,
}

struct Account {
    free: Vec<usize>,
    answered: Latency,
    refused: Latency,
    errors: Tally,
}

impl Account {
    fn add(&mut self, ended: Ended) {
        self.free.push(ended.connection);
        match ended.error {
            None => self.answered.record(ended.took),
            Some(error) => {
                self.refused.record(ended.took);
                self.errors.add(error);
            }
        }
    }
}

impl Question {
    /// Asks at this rate, for so long, on these connections.
    pub(crate) async fn steady(&self, wires: Vec<Wire>, rate: f64, time: Duration) -> Steadied {
        let (back, mut ended) = unbounded_channel();
        let mut running = JoinSet::new();
        let mut connections = Vec::with_capacity(wires.len());
        for (number, wire) in wires.into_iter().enumerate() {
            let (give, take) = unbounded_channel();
            connections.push(give);
            running.spawn(self.clone().serve(number, wire, take, back.clone()));
        }
        drop(back);
        let mut account = Account {
            free: (0..connections.len()).rev().collect(),
            answered: Latency::new(),
            refused: Latency::new(),
            errors: Tally::default(),
        };
        let (mut due_count, mut unsent) = (0, 0);
        let mut lateness = Latency::new();
        let start = Instant::now();
        let gap = Duration::from_secs_f64(1.0 / rate);
        let mut due = start;
        while due < start + time {
            while let Ok(one) = ended.try_recv() {
                account.add(one);
            }
            let late = Instant::now().checked_duration_since(due);
            let Some(late) = late else {
                yield_now().await;
                continue;
            };
            due_count += 1;
            match account.free.pop() {
                Some(connection) => {
                    lateness.record(late);
                    connections[connection]
                        .send(due)
                        .expect("a connection lasts as long as the load");
                }
                None => unsent += 1,
            }
            due += gap;
        }
        drop(connections);
        while let Ok(Some(one)) = timeout(PATIENCE, ended.recv()).await {
            account.add(one);
        }
        Steadied {
            due: due_count,
            answered: account.answered.count(),
            unsent,
            errors: account.errors,
            latency: account.answered.summary(),
            refusals: account.refused.summary(),
            lateness: lateness.summary(),
        }
    }

    async fn serve(
        self,
        connection: usize,
        mut wire: Wire,
        mut requests: UnboundedReceiver<Instant>,
        back: UnboundedSender<Ended>,
    ) {
        while let Some(due) = requests.recv().await {
            let error = self.ask(&mut wire).await;
            let took = due.elapsed();
            if !wire.is_open
                && let Ok(again) = Wire::connect(self.address).await
            {
                wire = again;
            }
            // Nobody hears of it if it comes after the patience is over.
            let _ = back.send(Ended {
                connection,
                took,
                error,
            });
        }
    }
}
