//! The weather tool against a service that is not real.

use casemate_guest_sdk::{prelude::*, serde_json::Value, testing::TestCx, tool::Tool};
use weather::weather;

fn oslo(days: Value) -> TestCx {
    let body = json!({"city": "Oslo", "days": days});
    let reply = http::Response::new(200).with_json(&body);
    Cx::test().secret("WEATHER_KEY", "k-123").http_reply(reply)
}

#[test]
fn the_key_is_sent_in_a_header() {
    let day = json!({"date": "2026-11-22", "low": -3.5, "high": 1.0, "summary": "snow"});
    let cx = oslo(json!([day]));
    let outcome = testing::call::<weather>(json!({"city": "Oslo & around"}), &cx).unwrap();
    assert_eq!(outcome.structured().unwrap()["days"][0], day);
    let request = &cx.requests()[0];
    assert_eq!(request.header("x-api-key"), Some("k-123"));
    assert_eq!(
        request.url,
        "https://api.weather.example/v1/forecast?city=Oslo%20%26%20around&days=1"
    );
}

#[test]
fn the_service_can_be_another() {
    let cx = oslo(json!([])).config("WEATHER_URL", "http://127.0.0.1:9/w?v=2");
    let _ = testing::block_on(weather("Oslo".into(), 14, &cx));
    assert_eq!(
        cx.requests()[0].url,
        "http://127.0.0.1:9/w?v=2&city=Oslo&days=14"
    );
}

#[test]
fn a_city_without_a_forecast_is_an_error_that_the_model_can_use() {
    let error = testing::block_on(weather("Nowhere".into(), 1, &oslo(json!([])))).unwrap_err();
    assert_eq!(
        error.message(),
        "No forecast for that city. Try a larger place nearby."
    );
}

#[test]
fn days_out_of_range_are_refused_before_anything_is_sent() {
    let cx = oslo(json!([]));
    let error = testing::call::<weather>(json!({"city": "Oslo", "days": 15}), &cx).unwrap_err();
    assert_eq!(
        error.message(),
        "The argument `days` must be at least 1 and at most 14."
    );
    assert!(cx.requests().is_empty());
}

#[test]
fn a_key_that_is_not_set_is_named() {
    let cx = Cx::test().unset_secret("WEATHER_KEY");
    let error = testing::block_on(weather("Oslo".into(), 1, &cx)).unwrap_err();
    assert!(
        error.message().contains("WEATHER_KEY is not set"),
        "{error:?}"
    );
}

#[test]
fn it_declares_what_it_needs() {
    let needs = weather::describe().needs;
    assert_eq!(needs.hosts, ["api.weather.example"]);
    assert_eq!(needs.secrets[0].name, "WEATHER_KEY");
    assert!(needs.secrets[0].required && !needs.secrets[0].reveal);
}
