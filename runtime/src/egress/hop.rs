//! One request of a chain: what is sent, and what becomes of it after a redirect.

use super::Target;
use crate::{
    bindings::host::http::{HttpError, Request},
    secrets::{self, Secrets},
};
use bytes::Bytes;
use reqwest::{
    Method, StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue, LOCATION},
};
use url::Url;

/// Headers of one request, in number.
const HEADERS: usize = 100;
/// Headers of one request, in bytes.
const HEADER_BYTES: usize = 32 << 10;
/// The longest URL.
const URL_BYTES: usize = 8 << 10;

/// Headers that belong to the connection or to the host, not to a tool.
const FORBIDDEN: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Headers that follow a redirect to another origin, besides `accept-*` and `content-*`. Any other
/// may prove who is asking: APIs invent their own names for that.
const KEPT: [&str; 4] = ["accept", "range", "traceparent", "user-agent"];

/// One request of a chain.
#[derive(Debug, Clone)]
pub(super) struct Hop {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) body: Option<Bytes>,
    headers: Vec<(HeaderName, String)>,
}

impl Hop {
    /// The request as the tool wants it.
    pub(super) fn first(request: Request) -> Result<Self, HttpError> {
        Ok(Self {
            method: method(&request.method)?,
            url: absolute(&request.url)?,
            body: request.body.map(Bytes::from),
            headers: headers(request.headers)?,
        })
    }

    /// The headers with placeholders filled in, as far as this target may have them.
    pub(super) fn filled_headers(
        &self,
        secrets: &mut Secrets,
        target: &Target<'_>,
    ) -> Result<HeaderMap, HttpError> {
        let mut map = HeaderMap::with_capacity(self.headers.len());
        for (name, text) in &self.headers {
            let filled = secrets.fill(text, target).map_err(|wrong| {
                HttpError::Denied(format!(
                    "the grant does not allow the secret {} to be sent to {}",
                    wrong.secret,
                    target.shown()
                ))
            })?;
            let value = filled.as_ref().map_or(text.as_str(), |filled| filled);
            let mut value = HeaderValue::from_str(value)
                .map_err(|_| invalid(format!("the value of the header {name} is not valid")))?;
            value.set_sensitive(filled.is_some());
            map.append(name, value);
        }
        Ok(map)
    }

    /// The next request, if the answer is a redirect.
    pub(super) fn redirected(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Option<Result<Self, HttpError>> {
        let keeps_method = match status {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method != Method::POST,
            StatusCode::SEE_OTHER => matches!(self.method, Method::GET | Method::HEAD),
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => true,
            _ => return None,
        };
        let location = headers.get(LOCATION)?;
        Some(self.next(location, keeps_method))
    }

    fn next(&self, location: &HeaderValue, keeps_method: bool) -> Result<Self, HttpError> {
        let url = location
            .to_str()
            .ok()
            .and_then(|location| self.url.join(location).ok())
            .ok_or_else(|| {
                HttpError::ConnectionFailed("the host redirects to an invalid URL".to_owned())
            })?;
        let mut next = self.clone();
        next.url = checked(url)?;
        if !keeps_method {
            next.method = Method::GET;
            next.body = None;
            next.headers
                .retain(|(name, _)| !name.as_str().starts_with("content-"));
        }
        if next.url.origin() != self.url.origin() {
            next.headers.retain(|(name, value)| {
                let name = name.as_str();
                let kept = KEPT.contains(&name)
                    || name.starts_with("accept-")
                    || name.starts_with("content-");
                kept && !secrets::is_placeholder_in(value)
            });
        }
        Ok(next)
    }
}

fn invalid(problem: impl Into<String>) -> HttpError {
    HttpError::InvalidRequest(problem.into())
}

fn method(text: &str) -> Result<Method, HttpError> {
    let method = Method::from_bytes(text.as_bytes())
        .map_err(|_| invalid("the method is not a valid word"))?;
    if matches!(method, Method::CONNECT | Method::TRACE) {
        return Err(invalid(format!("the method {method} is not offered")));
    }
    Ok(method)
}

fn absolute(text: &str) -> Result<Url, HttpError> {
    if text.len() > URL_BYTES {
        return Err(invalid(format!("the URL is longer than {URL_BYTES} bytes")));
    }
    let url =
        Url::parse(text).map_err(|error| invalid(format!("the URL is not valid: {error}")))?;
    checked(url)
}

/// A URL that means the same to every reader: `http` or `https`, no user, no trailing dot.
fn checked(mut url: Url) -> Result<Url, HttpError> {
    if !matches!(url.scheme(), "https" | "http") {
        return Err(invalid("the URL must begin with https:// or http://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid(
            "the URL must not hold a user name or a password; use a header",
        ));
    }
    url.set_fragment(None);
    let plain = url
        .host_str()
        .and_then(|host| host.strip_suffix('.'))
        .map(str::to_owned);
    if let Some(plain) = plain {
        url.set_host(Some(&plain))
            .map_err(|_| invalid("the URL names no valid host"))?;
    }
    Ok(url)
}

fn headers(wanted: Vec<(String, String)>) -> Result<Vec<(HeaderName, String)>, HttpError> {
    let bytes: usize = wanted.iter().map(|(n, v)| n.len() + v.len()).sum();
    if wanted.len() > HEADERS || bytes > HEADER_BYTES {
        return Err(invalid(format!(
            "more than {HEADERS} headers or {HEADER_BYTES} bytes of them"
        )));
    }
    let mut headers = Vec::with_capacity(wanted.len());
    for (name, value) in wanted {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| invalid("the name of a header is not valid"))?;
        if FORBIDDEN.contains(&name.as_str()) || name.as_str().starts_with("proxy-") {
            return Err(invalid(format!(
                "the header {name} is set by the host and cannot be set by a tool"
            )));
        }
        HeaderValue::from_str(&value)
            .map_err(|_| invalid(format!("the value of the header {name} is not valid")))?;
        headers.push((name, value));
    }
    Ok(headers)
}
