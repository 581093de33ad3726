//! The real host, through the generated bindings.

use crate::{
    bindings::casemate::tool::{
        cancellation, config, http as wit_http, key_value, logging, progress, secrets,
    },
    http::{HttpError, Request, Response},
    kv,
    log::Level,
    secret,
};
use std::time::Duration;

/// The real host.
#[derive(Debug)]
pub(crate) struct Component;

impl Component {
    pub(crate) fn log(&self, level: Level, message: &str, fields: Option<&str>) {
        let level = match level {
            Level::Debug => logging::Level::Debug,
            Level::Info => logging::Level::Info,
            Level::Notice => logging::Level::Notice,
            Level::Warning => logging::Level::Warning,
            Level::Error => logging::Level::Error,
            Level::Critical => logging::Level::Critical,
            Level::Alert => logging::Level::Alert,
            Level::Emergency => logging::Level::Emergency,
        };
        logging::log(level, message, fields);
    }

    pub(crate) fn progress(&self, done: f64, total: Option<f64>, message: Option<&str>) {
        progress::report(done, total, message);
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        cancellation::is_cancelled()
    }

    pub(crate) fn remaining_ms(&self) -> u64 {
        cancellation::remaining_ms()
    }

    pub(crate) fn placeholder(&self, name: &str) -> Result<String, secret::Refusal> {
        secrets::placeholder(name).map_err(refused)
    }

    pub(crate) fn reveal(&self, name: &str) -> Result<String, secret::Refusal> {
        secrets::reveal(name).map_err(refused)
    }

    pub(crate) fn config(&self, name: &str) -> Option<String> {
        config::get(name)
    }

    pub(crate) fn send(&self, request: &Request) -> Result<Response, HttpError> {
        let request = wit_http::Request {
            method: request.method.clone(),
            url: request.url.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            timeout_ms: request.timeout.map(milliseconds),
            max_redirects: request.max_redirects,
            max_body_bytes: request.max_body_bytes,
        };
        match wit_http::send(&request) {
            Ok(wit_http::Response {
                status,
                headers,
                body,
                url,
            }) => Ok(Response {
                status,
                headers,
                body,
                url,
            }),
            Err(error) => Err(match error {
                wit_http::HttpError::InvalidRequest(what) => HttpError::InvalidRequest(what),
                wit_http::HttpError::Denied(what) => HttpError::Denied(what),
                wit_http::HttpError::ConnectionFailed(what) => HttpError::ConnectionFailed(what),
                wit_http::HttpError::TimedOut => HttpError::TimedOut,
                wit_http::HttpError::TooLarge(limit) => HttpError::TooLarge(limit),
                wit_http::HttpError::LimitReached(what) => HttpError::LimitReached(what),
            }),
        }
    }

    pub(crate) fn kv_get(&self, key: &str) -> Result<Option<kv::Entry>, kv::KvError> {
        let entry = key_value::get(key).map_err(kv_refused)?;
        Ok(entry.map(|key_value::Entry { value, revision }| kv::Entry { value, revision }))
    }

    pub(crate) fn kv_set(
        &self,
        key: &str,
        value: &[u8],
        when: kv::Condition,
        ttl: Option<Duration>,
    ) -> Result<Option<u64>, kv::KvError> {
        key_value::set(key, value, condition(when), ttl.map(milliseconds)).map_err(kv_refused)
    }

    pub(crate) fn kv_delete(&self, key: &str, when: kv::Condition) -> Result<bool, kv::KvError> {
        key_value::delete(key, condition(when)).map_err(kv_refused)
    }

    pub(crate) fn kv_keys(
        &self,
        prefix: &str,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<kv::Page, kv::KvError> {
        let page = key_value::keys(prefix, cursor, limit).map_err(kv_refused)?;
        Ok(kv::Page {
            keys: page.keys,
            cursor: page.cursor,
        })
    }
}

fn refused(error: secrets::SecretError) -> secret::Refusal {
    match error {
        secrets::SecretError::NotGranted => secret::Refusal::NotGranted,
        secrets::SecretError::NotSet => secret::Refusal::NotSet,
    }
}

fn kv_refused(error: key_value::KvError) -> kv::KvError {
    match error {
        key_value::KvError::NotGranted => kv::KvError::NotGranted,
        key_value::KvError::TooLarge(what) => kv::KvError::TooLarge(what),
        key_value::KvError::Unavailable => kv::KvError::Unavailable,
    }
}

fn condition(condition: kv::Condition) -> key_value::Condition {
    match condition {
        kv::Condition::Anything => key_value::Condition::Anything,
        kv::Condition::Absent => key_value::Condition::Absent,
        kv::Condition::Revision(revision) => key_value::Condition::Revision(revision),
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
