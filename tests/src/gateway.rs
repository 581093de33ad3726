//! A running gateway: the real binary, its own data, free ports, gone at the end of the test.

mod builder;
mod records;
mod server;

pub use builder::Builder;
pub use server::Server;

use crate::Output;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus},
    thread,
    time::{Duration, Instant},
};

/// The administrator's token of every gateway that the harness starts. They listen on loopback
/// and live for one test, so one well-formed token will do.
pub const ADMIN_TOKEN: &str = "cma_SpecificationTokenOpensNothingButTestGateway_0BNBUc";

const START: Duration = Duration::from_secs(60);
const STOP: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(5);

/// A `casemate serve` and the folder it works in.
#[derive(Debug)]
pub struct Gateway {
    folder: tempfile::TempDir,
    settings: Builder,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    mcp: SocketAddr,
    admin: SocketAddr,
}

impl Gateway {
    /// Starts a gateway with the defaults and waits until it serves.
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// For a gateway that differs from the defaults.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The address of the public listener.
    pub fn mcp_addr(&self) -> SocketAddr {
        self.running().mcp
    }

    /// The address of the admin listener.
    pub fn admin_addr(&self) -> SocketAddr {
        self.running().admin
    }

    /// A URL on the public listener; the path starts with `/`.
    pub fn mcp_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.mcp_addr())
    }

    /// A URL on the admin listener; the path starts with `/`.
    pub fn admin_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.admin_addr())
    }

    /// The id of the gateway's process.
    pub fn pid(&self) -> u32 {
        self.running().child.id()
    }

    /// The folder where the gateway keeps its data.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A folder beside the data for the test's own files. It is the home of the command line.
    pub fn scratch(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// All that the gateway has written to standard output and standard error so far, over all
    /// its starts.
    pub fn log(&self) -> String {
        fs::read(self.log_path())
            .map(|l| String::from_utf8_lossy(&l).into_owned())
            .unwrap_or_default()
    }

    /// Waits until what the gateway printed shows something, and gives it. It is ready before all
    /// that it prints at its start is on the disk.
    #[track_caller]
    pub fn await_log<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        let deadline = Instant::now() + START;
        loop {
            let log = self.log();
            if let Some(found) = find(&log) {
                return found;
            }
            assert!(Instant::now() < deadline, "no {what} in:\n{log}");
            thread::sleep(GLANCE);
        }
    }

    /// Ends the gateway at once (SIGKILL), with no chance to tidy up.
    pub fn kill9(&mut self) {
        let mut running = self.running.take().expect("the gateway runs");
        running
            .child
            .kill()
            .expect("the gateway has not been waited for yet");
        running.child.wait().expect("a killed process ends");
    }

    /// Asks the gateway to stop (SIGTERM) and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        self.terminate();
        self.wait()
    }

    /// Asks the gateway to stop (SIGTERM) and does not wait.
    pub fn terminate(&self) {
        let pid = Pid::from_child(&self.running().child);
        kill_process(pid, Signal::TERM).expect("the gateway has not been waited for yet");
    }

    /// Waits until the gateway has stopped by itself or after [`Self::terminate`].
    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + STOP;
        loop {
            let running = self.running.as_mut().expect("the gateway runs");
            if let Some(status) = running.child.try_wait().expect("a child can be waited for") {
                self.running = None;
                return status;
            }
            assert!(
                Instant::now() < deadline,
                "still running after {STOP:?}:\n{}",
                self.log()
            );
            thread::sleep(GLANCE);
        }
    }

    /// Starts it again on the same data after [`Self::stop`] or [`Self::kill9`]. The ports change.
    pub fn start_again(&mut self) {
        assert!(self.running.is_none(), "the gateway still runs");
        let ready = self.folder.path().join("ready");
        drop(fs::remove_file(&ready));
        let child = self
            .serve_command(&ready)
            .spawn()
            .expect("the casemate binary can be started");
        self.running = Some(self.await_ready(child, &ready));
    }

    /// Adds arguments to `casemate serve`, for the next start.
    #[must_use]
    pub fn with_arguments(mut self, arguments: &[&str]) -> Self {
        for argument in arguments {
            self.settings = self.settings.clone().arg(argument);
        }
        self
    }

    /// Replaces the configuration file, for the next start.
    pub fn reconfigure(&mut self, lines: &str) {
        self.settings.replace_config(lines);
    }

    /// Tries to start it and expects that it ends by itself, with a failure. Gives what it said.
    #[track_caller]
    pub fn refuses_to_start(&self) -> String {
        assert!(self.running.is_none(), "the gateway still runs");
        let before = self.log().len();
        let mut child = self
            .serve_command(&self.folder.path().join("ready"))
            .spawn()
            .expect("the casemate binary can be started");
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                assert!(!status.success(), "it ended well:\n{}", self.log());
                return self.log()[before..].to_owned();
            }
            thread::sleep(GLANCE);
        }
        drop(child.kill());
        drop(child.wait());
        panic!("the gateway started:\n{}", self.log());
    }

    /// Runs the command line against this gateway as its administrator.
    pub fn cli<I: IntoIterator<Item: AsRef<std::ffi::OsStr>>>(&self, arguments: I) -> Output {
        self.cli_with(arguments, "")
    }

    /// The same with text on standard input.
    pub fn cli_with<I: IntoIterator<Item: AsRef<std::ffi::OsStr>>>(
        &self,
        arguments: I,
        input: &str,
    ) -> Output {
        let mut command = self.cli_command();
        command.args(arguments);
        Output::of(command, input)
    }

    /// The command line as [`Self::cli`] runs it, for a test that changes its surroundings or
    /// keeps it running.
    pub fn cli_command(&self) -> Command {
        let mut command = self.casemate();
        command
            .env("CASEMATE_URL", self.admin_url(""))
            .env("CASEMATE_TOKEN", ADMIN_TOKEN);
        command
    }

    fn serve_command(&self, ready: &Path) -> Command {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.log_path());
        let log = log.expect("the gateway's folder can be written to");
        let mut command = self.casemate();
        command
            .arg("serve")
            .arg("--data")
            .arg(self.data_dir())
            .args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"])
            .arg("--ready-file")
            .arg(ready)
            .env("CASEMATE_BOOTSTRAP_TOKEN", ADMIN_TOKEN)
            .stdin(std::process::Stdio::null())
            .stdout(log.try_clone().expect("a file handle can be copied"))
            .stderr(log);
        self.settings.apply(&mut command, self.folder.path());
        command
    }

    /// The binary, in a home of its own and without the settings of whoever runs the tests.
    fn casemate(&self) -> Command {
        let mut command = Command::new(crate::casemate());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CASEMATE_") {
                command.env_remove(name);
            }
        }
        let home = self.scratch();
        command
            .current_dir(&home)
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join("config"));
        command.env("NO_COLOR", "1");
        command
    }

    fn await_ready(&self, mut child: Child, ready: &Path) -> Running {
        let deadline = Instant::now() + START;
        loop {
            if let Some((mcp, admin)) = fs::read_to_string(ready).ok().and_then(|t| addresses(&t)) {
                return Running { child, mcp, admin };
            }
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                panic!(
                    "the gateway ended before it served ({status}):\n{}",
                    self.log()
                );
            }
            if Instant::now() > deadline {
                drop(child.kill());
                panic!(
                    "the gateway did not serve within {START:?}:\n{}",
                    self.log()
                );
            }
            thread::sleep(GLANCE);
        }
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("the gateway runs")
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            drop(running.child.kill());
            drop(running.child.wait());
        }
    }
}

/// Reads `mcp=ADDR admin=ADDR`. A file that is not written yet has no answer.
fn addresses(text: &str) -> Option<(SocketAddr, SocketAddr)> {
    let find = |name: &str| {
        text.split_whitespace()
            .find_map(|word| word.strip_prefix(name)?.parse().ok())
    };
    Some((find("mcp=")?, find("admin=")?))
}

#[cfg(test)]
mod tests {
    use super::addresses;

    #[test]
    fn a_ready_file_names_both_listeners() {
        let (mcp, admin) = addresses("mcp=127.0.0.1:81 admin=127.0.0.1:82\n").unwrap();
        assert_eq!((mcp.port(), admin.port()), (81, 82));
    }

    #[test]
    fn a_ready_file_without_both_is_not_ready() {
        assert_eq!(addresses(""), None);
        assert_eq!(addresses("mcp=127.0.0.1:81 admin="), None);
    }
}
