//! What came back.

use crate::ToolError;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// A response, read in full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    pub(crate) url: String,
}

impl Response {
    /// A response with nothing but a status. For tests; tools get theirs from the host.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            url: String::new(),
        }
    }

    /// Adds a header.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body.
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the body to JSON.
    pub fn with_json(self, value: &serde_json::Value) -> Self {
        self.with_header("Content-Type", "application/json")
            .with_body(value.to_string())
    }

    /// Sets the URL that answered. Without it, a mock answers from the URL that was asked.
    pub fn with_url(mut self, url: impl Into<String>) -> Self {
        self.url = url.into();
        self
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The first header of this name, in any case, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// All headers, in order.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// The URL that answered, after redirects.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The body.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body.
    pub fn into_bytes(self) -> Vec<u8> {
        self.body
    }

    /// The body as text; what is not UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, read as JSON. Checks the status first.
    pub fn json<T: DeserializeOwned>(self) -> Result<T, ToolError> {
        let response = self.error_for_status()?;
        serde_json::from_slice(&response.body).map_err(|error| {
            ToolError::user("The service behind this tool answered something unexpected.")
                .code("http-unexpected-body")
                .with_detail(format!("the body is not the JSON expected: {error}"))
        })
    }

    /// The response, if its status is 200 to 299.
    pub fn error_for_status(self) -> Result<Self, ToolError> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let message = format!(
            "The service behind this tool answered with status {}.",
            self.status
        );
        let start = self.body.get(..500).unwrap_or(&self.body);
        let error = ToolError::user(message)
            .code("http-status")
            .with_detail(String::from_utf8_lossy(start));
        let seconds = self
            .header("retry-after")
            .and_then(|wait| wait.trim().parse().ok());
        Err(match seconds {
            Some(seconds) => error.retry_after(Duration::from_secs(seconds)),
            None => error,
        })
    }
}
