//! Questions in the middle of a call, from round to round.

use super::fixture::Fixture;
use crate::{
    mcp::{Error, Exchange, Params, Site, ask, envelope, seal::Place},
    service::FinishedCall,
};
use casemate_domain::{
    CallId, Conclusion, Continuation, InputBody, InputRequest, Json, NeedInput, Outcome, Receipt,
};
use http::HeaderMap;
use serde_json::{Value, json};
use std::time::Instant;

fn exchange(fixture: &Fixture) -> Exchange {
    Exchange {
        site: Site {
            inner: fixture.endpoint.inner.clone(),
            open: fixture
                .service
                .access()
                .open(&fixture.server, Some(&fixture.key))
                .unwrap(),
        },
        headers: HeaderMap::new(),
        received: Instant::now(),
    }
}

fn place(exchange: &Exchange, tool: &str) -> Place {
    let open = &exchange.site.open;
    Place::new(
        open.server().record.id,
        open.credential(),
        "tools/call",
        tool,
        None,
    )
}

fn question() -> InputRequest {
    let schema = Json::from(&json!({ "type": "object", "properties": {} }));
    let body = InputBody::ElicitForm {
        message: "Which city?".into(),
        schema,
    };
    InputRequest {
        key: "city".into(),
        body,
    }
}

fn ask(exchange: &Exchange, need: &NeedInput, can: &[&str]) -> Result<Value, Error> {
    let conclusion = Conclusion::NeedInput(need.clone());
    let finished = FinishedCall {
        id: CallId::from_uuid(uuid::Uuid::from_u128(1)),
        outcome: Outcome {
            conclusion,
            receipt: Receipt::default(),
            log: vec![],
            log_dropped: 0,
        },
        duration_us: 1,
        shows_receipt: false,
    };
    let capabilities: Vec<_> = can.iter().map(|name| (*name).to_owned()).collect();
    let place = place(exchange, "book");
    ask::InputRequired::new(&exchange.site, &finished, need, &capabilities, &place)
        .map(|asked| serde_json::to_value(asked).unwrap())
}

fn go_on(exchange: &Exchange, tool: &str, params: Value) -> Result<Continuation, Error> {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let body = body.to_string();
    let Ok(envelope::Message::Request(request)) = envelope::message(&body) else {
        panic!("{body}")
    };
    let params = Params::read(request.params).unwrap();
    ask::continuation(&exchange.site, &params, || place(exchange, tool))
}

#[tokio::test]
async fn a_question_and_its_state_come_back_with_the_answer() {
    let fixture = Fixture::new().await;
    let exchange = exchange(&fixture);
    let need = NeedInput {
        requests: vec![question()],
        state: Some(b"round 1".to_vec()),
    };
    let asked = ask(&exchange, &need, &["elicitation"]).unwrap();
    assert_eq!(asked["resultType"], "input_required");
    assert_eq!(
        asked["inputRequests"]["city"]["method"],
        "elicitation/create"
    );
    let again = json!({
        "requestState": asked["requestState"],
        "inputResponses": { "city": { "action": "accept" }, "never asked": {} },
    });
    let continued = go_on(&exchange, "book", again.clone()).unwrap();
    assert_eq!(continued.state.as_deref(), Some(&b"round 1"[..]));
    assert_eq!(continued.answers[0].key, "city");
    assert_eq!(continued.answers[0].value.get(), r#"{"action":"accept"}"#);
    assert_eq!(go_on(&exchange, "cook", again), Err(Error::ForgedState));
}

#[tokio::test]
async fn nothing_is_asked_that_the_client_cannot_answer() {
    let fixture = Fixture::new().await;
    let exchange = exchange(&fixture);
    let need = NeedInput {
        requests: vec![question()],
        state: None,
    };
    let refused = ask(&exchange, &need, &["sampling", "elicitation.url"]);
    assert_eq!(
        refused,
        Err(Error::MissingCapabilities(vec!["elicitation".to_owned()]))
    );
}

#[tokio::test]
async fn two_questions_under_one_key_are_refused() {
    let fixture = Fixture::new().await;
    let exchange = exchange(&fixture);
    let need = NeedInput {
        requests: vec![question(), question()],
        state: None,
    };
    let refused = ask(&exchange, &need, &["elicitation"]);
    assert!(
        matches!(refused, Err(Error::OfTool { code: -32603, .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn there_is_a_question_or_a_state() {
    let fixture = Fixture::new().await;
    let exchange = exchange(&fixture);
    let only_question = NeedInput {
        requests: vec![question()],
        state: None,
    };
    let asked = ask(&exchange, &only_question, &["elicitation"]).unwrap();
    assert_eq!(asked.get("requestState"), None);
    let asked = ask(&exchange, &NeedInput::default(), &[]).unwrap();
    assert_eq!(asked.get("inputRequests"), None);
    let again = json!({ "requestState": asked["requestState"] });
    assert_eq!(
        go_on(&exchange, "book", again).unwrap(),
        Continuation::default()
    );
}
