//! HTTP before the body: under which name, with which key, in which form.

use super::{Settings, error::Error};
use crate::host_name::{self, Names};
use http::{HeaderMap, HeaderName, Method, header, request::Parts};
use std::borrow::Cow;

/// Refuses requests that a web page sent under a name that only resolves to us (DNS rebinding) or
/// from an origin that nobody allowed.
pub(super) fn check_names(settings: &Settings, parts: &Parts) -> Result<(), Error> {
    let host = match single(&parts.headers, &header::HOST) {
        Single::One(host) => Some(host),
        Single::None => parts.uri.authority().map(http::uri::Authority::as_str),
        Single::Unclear => None,
    };
    if !host.is_some_and(|host| is_allowed_host(settings, host)) {
        return Err(Error::ForbiddenHost);
    }
    match single(&parts.headers, &header::ORIGIN) {
        Single::None => Ok(()),
        Single::One(origin) if is_allowed_origin(settings, origin) => Ok(()),
        Single::One(_) | Single::Unclear => Err(Error::ForbiddenOrigin),
    }
}

fn is_allowed_host(settings: &Settings, host: &str) -> bool {
    let names = Names {
        allowed: &settings.allowed_hosts,
        loopback: settings.allow_loopback_names,
    };
    names.include(host)
}

fn is_allowed_origin(settings: &Settings, origin: &str) -> bool {
    let authority = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    let is_local = authority.is_some_and(host_name::is_loopback);
    is_listed_origin(settings, origin) || (settings.allow_loopback_names && is_local)
}

/// Whether an operator named this origin.
pub(super) fn is_listed_origin(settings: &Settings, origin: &str) -> bool {
    settings
        .allowed_origins
        .iter()
        .any(|allowed| allowed.trim_end_matches('/').eq_ignore_ascii_case(origin))
}

/// The key of a request: what follows `Bearer` in its only `Authorization` header. Keys in any
/// other place are not looked for.
pub(super) fn bearer(headers: &HeaderMap) -> Option<Cow<'_, str>> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    // Text that is no text cannot be a key either; reading it loosely lets it be called malformed.
    match String::from_utf8_lossy(value.as_bytes()) {
        Cow::Borrowed(value) => behind_bearer(value).map(Cow::Borrowed),
        Cow::Owned(value) => behind_bearer(&value).map(|key| Cow::Owned(key.to_owned())),
    }
}

fn behind_bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.split_once([' ', '\t'])?;
    scheme.eq_ignore_ascii_case("bearer").then_some(key)
}

/// Checks what the headers say about the body and about the answer.
pub(super) fn check_form(parts: &Parts) -> Result<(), Error> {
    if parts.method != Method::POST {
        return Err(Error::MethodNotAllowed);
    }
    if !is_json(&parts.headers) {
        return Err(Error::UnsupportedMediaType);
    }
    if !accepts_an_answer(&parts.headers) {
        return Err(Error::NotAcceptable);
    }
    Ok(())
}

fn is_json(headers: &HeaderMap) -> bool {
    let Single::One(value) = single(headers, &header::CONTENT_TYPE) else {
        return false;
    };
    let media_type = value.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/json")
}

/// Clients owe both types, but many name one of them, or none. Only those that exclude both are
/// refused.
fn accepts_an_answer(headers: &HeaderMap) -> bool {
    accepts(
        headers,
        &[
            "application/json",
            "text/event-stream",
            "application/*",
            "text/*",
        ],
    )
}

/// Whether an answer may be an event stream.
pub(super) fn accepts_events(headers: &HeaderMap) -> bool {
    accepts(headers, &["text/event-stream", "text/*"])
}

fn accepts(headers: &HeaderMap, types: &[&str]) -> bool {
    let said = headers.get_all(header::ACCEPT).iter();
    // A header that says nothing excludes nothing.
    let mut values = said.filter(|value| !value.is_empty()).peekable();
    values.peek().is_none()
        || values.any(|value| {
            let mut ranges = value.to_str().unwrap_or_default().split(',');
            ranges.any(|range| is_acceptable_range(range, types))
        })
}

fn is_acceptable_range(range: &str, types: &[&str]) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default();
    let is_wanted = types
        .iter()
        .chain(&["*/*"])
        .any(|wanted| wanted.eq_ignore_ascii_case(media_type));
    let is_excluded = parts.any(|parameter| {
        let weight = parameter
            .strip_prefix("q=")
            .or_else(|| parameter.strip_prefix("Q="));
        weight.is_some_and(|weight| weight.trim().parse() == Ok(0.0_f32))
    });
    is_wanted && !is_excluded
}

/// The value of a header that may come once.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Single<'a> {
    None,
    One(&'a str),
    /// It comes twice, or holds what a header may not hold.
    Unclear,
}

/// Reads a header that may come once. A proxy in front may read the other copy of one that comes
/// twice.
pub(super) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Single<'a> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Single::None,
        (Some(value), None) => value.to_str().map_or(Single::Unclear, Single::One),
        (Some(_), Some(_)) => Single::Unclear,
    }
}

#[cfg(test)]
mod tests;
