//! Starting the process that compiles, and ending it.

use crate::compile_worker::{Answer, COMMAND, Confines};
use bytes::Bytes;
use casemate_domain::CompileLimits;
use casemate_runtime::{Rejection, RejectionKind};
use std::{
    io,
    os::unix::process::ExitStatusExt,
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
};

/// How much of what a failing worker says is logged.
const COMPLAINT_BYTES: u64 = 4 << 10;
/// The exit code of a Rust program that panicked.
const PANICKED: i32 = 101;
/// Threads of the compiler; each reserves address space, of which a worker has little.
const THREADS: usize = 4;

/// The file that this process runs, also after an update has put another in its place.
const THIS_PROGRAM: &str = "/proc/self/exe";

/// How components are compiled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worker {
    /// What one compilation may take.
    pub(super) limits: CompileLimits,
}

/// Why there is no code.
#[derive(Debug)]
pub(super) enum Failure {
    /// The component is at fault.
    Rejected(Rejection),
    /// The host is at fault. The text is for the operator.
    Host(String),
}

/// What a worker left behind.
struct Ended {
    status: ExitStatus,
    answer: Vec<u8>,
    complaint: Vec<u8>,
}

impl Worker {
    /// Compiles in a process of its own, which is gone when this returns or is dropped.
    pub(super) async fn compile(self, wasm: &[u8]) -> Result<Bytes, Failure> {
        let mut child = self
            .command()
            .spawn()
            .map_err(|error| host("cannot be started", &error))?;
        let ended = match tokio::time::timeout(self.budget(), self.run(&mut child, wasm)).await {
            Ok(ended) => ended.map_err(|error| host("cannot be talked to", &error))?,
            Err(_) => {
                child
                    .kill()
                    .await
                    .map_err(|error| host("cannot be ended", &error))?;
                return Err(too_costly("time"));
            }
        };
        if ended.answer.len() as u64 > self.answer_bytes() {
            return Err(too_much_code(self.limits.code_bytes));
        }
        judge(ended)
    }

    /// How long an answer of a worker is at most: one byte says what it is.
    fn answer_bytes(self) -> u64 {
        self.limits.code_bytes + 1
    }

    fn budget(self) -> Duration {
        Duration::from_millis(self.limits.wall_ms)
    }

    fn command(self) -> Command {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut command = if cfg!(target_os = "linux") {
            Command::new(THIS_PROGRAM)
        } else {
            Command::new(std::env::current_exe().unwrap_or_else(|_| "casemate".into()))
        };
        command
            .arg0("casemate")
            .arg(COMMAND)
            .args(Confines::new(&self.limits).to_arguments())
            .env_clear()
            .env("RAYON_NUM_THREADS", threads.min(THREADS).to_string())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    async fn run(self, child: &mut Child, wasm: &[u8]) -> io::Result<Ended> {
        let mut stdin = child.stdin.take().expect("standard input is piped");
        let stdout = child.stdout.take().expect("standard output is piped");
        let stderr = child.stderr.take().expect("standard error is piped");
        let feed = async move {
            // A worker that ends early does not read to the end; how it ended says more.
            drop(stdin.write_all(wasm).await);
        };
        let ((), answer, complaint) = tokio::join!(
            feed,
            read(stdout, self.answer_bytes() + 1),
            read(stderr, COMPLAINT_BYTES)
        );
        let (answer, complaint) = (answer?, complaint?);
        Ok(Ended {
            status: child.wait().await?,
            answer,
            complaint,
        })
    }
}

/// Reads up to a limit, and closes the pipe then, so that a writer of more fails.
async fn read(from: impl AsyncRead + Unpin, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(limit).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

fn judge(ended: Ended) -> Result<Bytes, Failure> {
    // The limits of the process end it by a signal: those on time directly, the one on memory
    // when an allocation fails.
    if let Some(signal) = ended.status.signal() {
        tracing::info!(signal, "a compilation was ended by its limits");
        return Err(too_costly("time or memory"));
    }
    let complaint = String::from_utf8_lossy(&ended.complaint);
    let complaint = complaint.trim().escape_debug();
    if ended.status.code() == Some(PANICKED) {
        // Either a limit showed in a way that the compiler does not expect, or the component found
        // a fault of it. It is contained here, and the next component gets a process of its own.
        tracing::error!(%complaint, "the compiler gave up on a component");
        return Err(too_costly("from the compiler"));
    }
    let answer = Answer::parse(ended.answer.into()).filter(|_| ended.status.success());
    match answer {
        Some(Answer::Code(code)) => Ok(code),
        Some(Answer::Rejected(rejection)) => Err(Failure::Rejected(rejection)),
        None => {
            let status = ended.status;
            Err(Failure::Host(format!(
                "the compiler ended early ({status}): {complaint}"
            )))
        }
    }
}

fn too_costly(what: &str) -> Failure {
    Failure::Rejected(Rejection {
        kind: RejectionKind::CompileBudget,
        message: format!(
            "Compiling the component takes more {what} than one compilation may. Very long \
             functions, often generated ones, are the usual cause: split them, and build for size."
        ),
    })
}

fn too_much_code(most: u64) -> Failure {
    Failure::Rejected(Rejection {
        kind: RejectionKind::CompileBudget,
        message: format!(
            "The component is compiled to more than {most} bytes of code. Build it for size, or \
             have an operator raise `compile.code_bytes`."
        ),
    })
}

fn host(what: &str, error: &io::Error) -> Failure {
    Failure::Host(format!("the compile worker {what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(wait_status: i32, answer: &[u8]) -> Result<Bytes, Failure> {
        judge(Ended {
            status: ExitStatus::from_raw(wait_status),
            answer: answer.to_vec(),
            complaint: b"why\n".to_vec(),
        })
    }

    #[test]
    fn a_whole_answer_of_a_worker_that_ended_well_is_taken() {
        assert_eq!(ended(0, b"Ccode").unwrap(), "code");
    }

    #[test]
    fn a_worker_that_a_signal_ended_was_over_its_budget_whatever_it_wrote() {
        for signal in [6, 9, 11, 24] {
            let Err(Failure::Rejected(rejection)) = ended(signal, b"Ccode") else {
                panic!("signal {signal}");
            };
            assert_eq!(rejection.kind, RejectionKind::CompileBudget);
        }
    }

    #[test]
    fn a_component_that_makes_the_compiler_panic_is_refused_and_whatever_it_wrote_is_not_taken() {
        let Err(Failure::Rejected(rejection)) = ended(PANICKED << 8, b"Ccode") else {
            panic!("taken");
        };
        assert_eq!(rejection.kind, RejectionKind::CompileBudget);
    }

    #[test]
    fn a_worker_that_failed_or_wrote_no_answer_is_the_hosts_fault() {
        for (status, answer) in [(1 << 8, b"Ccode".as_slice()), (2 << 8, b""), (0, b"")] {
            let Err(Failure::Host(text)) = ended(status, answer) else {
                panic!("{status}");
            };
            assert!(text.contains("why"), "{text}");
        }
    }
}
