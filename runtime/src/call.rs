//! One call, from its arguments to its outcome, in one fresh sandbox.

use crate::{
    component::Component,
    convert::{self, Answer},
    egress::Way,
    limiter::Budget,
    runtime::{Environment, Observer},
    sandbox,
    state::State,
    stop,
    turns::Turns,
};
use casemate_domain::{Call, Conclusion, Limits, Outcome, Receipt, Stop, StopReason};
use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};
use wasmtime::Store;

/// What a call shares with all others of its runtime.
pub(crate) struct Common<'a> {
    pub(crate) way: Way,
    pub(crate) budget: Arc<Budget>,
    pub(crate) turns: &'a Arc<Turns>,
}

/// Runs one call. Dropping the future ends the guest and everything the host does for it.
pub(crate) async fn call(
    component: &Component,
    call: &Call,
    environment: Environment,
    limits: &Limits,
    observer: Arc<dyn Observer>,
    common: Common<'_>,
) -> Outcome {
    let started = Instant::now();
    let size = call.request.size();
    if size as u64 > limits.input_bytes {
        return refused(component, stop::input(limits, size));
    }
    let mut place = common.turns.place(environment.tenant.clone());
    let state = State::new(
        environment,
        limits,
        observer,
        started,
        common.way,
        common.budget,
    );
    if call.continuation.state.is_some() {
        state.session_ref().secrets.recall();
    }
    let watch = state.session_ref().watch();
    let mut running = Running {
        store: Some(sandbox::store(component, state, limits)),
        limits,
        started,
        receipt: Receipt {
            bytes_in: size as u64,
            digest: Some(component.digest()),
            ..Receipt::default()
        },
    };
    let context = convert::context(call);
    let store = running.store();
    let redactor = store.data().session_ref().redactor.clone();
    let ended = {
        // Pinned here: whoever takes a future by value has room for it twice.
        let work = pin!(async {
            let answered = component.run(&mut *store, &call.request, &context).await?;
            // Still in a turn of the call: what an answer takes of the CPU is no less than what else
            // it takes.
            Ok(convert::answer(answered, &redactor, limits))
        });
        sandbox::watched(work, &watch, &mut place).await
    };
    let answer = sandbox::settle(ended, store, limits).and_then(|answer| answer);
    let (conclusion, bytes_out) = match answer {
        Ok(Answer { conclusion, bytes }) => (conclusion, bytes),
        Err(stop) => (Conclusion::Stopped(stop), 0),
    };
    running.receipt.bytes_out = bytes_out;
    running.end(conclusion)
}

/// A call in its sandbox. If it is dropped before its end, it leaves behind what it used.
struct Running<'a> {
    store: Option<Store<State>>,
    limits: &'a Limits,
    started: Instant,
    receipt: Receipt,
}

impl Running<'_> {
    fn store(&mut self) -> &mut Store<State> {
        self.store
            .as_mut()
            .expect("a call has its store to its end")
    }

    fn end(mut self, conclusion: Conclusion) -> Outcome {
        let store = self.store.take().expect("a call ends once");
        self.outcome(store, conclusion)
    }

    /// Fills in what only the store knows.
    fn outcome(&mut self, mut store: Store<State>, conclusion: Conclusion) -> Outcome {
        let ran_dry = matches!(
            &conclusion,
            Conclusion::Stopped(stop) if stop.reason == StopReason::FuelExhausted
        );
        // What a guest burnt since its last accounting is lost when it traps.
        let left = if ran_dry {
            0
        } else {
            store.get_fuel().unwrap_or(0)
        };
        let state = store.data_mut();
        state.finish_printing();
        let used = state.take_used();
        let receipt = Receipt {
            fuel: self.limits.fuel.saturating_sub(left),
            wall_us: micros(self.started.elapsed()),
            cpu_us: micros(used.cpu),
            peak_memory_bytes: state.limiter.peak(),
            host_calls: used.host_calls,
            http_requests: used.http_requests,
            hosts: used.hosts,
            secrets: used.secrets,
            ..std::mem::take(&mut self.receipt)
        };
        Outcome {
            conclusion,
            receipt,
            log: used.log,
            log_dropped: used.log_dropped,
        }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Some(store) = self.store.take() {
            let control = store.data().session_ref().control.clone();
            let outcome = self.outcome(store, Conclusion::Stopped(stop::cancelled()));
            control.abandon(outcome);
        }
    }
}

/// The outcome of a call that did not start.
fn refused(component: &Component, stop: Stop) -> Outcome {
    Outcome {
        conclusion: Conclusion::Stopped(stop),
        receipt: Receipt {
            digest: Some(component.digest()),
            ..Receipt::default()
        },
        log: Vec::new(),
        log_dropped: 0,
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
