//! The MCP endpoint of a server, as a client sees it: one URL, one key. Knows nothing of what is
//! said there.

use super::{
    exit::Exit,
    failure::Failure,
    settings::{is_loopback, parse_server_url},
};
use http::{HeaderMap, HeaderValue, Method, header};
use reqwest::{RequestBuilder, redirect};
use secrecy::{ExposeSecret, SecretString};
use std::{error::Error, time::Duration};
use url::Url;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Notices within a minute that the other end of a quiet stream is gone.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// One server, to one key.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    http: reqwest::Client,
    url: Url,
    key: Option<SecretString>,
}

impl Remote {
    /// Nothing is sent yet.
    pub(crate) fn new(url: Url, key: Option<SecretString>) -> Result<Self, Failure> {
        if key.is_some() && url.scheme() == "http" && !is_loopback(&url) {
            let what = format!("the key is not sent to {url} without TLS");
            return Err(Failure::new(Exit::Auth, what)
                .note("Use an https:// address; the gateway's is set with server.public_url.")
                .code("plain_http_refused"));
        }
        // Fails only if there is one already, which is just as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("casemate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_keepalive(KEEPALIVE)
            // A redirect could lead the key elsewhere.
            .redirect(redirect::Policy::none());
        if is_loopback(&url) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| {
            Failure::new(Exit::Failure, "cannot prepare a connection").note(cause(&error))
        })?;
        Ok(Self { http, url, key })
    }

    /// The same from the text of a URL.
    pub(crate) fn at(url: &str, key: Option<SecretString>) -> Result<Self, Failure> {
        Self::new(parse_server_url(url, "--url")?, key)
    }

    /// The URL of the server.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// One JSON-RPC message on its way.
    pub(crate) fn post(&self, headers: HeaderMap, body: Vec<u8>) -> RequestBuilder {
        self.request(Method::POST)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/json, text/event-stream")
            .headers(headers)
            .body(body)
    }

    /// The stream of what a server says by itself.
    pub(crate) fn listen(&self, headers: HeaderMap) -> RequestBuilder {
        self.request(Method::GET)
            .header(header::ACCEPT, "text/event-stream")
            .headers(headers)
    }

    /// The end of a session.
    pub(crate) fn end(&self, headers: HeaderMap) -> RequestBuilder {
        self.request(Method::DELETE).headers(headers)
    }

    fn request(&self, method: Method) -> RequestBuilder {
        let request = self.http.request(method, self.url.clone());
        let Some(key) = &self.key else {
            return request;
        };
        let value = format!("Bearer {}", key.expose_secret());
        let mut value = HeaderValue::try_from(value).expect("a checked key is visible ASCII");
        value.set_sensitive(true);
        request.header(header::AUTHORIZATION, value)
    }
}

/// Whether an answer is an event stream.
pub(crate) fn is_stream(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE);
    let value = value.and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value.starts_with("text/event-stream"))
}

/// The innermost error says what happened; those round it say where in the library.
pub(crate) fn cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_travels_unprotected() {
        let key = || Some(SecretString::from("mcp_k"));
        let refused = |url, key| {
            Remote::at(url, key)
                .err()
                .and_then(|f| f.word().map(str::to_owned))
        };
        let plain = "http://tools.test/mcp/srv_1";
        assert_eq!(refused(plain, key()).as_deref(), Some("plain_http_refused"));
        assert_eq!(refused(plain, None), None);
        assert_eq!(refused("https://tools.test/mcp/srv_1", key()), None);
        assert_eq!(refused("http://127.0.0.1:1/mcp/srv_1", key()), None);
        assert_eq!(
            refused("http://127.0.0.1:1/", key()).as_deref(),
            Some("invalid_value")
        );
    }
}
