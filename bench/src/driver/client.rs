//! An HTTP client that costs little, so that the machine is left to what is measured.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{self, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;

/// A request that can be sent again and again.
pub(crate) type Request = http::Request<Bytes>;

/// A client that keeps its connections. Cheap to clone; it belongs to the runtime it is first used
/// on.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    inner: legacy::Client<HttpConnector, Full<Bytes>>,
}

/// An answer, whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
}

impl Client {
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let inner = legacy::Client::builder(TokioExecutor::new()).build(connector);
        Self { inner }
    }

    /// Sends a request and reads the whole answer.
    pub(crate) async fn send(&self, request: &Request) -> Result<Answer> {
        let (head, body) = request.clone().into_parts();
        let request = http::Request::from_parts(head, Full::new(body));
        let answer = self.inner.request(request).await.context("no answer")?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await;
        let body = body.context("half an answer")?.to_bytes();
        Ok(Answer { status, body })
    }

    /// Sends a tool call and says how it ended: `ok`, or the word of the gateway.
    pub(crate) async fn call(&self, request: &Request) -> String {
        match self.send(request).await {
            Ok(answer) => outcome(&answer),
            Err(error) => error.to_string(),
        }
    }

    /// Sends an upload and says how it ended: `taken`, or the word of the gateway.
    pub(crate) async fn upload(&self, request: &Request) -> String {
        let answer = match self.send(request).await {
            Ok(answer) => answer,
            Err(error) => return error.to_string(),
        };
        if answer.status == 200 {
            return "taken".to_owned();
        }
        let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match problem["code"].as_str() {
            Some(code) => code.to_owned(),
            None => format!("status {}", answer.status),
        }
    }

    /// Asks whether the gateway is alive.
    pub(crate) async fn probe(&self, request: &Request) -> Result<()> {
        match self.send(request).await?.status {
            200 => Ok(()),
            status => bail!("status {status}"),
        }
    }
}

/// How a tool call ended, in one word.
pub(crate) fn outcome(answer: &Answer) -> String {
    if answer.status != 200 {
        return format!("status {}", answer.status);
    }
    let Ok(message) = serde_json::from_slice::<Value>(&answer.body) else {
        return "no JSON".to_owned();
    };
    let Some(result) = message.get("result") else {
        return format!("error {}", message["error"]["code"]);
    };
    if result["isError"] != Value::Bool(true) {
        return "ok".to_owned();
    }
    let code = &result["_meta"]["dev.casemate/error"]["code"];
    code.as_str().unwrap_or("tool error").to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Answer, outcome};
    use serde_json::{Value, json};

    fn of(status: u16, body: &Value) -> String {
        let body = body.to_string().into();
        outcome(&Answer { status, body })
    }

    #[test]
    fn only_a_result_that_is_no_error_is_ok() {
        assert_eq!(of(200, &json!({ "result": { "content": [] } })), "ok");
        let stopped = json!({ "result": {
            "isError": true,
            "_meta": { "dev.casemate/error": { "code": "fuel_exhausted" } },
        } });
        assert_eq!(of(200, &stopped), "fuel_exhausted");
        let refused = json!({ "error": { "code": -32602 } });
        assert_eq!(of(200, &refused), "error -32602");
        assert_eq!(of(503, &json!({})), "status 503");
    }
}
