//! Why the host ended a call, in words for its caller.
//!
//! The one place where errors of the engine become reasons. Messages say what happened, why, and
//! what to do; addresses, backtraces and other internals stay out.

use crate::{
    limiter::{Refused, RefusedTooOften},
    state::{PastDeadline, TooManyHostCalls},
};
use casemate_domain::{Limits, Stop, StopReason};
use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};
use wasmtime_wasi::{I32Exit, ResourceTableError};

fn stop(reason: StopReason, message: impl Into<String>) -> Stop {
    Stop {
        reason,
        message: message.into(),
    }
}

pub(crate) fn fuel(limits: &Limits) -> Stop {
    stop(
        StopReason::FuelExhausted,
        format!(
            "The tool was stopped: it used all its fuel ({}). Ask for less work in one call, or \
             have an operator raise the limit `fuel`.",
            limits.fuel
        ),
    )
}

pub(crate) fn deadline(limits: &Limits) -> Stop {
    stop(
        StopReason::DeadlineExceeded,
        format!(
            "The tool was stopped: it ran longer than {} ms, waiting included. Ask for less work \
             in one call, or have an operator raise the limit `wall_ms`.",
            limits.wall_ms
        ),
    )
}

pub(crate) fn host_calls(limits: &Limits) -> Stop {
    stop(
        StopReason::HostcallLimit,
        format!(
            "The tool was stopped: it called the host more than {} times. Ask for less work in \
             one call, or have an operator raise the limit `host_calls`.",
            limits.host_calls
        ),
    )
}

pub(crate) fn output(limits: &Limits) -> Stop {
    stop(
        StopReason::OutputTooLarge,
        format!(
            "The tool's answer is larger than {} bytes and was dropped. Ask for less at once, or \
             have an operator raise the limit `output_bytes`.",
            limits.output_bytes
        ),
    )
}

pub(crate) fn input(limits: &Limits, found: usize) -> Stop {
    stop(
        StopReason::InputRejected,
        format!(
            "The arguments have {found} bytes; at most {} are allowed. Send less at once, or have \
             an operator raise the limit `input_bytes`.",
            limits.input_bytes
        ),
    )
}

pub(crate) fn invalid_output(problem: &str) -> Stop {
    stop(
        StopReason::InvalidOutput,
        format!("The tool's answer was dropped: {problem}. The author of the tool has to fix it."),
    )
}

pub(crate) fn cancelled() -> Stop {
    stop(
        StopReason::Cancelled,
        "The call was stopped: the caller withdrew it.",
    )
}

pub(crate) fn internal() -> Stop {
    stop(
        StopReason::Internal,
        "The call failed inside the host, not in the tool. Try again; if it keeps failing, an \
         operator finds the cause in the log under the id of the call.",
    )
}

fn memory(limits: &Limits) -> Stop {
    stop(
        StopReason::MemoryLimit,
        format!(
            "The tool was stopped: it asked for more memory than {} bytes. Ask for less at once, \
             or have an operator raise the limit `memory_bytes`.",
            limits.memory_bytes
        ),
    )
}

fn refused(refused: Refused, limits: &Limits) -> Stop {
    match refused {
        Refused::Memory => memory(limits),
        Refused::Table => stop(
            StopReason::TableLimit,
            format!(
                "The tool was stopped: it asked for more table elements than {}. The author of \
                 the tool has to fix it, or an operator raises the limit `table_elements`.",
                limits.table_elements
            ),
        ),
        Refused::Everybody => stop(
            StopReason::Overloaded,
            "The host has no memory left for the call. Try again in a moment.",
        ),
    }
}

/// What an error of the engine means, given what the limiter last refused.
pub(crate) fn from_error(
    error: &wasmtime::Error,
    last_refused: Option<Refused>,
    limits: &Limits,
) -> Stop {
    if error.is::<TooManyHostCalls>() {
        return host_calls(limits);
    }
    if error.is::<PastDeadline>() {
        return deadline(limits);
    }
    if let (true, Some(what)) = (error.is::<RefusedTooOften>(), last_refused) {
        return refused(what, limits);
    }
    if let Some(trap) = error.downcast_ref::<Trap>() {
        return from_trap(*trap, last_refused, limits);
    }
    // Languages end a program whose allocation failed by a trap or by exiting.
    if let Some(what) = last_refused {
        return refused(what, limits);
    }
    if let Some(I32Exit(code)) = error.downcast_ref::<I32Exit>() {
        return crash(&format!("it ended itself with exit code {code}"));
    }
    from_text(error, limits)
}

fn from_trap(trap: Trap, last_refused: Option<Refused>, limits: &Limits) -> Stop {
    match trap {
        Trap::OutOfFuel => fuel(limits),
        Trap::StackOverflow => stop(
            StopReason::StackOverflow,
            "The tool was stopped: its stack overflowed, most likely by endless recursion. Ask \
             for something less deeply nested; the author of the tool has to fix it.",
        ),
        Trap::AllocationTooLarge => memory(limits),
        Trap::UnreachableCodeReached | Trap::MemoryOutOfBounds | Trap::TableOutOfBounds
            if let Some(what) = last_refused =>
        {
            refused(what, limits)
        }
        Trap::CannotEnterComponent
        | Trap::CannotLeaveComponent
        | Trap::InvalidChar
        | Trap::StringOutOfBounds
        | Trap::ListOutOfBounds
        | Trap::InvalidDiscriminant
        | Trap::UnalignedPointer => broken_interface(),
        trap => crash(described(trap)),
    }
}

fn crash(what: &str) -> Stop {
    stop(
        StopReason::Trap,
        format!(
            "The tool crashed: {what}. Its log may say more; the author of the tool has to fix it."
        ),
    )
}

fn described(trap: Trap) -> &'static str {
    match trap {
        Trap::UnreachableCodeReached => {
            "it reached code marked unreachable, which is how a panic or a failed assertion ends"
        }
        Trap::MemoryOutOfBounds => "it read or wrote memory out of bounds",
        Trap::TableOutOfBounds => "it called through a table out of bounds",
        Trap::IndirectCallToNull => "it called a function that is not there",
        Trap::BadSignature => "it called a function with the wrong signature",
        Trap::IntegerOverflow => "an integer overflowed",
        Trap::IntegerDivisionByZero => "it divided an integer by zero",
        Trap::BadConversionToInteger => "it converted a number that no integer can hold",
        _ => "it did something that WebAssembly forbids",
    }
}

fn broken_interface() -> Stop {
    stop(
        StopReason::AbiError,
        "The tool was stopped: it broke the rules of the component interface. The author of the \
         tool has to build it again with current tools.",
    )
}

/// Errors that the engine tells apart only by their text.
fn from_text(error: &wasmtime::Error, limits: &Limits) -> Stop {
    let says = |text: &str| error.chain().any(|cause| cause.to_string().contains(text));
    if error.is::<PoolConcurrencyLimitError>() {
        return stop(
            StopReason::Overloaded,
            "The host runs as many calls as it can. Try again in a moment.",
        );
    }
    if says("fuel allocated for hostcalls has been exhausted") {
        let in_guest = error.is::<WasmBacktrace>();
        return if in_guest { transfer() } else { output(limits) };
    }
    let full = matches!(
        error.downcast_ref::<ResourceTableError>(),
        Some(ResourceTableError::Full)
    );
    if full || says("handle limit exceeded") {
        return stop(
            StopReason::HandleLimit,
            format!(
                "The tool was stopped: it held more than {} handles at once. The author of the \
                 tool has to drop what it no longer uses, or an operator raises the limit \
                 `handles`.",
                limits.handles
            ),
        );
    }
    if says("exceeds limit") {
        return transfer();
    }
    if says("resource limit exceeded") {
        return memory(limits);
    }
    if error.chain().any(|cause| cause.is::<std::io::Error>()) {
        return internal();
    }
    broken_interface()
}

fn transfer() -> Stop {
    stop(
        StopReason::HostcallLimit,
        "The tool was stopped: it moved too much in one call to the host. The author of the tool \
         has to work in smaller pieces.",
    )
}
