//! Several messages in one body, which one revision has.

use super::{Terms, answer, hear, take};
use crate::mcp::{
    Exchange, Params,
    answer::Answer,
    envelope::{self, Message},
    error::{Era, Error},
    running::{Disconnect, Running},
};
use http::{HeaderValue, header};
use serde_json::value::RawValue;
use std::time::Instant;

/// What the replies to one batch may have together, in bytes.
const MAX_REPLY_BYTES: usize = 8 << 20;

/// Answers them one after the other: a batch buys no more room than a single call has. The answer
/// is one array, so nothing is said before the end of the last.
pub(in crate::mcp) async fn answer_all(
    exchange: &Exchange,
    declared: Option<&str>,
    items: &[&RawValue],
) -> Answer {
    match Terms::of(exchange, declared) {
        Ok(terms) if terms.revision.has_batches() => {}
        Ok(Terms { revision, .. }) => {
            let problem = format!("revision {revision} has no batches; send one message at a time");
            return Answer::error(None, &Error::InvalidRequest(problem), Era::Legacy);
        }
        Err(error) => return Answer::error(None, &error, Era::Legacy),
    }
    let (site, headers) = (exchange.site.clone(), exchange.headers.clone());
    let exchange = Exchange {
        site: site.clone(),
        headers,
        received: exchange.received,
    };
    let declared = declared.map(str::to_owned);
    let items: Vec<Box<RawValue>> = items.iter().map(|item| (*item).to_owned()).collect();
    let all = async move { each(&exchange, declared.as_deref(), &items).await };
    // Closing the connection is no cancel, for those that have not begun either.
    Running::new(all, Disconnect::IsNothing, &site.inner.background).await
}

async fn each(exchange: &Exchange, declared: Option<&str>, items: &[Box<RawValue>]) -> Answer {
    let mut bodies = Vec::with_capacity(items.len());
    let mut room = MAX_REPLY_BYTES;
    for item in items {
        let answer = match reopened(exchange) {
            Err(error) => refused(item, &error),
            Ok(_) if room == 0 => {
                let problem = "the replies to this batch are too large; send fewer messages";
                refused(item, &Error::InvalidRequest(problem.into()))
            }
            Ok(exchange) => one(&exchange, declared, item).await,
        };
        let body = answer.into_json();
        room = room.saturating_sub(body.as_ref().map_or(0, Vec::len));
        bodies.extend(body);
    }
    if bodies.is_empty() {
        Answer::accepted()
    } else {
        Answer::all(&bodies)
    }
}

/// The same exchange as of now: messages of a batch run one after the other, and a key that is
/// revoked meanwhile opens nothing any more.
fn reopened(exchange: &Exchange) -> Result<Exchange, Error> {
    let mut headers = exchange.headers.clone();
    // An event stream inside an array is nothing.
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::ACCEPT, json);
    Ok(Exchange {
        site: exchange.site.reopened()?,
        headers,
        received: Instant::now(),
    })
}

fn refused(item: &RawValue, error: &Error) -> Answer {
    match envelope::message(item.get()) {
        Ok(Message::Request(request)) => Answer::error(Some(request.id), error, Era::Legacy),
        Ok(Message::Notification(_) | Message::Response(_)) => Answer::accepted(),
        Err(rejected) => Answer::error(rejected.id, &rejected.error, Era::Legacy),
    }
}

async fn one(exchange: &Exchange, declared: Option<&str>, item: &RawValue) -> Answer {
    let mut request = match envelope::message(item.get()) {
        Ok(Message::Request(request)) => request,
        // What is wrong with them is for nobody to read.
        Ok(Message::Notification(notification)) => {
            take(exchange, &notification, declared);
            return Answer::accepted();
        }
        Ok(Message::Response(response)) => {
            hear(exchange, &response, declared);
            return Answer::accepted();
        }
        Err(rejected) => return Answer::error(rejected.id, &rejected.error, Era::Legacy),
    };
    let params = request.params.take();
    let refuse = |error: Error| Answer::error(Some(request.id), &error, Era::Legacy);
    match Params::read(params) {
        Ok(_) if request.method == "initialize" => refuse(Error::InvalidRequest(
            "`initialize` must stand alone".into(),
        )),
        Ok(params) if params.names_version() => refuse(Error::InvalidRequest(
            "a request with its own version must stand alone".into(),
        )),
        Ok(params) => answer(exchange, &request, &params, declared).await,
        Err(problem) => refuse(Error::InvalidParams(problem)),
    }
}
