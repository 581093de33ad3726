//! What is sent.

use super::{HttpError, Response};
use crate::{Secret, host::Host};
use serde::Serialize;
use std::{
    fmt::{Display, Write as _},
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

/// One request, as the host sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST`, ….
    pub method: String,
    /// With its query.
    pub url: String,
    /// In the order in which they were set.
    pub headers: Vec<(String, String)>,
    /// If there is one.
    pub body: Option<Vec<u8>>,
    /// No longer than this; the host's own limit stands above it.
    pub timeout: Option<Duration>,
    /// Follow at most this many redirects.
    pub max_redirects: u32,
    /// Give up when the body is larger than this.
    pub max_body_bytes: Option<u64>,
}

impl Request {
    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// A request that is being made. Ends with [`send`](Self::send).
#[derive(Debug)]
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder<'cx> {
    host: &'cx Host,
    request: Request,
    problem: Option<String>,
}

impl<'cx> RequestBuilder<'cx> {
    pub(super) fn new(host: &'cx Host, method: String, url: String) -> Self {
        let request = Request {
            method,
            url,
            headers: Vec::new(),
            body: None,
            timeout: None,
            max_redirects: 5,
            max_body_bytes: None,
        };
        Self {
            host,
            request,
            problem: None,
        }
    }

    /// Adds `name=value` to the query, escaped.
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        let url = &mut self.request.url;
        let fragment = url.find('#').map(|at| url.split_off(at));
        url.push(if url.contains('?') { '&' } else { '?' });
        escape(url, name);
        url.push('=');
        escape(url, &value.to_string());
        url.push_str(fragment.as_deref().unwrap_or_default());
        self
    }

    /// Adds a header. A [`Secret`] as the value is filled in by the host.
    pub fn header(mut self, name: impl Into<String>, value: impl HeaderValue) -> Self {
        self.request.headers.push((name.into(), value.into_text()));
        self
    }

    /// Adds `Authorization: Bearer …`.
    pub fn bearer(self, token: impl HeaderValue) -> Self {
        let value = format!("Bearer {}", token.into_text());
        self.header("Authorization", value)
    }

    /// Sends a value as JSON.
    pub fn json(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => {
                self.request.body = Some(body);
                self.header("Content-Type", "application/json")
            }
            Err(error) => {
                self.problem = Some(format!("the body is not JSON: {error}"));
                self
            }
        }
    }

    /// Sends bytes.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.request.body = Some(body.into());
        self
    }

    /// Waits no longer than this; the host's own limit stands above it.
    pub fn timeout_ms(mut self, milliseconds: u64) -> Self {
        self.request.timeout = Some(Duration::from_millis(milliseconds));
        self
    }

    /// Follows at most this many redirects; 5 if nothing is said. Each hop is checked like a
    /// request. A redirect that is not followed is a response like any other.
    pub fn max_redirects(mut self, redirects: u32) -> Self {
        self.request.max_redirects = redirects;
        self
    }

    /// Gives up when the body is larger than this; the host's own limit stands above it.
    pub fn max_body_bytes(mut self, bytes: u64) -> Self {
        self.request.max_body_bytes = Some(bytes);
        self
    }

    /// Sends it: `send().await?` in an `async` function, `send().wait()?` in any other.
    pub fn send(self) -> Sending<'cx> {
        Sending(self)
    }
}

/// A request on its way. Await it, or [`wait`](Self::wait) for it; both do the same.
#[derive(Debug)]
#[must_use = "a request is sent when it is awaited, or waited for"]
pub struct Sending<'cx>(RequestBuilder<'cx>);

impl Sending<'_> {
    /// Sends the request and reads the whole response.
    pub fn wait(mut self) -> Result<Response, HttpError> {
        self.send()
    }

    fn send(&mut self) -> Result<Response, HttpError> {
        match self.0.problem.take() {
            Some(problem) => Err(HttpError::InvalidRequest(problem)),
            None => self.0.host.send(&self.0.request),
        }
    }
}

impl Future for Sending<'_> {
    type Output = Result<Response, HttpError>;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(self.send())
    }
}

/// What can stand in a header: text, or a [`Secret`].
pub trait HeaderValue: sealed::Sealed {
    /// The text of the header.
    #[doc(hidden)]
    fn into_text(self) -> String;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! header_values {
    ($($source:ty: $value:ident => $text:expr;)+) => {$(
        impl sealed::Sealed for $source {}
        impl HeaderValue for $source {
            fn into_text(self) -> String {
                let $value = self;
                $text
            }
        }
    )+};
}

header_values! {
    String: text => text;
    &String: text => text.clone();
    &str: text => text.to_owned();
    Secret: secret => secret.placeholder().to_owned();
    &Secret: secret => secret.placeholder().to_owned();
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
fn escape(url: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            url.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
}
