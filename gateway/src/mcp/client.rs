//! What a client says about itself besides what it asks for: its name and its trace.
//!
//! Nothing here decides anything, so nothing here is ever refused; what is too long or not text is
//! left out.

use super::object::Object;
use casemate_domain::{ClaimedClient, TraceParent};
use http::{HeaderMap, header};
use std::sync::Arc;

/// The longest name or version of a client that is kept, in characters.
const MAX_NAME: usize = 128;
/// The longest trace context that is passed on, in bytes.
const MAX_TRACE: usize = 512;

/// The client of a request, from its description or else from its `User-Agent`.
pub(super) fn claimed(info: Option<&Object<'_>>, headers: &HeaderMap) -> Option<ClaimedClient> {
    info.and_then(described).or_else(|| user_agent(headers))
}

fn described(info: &Object<'_>) -> Option<ClaimedClient> {
    let text = |name| {
        info.string(name)
            .map(|text| shorten(&text))
            .unwrap_or_default()
    };
    let client = ClaimedClient {
        name: text("name"),
        version: text("version"),
    };
    (!client.name.is_empty()).then_some(client)
}

/// `name/version` at the beginning; what follows is about libraries and systems.
fn user_agent(headers: &HeaderMap) -> Option<ClaimedClient> {
    let value = headers.get(header::USER_AGENT)?.to_str().ok()?;
    let product = value.split_ascii_whitespace().next()?;
    let (name, version) = product.split_once('/').unwrap_or((product, ""));
    let client = ClaimedClient {
        name: shorten(name),
        version: shorten(version),
    };
    (!client.name.is_empty()).then_some(client)
}

/// Fit for logs and terminals.
fn shorten(text: &str) -> Arc<str> {
    let is_printable = |byte: u8| matches!(byte, b' '..=b'~');
    if text.len() <= MAX_NAME && text.bytes().all(is_printable) {
        return text.trim().into();
    }
    let fit = text.chars().filter(|c| !c.is_control());
    fit.take(MAX_NAME).collect::<String>().trim().into()
}

/// W3C trace context. One that is not in the form of the W3C is none. `baggage` is not read: it is
/// what others say to each other, and hosts of tools are none of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Trace {
    pub(super) parent: Option<TraceParent>,
    pub(super) state: Option<String>,
}

impl Trace {
    /// From the metadata of a request, or else from the headers around it; never a mix of both.
    pub(super) fn of(meta: &Object<'_>, headers: &HeaderMap) -> Self {
        let said = |name| meta.string(name).map(|text| text.into_owned());
        let sent = |name| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.map(str::to_owned)
        };
        let parent = |text: Option<String>| -> Option<TraceParent> { text?.parse().ok() };
        let fits = |text: &String| text.len() <= MAX_TRACE && !text.chars().any(char::is_control);
        if let Some(parent) = parent(said("traceparent")) {
            return Self {
                parent: Some(parent),
                state: said("tracestate").filter(fits),
            };
        }
        parent(sent("traceparent")).map_or_else(Self::default, |parent| Self {
            parent: Some(parent),
            state: sent("tracestate").filter(fits),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            (
                http::HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        pairs.collect()
    }

    #[test]
    fn a_described_client_stands_above_the_user_agent() {
        let headers = headers(&[("user-agent", "node/22.1 (linux)")]);
        let info = Object::parse(r#"{"name":"inspector","version":"2.1"}"#).unwrap();
        let client = claimed(Some(&info), &headers).unwrap();
        assert_eq!((&*client.name, &*client.version), ("inspector", "2.1"));
        let client = claimed(None, &headers).unwrap();
        assert_eq!((&*client.name, &*client.version), ("node", "22.1"));
    }

    #[test]
    fn names_are_shortened_and_plain() {
        let long = format!(r#"{{"name":"a\u001b[2J{}"}}"#, "b".repeat(500));
        let client = described(&Object::parse(&long).unwrap()).unwrap();
        assert!(client.name.starts_with("a[2Jb"));
        assert_eq!(client.name.chars().count(), MAX_NAME);
        assert_eq!(described(&Object::parse(r#"{"name":1}"#).unwrap()), None);
    }

    #[test]
    fn trace_context_comes_from_one_place() {
        const META: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        const HEADER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        let headers = headers(&[("traceparent", HEADER), ("tracestate", "a=header")]);
        let meta = Object::parse(
            r#"{"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}"#,
        )
        .unwrap();
        let from_meta = Trace {
            parent: Some(META.parse().unwrap()),
            state: None,
        };
        assert_eq!(Trace::of(&meta, &headers), from_meta);
        let from_headers = Trace {
            parent: Some(HEADER.parse().unwrap()),
            state: Some("a=header".into()),
        };
        assert_eq!(Trace::of(&Object::default(), &headers), from_headers);
        for unusable in [
            r#"{"traceparent":7}"#,
            r#"{"traceparent":"00-x","tracestate":"a=1"}"#,
        ] {
            let unusable = Object::parse(unusable).unwrap();
            assert_eq!(Trace::of(&unusable, &headers), from_headers);
            assert_eq!(Trace::of(&unusable, &HeaderMap::new()), Trace::default());
        }
    }
}
