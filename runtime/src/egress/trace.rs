//! The trace of a call, which its requests carry on.

use casemate_domain::Call;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

const PARENT: HeaderName = HeaderName::from_static("traceparent");
const STATE: HeaderName = HeaderName::from_static("tracestate");

/// What is written into requests, unless the tool wrote its own.
#[derive(Debug, Clone)]
pub(crate) struct Trace {
    parent: HeaderValue,
    state: Option<HeaderValue>,
}

impl Trace {
    /// The trace that a call is part of.
    pub(crate) fn of(call: &Call) -> Option<Self> {
        let value = |text: &str| HeaderValue::from_str(text).ok();
        Some(Self {
            parent: value(call.trace_parent.as_ref()?.as_str())?,
            state: call.trace_state.as_deref().and_then(value),
        })
    }

    /// Writes it. A tool that names a trace of its own means that one.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        if headers.contains_key(&PARENT) || headers.contains_key(&STATE) {
            return;
        }
        headers.insert(PARENT, self.parent.clone());
        if let Some(state) = &self.state {
            headers.insert(STATE, state.clone());
        }
    }

    /// What another origin is told after a redirect: not what others keep in the trace.
    pub(super) fn elsewhere(self) -> Self {
        Self {
            state: None,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_carried_on_unless_the_tool_names_one() {
        let trace = Trace {
            parent: HeaderValue::from_static("ours"),
            state: Some(HeaderValue::from_static("a=1")),
        };
        let mut headers = HeaderMap::new();
        trace.write(&mut headers);
        assert_eq!(headers[PARENT], "ours");
        assert_eq!(headers[STATE], "a=1");
        let mut own = HeaderMap::from_iter([(PARENT, HeaderValue::from_static("own"))]);
        trace.write(&mut own);
        assert_eq!(own[PARENT], "own");
        assert!(!own.contains_key(STATE));
        let mut elsewhere = HeaderMap::new();
        trace.elsewhere().write(&mut elsewhere);
        assert_eq!(elsewhere.len(), 1);
    }
}
