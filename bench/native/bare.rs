//! The least that a server of tools can do over HTTP: read the message, call the function, write
//! the answer. No key, no schema, no sandbox, no record, no second version of the protocol.

use crate::tools;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::DefaultBodyLimit,
    http::{HeaderValue, Response, StatusCode, header},
    routing::post,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    params: Params<'a>,
}

#[derive(Deserialize)]
struct Params<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    arguments: &'a RawValue,
}

#[derive(Deserialize)]
struct Add {
    a: i64,
    b: i64,
}

#[derive(Deserialize)]
struct Echo<'a> {
    #[serde(borrow)]
    text: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Burn {
    ms: u32,
}

pub(crate) fn router() -> Router {
    Router::new()
        .route("/mcp", post(call))
        .layer(DefaultBodyLimit::disable())
}

async fn call(body: Bytes) -> Response<Body> {
    match answer(&body) {
        Ok(answer) => {
            let mut response = Response::new(Body::from(answer));
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            response
        }
        Err(error) => {
            let mut response = Response::new(Body::from(error.to_string()));
            *response.status_mut() = StatusCode::BAD_REQUEST;
            response
        }
    }
}

fn answer(body: &[u8]) -> serde_json::Result<Vec<u8>> {
    let message: Message<'_> = serde_json::from_slice(body)?;
    let arguments = message.params.arguments.get();
    let text = match &*message.params.name {
        "add" => {
            let Add { a, b } = serde_json::from_str(arguments)?;
            a.wrapping_add(b).to_string().into()
        }
        "echo" => serde_json::from_str::<Echo<'_>>(arguments)?.text,
        _ => tools::burn(serde_json::from_str::<Burn>(arguments)?.ms).into(),
    };
    let mut answer = Vec::with_capacity(text.len() + 128);
    answer.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
    answer.extend_from_slice(message.id.get().as_bytes());
    answer.extend_from_slice(b",\"result\":{\"content\":[{\"type\":\"text\",\"text\":");
    serde_json::to_writer(&mut answer, &text)?;
    answer.extend_from_slice(b"}]}}");
    Ok(answer)
}
