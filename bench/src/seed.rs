//! Filling a gateway: many servers, tools, keys and components, through the admin API as anybody
//! would, from several threads because each change waits for the disk.

mod compiled;

use crate::gateway::Gateway;
use anyhow::{Context, Result, ensure};
use casemate_tests::{
    ADMIN_TOKEN,
    http::{get, post},
};
pub(crate) use compiled::keep_code;
use serde_json::{Value, json};
use std::{
    fs,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// Threads that wait for the disk.
const THREADS: usize = 16;
const WORKSPACE: &str = "seeded";

/// A server that was made here.
#[derive(Debug, Clone)]
pub(crate) struct Seeded {
    pub(crate) server: casemate_tests::Server,
}

/// A component, in any number of versions that differ by their digest alone.
#[derive(Debug)]
pub(crate) struct Components {
    bytes: Vec<u8>,
}

impl Components {
    /// Versions of the component of the benchmarks.
    pub(crate) fn new() -> Result<Self> {
        Self::of(casemate_tests::guest("bench"))
    }

    /// Versions of the component in a file.
    pub(crate) fn of(file: &Path) -> Result<Self> {
        let bytes = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        Ok(Self { bytes })
    }

    /// One of them: the component with a section at its end that nobody reads.
    pub(crate) fn number(&self, number: u32) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        let mut section = vec![6];
        section.extend(b"number");
        section.extend(number.to_le_bytes());
        // A custom section, and its length, which fits one byte.
        bytes.extend([0, u8::try_from(section.len()).expect("eleven bytes")]);
        bytes.extend(section);
        bytes
    }

    pub(crate) fn kib(&self) -> usize {
        self.bytes.len() >> 10
    }
}

/// The admin API of a gateway.
#[derive(Debug, Clone)]
pub(crate) struct Seeder {
    url: String,
}

impl Seeder {
    pub(crate) fn of(gateway: &Gateway) -> Self {
        Self {
            url: gateway.admin_url(),
        }
    }

    fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = post(&format!("{}{path}", self.url)).bearer(ADMIN_TOKEN);
        let answer = request.json(body).try_send()?;
        ensure!(answer.status < 300, "POST {path}: {answer}");
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// What the gateway says of something.
    pub(crate) fn get(&self, path: &str) -> Result<Value> {
        let request = get(&format!("{}{path}", self.url)).bearer(ADMIN_TOKEN);
        let answer = request.try_send()?;
        ensure!(answer.status < 300, "GET {path}: {answer}");
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// The workspace of everything that is made here.
    pub(crate) fn workspace(&self) -> Result<()> {
        self.post("/v1/workspaces", &json!({ "name": WORKSPACE }))?;
        Ok(())
    }

    /// Uploads a component and gives its digest.
    pub(crate) fn upload(&self, component: Vec<u8>) -> Result<String> {
        let request = post(&format!("{}/v1/components", self.url)).bearer(ADMIN_TOKEN);
        let answer = request.body(component).try_send()?;
        ensure!(answer.status < 300, "an upload: {answer}");
        text(&serde_json::from_slice(&answer.body)?, "digest")
    }

    /// A server without tools, with a key.
    pub(crate) fn server(&self, name: &str) -> Result<Seeded> {
        let made = self.post(
            "/v1/servers",
            &json!({ "name": name, "workspace": WORKSPACE }),
        )?;
        let id = text(&made, "id")?;
        Ok(Seeded {
            server: casemate_tests::Server {
                workspace: WORKSPACE.to_owned(),
                name: name.to_owned(),
                key: self.key(&id, "first")?,
                id,
            },
        })
    }

    pub(crate) fn key(&self, server: &str, name: &str) -> Result<String> {
        let made = self.post("/v1/keys", &json!({ "name": name, "servers": [server] }))?;
        text(&made, "key")
    }

    /// Gives a server the tools of a component.
    pub(crate) fn deploy(&self, seeded: &Seeded, digest: &str) -> Result<()> {
        let path = format!("/v1/servers/{}/versions", seeded.server.id);
        self.post(&path, &json!({ "component": "bench", "digest": digest }))?;
        Ok(())
    }

    /// So many servers with the tools of one component.
    pub(crate) fn servers(&self, count: usize, digest: &str) -> Result<Vec<Seeded>> {
        in_parallel(count, |number| {
            let seeded = self.server(&format!("server-{number}"))?;
            self.deploy(&seeded, digest)?;
            Ok(seeded)
        })
    }

    /// So many servers, each with a component of its own.
    pub(crate) fn distinct(
        &self,
        name: &str,
        components: &Components,
        count: u32,
    ) -> Result<Vec<Seeded>> {
        in_parallel(count as usize, |number| {
            let seeded = self.server(&format!("{name}-{number}"))?;
            let number = u32::try_from(number).context("a small number")?;
            self.deploy(&seeded, &self.upload(components.number(number))?)?;
            Ok(seeded)
        })
    }

    /// So many keys, spread over servers.
    pub(crate) fn keys(&self, count: usize, servers: &[Seeded]) -> Result<()> {
        in_parallel(count, |number| {
            let server = &servers[number % servers.len()].server;
            self.key(&server.id, &format!("key-{number}"))
        })?;
        Ok(())
    }
}

fn text(value: &Value, name: &str) -> Result<String> {
    let text = value[name].as_str().map(str::to_owned);
    text.with_context(|| format!("no {name} in {value}"))
}

/// Does something for each number, in any order.
fn in_parallel<T: Send>(count: usize, make: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
    let next = AtomicUsize::new(0);
    let (next, make) = (&next, &make);
    thread::scope(|scope| {
        let running: Vec<_> = (0..THREADS.min(count))
            .map(|_| {
                scope.spawn(move || {
                    let mut made = Vec::new();
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= count {
                            return Ok(made);
                        }
                        made.push(make(number)?);
                    }
                })
            })
            .collect();
        let mut all = Vec::with_capacity(count);
        for thread in running {
            let made: Result<Vec<T>> = thread.join().expect("seeding does not panic");
            all.extend(made?);
        }
        Ok(all)
    })
}
