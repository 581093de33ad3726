//! Requests for input, held to what the protocol lets a server ask.

mod form;
mod sample;

use super::intake::Intake;
use crate::{
    bindings::host::types::{InputBody, InputRequest, NeedInput},
    json::Shape,
    stop,
};
use casemate_domain as domain;
use casemate_domain::{Json, Stop};
use serde_json::Value;
use std::collections::HashSet;
use url::Url;

/// Requests of one round.
const REQUESTS: usize = 16;
/// What a round may leave for the next, in bytes.
const STATE_BYTES: usize = 64 << 10;

pub(super) fn need_input(
    need: NeedInput,
    intake: &mut Intake<'_>,
) -> Result<domain::NeedInput, Stop> {
    if need.requests.len() > REQUESTS {
        return Err(invalid(format!(
            "it asks for more than {REQUESTS} things at once"
        )));
    }
    if need
        .state
        .as_ref()
        .is_some_and(|state| state.len() > STATE_BYTES)
    {
        return Err(invalid(format!(
            "its state is larger than {STATE_BYTES} bytes"
        )));
    }
    let mut keys = HashSet::new();
    let mut requests = Vec::with_capacity(need.requests.len());
    for request in need.requests {
        let request = self::request(request, intake)?;
        if request.key.is_empty() || !keys.insert(request.key.clone()) {
            return Err(invalid(
                "a request for input has no key, or the key of another".into(),
            ));
        }
        requests.push(request);
    }
    Ok(domain::NeedInput {
        requests,
        // Sealed on its way through the client, and given back as it is.
        state: need.state.map(|state| intake.opaque(state)),
    })
}

fn request(request: InputRequest, intake: &mut Intake<'_>) -> Result<domain::InputRequest, Stop> {
    intake.piece();
    let key = intake.text(request.key);
    let body = match request.body {
        InputBody::ElicitForm(form) => domain::InputBody::ElicitForm {
            message: intake.text(form.message),
            schema: checked(form.schema, "the schema of a form", form::check, intake)?,
        },
        InputBody::ElicitUrl(page) => {
            let usable =
                Url::parse(&page.url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
            if !usable {
                return Err(invalid(
                    "it asks to open something that is not a web page".into(),
                ));
            }
            domain::InputBody::ElicitUrl {
                message: intake.text(page.message),
                url: intake.text(page.url),
                id: intake.text(page.id),
            }
        }
        InputBody::Sample(params) => {
            let what = "the question to the model";
            domain::InputBody::Sample(checked(params, what, sample::check, intake)?)
        }
        InputBody::ListRoots => domain::InputBody::ListRoots,
    };
    Ok(domain::InputRequest { key, body })
}

fn checked(
    text: String,
    what: &str,
    check: fn(&Value) -> Result<(), String>,
    intake: &mut Intake<'_>,
) -> Result<Json, Stop> {
    let json = intake.shaped(text, what, Shape::Object)?;
    check(&json.to_value()).map_err(|problem| invalid(format!("{what} {problem}")))?;
    Ok(json)
}

fn invalid(problem: String) -> Stop {
    stop::invalid_output(&problem)
}
