//! The process that compiles one component and ends: `casemate compile-worker`.
//!
//! A compiler that is fed by strangers can be made to take all time and memory there is. Here it
//! takes its own: the process limits itself before it reads a byte, stands back behind calls, is the
//! first to go when the machine runs out of memory, holds no keys, and is killed from outside when
//! its time is up. It runs as the same user as the gateway; so that a fault of the compiler does not
//! read what that user may, it can open nothing any more once it has read the component.
//!
//! Standard input is the component, standard output the [`Answer`]. A process that ends without a
//! whole answer has failed.

use anyhow::{Context, Result};
use bytes::Bytes;
use casemate_domain::CompileLimits;
use casemate_runtime::{Compiler, Rejection};
use rustix::process::{Resource, Rlimit, nice, setrlimit};
use std::{
    fs,
    io::{self, Read, Write},
    process::ExitCode,
};

/// The name of the command. It is not for people, so the help does not list it.
pub const COMMAND: &str = "compile-worker";

const OPEN_FILES: u64 = 32;
/// The first to be ended when the machine is out of memory, before the gateway.
const FIRST_TO_GO: &str = "1000";

/// What the process may use, as it is told on its command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confines {
    /// CPU time of all threads together, in seconds.
    pub cpu_seconds: u64,
    /// Address space, in bytes.
    pub address_space: u64,
    /// How far it stands back behind calls.
    pub niceness: u64,
}

impl Confines {
    /// What a configuration allows.
    pub fn new(limits: &CompileLimits) -> Self {
        Self {
            // The system counts in whole seconds.
            cpu_seconds: limits.cpu_ms.div_ceil(1_000),
            address_space: limits.memory_bytes,
            niceness: limits.niceness,
        }
    }

    /// The words of the command line.
    pub fn to_arguments(self) -> [String; 3] {
        [self.cpu_seconds, self.address_space, self.niceness].map(|number| number.to_string())
    }

    fn from_arguments(words: impl IntoIterator<Item = String>) -> Option<Self> {
        let mut numbers = words.into_iter().map(|word| word.parse().ok());
        Some(Self {
            cpu_seconds: numbers.next()??,
            address_space: numbers.next()??,
            niceness: numbers.next()??,
        })
    }
}

/// What the worker found.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The compiled code.
    Code(Bytes),
    /// Why there is none.
    Rejected(Rejection),
}

const CODE: u8 = b'C';
const REJECTED: u8 = b'R';

impl Answer {
    /// Reads what a worker wrote, if it is whole.
    pub fn parse(mut written: Bytes) -> Option<Self> {
        if written.is_empty() {
            return None;
        }
        let body = written.split_off(1);
        match written[0] {
            CODE => Some(Self::Code(body)),
            REJECTED => serde_json::from_slice(&body).ok().map(Self::Rejected),
            _ => None,
        }
    }

    fn write(compiled: Result<Vec<u8>, Rejection>, mut to: impl Write) -> Result<()> {
        match compiled {
            Ok(code) => {
                to.write_all(&[CODE])?;
                to.write_all(&code)?;
            }
            Err(rejection) => {
                to.write_all(&[REJECTED])?;
                serde_json::to_writer(&mut to, &rejection)?;
            }
        }
        Ok(to.flush()?)
    }
}

/// Runs the worker in this process, which is not good for anything else afterwards.
pub fn main() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Whoever waits for the answer logs this.
            drop(writeln!(io::stderr(), "{error:#}"));
            if is_out_of_memory(&error) {
                // As an allocation does that fails elsewhere: it is told by the signal.
                std::process::abort();
            }
            ExitCode::FAILURE
        }
    }
}

fn is_out_of_memory(error: &anyhow::Error) -> bool {
    let mut causes = error.chain();
    causes.any(|cause| {
        let cause = cause.downcast_ref::<io::Error>();
        cause.is_some_and(|cause| cause.kind() == io::ErrorKind::OutOfMemory)
    })
}

fn work() -> Result<()> {
    let confines = Confines::from_arguments(std::env::args().skip(2))
        .context("the command line does not say what this process may use")?;
    // Not everywhere there is such a file, and without it the other limits stand.
    drop(fs::write("/proc/self/oom_score_adj", FIRST_TO_GO));
    confine(confines).context("limiting this process")?;
    let mut wasm = Vec::new();
    io::stdin()
        .lock()
        .read_to_end(&mut wasm)
        .context("reading the component")?;
    let compiler = Compiler::new().context("starting the compiler")?;
    limit(Resource::Nofile, 0).context("closing the file system to this process")?;
    Answer::write(compiler.precompile(&wasm), io::stdout().lock()).context("writing the answer")
}

fn confine(confines: Confines) -> rustix::io::Result<()> {
    for (resource, most) in [
        (Resource::As, confines.address_space),
        (Resource::Cpu, confines.cpu_seconds),
        (Resource::Nofile, OPEN_FILES),
        (Resource::Core, 0),
    ] {
        limit(resource, most)?;
    }
    #[cfg(target_os = "linux")]
    rustix::thread::set_no_new_privs(true)?;
    nice(i32::try_from(confines.niceness).unwrap_or(i32::MAX))?;
    Ok(())
}

/// A limit that this process cannot raise again. That on open files is asked when one is opened: what
/// is open stays so.
pub fn limit(resource: Resource, most: u64) -> rustix::io::Result<()> {
    // The soft limit on CPU time ends the process by a signal, like the hard one.
    let limit = Rlimit {
        current: Some(most),
        maximum: Some(most),
    };
    setrlimit(resource, limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use casemate_runtime::RejectionKind;

    fn written(compiled: Result<Vec<u8>, Rejection>) -> Bytes {
        let mut bytes = Vec::new();
        Answer::write(compiled, &mut bytes).unwrap();
        bytes.into()
    }

    #[test]
    fn what_a_worker_may_use_is_read_as_it_was_written() {
        let confines = Confines::new(&CompileLimits {
            cpu_ms: 1_500,
            ..CompileLimits::default()
        });
        assert_eq!(confines.cpu_seconds, 2, "never less than was allowed");
        let read = Confines::from_arguments(confines.to_arguments());
        assert_eq!(read, Some(confines));
        assert_eq!(Confines::from_arguments(["1".to_owned()]), None);
    }

    #[test]
    fn an_answer_is_read_as_it_was_written() {
        let code = vec![1, 2, 3];
        let answer = Answer::parse(written(Ok(code.clone())));
        assert_eq!(answer, Some(Answer::Code(code.into())));
        let rejection = Rejection {
            kind: RejectionKind::WrongWorld,
            message: "no".to_owned(),
        };
        let answer = Answer::parse(written(Err(rejection.clone())));
        assert_eq!(answer, Some(Answer::Rejected(rejection)));
    }

    #[test]
    fn a_lack_of_memory_is_told_from_other_failures() {
        let failed = |kind: io::ErrorKind| {
            let read: Result<()> = Err(io::Error::from(kind)).context("reading the component");
            is_out_of_memory(&read.unwrap_err())
        };
        assert!(failed(io::ErrorKind::OutOfMemory));
        assert!(!failed(io::ErrorKind::BrokenPipe));
    }

    #[test]
    fn what_is_not_a_whole_answer_is_none() {
        let rejection = Rejection {
            kind: RejectionKind::WrongWorld,
            message: "no".to_owned(),
        };
        let whole = written(Err(rejection));
        for bytes in [b"".as_slice(), b"x", b"thread panicked", &whole[..9]] {
            assert_eq!(Answer::parse(Bytes::copy_from_slice(bytes)), None);
        }
    }
}
