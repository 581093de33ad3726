//! Errors of the HTTP client in words for a tool.

use super::{Target, refusal, resolver::Unresolved};
use crate::bindings::host::http::HttpError;

/// What went wrong, without addresses and other internals.
pub(super) fn failure(error: &reqwest::Error, target: &Target<'_>) -> HttpError {
    let host = target.shown();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = cause {
        if let Some(unresolved) = current.downcast_ref::<Unresolved>() {
            return match unresolved {
                Unresolved::Forbidden(closed) => refusal::address(target, *closed),
                Unresolved::TooSlow => {
                    HttpError::ConnectionFailed(format!("the name {host} took too long to resolve"))
                }
                Unresolved::NotFound => {
                    HttpError::ConnectionFailed(format!("the name {host} does not resolve"))
                }
            };
        }
        if let Some(tls) = tls_error(current) {
            return HttpError::ConnectionFailed(format!("no secure connection to {host}: {tls}"));
        }
        if current
            .downcast_ref::<hyper::Error>()
            .is_some_and(hyper::Error::is_parse_too_large)
        {
            return refusal::headers();
        }
        cause = current.source();
    }
    if error.is_timeout() {
        HttpError::TimedOut
    } else if error.is_builder() {
        HttpError::InvalidRequest("the request cannot be sent as it is".to_owned())
    } else if error.is_connect() {
        HttpError::ConnectionFailed(format!("nobody answers at {host}"))
    } else {
        HttpError::ConnectionFailed(format!("the connection to {host} broke off"))
    }
}

/// A TLS error, which usually travels inside an input/output error.
fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    let inner = error
        .downcast_ref::<std::io::Error>()
        .and_then(std::io::Error::get_ref);
    error
        .downcast_ref::<rustls::Error>()
        .or_else(|| inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()))
}
