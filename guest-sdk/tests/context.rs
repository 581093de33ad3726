//! What a tool can reach, against a host that is not real.

use casemate_guest_sdk::{
    http::{HttpError, Response},
    kv::{Condition, KvError},
    prelude::*,
};
use std::time::Duration;

#[test]
fn nothing_is_granted_until_the_test_says_so() {
    let test = Cx::test();
    let cx: &Cx = &test;
    assert_eq!(
        cx.secret("KEY").unwrap_err().error_code(),
        Some("secret-not-granted")
    );
    assert_eq!(
        cx.reveal("KEY").unwrap_err().error_code(),
        Some("secret-not-granted")
    );
    assert_eq!(cx.config("URL"), None);
    assert_eq!(cx.kv().get("key"), Err(KvError::NotGranted));
    let refused = cx
        .http()
        .get("https://example.com/")
        .send()
        .wait()
        .unwrap_err();
    assert!(matches!(refused, HttpError::Denied(_)));
}

#[test]
fn a_secret_shows_itself_to_nobody_but_the_service() {
    let cx = Cx::test()
        .secret("KEY", "s3cret")
        .http_mock(|_| Response::new(204));
    let secret = Cx::secret(&cx, "KEY").unwrap();
    assert_eq!(format!("{secret:?}"), "Secret(…)");
    assert!(!secret.placeholder().contains("s3cret"));
    let request = cx
        .http()
        .post("https://example.com/")
        .bearer(&secret)
        .header("X-Key", secret);
    request.json(&json!({"a": 1})).send().wait().unwrap();
    let sent = &cx.requests()[0];
    assert_eq!(sent.header("authorization"), Some("Bearer s3cret"));
    assert_eq!(sent.header("x-key"), Some("s3cret"));
    assert_eq!(sent.header("content-type"), Some("application/json"));
    assert_eq!(sent.body.as_deref(), Some(br#"{"a":1}"#.as_slice()));
}

#[test]
fn queries_are_escaped_and_stand_before_the_fragment() {
    let cx = Cx::test().http_mock(|_| Response::new(200));
    let request = cx
        .http()
        .get("https://example.com/a#part")
        .query("q", "Tromsø & more")
        .query("n", 2);
    let response = request
        .timeout_ms(50)
        .max_redirects(0)
        .send()
        .wait()
        .unwrap();
    assert_eq!(
        response.url(),
        "https://example.com/a?q=Troms%C3%B8%20%26%20more&n=2#part"
    );
    let sent = &cx.requests()[0];
    assert_eq!(
        (sent.timeout, sent.max_redirects),
        (Some(Duration::from_millis(50)), 0)
    );
}

#[test]
fn a_body_over_the_limit_is_refused() {
    let cx = Cx::test().http_mock(|_| Response::new(200).with_body("12345"));
    let request = || cx.http().get("https://example.com/");
    assert_eq!(
        request().max_body_bytes(4).send().wait(),
        Err(HttpError::TooLarge(4))
    );
    assert_eq!(
        request().max_body_bytes(5).send().wait().unwrap().text(),
        "12345"
    );
}

#[test]
fn a_status_that_is_an_error_says_when_to_come_back() {
    let busy = Response::new(429)
        .with_header("Retry-After", "7")
        .with_body("slow down");
    let error = busy.json::<String>().unwrap_err();
    assert_eq!(
        error.message(),
        "The service behind this tool answered with status 429."
    );
    assert_eq!(error.wait(), Some(Duration::from_secs(7)));
    assert_eq!(error.detail(), Some("slow down"));
}

#[test]
fn a_request_that_failed_is_explained_to_the_model() {
    let error = ToolError::from(HttpError::TimedOut);
    assert_eq!(
        error.message(),
        "The service behind this tool did not answer in time. Try again later."
    );
    let error = ToolError::from(HttpError::InvalidRequest("no host".into()));
    assert_eq!(error.message(), "The tool failed. See its log.");
    assert_eq!(error.detail(), Some("the request is not valid: no host"));
}

#[test]
fn canned_replies_come_in_order() {
    let cx = Cx::test()
        .http_reply(Response::new(500))
        .http_reply(Err(HttpError::TimedOut));
    let get = || cx.http().get("https://example.com/").send();
    assert_eq!(testing::block_on(get()).unwrap().status(), 500);
    assert_eq!(testing::block_on(get()), Err(HttpError::TimedOut));
}

#[test]
fn values_are_kept_and_conditions_checked() {
    let cx = Cx::test().key_value();
    let kv = cx.kv();
    kv.set_json("a/1", &json!([1, 2])).unwrap();
    assert_eq!(kv.get_json::<Vec<u8>>("a/1").unwrap(), Some(vec![1, 2]));
    let revision = kv.get("a/1").unwrap().unwrap().revision;
    assert_eq!(kv.set_if("a/1", "x", Condition::Absent, None), Ok(None));
    assert!(
        kv.set_if("a/1", "x", Condition::Revision(revision), None)
            .unwrap()
            > Some(revision)
    );
    assert_eq!(kv.delete("a/1", Condition::Revision(revision)), Ok(false));
    kv.set("a/2", "y").unwrap();
    kv.set("b", "z").unwrap();
    let page = kv.keys("a/", None, 1).unwrap();
    assert_eq!(page.keys, ["a/1"]);
    let page = kv.keys("a/", page.cursor.as_deref(), 1).unwrap();
    assert_eq!((page.keys, page.cursor), (vec!["a/2".to_owned()], None));
    assert_eq!(kv.delete("a/1", Condition::Anything), Ok(true));
}

#[test]
fn logs_and_progress_are_recorded() {
    let cx = Cx::test();
    let city = "Oslo";
    log!(cx, Info, "looking up {city}");
    log!(cx, Warning, "slow {}", 1; ms = 1500, cached = false);
    cx.progress(1, Some(2.0), "parsing");
    let logs = cx.logs();
    assert_eq!(
        (logs[0].level, logs[0].message.as_str()),
        (Level::Info, "looking up Oslo")
    );
    assert_eq!(logs[1].fields, Some(json!({"ms": 1500, "cached": false})));
    let progress = &cx.progress_reports()[0];
    assert_eq!((progress.done, progress.total), (1.0, Some(2.0)));
    assert_eq!(progress.message.as_deref(), Some("parsing"));
}

#[test]
fn a_test_can_withdraw_the_call_and_shorten_its_time() {
    let cx = Cx::test().remaining_ms(10).client_capability("elicitation");
    assert!(!cx.cancelled());
    cx.cancel();
    assert!(cx.cancelled());
    assert_eq!(cx.remaining(), Duration::from_millis(10));
    assert_eq!(cx.client_capabilities(), ["elicitation"]);
    assert_eq!(Cx::caller(&cx).workspace, "test");
}
