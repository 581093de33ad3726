//! A guest that sends requests and answers with what came back.

use super::guest::{ANSWER_TEXT, Guest};
use casemate_domain::{Conclusion, Outcome};

/// What to send.
pub(crate) struct Fetch {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    /// A header whose value is the placeholder of this secret.
    pub(crate) secret_header: Option<(&'static str, &'static str)>,
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) max_redirects: u32,
    pub(crate) max_body_bytes: Option<u64>,
    /// How often to send it.
    pub(crate) times: u32,
    /// Whether to go on after an error; the last answer or error is the outcome.
    pub(crate) insists: bool,
    /// The function that gives a secret (`placeholder` or `reveal`), its name, and how long the
    /// answer is: it is put at the end of the URL.
    pub(crate) in_url: Option<(&'static str, &'static str, usize)>,
}

impl Fetch {
    pub(crate) fn get(url: impl Into<String>) -> Self {
        Self {
            method: "GET",
            url: url.into(),
            headers: Vec::new(),
            secret_header: None,
            timeout_ms: None,
            max_redirects: 0,
            max_body_bytes: None,
            times: 1,
            insists: false,
            in_url: None,
        }
    }

    /// The guest: its text is the body of the last answer; an error becomes a tool error whose
    /// code is the number of the case and whose message is its text.
    pub(crate) fn guest(&self) -> Vec<u8> {
        let mut guest = Guest::default()
            .import("secrets", "placeholder", "(param i32 i32 i32)")
            .import("secrets", "reveal", "(param i32 i32 i32)")
            .import(
                "http",
                "send",
                "(param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64 i32 i32 i64 i32)",
            )
            .item(ANSWER_TEXT)
            .item(FAILED)
            .item("(global $sent (mut i32) (i32.const 0))");
        let method = guest.text(self.method);
        let (url, complete) = self.whole_url(&mut guest);
        let (headers, count, fill) = self.header_list(&mut guest);
        let send = format!(
            "(call $send {method} {url} (i32.const {headers}) (i32.const {count})
                (i32.const 0) (i32.const 0) (i32.const 0)
                {timeout} (i32.const {redirects}) {body} (i32.const 512))",
            timeout = optional(self.timeout_ms),
            redirects = self.max_redirects,
            body = optional(self.max_body_bytes),
        );
        let stop = if self.insists {
            "(i32.ge_u (global.get $sent) (i32.const LAST))"
                .replace("LAST", &(self.times - 1).to_string())
        } else {
            "(i32.const 1)".to_owned()
        };
        guest.call(&format!(
            "{fill}
             {complete}
             (loop $again
                {send}
                (if (i32.and (i32.load8_u (i32.const 512)) {stop})
                    (then (call $failed) (return (i32.const 16))))
                (global.set $sent (i32.add (global.get $sent) (i32.const 1)))
                (br_if $again (i32.lt_u (global.get $sent) (i32.const {times}))))
             (call $answer_text (i32.load (i32.const 532)) (i32.load (i32.const 536)))
             (i32.const 16)",
            times = self.times,
        ))
    }

    /// The URL in memory, and the code that puts a secret at its end.
    fn whole_url(&self, guest: &mut Guest) -> (String, String) {
        let Some((function, secret, len)) = self.in_url else {
            return (guest.text(&self.url), String::new());
        };
        let (at, all) = guest.place(format!("{}{}", self.url, "x".repeat(len)).as_bytes());
        let name = guest.text(secret);
        let end = at as usize + self.url.len();
        let complete = format!(
            "(call ${function} {name} (i32.const 640))
             (if (i32.load8_u (i32.const 640)) (then unreachable))
             (if (i32.ne (i32.load (i32.const 648)) (i32.const {len})) (then unreachable))
             (memory.copy (i32.const {end}) (i32.load (i32.const 644)) (i32.const {len}))"
        );
        (format!("(i32.const {at}) (i32.const {all})"), complete)
    }

    /// The list of headers in memory, and the code that fills in the placeholder.
    fn header_list(&self, guest: &mut Guest) -> (u32, usize, String) {
        let mut entries = Vec::new();
        let mut fill = String::new();
        for (name, value) in &self.headers {
            for text in [*name, value.as_str()] {
                let (at, len) = guest.place(text.as_bytes());
                entries.extend_from_slice(&at.to_le_bytes());
                entries.extend_from_slice(&u32::try_from(len).unwrap().to_le_bytes());
            }
        }
        if let Some((header, secret)) = self.secret_header {
            let (at, len) = guest.place(header.as_bytes());
            entries.extend_from_slice(&at.to_le_bytes());
            entries.extend_from_slice(&u32::try_from(len).unwrap().to_le_bytes());
            let value = entries.len();
            entries.extend_from_slice(&[0; 8]);
            let name = guest.text(secret);
            let (list, _) = guest.place(&entries);
            let value = list + u32::try_from(value).unwrap();
            fill = format!(
                "(call $placeholder {name} (i32.const 640))
                 (if (i32.load8_u (i32.const 640)) (then unreachable))
                 (i32.store (i32.const {value}) (i32.load (i32.const 644)))
                 (i32.store (i32.const {}) (i32.load (i32.const 648)))",
                value + 4
            );
            return (list, entries.len() / 16, fill);
        }
        let (list, _) = guest.place(&entries);
        (list, entries.len() / 16, fill)
    }
}

/// Turns the error at 512 into a tool error at 16.
const FAILED: &str = "(func $failed
    (local $case i32)
    (local.set $case (i32.load8_u (i32.const 520)))
    (i32.store8 (i32.const 16) (i32.const 1))
    (if (i32.and (i32.ne (local.get $case) (i32.const 3)) (i32.ne (local.get $case) (i32.const 4)))
        (then
            (i32.store (i32.const 32) (i32.load (i32.const 528)))
            (i32.store (i32.const 36) (i32.load (i32.const 532)))))
    (i32.store8 (i32.const 600) (i32.add (local.get $case) (i32.const 48)))
    (i32.store8 (i32.const 40) (i32.const 1))
    (i32.store (i32.const 44) (i32.const 600))
    (i32.store (i32.const 48) (i32.const 1)))";

fn optional(value: Option<u64>) -> String {
    format!(
        "(i32.const {}) (i64.const {})",
        u8::from(value.is_some()),
        value.unwrap_or(0)
    )
}

/// The error that the guest got, by its name in the contract, and its text.
#[track_caller]
pub(crate) fn error(outcome: &Outcome) -> (&'static str, &str) {
    const CASES: [&str; 6] = [
        "invalid-request",
        "denied",
        "connection-failed",
        "timed-out",
        "too-large",
        "limit-reached",
    ];
    let Conclusion::ToolError(error) = &outcome.conclusion else {
        panic!("is no error: {:?}", outcome.conclusion);
    };
    let case: usize = error.code.as_ref().unwrap().parse().unwrap();
    (CASES[case], &error.message)
}
