//! The sandbox of one call: its store, and the watch over the guest in it.

use crate::{
    component::Component,
    control::Control,
    state::{Session, Shared, State},
    stop,
    turns::Place,
};
use casemate_domain::{Limits, Stop};
use futures_util::FutureExt;
use std::{
    future::poll_fn, panic::AssertUnwindSafe, pin::pin, sync::Arc, task::Poll, time::Instant,
};
use wasmtime::Store;

/// Fuel after which a guest lets others run: a fraction of a millisecond of work.
const YIELD: u64 = 1_000_000;
/// The least that one call to the host may move, in bytes, whatever the limit on the answer.
const TRANSFER: u64 = 4 << 20;

/// A fresh store with every limit on it.
pub(crate) fn store(component: &Component, state: State, limits: &Limits) -> Store<State> {
    let mut store = Store::new(component.engine(), state);
    store.limiter(|state| &mut state.limiter);
    let metered = store
        .set_fuel(limits.fuel)
        .and_then(|()| store.fuel_async_yield_interval(Some(YIELD)));
    metered.expect("the engine consumes fuel");
    // Fuel does not price what the host does for a guest: by the clock it lets others run as well.
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    // An answer is counted exactly once it is here; this keeps a huge one from being copied. Lists
    // cost more on their way than in the end.
    let transfer = limits.output_bytes.saturating_mul(2).max(TRANSFER);
    store.set_hostcall_fuel(usize::try_from(transfer).unwrap_or(usize::MAX));
    store.set_max_component_handles(usize::try_from(limits.handles).unwrap_or(usize::MAX));
    store
}

/// What is looked at each time a guest lets others run.
pub(crate) struct Watch {
    shared: Arc<Shared>,
    control: Control,
    deadline: Instant,
}

impl Session {
    /// The watch over the guest of this session.
    pub(crate) fn watch(&self) -> Watch {
        Watch {
            shared: self.shared.clone(),
            control: self.control.clone(),
            deadline: self.deadline,
        }
    }
}

/// How the work in a sandbox ended.
pub(crate) enum Ended<T> {
    Done(T),
    Failed(wasmtime::Error),
    Panicked,
    PastDeadline,
    TooManyHostCalls,
    Stopped(Stop),
}

/// Runs work in a sandbox, in its turns, until it ends or must end.
pub(crate) async fn watched<T>(
    work: impl Future<Output = wasmtime::Result<T>>,
    watch: &Watch,
    place: &mut Place,
) -> Ended<T> {
    let mut work = pin!(AssertUnwindSafe(work).catch_unwind());
    let steps = poll_fn(|context| {
        if let Some(stop) = watch.control.poll_stopped(context) {
            return Poll::Ready(Ended::Stopped(stop));
        }
        let (polled, took) = place.poll(context, |context| work.as_mut().poll(context));
        watch.shared.took(took);
        match polled {
            Poll::Ready(Ok(Ok(value))) => Poll::Ready(Ended::Done(value)),
            Poll::Ready(Ok(Err(error))) => Poll::Ready(Ended::Failed(error)),
            Poll::Ready(Err(_panic)) => Poll::Ready(Ended::Panicked),
            Poll::Pending if watch.shared.too_many_host_calls() => {
                Poll::Ready(Ended::TooManyHostCalls)
            }
            // The executor looks at its timers only now and then while guests keep it busy.
            Poll::Pending if Instant::now() >= watch.deadline => Poll::Ready(Ended::PastDeadline),
            Poll::Pending => Poll::Pending,
        }
    });
    tokio::time::timeout_at(watch.deadline.into(), steps)
        .await
        .unwrap_or(Ended::PastDeadline)
}

/// The value of work that ended well, or why there is none.
pub(crate) fn settle<T>(ended: Ended<T>, store: &Store<State>, limits: &Limits) -> Result<T, Stop> {
    let state = store.data();
    match ended {
        Ended::Done(_) if state.session_ref().shared.too_many_host_calls() => {
            Err(stop::host_calls(limits))
        }
        Ended::Done(value) => Ok(value),
        Ended::Failed(error) => {
            tracing::debug!(error = format!("{error:#}"), "a guest was stopped");
            Err(stop::from_error(&error, state.limiter.refused(), limits))
        }
        Ended::Panicked => {
            tracing::error!("a host function panicked; the call was ended");
            Err(stop::internal())
        }
        Ended::PastDeadline => Err(stop::deadline(limits)),
        Ended::TooManyHostCalls => Err(stop::host_calls(limits)),
        Ended::Stopped(stop) => Err(stop),
    }
}
