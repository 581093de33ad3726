use super::*;
use http::HeaderValue;

fn settings() -> Settings {
    Settings {
        allowed_hosts: vec![
            "tools.example.com".into(),
            "::1".into(),
            "a.test:8443".into(),
        ],
        allowed_origins: vec!["https://console.example.com".into()],
        allow_loopback_names: false,
        max_body_bytes: 8,
        all_body_bytes: 1 << 20,
    }
}

fn local() -> Settings {
    Settings {
        allow_loopback_names: true,
        ..settings()
    }
}

fn parts(headers: &[(&'static str, &str)]) -> Parts {
    let mut request = http::Request::post("/mcp/x").body(()).unwrap();
    for (name, value) in headers {
        request
            .headers_mut()
            .append(*name, HeaderValue::from_str(value).unwrap());
    }
    request.into_parts().0
}

#[test]
fn a_listed_host_is_allowed_on_any_port_unless_one_is_named() {
    for host in [
        "tools.example.com",
        "Tools.Example.Com:444",
        "[::1]:80",
        "a.test:8443",
    ] {
        assert_eq!(
            check_names(&settings(), &parts(&[("host", host)])),
            Ok(()),
            "{host}"
        );
    }
    for host in [
        "evil.test",
        "tools.example.com.evil.test",
        "a.test",
        "a.test:1",
        "",
        "[",
        "x:y:z",
    ] {
        let checked = check_names(&settings(), &parts(&[("host", host)]));
        assert_eq!(checked, Err(Error::ForbiddenHost), "{host}");
    }
}

#[test]
fn loopback_names_are_allowed_where_they_are_meant() {
    for host in ["localhost:8080", "127.0.0.1:8080", "[::1]", "127.8.8.8"] {
        assert_eq!(
            check_names(&local(), &parts(&[("host", host)])),
            Ok(()),
            "{host}"
        );
    }
    let checked = check_names(&settings(), &parts(&[("host", "localhost")]));
    assert_eq!(checked, Err(Error::ForbiddenHost));
}

#[test]
fn no_host_and_two_hosts_are_refused() {
    assert_eq!(
        check_names(&local(), &parts(&[])),
        Err(Error::ForbiddenHost)
    );
    let two = parts(&[("host", "localhost"), ("host", "localhost")]);
    assert_eq!(check_names(&local(), &two), Err(Error::ForbiddenHost));
}

#[test]
fn an_origin_must_be_listed_or_local() {
    let with = |origin| parts(&[("host", "localhost"), ("origin", origin)]);
    for origin in [
        "https://console.example.com",
        "http://localhost:3000",
        "http://127.0.0.1",
    ] {
        assert_eq!(check_names(&local(), &with(origin)), Ok(()), "{origin}");
    }
    for origin in [
        "https://evil.test",
        "null",
        "",
        "http://localhost.evil.test",
        "http://console.example.com",
        "file://localhost",
        "http://localhost@evil.test",
    ] {
        let checked = check_names(&local(), &with(origin));
        assert_eq!(checked, Err(Error::ForbiddenOrigin), "{origin}");
    }
}

#[test]
fn only_one_bearer_key_counts() {
    let key =
        |headers: &[(&'static str, &str)]| bearer(&parts(headers).headers).map(Cow::into_owned);
    assert_eq!(
        key(&[("authorization", "Bearer mcp_x")]).as_deref(),
        Some("mcp_x")
    );
    assert_eq!(
        key(&[("authorization", "bearer  mcp_x")]).as_deref(),
        Some(" mcp_x")
    );
    assert_eq!(key(&[]), None);
    assert_eq!(key(&[("authorization", "Basic mcp_x")]), None);
    assert_eq!(key(&[("authorization", "mcp_x")]), None);
    let twice = [
        ("authorization", "Bearer mcp_x"),
        ("authorization", "Bearer mcp_x"),
    ];
    assert_eq!(key(&twice), None);
}

#[test]
fn the_content_type_is_json_in_any_spelling() {
    for value in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/json;x",
    ] {
        assert_eq!(
            check_form(&parts(&[("content-type", value)])),
            Ok(()),
            "{value}"
        );
    }
    for value in ["text/plain", "application/jsonp", ""] {
        let checked = check_form(&parts(&[("content-type", value)]));
        assert_eq!(checked, Err(Error::UnsupportedMediaType), "{value}");
    }
    assert_eq!(check_form(&parts(&[])), Err(Error::UnsupportedMediaType));
}

#[test]
fn only_clients_that_exclude_every_answer_are_refused() {
    let with = |accept| parts(&[("content-type", "application/json"), ("accept", accept)]);
    for accept in [
        "application/json, text/event-stream",
        "*/*",
        "text/event-stream",
        "text/html, application/*;q=0.1",
        "APPLICATION/JSON",
        "",
    ] {
        assert_eq!(check_form(&with(accept)), Ok(()), "{accept}");
    }
    for accept in [
        "text/html",
        "application/json;q=0",
        ",",
        "application/json;q=0.0, image/png",
    ] {
        assert_eq!(
            check_form(&with(accept)),
            Err(Error::NotAcceptable),
            "{accept}"
        );
    }
}

#[test]
fn the_method_is_checked_before_the_form() {
    let mut get = parts(&[("accept", "text/html")]);
    get.method = Method::GET;
    assert_eq!(check_form(&get), Err(Error::MethodNotAllowed));
}
