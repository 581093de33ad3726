//! A bridge as a client starts it: a process, lines in, lines out.

use casemate_tests::{Gateway, Server};
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(60);

pub(super) struct Bridge {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<String>,
}

impl Bridge {
    pub(super) fn start(gateway: &Gateway, server: &Server) -> Self {
        Self::of(command(gateway, &gateway.endpoint(server), &server.key))
    }

    pub(super) fn of(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            stdin: child.stdin.take(),
            child,
            lines,
        }
    }

    /// A line of any bytes.
    pub(super) fn write_bytes(&mut self, line: &[u8]) {
        let input = self.stdin.as_mut().unwrap();
        input.write_all(line).unwrap();
        input.write_all(b"\n").unwrap();
    }

    pub(super) fn write(&mut self, message: &Value) {
        let stdin = self.stdin.as_mut().unwrap();
        writeln!(stdin, "{message}").unwrap();
    }

    #[track_caller]
    pub(super) fn read(&self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("one more line");
        serde_json::from_str(&line).unwrap_or_else(|e| panic!("not a message ({e}): {line}"))
    }

    /// The answer to a request, past whatever comes before it.
    #[track_caller]
    pub(super) fn answer(&self, id: &Value) -> Value {
        loop {
            let message = self.read();
            if message["id"] == *id && message.get("method").is_none() {
                return message;
            }
        }
    }

    #[track_caller]
    pub(super) fn ask(&mut self, message: &Value) -> Value {
        self.write(message);
        self.answer(&message["id"])
    }

    /// Whether nothing comes for a while.
    pub(super) fn is_silent(&self, time: Duration) -> bool {
        self.lines.recv_timeout(time) == Err(RecvTimeoutError::Timeout)
    }

    /// A handshake as clients make it.
    #[track_caller]
    pub(super) fn shake_hands(&mut self, version: &str, capabilities: Value) -> Value {
        let params = json!({
            "protocolVersion": version,
            "capabilities": capabilities,
            "clientInfo": { "name": "stdio-client", "version": "3.2.1" },
        });
        let request =
            json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
        let answer = self.ask(&request);
        self.write(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        answer
    }

    /// Ends the input and gives exit code, what was still written, and standard error.
    pub(super) fn end(mut self) -> (i32, Vec<String>, String) {
        drop(self.stdin.take());
        let deadline = Instant::now() + PATIENCE;
        let mut rest = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(deadline - Instant::now()) {
            rest.push(line);
        }
        let mut complaints = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut complaints).unwrap();
        let status = self.child.wait().unwrap();
        (status.code().unwrap_or(-1), rest, complaints)
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The command that a client would start; it has no access token.
pub(super) fn command(gateway: &Gateway, url: &str, key: &str) -> Command {
    let mut command = gateway.cli_command();
    command
        .env_remove("CASEMATE_URL")
        .env_remove("CASEMATE_TOKEN")
        .env("CASEMATE_KEY", key)
        .args(["bridge", "--url", url]);
    command
}

/// A message of the stateless revision.
pub(super) fn modern(id: Value, method: &str, mut params: Value) -> Value {
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2026-07-28");
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({});
    params["_meta"]["io.modelcontextprotocol/clientInfo"] =
        json!({ "name": "stdio-client", "version": "3.2.1" });
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

pub(super) fn request(id: Value, method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}
