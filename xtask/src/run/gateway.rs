//! The gateway of the demo as a child process.

use crate::say;
use anyhow::{Context, Result, bail};
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const DEFAULT_PORT: u16 = 8420;
const PATIENCE: Duration = Duration::from_secs(60);

/// A running gateway.
pub(crate) struct Gateway {
    binary: PathBuf,
    token: String,
    child: Child,
    log: Arc<Log>,
    interrupted: Arc<AtomicBool>,
    /// Where the command line connects.
    pub(crate) admin: SocketAddr,
    /// Everything that the demo keeps.
    pub(crate) folder: PathBuf,
}

impl Gateway {
    /// Starts it and waits until it serves.
    pub(crate) fn start(binary: &Path, folder: &Path, port: Option<u16>) -> Result<Self> {
        let token = token(&folder.join("admin-token"))?;
        let (listen, admin_listen) = addresses(port)?;
        let ready = folder.join("ready");
        drop(fs::remove_file(&ready));
        let mut command = Command::new(binary);
        command.arg("serve").arg("--data").arg(folder.join("data"));
        command.args(["--listen", &listen.to_string()]);
        command.args(["--admin-listen", &admin_listen.to_string()]);
        command
            .arg("--ready-file")
            .arg(&ready)
            .env("CASEMATE_BOOTSTRAP_TOKEN", &token);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        leave_signals_to_us(&mut command);
        let mut child = command.spawn().context("the gateway cannot be started")?;
        let interrupted = pass_signals_on(&child)?;
        let log = Log::follow(child.stderr.take().context("standard error is piped")?);
        match await_ready(&mut child, &ready, &interrupted) {
            Ok(admin) => {
                let (binary, folder) = (binary.to_owned(), folder.to_owned());
                Ok(Self {
                    binary,
                    token,
                    child,
                    log,
                    interrupted,
                    admin,
                    folder,
                })
            }
            Err(error) => {
                drop(child.kill());
                drop(child.wait());
                log.show();
                Err(error)
            }
        }
    }

    /// The command line, as the administrator of this gateway.
    pub(crate) fn cli(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).stdin(Stdio::null());
        command
            .env("CASEMATE_URL", self.admin_url())
            .env("CASEMATE_TOKEN", &self.token);
        command
    }

    /// The program that runs.
    pub(crate) fn binary(&self) -> &Path {
        &self.binary
    }

    /// What `CASEMATE_URL` must say.
    pub(crate) fn admin_url(&self) -> String {
        format!("http://{}", self.admin)
    }

    /// The file that holds the administrator's token.
    pub(crate) fn token_file(&self) -> PathBuf {
        self.folder.join("admin-token")
    }

    /// Shows what the gateway has logged so far, and from now on as it logs it.
    pub(crate) fn show_log(&self) {
        self.log.show();
    }

    /// Waits until the gateway has stopped.
    pub(crate) fn wait(&mut self) -> Result<()> {
        let status = self.child.wait()?;
        if self.interrupted.load(Ordering::SeqCst) {
            say::line("\nstopped");
            Ok(())
        } else {
            bail!("the gateway ended by itself ({status}), see above");
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Harmless after `wait`; otherwise the set-up failed, and nobody would stop the gateway.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The log of the gateway, held back until there is nothing else to read.
#[derive(Debug, Default)]
struct Log {
    held: Mutex<Option<Vec<String>>>,
}

impl Log {
    fn follow(stderr: impl Read + Send + 'static) -> Arc<Self> {
        let log = Arc::new(Self {
            held: Mutex::new(Some(Vec::new())),
        });
        let writer = Arc::clone(&log);
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                match &mut *writer.held.lock().unwrap_or_else(PoisonError::into_inner) {
                    Some(held) => held.push(line),
                    None => say::line(&line),
                }
            }
        });
        log
    }

    fn show(&self) {
        let held = self
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        for line in held.into_iter().flatten() {
            say::line(&line);
        }
    }
}

/// The administrator's token of this folder: the one in the file, or a new one, put there.
fn token(file: &Path) -> Result<String> {
    if let Ok(token) = fs::read_to_string(file) {
        return Ok(token.trim().to_owned());
    }
    let mut random = [0; 32];
    getrandom::fill(&mut random).context("the system has no randomness")?;
    let token: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options
        .open(file)
        .context("the admin token cannot be kept")?;
    writeln!(file, "{token}")?;
    Ok(token)
}

/// The ports that were asked for; else the usual ones, so that the URL stays the same from run to
/// run; else any that are free.
fn addresses(port: Option<u16>) -> Result<(SocketAddr, SocketAddr)> {
    let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
    let wanted = port.unwrap_or(DEFAULT_PORT);
    let next = if wanted == 0 {
        0
    } else {
        wanted.checked_add(1).context("no such port")?
    };
    let busy = [wanted, next]
        .into_iter()
        .find(|port| TcpListener::bind(loopback(*port)).is_err());
    match (busy, port) {
        (None, _) => Ok((loopback(wanted), loopback(next))),
        (Some(busy), None) => {
            say::line(&format!("port {busy} is in use; taking any that is free"));
            Ok((loopback(0), loopback(0)))
        }
        (Some(busy), Some(_)) => bail!("port {busy} is in use; choose another with --port"),
    }
}

fn await_ready(child: &mut Child, ready: &Path, interrupted: &AtomicBool) -> Result<SocketAddr> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let text = fs::read_to_string(ready).unwrap_or_default();
        let find = |name: &str| {
            text.split_whitespace()
                .find_map(|w| w.strip_prefix(name)?.parse().ok())
        };
        if let Some(admin) = find("admin=") {
            return Ok(admin);
        }
        if let Some(status) = child.try_wait()? {
            bail!("the gateway ended before it served ({status})");
        }
        if interrupted.load(Ordering::SeqCst) || Instant::now() > deadline {
            bail!("the gateway did not come up");
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Ctrl-C reaches every process of the terminal's group. The gateway gets a group of its own, so
/// that it hears of it once, from us, and stops gracefully.
fn leave_signals_to_us(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    #[cfg(not(unix))]
    let _ = command;
}

#[cfg(unix)]
fn pass_signals_on(child: &Child) -> Result<Arc<AtomicBool>> {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = Pid::from_child(child);
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || {
        // Who asks twice does not want to wait for running calls.
        let again = flag.swap(true, Ordering::SeqCst);
        let signal = if again { Signal::KILL } else { Signal::TERM };
        let _ = kill_process(pid, signal);
    })?;
    Ok(interrupted)
}

#[cfg(not(unix))]
fn pass_signals_on(_: &Child) -> Result<Arc<AtomicBool>> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst))?;
    Ok(interrupted)
}

#[cfg(test)]
mod tests {
    use super::token;

    #[test]
    fn the_token_of_a_folder_survives_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("admin-token");
        let first = token(&file).unwrap();
        assert_eq!((first.len(), token(&file).unwrap()), (64, first));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(
                std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
    }
}
