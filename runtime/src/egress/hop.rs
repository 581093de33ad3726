//! One request of a chain: what is sent, and what becomes of it after a redirect.

use super::{Target, Trace, refusal};
use crate::{
    bindings::host::http::{HttpError, Request},
    secrets::{self, Secrets},
};
use bytes::Bytes;
use casemate_domain::{SecretName, is_reserved_header};
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
    /// The secrets that the host added to the request before a redirect.
    added_before: Option<Vec<SecretName>>,
    trace: Option<Trace>,
}

impl Hop {
    /// The request as the tool wants it.
    pub(super) fn first(request: Request, trace: Option<Trace>) -> Result<Self, HttpError> {
        Ok(Self {
            method: method(&request.method)?,
            url: absolute(&request.url)?,
            body: request.body.map(Bytes::from),
            headers: headers(request.headers)?,
            added_before: None,
            trace,
        })
    }

    /// The headers as they are sent to this target: with placeholders filled in, and with those that
    /// the host adds in place of the tool's own of the same name.
    pub(super) fn filled_headers(
        &mut self,
        secrets: &mut Secrets,
        target: &Target<'_>,
    ) -> Result<HeaderMap, HttpError> {
        let mut map = HeaderMap::with_capacity(self.headers.len());
        for (name, text) in &self.headers {
            let filled = secrets
                .fill(text, target)
                .map_err(|withheld| refusal::secret(&withheld, target))?;
            let value = filled.as_ref().map_or(text.as_str(), |filled| filled);
            map.append(name, value_of(name, value, filled.is_some())?);
        }
        let added = secrets
            .added(target, self.added_before.as_deref())
            .map_err(|withheld| refusal::secret(&withheld, target))?;
        for added in &added {
            let name = HeaderName::from_bytes(added.header.name().as_bytes())
                .expect("the name was checked when it was granted");
            map.insert(&name, value_of(&name, &added.value, true)?);
        }
        if let Some(trace) = &self.trace {
            trace.write(&mut map);
        }
        self.added_before = Some(added.into_iter().map(|added| added.secret).collect());
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
        if self.url.scheme() == "https" && next.url.scheme() == "http" {
            return Err(HttpError::Denied(
                "the host redirects from https to http, which is not followed".to_owned(),
            ));
        }
        if !keeps_method {
            next.method = Method::GET;
            next.body = None;
            next.headers
                .retain(|(name, _)| !name.as_str().starts_with("content-"));
        }
        if next.url.origin() != self.url.origin() {
            next.trace = next.trace.map(Trace::elsewhere);
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

/// The value of a header. What holds a secret is left out of anything that is printed.
fn value_of(name: &HeaderName, text: &str, is_secret: bool) -> Result<HeaderValue, HttpError> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| invalid(format!("the value of the header {name} is not valid")))?;
    value.set_sensitive(is_secret);
    Ok(value)
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
    // A parser of URLs takes them, and what resolvers make of them differs.
    let has_empty_label = |host: &str| host.split('.').any(str::is_empty);
    if url.domain().is_some_and(has_empty_label) {
        return Err(invalid("the name of the host has an empty part"));
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
        if is_reserved_header(name.as_str()) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn redirected(from: &str, status: u16, to: &'static str) -> Result<Hop, HttpError> {
        let request = Request {
            method: "POST".to_owned(),
            url: from.to_owned(),
            headers: vec![
                ("authorization".to_owned(), "own".to_owned()),
                ("content-type".to_owned(), "text/plain".to_owned()),
                // Headers of this name follow to any origin, and this one must not.
                ("accept".to_owned(), "{{casemate-secret-0}}".to_owned()),
            ],
            body: Some(b"body".to_vec()),
            timeout_ms: None,
            max_redirects: 1,
            max_body_bytes: None,
        };
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_static(to));
        let status = StatusCode::from_u16(status).unwrap();
        let next = Hop::first(request, None)
            .unwrap()
            .redirected(status, &headers);
        next.expect("it is a redirect")
    }

    fn names(hop: &Hop) -> Vec<&str> {
        hop.headers.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn a_redirect_from_https_to_http_is_not_followed() {
        for status in [301, 302, 303, 307, 308] {
            let next = redirected("https://a.test/", status, "http://a.test/");
            assert!(matches!(next, Err(HttpError::Denied(_))), "{status}");
            assert!(redirected("https://a.test/", status, "https://b.test/").is_ok());
            assert!(redirected("http://a.test/", status, "https://a.test/").is_ok());
        }
    }

    #[test]
    fn a_redirect_keeps_or_drops_the_body_as_its_status_says() {
        for status in [301, 302, 303] {
            let next = redirected("https://a.test/", status, "/next").unwrap();
            assert_eq!((&next.method, next.body.is_none()), (&Method::GET, true));
            assert_eq!(names(&next), ["authorization", "accept"], "{status}");
        }
        for status in [307, 308] {
            let next = redirected("https://a.test/", status, "/next").unwrap();
            assert_eq!((&next.method, next.body.is_some()), (&Method::POST, true));
        }
    }

    #[test]
    fn what_may_prove_who_asks_does_not_follow_to_another_origin() {
        for to in [
            "https://b.test/",
            "https://a.test:8443/",
            "https://sub.a.test/",
        ] {
            let next = redirected("https://a.test/", 307, to).unwrap();
            assert_eq!(names(&next), ["content-type"], "{to}");
        }
        let same = redirected("https://a.test/", 307, "https://A.test:443/x").unwrap();
        assert_eq!(names(&same), ["authorization", "content-type", "accept"]);
    }

    #[test]
    fn a_redirect_to_what_no_tool_may_name_is_refused() {
        for to in [
            "ftp://a.test/",
            "https://user:word@a.test/",
            "file:///etc/passwd",
        ] {
            let next = redirected("https://a.test/", 302, to);
            assert!(matches!(next, Err(HttpError::InvalidRequest(_))), "{to}");
        }
    }
}
