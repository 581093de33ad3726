//! HTTP as a test needs it: every header as given, none added, no redirect followed, no status
//! turned into an error, and a way below it for bytes that are no HTTP at all.

use ::http::HeaderMap;
use serde_json::Value;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::OnceLock,
    time::Duration,
};

/// Longer than anything under test may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request that is being put together.
#[derive(Debug, Clone)]
pub struct Request {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    patience: Option<Duration>,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: &str, url: &str) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            patience: None,
        }
    }

    /// Closes the connection and fails if the whole answer is not there by then.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Adds a header; the same name twice sends it twice.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes a header out again, however often it was added.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// Replaces a header.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        self.without(name).header(name, value)
    }

    /// Adds `Authorization: Bearer …`.
    #[must_use]
    pub fn bearer(self, credential: &str) -> Self {
        self.header("Authorization", &format!("Bearer {credential}"))
    }

    /// Replaces the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Replaces the body by JSON, and the content type with it.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.with("Content-Type", "application/json")
            .body(body.to_string())
    }

    /// The same request for another client than the one of this module.
    pub fn to_http(&self) -> ::http::Request<Vec<u8>> {
        let mut request = ::http::Request::builder()
            .method(&*self.method)
            .uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request
            .body(self.body.clone())
            .expect("a test sets only what can be sent")
    }

    /// Sends it and reads the whole answer.
    #[track_caller]
    pub fn send(&self) -> Response {
        self.try_send()
            .unwrap_or_else(|error| panic!("{} {}: {error}", self.method, self.url))
    }

    /// The same where the connection may fail and that is part of the test.
    pub fn try_send(&self) -> Result<Response, ureq::Error> {
        let (status, headers, mut reader) = self.try_open()?.into_parts();
        let mut body = Vec::new();
        reader.read_to_end(&mut body)?;
        Ok(Response {
            status,
            headers,
            body,
        })
    }

    /// Sends it and returns as soon as the head of the answer is there. Dropping the answer closes
    /// the connection.
    #[track_caller]
    pub fn open(&self) -> Opened {
        self.try_open()
            .unwrap_or_else(|error| panic!("{} {}: {error}", self.method, self.url))
    }

    fn try_open(&self) -> Result<Opened, ureq::Error> {
        let mut request = ::http::Request::builder()
            .method(&*self.method)
            .uri(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let agent = agent();
        let response = if self.body.is_empty() {
            let request = agent.configure_request(request.body(())?);
            agent.run(request.timeout_global(self.patience).build())?
        } else {
            let request = agent.configure_request(request.body(&self.body[..])?);
            agent.run(request.timeout_global(self.patience).build())?
        };
        let (head, body) = response.into_parts();
        Ok(Opened {
            status: head.status.as_u16(),
            headers: head.headers,
            reader: Box::new(body.into_with_config().limit(u64::MAX).reader()),
        })
    }
}

/// A GET request.
pub fn get(url: &str) -> Request {
    Request::new("GET", url)
}

/// A POST request.
pub fn post(url: &str) -> Request {
    Request::new("POST", url)
}

/// An answer, whole.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// A header as text, or nothing if it is not there.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("the body is not JSON ({error}): {self}"))
    }
}

impl std::fmt::Display for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} {:?}\n{}", self.status, self.headers, self.text())
    }
}

/// An answer of which the body is still to be read.
pub struct Opened {
    /// The status code.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    reader: Box<dyn Read + Send>,
}

impl Opened {
    /// The body, to be read as it comes.
    pub fn into_reader(self) -> Box<dyn Read + Send> {
        self.reader
    }

    fn into_parts(self) -> (u16, HeaderMap, Box<dyn Read + Send>) {
        (self.status, self.headers, self.reader)
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// Sends bytes as they are and returns what came back until the other side closed, or until it
/// said nothing for this long.
pub fn raw(address: SocketAddr, bytes: &[u8], silence: Duration) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("the listener takes connections");
    stream
        .set_read_timeout(Some(silence))
        .expect("a silence is longer than nothing");
    // The other side may refuse by closing before it has read everything.
    drop(stream.write_all(bytes));
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut piece) {
        answer.extend_from_slice(&piece[..length]);
    }
    answer
}

fn agent() -> &'static ureq::Agent {
    static AGENT: OnceLock<ureq::Agent> = OnceLock::new();
    AGENT.get_or_init(|| {
        use ureq::config::AutoHeaderValue;
        ureq::Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .allow_non_standard_methods(true)
            .user_agent(AutoHeaderValue::None)
            .accept(AutoHeaderValue::None)
            .accept_encoding(AutoHeaderValue::None)
            .timeout_global(Some(PATIENCE))
            // A pooled connection may be one that a gateway has closed at its end.
            .max_idle_connections(0)
            .build()
            .new_agent()
    })
}
