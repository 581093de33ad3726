//! What a client wants to be told while its call runs, and telling it.

use super::{
    events::Outlet,
    object::{self, Object},
    revision::Revision,
};
use casemate_domain::{LogLevel, LogLine};
use casemate_runtime::Observer;
use serde::Serialize;
use serde_json::value::RawValue;
use std::sync::{Mutex, PoisonError};

/// Integers up to here are written without a fraction.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// What a client wants to be told.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    /// Progress, under this token.
    pub(super) progress: Option<Box<RawValue>>,
    /// Lines of the log from this level on.
    pub(super) level: Option<LogLevel>,
}

/// Tells a client what it wants to know of one call.
#[derive(Debug)]
pub(super) struct Teller {
    wishes: Wishes,
    outlet: Outlet,
    revision: Revision,
    tool: String,
    /// The last progress that was told. A call may take several rounds, and each begins anew.
    last: Mutex<Option<f64>>,
}

#[derive(Serialize)]
struct Notification<'a, P> {
    jsonrpc: &'static str,
    method: &'a str,
    params: P,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Progress<'a> {
    progress_token: &'a RawValue,
    progress: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<Number>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

#[derive(Serialize)]
struct Line<'a> {
    level: LogLevel,
    logger: &'a str,
    data: Data<'a>,
}

/// The text alone, or the text and its fields.
#[derive(Serialize)]
#[serde(untagged)]
enum Data<'a> {
    Text(&'a str),
    WithFields {
        message: &'a str,
        fields: &'a RawValue,
    },
}

/// A number as people write it: `50` rather than `50.0`.
#[derive(Serialize)]
#[serde(untagged)]
enum Number {
    Whole(i64),
    Broken(f64),
}

impl Wishes {
    /// The wishes of a request: its token, and a level that its revision says in its own way.
    pub(super) fn new(meta: &Object<'_>, level: Option<LogLevel>) -> Result<Self, String> {
        let token = meta.get("progressToken");
        if token.is_some_and(|token| !object::is_id(token)) {
            return Err("`progressToken` must be a string or an integer".to_owned());
        }
        Ok(Self {
            progress: token.map(ToOwned::to_owned),
            level,
        })
    }

    /// Whether there is anything to tell.
    pub(super) fn has_any(&self) -> bool {
        self.progress.is_some() || self.level.is_some()
    }
}

/// The level of this name.
pub(super) fn level(name: &str) -> Option<LogLevel> {
    use serde::{Deserialize as _, de::value::StrDeserializer};
    LogLevel::deserialize(StrDeserializer::<serde::de::value::Error>::new(name)).ok()
}

impl Teller {
    pub(super) fn new(wishes: Wishes, outlet: Outlet, revision: Revision, tool: &str) -> Self {
        Self {
            wishes,
            outlet,
            revision,
            tool: tool.to_owned(),
            last: Mutex::new(None),
        }
    }

    fn tell(&self, method: &str, params: impl Serialize) {
        let notification = Notification {
            jsonrpc: "2.0",
            method,
            params,
        };
        let message = serde_json::to_vec(&notification);
        self.outlet
            .notify(&message.expect("notifications have only string keys"));
    }
}

impl Observer for Teller {
    fn progress(&self, done: f64, total: Option<f64>, message: Option<&str>) {
        let Some(token) = &self.wishes.progress else {
            return;
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_some_and(|last| done <= last) {
            return;
        }
        *last = Some(done);
        drop(last);
        self.tell(
            "notifications/progress",
            Progress {
                progress_token: token,
                progress: Number::of(done),
                total: total.map(Number::of),
                message: message.filter(|_| self.revision.has_progress_messages()),
            },
        );
    }

    fn log(&self, line: &LogLine) {
        if self.wishes.level.is_none_or(|level| line.level < level) {
            return;
        }
        let fields = line.fields.as_deref();
        let fields = fields.and_then(|text| serde_json::from_str::<&RawValue>(text).ok());
        let message = &line.message;
        self.tell(
            "notifications/message",
            Line {
                level: line.level,
                logger: &self.tool,
                data: fields.map_or(Data::Text(message), |fields| Data::WithFields {
                    message,
                    fields,
                }),
            },
        );
    }
}

impl Number {
    fn of(value: f64) -> Self {
        if value.fract() == 0.0 && value.abs() <= EXACT {
            #[expect(clippy::cast_possible_truncation, reason = "it is whole and in range")]
            return Self::Whole(value as i64);
        }
        Self::Broken(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::events;
    use futures_util::StreamExt as _;
    use serde_json::{Value, json};

    async fn told(
        meta: &str,
        level: Option<LogLevel>,
        revision: Revision,
        tell: impl FnOnce(&Teller),
    ) -> Vec<Value> {
        let (outlet, events) = events::open();
        let wishes = Wishes::new(&Object::parse(meta).unwrap(), level).unwrap();
        tell(&Teller::new(wishes, outlet.clone(), revision, "book"));
        outlet.end(None);
        let read = |event: Result<bytes::Bytes, _>| {
            let event: Result<_, std::convert::Infallible> = event;
            serde_json::from_slice(event.unwrap().strip_prefix(b"data: ").unwrap()).unwrap()
        };
        events.map(read).collect().await
    }

    #[tokio::test]
    async fn progress_rises_under_its_token_whatever_the_rounds_say() {
        let reports = [
            (0.0, None),
            (1.5, Some(3.0)),
            (0.0, None),
            (1.5, None),
            (3.0, Some(3.0)),
        ];
        let all = told(r#"{"progressToken":7}"#, None, Revision::MODERN, |teller| {
            for (done, total) in reports {
                teller.progress(done, total, Some("going on"));
            }
        });
        let params: Vec<_> = all
            .await
            .iter()
            .map(|told| told["params"].clone())
            .collect();
        assert_eq!(
            params,
            [
                json!({ "progressToken": 7, "progress": 0, "message": "going on" }),
                json!({ "progressToken": 7, "progress": 1.5, "total": 3, "message": "going on" }),
                json!({ "progressToken": 7, "progress": 3, "total": 3, "message": "going on" }),
            ]
        );
    }

    #[tokio::test]
    async fn the_oldest_revision_knows_no_messages_about_progress() {
        let all = told(
            r#"{"progressToken":"a"}"#,
            None,
            Revision::V2024_11_05,
            |teller| {
                teller.progress(1.0, None, Some("going on"));
            },
        );
        assert_eq!(
            all.await[0]["params"],
            json!({ "progressToken": "a", "progress": 1 })
        );
    }

    #[tokio::test]
    async fn lines_are_told_from_the_level_on() {
        let line = |level, fields: Option<&str>| LogLine {
            at_us: 0,
            level,
            message: "text".to_owned(),
            fields: fields.map(str::to_owned),
        };
        let all = told("{}", Some(LogLevel::Warning), Revision::MODERN, |teller| {
            teller.progress(1.0, None, None);
            teller.log(&line(LogLevel::Notice, None));
            teller.log(&line(LogLevel::Warning, None));
            teller.log(&line(LogLevel::Emergency, Some(r#"{"a":1}"#)));
        });
        let all = all.await;
        assert_eq!(all.len(), 2, "{all:?}");
        assert_eq!(all[0]["method"], "notifications/message");
        assert_eq!(
            all[0]["params"],
            json!({ "level": "warning", "logger": "book", "data": "text" })
        );
        assert_eq!(
            all[1]["params"]["data"],
            json!({ "message": "text", "fields": { "a": 1 } })
        );
    }

    #[test]
    fn a_token_is_a_string_or_an_integer() {
        for token in ["1.5", "{}", "[]", "true"] {
            let meta = format!(r#"{{"progressToken":{token}}}"#);
            assert!(
                Wishes::new(&Object::parse(&meta).unwrap(), None).is_err(),
                "{token}"
            );
        }
        let none = Wishes::new(&Object::parse(r#"{"progressToken":null}"#).unwrap(), None);
        assert!(!none.unwrap().has_any());
    }

    #[test]
    fn levels_have_the_names_of_the_protocol() {
        assert_eq!(level("debug"), Some(LogLevel::Debug));
        assert_eq!(level("emergency"), Some(LogLevel::Emergency));
        for unknown in ["", "Debug", "trace", "warn"] {
            assert_eq!(level(unknown), None, "{unknown}");
        }
    }
}
