//! A client of the admin API. Knows addresses, credentials and errors; what an answer means is the
//! business of the commands.

use super::{
    exit::Exit,
    failure::Failure,
    settings::{Settings, TOKEN_HINT, is_loopback},
};
use http::{Method, StatusCode, header};
use reqwest::{Body, RequestBuilder, Response, redirect};
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};
use std::{error::Error, time::Duration};
use url::Url;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longer than any call may take under sensible limits.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(300);
/// Notices within a minute that the other end of a quiet stream is gone.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// Parameters of an address; `None` is left out.
pub(crate) type Query<'a> = &'a [(&'a str, Option<String>)];

/// Talks to one gateway.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: Url,
    token: SecretString,
}

/// A good answer, as it came.
#[derive(Debug)]
pub(crate) struct Reply {
    text: String,
    url: String,
}

impl Reply {
    /// The JSON text.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The answer as a type.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        serde_json::from_str(&self.text).map_err(|error| {
            Failure::new(
                Exit::Failure,
                format!("{} did not answer as Casemate does", self.url),
            )
            .note(error.to_string())
            .note("Set CASEMATE_URL to the admin address of a gateway of this version.")
            .code("not_casemate")
        })
    }
}

impl Client {
    /// A client for the given gateway. Nothing is sent yet.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Failure> {
        // Fails only if there is one already, which is just as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("casemate/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_keepalive(KEEPALIVE)
            // A redirect could lead the token elsewhere.
            .redirect(redirect::Policy::none());
        if is_loopback(&settings.url) {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| {
            Failure::new(Exit::Failure, "cannot prepare a connection").note(root_cause(&error))
        })?;
        Ok(Self {
            http,
            base: settings.url.clone(),
            token: settings.token.clone(),
        })
    }

    /// `GET`.
    pub(crate) async fn get(&self, path: &[&str], query: Query<'_>) -> Result<Reply, Failure> {
        self.answer(self.request(Method::GET, path, query)).await
    }

    /// `POST` with a JSON body.
    pub(crate) async fn post(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<Reply, Failure> {
        self.answer(self.request(Method::POST, path, &[]).json(body))
            .await
    }

    /// Changes parts of something.
    pub(crate) async fn patch(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> Result<Reply, Failure> {
        self.answer(self.request(Method::PATCH, path, &[]).json(body))
            .await
    }

    /// `PUT` with a JSON body.
    pub(crate) async fn put(&self, path: &[&str], body: &impl Serialize) -> Result<Reply, Failure> {
        self.answer(self.request(Method::PUT, path, &[]).json(body))
            .await
    }

    /// `DELETE`.
    pub(crate) async fn delete(&self, path: &[&str]) -> Result<Reply, Failure> {
        self.answer(self.request(Method::DELETE, path, &[])).await
    }

    /// `POST` with a file of a known size.
    pub(crate) async fn upload(
        &self,
        path: &[&str],
        file: Body,
        size: u64,
    ) -> Result<Reply, Failure> {
        let request = self
            .request(Method::POST, path, &[])
            .header(header::CONTENT_TYPE, "application/wasm")
            .header(header::CONTENT_LENGTH, size)
            .body(file);
        self.answer(request).await
    }

    /// `GET` for an answer that does not end by itself.
    pub(crate) async fn stream(
        &self,
        path: &[&str],
        query: Query<'_>,
    ) -> Result<Response, Failure> {
        let sent = self.request(Method::GET, path, query).send().await;
        let response = sent.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let body = response.text().await.unwrap_or_default();
        Err(self.refused(status, &body))
    }

    /// The failure that stands for a connection that did not work.
    pub(crate) fn unreachable(&self, error: &reqwest::Error) -> Failure {
        let what = if error.is_timeout() && !error.is_connect() {
            format!("{} did not answer in time", self.base)
        } else {
            format!("cannot reach the gateway at {}", self.base)
        };
        Failure::new(Exit::Network, what)
            .note(root_cause(error))
            .note("Start it with `casemate serve`, or set CASEMATE_URL to its admin address.")
            .code("unreachable")
    }

    fn request(&self, method: Method, path: &[&str], query: Query<'_>) -> RequestBuilder {
        self.http
            .request(method, address(&self.base, path, query))
            .bearer_auth(self.token.expose_secret())
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Reply, Failure> {
        let sent = request.timeout(ANSWER_TIMEOUT).send().await;
        let response = sent.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        let text = response
            .text()
            .await
            .map_err(|error| self.unreachable(&error))?;
        if status.is_success() {
            return Ok(Reply {
                text,
                url: self.base.to_string(),
            });
        }
        Err(self.refused(status, &text))
    }

    fn refused(&self, status: StatusCode, body: &str) -> Failure {
        let failure = Failure::of_answer(status, body, self.base.as_str());
        // An answer of a gateway brings its own hint; a proxy before it may not.
        if status == StatusCode::UNAUTHORIZED && failure.word() == Some("not_casemate") {
            return failure.note(TOKEN_HINT);
        }
        failure
    }
}

/// Every segment is encoded by itself, so that `workspace/server` is one segment.
fn address(base: &Url, path: &[&str], query: Query<'_>) -> Url {
    let mut url = base.clone();
    url.path_segments_mut()
        .expect("the address of a gateway is http or https, which has a path")
        .pop_if_empty()
        .extend(path);
    for (name, value) in query {
        if let Some(value) = value {
            url.query_pairs_mut().append_pair(name, value);
        }
    }
    url
}

/// The innermost error says what happened; those round it say where in the library.
fn root_cause(error: &dyn Error) -> String {
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
    fn a_server_of_a_workspace_is_one_segment() {
        let base: Url = "http://127.0.0.1:8081".parse().unwrap();
        let url = address(&base, &["v1", "servers", "acme/weather", "tools"], &[]);
        assert_eq!(
            url.as_str(),
            "http://127.0.0.1:8081/v1/servers/acme%2Fweather/tools"
        );
    }

    #[test]
    fn an_address_under_a_path_stays_under_it() {
        let base: Url = "https://tools.test/casemate/".parse().unwrap();
        let query = [("server", Some("a b".to_owned())), ("tool", None)];
        let url = address(&base, &["v1", "calls"], &query);
        assert_eq!(
            url.as_str(),
            "https://tools.test/casemate/v1/calls?server=a+b"
        );
    }

    #[test]
    fn the_token_is_not_in_a_debug_text() {
        let url = "https://tools.test".parse().unwrap();
        let token = SecretString::from("s3cret");
        let client = Client {
            http: reqwest_without_tls(),
            base: url,
            token,
        };
        assert!(!format!("{client:?}").contains("s3cret"));
    }

    fn reqwest_without_tls() -> reqwest::Client {
        drop(rustls::crypto::ring::default_provider().install_default());
        reqwest::Client::new()
    }
}
