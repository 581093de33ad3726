//! One call, from its arguments to its outcome, in one fresh sandbox.

use crate::{
    component::Component,
    convert::{self, Answer},
    egress::Outgoing,
    runtime::{Environment, Observer},
    sandbox,
    state::State,
    stop,
};
use casemate_domain::{Call, Conclusion, Limits, Outcome, Receipt, Stop, StopReason};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use wasmtime::Store;

/// Runs one call. Dropping the future ends the guest and everything the host does for it.
pub(crate) async fn call(
    component: &Component,
    call: &Call,
    environment: Environment,
    limits: &Limits,
    observer: Arc<dyn Observer>,
    outgoing: Outgoing,
) -> Outcome {
    let started = Instant::now();
    let arguments = call.arguments.get();
    if arguments.len() as u64 > limits.input_bytes {
        return refused(component, stop::input(limits, arguments.len()));
    }
    let state = State::new(environment, limits, observer, started, outgoing);
    let watch = state.session_ref().watch();
    let mut store = sandbox::store(component, state, limits);
    let context = convert::context(call);
    let work = component.run_call(&mut store, call.tool.as_str(), arguments, &context);
    let (ended, cpu) = sandbox::watched(work, &watch).await;
    let redactor = &store.data().session_ref().redactor;
    let answer = sandbox::settle(ended, &store, limits)
        .and_then(|result| convert::answer(result, redactor, limits));
    let (conclusion, bytes_out) = match answer {
        Ok(Answer { conclusion, bytes }) => (conclusion, bytes),
        Err(stop) => (Conclusion::Stopped(stop), 0),
    };
    let receipt = Receipt {
        wall_us: micros(started.elapsed()),
        cpu_us: micros(cpu),
        bytes_in: arguments.len() as u64,
        bytes_out,
        digest: Some(component.digest()),
        ..Receipt::default()
    };
    finish(store, conclusion, receipt, limits)
}

/// Fills in what only the store knows.
fn finish(
    mut store: Store<State>,
    conclusion: Conclusion,
    receipt: Receipt,
    limits: &Limits,
) -> Outcome {
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
        fuel: limits.fuel.saturating_sub(left),
        peak_memory_bytes: state.limiter.peak(),
        host_calls: used.host_calls,
        hosts: used.hosts,
        secrets: used.secrets,
        ..receipt
    };
    Outcome {
        conclusion,
        receipt,
        log: used.log,
        log_dropped: used.log_dropped,
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
