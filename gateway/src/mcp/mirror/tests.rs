use super::*;
use http::HeaderValue;
use serde_json::json;

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn schema() -> Json {
    Json::from(&json!({
        "type": "object",
        "properties": {
            "region": { "type": "string", "x-mcp-header": "Region" },
            "limit": { "type": "integer", "x-mcp-header": "Limit" },
            "dry": { "type": "boolean", "x-mcp-header": "Dry" },
            "inner": { "type": "object", "properties": {
                "deep": { "type": "string", "x-mcp-header": "Deep" },
            } },
            "list": { "type": "array", "items": { "type": "string", "x-mcp-header": "Never" } },
            "bad": { "type": "string", "x-mcp-header": "not a token" },
        },
    }))
}

fn check(pairs: &[(&'static str, &str)], arguments: Value) -> Result<(), Error> {
    let arguments = Json::from(&arguments);
    let headers = headers(pairs);
    Mirror::all_of(&schema())
        .iter()
        .try_for_each(|mirror| mirror.check(&headers, Some(arguments.as_ref())))
}

#[test]
fn a_header_that_must_come_once_does() {
    assert_eq!(declared_version(&headers(&[])), Ok(None));
    let one = headers(&[("mcp-protocol-version", "2026-07-28")]);
    assert_eq!(declared_version(&one), Ok(Some("2026-07-28")));
    for name in ["mcp-protocol-version", "mcp-method", "mcp-name"] {
        let twice = headers(&[(name, "a"), (name, "a")]);
        assert!(
            matches!(declared_version(&twice), Err(Error::HeaderMismatch(_))),
            "{name}"
        );
    }
}

#[test]
fn values_are_compared_with_their_case() {
    assert_eq!(
        check_method(&headers(&[("mcp-method", "tools/call")]), "tools/call"),
        Ok(())
    );
    for value in [Some("Tools/Call"), Some("tools/list"), None] {
        let headers = value.map_or_else(HeaderMap::new, |value| headers(&[("mcp-method", value)]));
        let checked = check_method(&headers, "tools/call");
        assert!(
            matches!(checked, Err(Error::HeaderMismatch(_))),
            "{value:?}"
        );
    }
}

#[test]
fn an_encoded_name_is_decoded_before_it_is_compared() {
    let check = |value: &str, name| check_name(&headers(&[("mcp-name", value)]), name);
    assert_eq!(
        check("=?base64?SGVsbG8sIOS4lueVjA==?=", "Hello, 世界"),
        Ok(())
    );
    assert_eq!(
        check("=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=", "=?base64?literal?="),
        Ok(())
    );
    // Without both marks, exactly as written, a value is literal.
    assert_eq!(check("=?BASE64?YQ==?=", "=?BASE64?YQ==?="), Ok(()));
    assert_eq!(check("=?base64?YQ==", "=?base64?YQ=="), Ok(()));
    for broken in [
        "=?base64?YQ?=",
        "=?base64?YR==?=",
        "=?base64?!!?=",
        "=?base64?/w==?=",
    ] {
        assert!(check(broken, "a").is_err(), "{broken}");
    }
}

#[test]
fn arguments_that_are_marked_are_found_where_the_protocol_allows_marks() {
    let found = Mirror::all_of(&schema());
    let mut names: Vec<_> = found.iter().map(|mirror| mirror.header.as_str()).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "mcp-param-deep",
            "mcp-param-dry",
            "mcp-param-limit",
            "mcp-param-region"
        ]
    );
}

#[test]
fn a_marked_argument_must_be_repeated() {
    assert_eq!(
        check(&[("mcp-param-region", "eu")], json!({ "region": "eu" })),
        Ok(())
    );
    assert!(check(&[("mcp-param-region", "us")], json!({ "region": "eu" })).is_err());
    assert!(check(&[], json!({ "region": "eu" })).is_err());
    let twice = [("mcp-param-region", "eu"), ("mcp-param-region", "eu")];
    assert!(check(&twice, json!({ "region": "eu" })).is_err());
    assert!(check(&[], json!({ "inner": { "deep": "x" } })).is_err());
}

#[test]
fn an_argument_that_is_not_there_is_not_expected() {
    assert_eq!(check(&[], json!({})), Ok(()));
    assert_eq!(check(&[], json!({ "region": null })), Ok(()));
    assert_eq!(
        check(&[("mcp-param-region", "x")], json!({ "region": null })),
        Ok(())
    );
    assert_eq!(check(&[], json!({ "inner": 1 })), Ok(()));
}

#[test]
fn numbers_are_compared_as_numbers_and_booleans_as_words() {
    for header in ["42", "42.0", "4.2e1"] {
        assert_eq!(
            check(&[("mcp-param-limit", header)], json!({ "limit": 42 })),
            Ok(()),
            "{header}"
        );
    }
    for header in ["43", "0x2a", "inf", "", "forty-two"] {
        assert!(
            check(&[("mcp-param-limit", header)], json!({ "limit": 42 })).is_err(),
            "{header}"
        );
    }
    // As floating point numbers these two are the same.
    let close = [("mcp-param-limit", "9007199254740990.99999999999999999999")];
    assert!(check(&close, json!({ "limit": 9_007_199_254_740_991_i64 })).is_err());
    assert_eq!(
        check(&[("mcp-param-dry", "true")], json!({ "dry": true })),
        Ok(())
    );
    assert!(check(&[("mcp-param-dry", "True")], json!({ "dry": true })).is_err());
}

#[test]
fn integers_that_floating_point_rounds_do_not_travel_in_headers() {
    for (limit, is_right) in [
        ("9007199254740991", true),
        ("-9007199254740991", true),
        ("9007199254740992", false),
        ("-9007199254740992", false),
        ("18446744073709551615", false),
        ("1e300", false),
        ("1e999", false),
    ] {
        let arguments = Json::parse(format!(r#"{{"limit":{limit}}}"#)).unwrap();
        let headers = headers(&[("mcp-param-limit", limit)]);
        let mirrors = Mirror::all_of(&schema());
        let checked = mirrors
            .iter()
            .try_for_each(|mirror| mirror.check(&headers, Some(arguments.as_ref())));
        assert_eq!(checked.is_ok(), is_right, "{limit}: {checked:?}");
    }
}

#[test]
fn a_header_that_nobody_can_read_is_refused_also_without_its_argument() {
    let broken = [("mcp-param-region", "=?base64?!?=")];
    assert!(check(&broken, json!({})).is_err());
    assert!(check(&broken, json!({ "region": null })).is_err());
    let mirrors = Mirror::all_of(&schema());
    let mut all = mirrors.iter();
    assert!(
        all.try_for_each(|mirror| mirror.check(&headers(&broken), None))
            .is_err()
    );
    assert_eq!(
        check(&[("mcp-param-other", "=?base64?!?=")], json!({})),
        Ok(())
    );
}

#[test]
fn an_argument_that_comes_twice_is_refused() {
    let arguments = Json::parse(r#"{"region":"eu","region":"us"}"#.to_owned()).unwrap();
    let headers = headers(&[("mcp-param-region", "us")]);
    let mirrors = Mirror::all_of(&schema());
    let region = mirrors
        .iter()
        .find(|mirror| mirror.header == "mcp-param-region")
        .unwrap();
    assert!(region.check(&headers, Some(arguments.as_ref())).is_err());
}
