//! Pages of origins that an operator named may call from a browser.
//!
//! A browser asks before it sends a key or a header of the protocol, and shows its page only answers
//! that name its origin. Origins that are not configured get no word of this, and loopback names are
//! none that anybody named. No wildcard anywhere.

use super::{Settings, transport};
use axum::body::Body;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header, request::Parts,
};

/// What a page may send. `Mcp-Param-…` besides: their names depend on the tools.
const SENT: &str = "authorization, content-type, accept, mcp-protocol-version, mcp-session-id, \
                    mcp-method, mcp-name, last-event-id, traceparent, tracestate";
const PARAMETER: &str = "mcp-param-";
/// What a page may read of the headers of an answer.
const READ: HeaderValue = HeaderValue::from_static("mcp-session-id, www-authenticate, retry-after");
const METHODS: HeaderValue = HeaderValue::from_static("POST, GET, DELETE");
/// How long a browser need not ask again, in seconds.
const AGE: HeaderValue = HeaderValue::from_static("600");

/// The origin of a request's page, if it is one that was configured.
pub(super) fn origin(settings: &Settings, headers: &HeaderMap) -> Option<HeaderValue> {
    if settings.allowed_origins.is_empty() {
        return None;
    }
    let origin = transport::single(headers, &header::ORIGIN);
    let transport::Single::One(text) = origin else {
        return None;
    };
    transport::is_listed_origin(settings, text).then(|| headers.get(header::ORIGIN).cloned())?
}

/// The answer to a browser that asks before its page sends a request. It is the same for every
/// server, also for one that there is not.
pub(super) fn asked_before(
    settings: &Settings,
    parts: &Parts,
    origin: &HeaderValue,
) -> Option<Response<Body>> {
    let asks = parts
        .headers
        .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if parts.method != Method::OPTIONS || !asks || transport::check_names(settings, parts).is_err()
    {
        return None;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, sent(&parts.headers));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, AGE);
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
    Some(response)
}

/// Lets the page of an origin read an answer.
pub(super) fn let_read(response: &mut Response<Body>, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, READ);
    headers.insert(header::VARY, HeaderValue::from_static("origin"));
}

/// The headers that a page may send: those that the protocol names, and of the rest those that it
/// asks for and that repeat an argument.
fn sent(headers: &HeaderMap) -> HeaderValue {
    let asked = headers
        .get_all(header::ACCESS_CONTROL_REQUEST_HEADERS)
        .iter();
    let asked = asked.filter_map(|names| names.to_str().ok());
    let names = asked.flat_map(|names| names.split(',')).map(str::trim);
    let parameters = names.filter_map(|name| {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        name.as_str().starts_with(PARAMETER).then_some(name)
    });
    let all = parameters.fold(SENT.to_owned(), |mut all, name| {
        all.push_str(", ");
        all.push_str(name.as_str());
        all
    });
    HeaderValue::try_from(all).expect("names of headers are visible ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    const CONSOLE: &str = "https://console.example.com";

    fn settings(origins: &[&str]) -> Settings {
        Settings {
            allowed_hosts: vec!["tools.example.com".into()],
            allowed_origins: origins.iter().map(|origin| (*origin).to_owned()).collect(),
            allow_loopback_names: true,
            max_body_bytes: 1,
            all_body_bytes: 1,
        }
    }

    fn preflight(origins: &[&str], from: &str, host: &str) -> Option<Response<Body>> {
        let settings = settings(origins);
        let request = Request::options("/")
            .header("host", host)
            .header("origin", from)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "mcp-param-region, x-own, mcp-name",
            );
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let origin = origin(&settings, &parts.headers)?;
        asked_before(&settings, &parts, &origin)
    }

    #[test]
    fn a_browser_is_told_what_a_page_of_a_configured_origin_may_send() {
        let answer = preflight(&[CONSOLE], CONSOLE, "tools.example.com").unwrap();
        assert_eq!(answer.status(), 204);
        let headers = answer.headers();
        assert_eq!(headers["access-control-allow-origin"], CONSOLE);
        let sent = headers["access-control-allow-headers"].to_str().unwrap();
        assert!(
            sent.contains("authorization") && sent.ends_with(", mcp-param-region"),
            "{sent}"
        );
        assert!(!sent.contains("x-own") && !sent.contains('*'), "{sent}");
        assert!(!headers.contains_key("access-control-allow-credentials"));
    }

    #[test]
    fn nobody_else_is_told_anything() {
        let elsewhere = "https://evil.example.com";
        assert!(preflight(&[CONSOLE], elsewhere, "tools.example.com").is_none());
        assert!(preflight(&[CONSOLE], "null", "tools.example.com").is_none());
        assert!(preflight(&[CONSOLE], CONSOLE, "evil.example.com").is_none());
        assert!(preflight(&[CONSOLE], "http://localhost:3000", "localhost").is_none());
        assert!(preflight(&[], CONSOLE, "tools.example.com").is_none());
    }
}
