//! Which bodies are messages, and which are not.

use super::*;
use proptest::prelude::*;

fn refused(body: &str) -> Rejected<'_> {
    read(body.as_bytes())
        .err()
        .unwrap_or_else(|| panic!("accepted: {body}"))
}

#[track_caller]
fn request(body: &str) -> Request<'_> {
    match read(body.as_bytes()) {
        Ok(Body::One(Message::Request(request))) => request,
        other => panic!("not a request: {other:?}"),
    }
}

#[test]
fn a_request_keeps_its_id_and_parameters_as_they_came() {
    let body = r#" {"jsonrpc":"2.0","id":"a\u0062","method":"ping","params": {"x" : [1, 2]} }"#;
    let request = request(body);
    assert_eq!(request.id.as_str(), r#""a\u0062""#);
    let params = request.params.unwrap().unwrap();
    assert_eq!(params.get("x").unwrap().get(), "[1, 2]");
    assert_eq!(request.method, "ping");
}

#[test]
fn large_integers_come_back_whole() {
    let body = r#"{"jsonrpc":"2.0","id":123456789012345678901234567890,"method":"m"}"#;
    assert_eq!(request(body).id.as_str(), "123456789012345678901234567890");
}

#[test]
fn ids_are_strings_or_integers() {
    for id in ["null", "1.5", "1e3", "true", "[]", "{}", r#""\ud8001""#] {
        let body = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"m"}}"#);
        let rejected = refused(&body);
        assert!(matches!(rejected.error, Error::InvalidRequest(_)), "{id}");
        assert!(rejected.id.is_none(), "{id}");
    }
}

#[test]
fn notifications_and_responses_are_told_apart() {
    let read = |body: &'static str| read(body.as_bytes()).unwrap();
    let notification = read(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
    assert!(matches!(notification, Body::One(Message::Notification(_))));
    let response = read(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#);
    assert!(matches!(response, Body::One(Message::Response(_))));
}

#[test]
fn what_is_not_json_is_a_parse_error_and_what_is_no_message_is_not() {
    for body in [
        "",
        "{",
        "nonsense",
        "{\"jsonrpc\":\"2.0\"}x",
        "[1,",
        "\u{feff}{}",
    ] {
        assert!(matches!(refused(body).error, Error::Parse(_)), "{body}");
    }
    for body in [
        "1",
        "\"a\"",
        "null",
        "{}",
        "[]",
        r#"{"jsonrpc":"1.0","id":1,"method":"m"}"#,
    ] {
        assert!(
            matches!(refused(body).error, Error::InvalidRequest(_)),
            "{body}"
        );
    }
    assert!(matches!(
        read(b"\xff").err().unwrap().error,
        Error::Parse(_)
    ));
}

#[test]
fn a_refused_request_is_answered_under_its_id() {
    let rejected = refused(r#"{"jsonrpc":"2.0","id":7,"method":1}"#);
    assert_eq!(rejected.id.unwrap().as_str(), "7");
}

#[test]
fn messages_that_two_readers_read_differently_are_refused() {
    for body in [
        r#"{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"a","Method":"b"}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"a","params":{},"PARAMS":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"a","result":{}}"#,
    ] {
        assert!(
            matches!(refused(body).error, Error::InvalidRequest(_)),
            "{body}"
        );
    }
}

#[test]
fn depth_is_bounded_before_anything_is_read() {
    let deep = "[".repeat(100_000);
    assert!(matches!(refused(&deep).error, Error::InvalidRequest(_)));
}

#[test]
fn a_batch_is_bounded() {
    let of = |count: usize| format!("[{}]", vec!["1"; count].join(","));
    let (most, too_many) = (of(MAX_BATCH), of(MAX_BATCH + 1));
    assert!(matches!(read(most.as_bytes()), Ok(Body::Batch(items)) if items.len() == MAX_BATCH));
    assert!(matches!(refused(&too_many).error, Error::InvalidRequest(_)));
}

/// Something like a message: a few members, some of them twice, some of them wrong.
fn like_a_message() -> impl Strategy<Value = String> {
    let params = prop::sample::select(vec![
        "{}",
        "null",
        "7",
        "[1]",
        r#"{"a":1,"a":2}"#,
        r#"{"\ud800":1}"#,
        r#"{"a":"\ud800"}"#,
        r#"{"name":"x","arguments":{"a":[1]}}"#,
        r#"{"a":}"#,
    ]);
    let member = prop_oneof![
        params.prop_map(|params| format!(r#""params":{params}"#)),
        Just(r#""p\u0061rams":{"b":1}"#.to_owned()),
        Just(r#""Params":{}"#.to_owned()),
        Just(r#""jsonrpc":"2.0""#.to_owned()),
        Just(r#""id":1"#.to_owned()),
        Just(r#""id":null"#.to_owned()),
        Just(r#""method":"m""#.to_owned()),
        Just(r#""result":{}"#.to_owned()),
    ];
    let whole = r#""jsonrpc":"2.0","id":1,"method":"m""#;
    (any::<bool>(), prop::collection::vec(member, 0..4), " ?|x").prop_map(
        move |(is_whole, members, behind)| {
            let begun = is_whole.then(|| whole.to_owned());
            let members: Vec<_> = begun.into_iter().chain(members).collect();
            format!("{{{}}}{behind}", members.join(","))
        },
    )
}

proptest! {
    #[test]
    fn parameters_are_the_same_read_with_their_message_and_after_it(text in like_a_message()) {
        prop_assert_eq!(format!("{:?}", message(&text)), format!("{:?}", in_steps(&text)));
    }

    #[test]
    fn reading_never_panics(body in proptest::collection::vec(any::<u8>(), 0..128)) {
        let _ = read(&body);
    }

    #[test]
    fn every_request_is_read_as_it_was_written(
        id in any::<i64>(), method in "[a-z/]{1,20}", text in any::<String>(),
    ) {
        let params = serde_json::json!({ "text": text });
        let body = serde_json::json!({
            "jsonrpc": "2.0", "id": id, "method": method, "params": params,
        }).to_string();
        let request = request(&body);
        prop_assert_eq!(request.id.as_str(), id.to_string());
        prop_assert_eq!(&*request.method, method);
        prop_assert_eq!(request.params.unwrap().unwrap().string("text").unwrap(), text);
    }
}
