//! The host in tests: grants what the test sets, records what the tool does.

use crate::{
    http::{HttpError, Request, Response},
    kv,
    log::Level,
    secret,
    testing::{Log, Progress},
};
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    fmt,
    time::Duration,
};

type Answering = Box<dyn Fn(&Request) -> Result<Response, HttpError>>;

/// The host in tests.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) secrets: BTreeMap<String, Option<String>>,
    pub(crate) config: BTreeMap<String, String>,
    pub(crate) mock: Option<Answering>,
    pub(crate) replies: RefCell<VecDeque<Result<Response, HttpError>>>,
    pub(crate) cancelled: Cell<bool>,
    pub(crate) remaining_ms: Cell<u64>,
    pub(crate) logs: RefCell<Vec<Log>>,
    pub(crate) progress: RefCell<Vec<Progress>>,
    pub(crate) requests: RefCell<Vec<Request>>,
    /// `None` if the store is not granted.
    pub(crate) store: RefCell<Option<BTreeMap<String, kv::Entry>>>,
    revision: Cell<u64>,
}

impl Fake {
    pub(crate) fn log(&self, level: Level, message: &str, fields: Option<&str>) {
        self.logs.borrow_mut().push(Log {
            level,
            message: message.to_owned(),
            fields: fields.and_then(|fields| serde_json::from_str(fields).ok()),
        });
    }

    pub(crate) fn progress(&self, done: f64, total: Option<f64>, message: Option<&str>) {
        let message = message.map(str::to_owned);
        self.progress.borrow_mut().push(Progress {
            done,
            total,
            message,
        });
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.get()
    }

    pub(crate) fn remaining_ms(&self) -> u64 {
        self.remaining_ms.get()
    }

    pub(crate) fn placeholder(&self, name: &str) -> Result<String, secret::Refusal> {
        self.reveal(name)?;
        Ok(placeholder(name))
    }

    pub(crate) fn reveal(&self, name: &str) -> Result<String, secret::Refusal> {
        match self.secrets.get(name) {
            Some(Some(value)) => Ok(value.clone()),
            Some(None) => Err(secret::Refusal::NotSet),
            None => Err(secret::Refusal::NotGranted),
        }
    }

    pub(crate) fn config(&self, name: &str) -> Option<String> {
        self.config.get(name).cloned()
    }

    pub(crate) fn send(&self, request: &Request) -> Result<Response, HttpError> {
        let mut request = request.clone();
        for (_, header) in &mut request.headers {
            for (name, value) in &self.secrets {
                let value = value.as_deref().unwrap_or_default();
                *header = header.replace(&placeholder(name), value);
            }
        }
        self.requests.borrow_mut().push(request.clone());
        let canned = self.replies.borrow_mut().pop_front();
        let mut response = match (canned, &self.mock) {
            (Some(reply), _) => reply?,
            (None, Some(mock)) => mock(&request)?,
            (None, None) => {
                let what = format!("the test has no answer for {}", request.url);
                return Err(HttpError::Denied(what));
            }
        };
        if response.url.is_empty() {
            response.url = request.url;
        }
        match request.max_body_bytes {
            Some(limit) if response.body.len() as u64 > limit => Err(HttpError::TooLarge(limit)),
            _ => Ok(response),
        }
    }

    pub(crate) fn kv_get(&self, key: &str) -> Result<Option<kv::Entry>, kv::KvError> {
        self.stored(|store| store.get(key).cloned())
    }

    pub(crate) fn kv_set(
        &self,
        key: &str,
        value: &[u8],
        when: kv::Condition,
        _: Option<Duration>,
    ) -> Result<Option<u64>, kv::KvError> {
        self.stored(|store| {
            let revision = self.revision.get() + 1;
            holds(store.get(key), when).then(|| {
                self.revision.set(revision);
                let entry = kv::Entry {
                    value: value.to_vec(),
                    revision,
                };
                store.insert(key.to_owned(), entry);
                revision
            })
        })
    }

    pub(crate) fn kv_delete(&self, key: &str, when: kv::Condition) -> Result<bool, kv::KvError> {
        self.stored(|store| holds(store.get(key), when) && store.remove(key).is_some())
    }

    pub(crate) fn kv_keys(
        &self,
        prefix: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<kv::Page, kv::KvError> {
        self.stored(|store| {
            let mut keys = store.keys().filter(|key| {
                key.starts_with(prefix) && cursor.is_none_or(|cursor| key.as_str() > cursor)
            });
            let page: Vec<String> = keys.by_ref().take(limit as usize).cloned().collect();
            let cursor = keys.next().and_then(|_| page.last().cloned());
            kv::Page { keys: page, cursor }
        })
    }

    fn stored<T>(
        &self,
        work: impl FnOnce(&mut BTreeMap<String, kv::Entry>) -> T,
    ) -> Result<T, kv::KvError> {
        self.store
            .borrow_mut()
            .as_mut()
            .map(work)
            .ok_or(kv::KvError::NotGranted)
    }
}

fn holds(entry: Option<&kv::Entry>, condition: kv::Condition) -> bool {
    match condition {
        kv::Condition::Anything => true,
        kv::Condition::Absent => entry.is_none(),
        kv::Condition::Revision(wanted) => entry.is_some_and(|entry| entry.revision == wanted),
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fake").finish_non_exhaustive()
    }
}

fn placeholder(name: &str) -> String {
    format!("{{secret:{name}}}")
}
