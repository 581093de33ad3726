//! What a person sees who opens the URL of a server in a browser.
//!
//! One page for every URL, whether there is a server behind it or not: it says what such an address
//! is for and how to use it, and nothing about the server. It needs nothing from elsewhere and runs
//! no script. MCP clients never get it: it takes a request that asks for HTML, which none of them
//! does, and that carries nothing of theirs.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, header};

const PAGE: &str = include_str!("page/page.html");

/// The style of the page is allowed by its digest, and nothing else at all.
const POLICY: &str = "default-src 'none'; style-src 'sha256-hp7yWSbEpO84jhltHIkk6/404sasGhNwSnJvKQQg5gY='; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Headers that only MCP clients send.
const OF_CLIENTS: [HeaderName; 5] = [
    header::AUTHORIZATION,
    HeaderName::from_static("mcp-session-id"),
    HeaderName::from_static("mcp-protocol-version"),
    HeaderName::from_static("mcp-method"),
    HeaderName::from_static("last-event-id"),
];

/// Whether somebody looks at the URL with a browser.
pub(crate) fn is_wanted(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::GET
        && !OF_CLIENTS.iter().any(|name| headers.contains_key(name))
        && accepts(headers, "text/html")
        && !accepts(headers, "text/event-stream")
}

/// The page.
pub(crate) fn page<B: From<&'static str>>() -> Response<B> {
    let mut response = Response::new(PAGE.into());
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // The same URL answers others differently.
        (header::CACHE_CONTROL, "no-store"),
        (header::VARY, "accept"),
    ];
    for (name, value) in headers {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether a media type is named; one that only fits a wildcard is not.
fn accepts(headers: &HeaderMap, wanted: &str) -> bool {
    let values = headers.get_all(header::ACCEPT).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_named = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(wanted));
        let is_excluded = parts.any(|part| {
            let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
            weight.is_some_and(|weight| weight.trim().parse() == Ok(0.0_f32))
        });
        is_named && !is_excluded
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use sha2::{Digest as _, Sha256};

    const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

    fn wanted(method: Method, pairs: &[(&'static str, &'static str)]) -> bool {
        let pair = |&(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        is_wanted(&method, &pairs.iter().map(pair).collect())
    }

    #[test]
    fn browsers_get_the_page_and_clients_do_not() {
        assert!(wanted(Method::GET, &[("accept", BROWSER)]));
        assert!(wanted(Method::GET, &[("accept", "TEXT/HTML")]));
        for accept in [
            "*/*",
            "application/json",
            "text/*",
            "text/html;q=0",
            "text/event-stream, text/html",
        ] {
            assert!(!wanted(Method::GET, &[("accept", accept)]), "{accept}");
        }
        assert!(!wanted(Method::GET, &[]));
        assert!(!wanted(Method::POST, &[("accept", BROWSER)]));
        for header in ["authorization", "mcp-session-id", "mcp-protocol-version"] {
            assert!(
                !wanted(Method::GET, &[("accept", BROWSER), (header, "x")]),
                "{header}"
            );
        }
    }

    #[test]
    fn the_policy_allows_the_style_of_the_page_and_nothing_else() {
        let style = PAGE
            .split("<style>")
            .nth(1)
            .unwrap()
            .split("</style>")
            .next()
            .unwrap();
        let digest = STANDARD.encode(Sha256::digest(style.as_bytes()));
        assert!(
            POLICY.contains(&format!("'sha256-{digest}'")),
            "sha256-{digest}"
        );
        assert_eq!(PAGE.matches("<style>").count(), 1);
        for forbidden in ["<script", " style=", "http://", "https://", "src=", "href="] {
            assert!(!PAGE.contains(forbidden), "{forbidden}");
        }
    }
}
