//! What a tool is told when a request is refused: what stands against it, and who can change that.
//!
//! The words name hosts that the tool named and secrets that it was granted, and no addresses.

use super::{RESPONSE_HEADER_BYTES, RESPONSE_HEADERS, Target, resolver::Closed};
use crate::{bindings::host::http::HttpError, secrets::Withheld};
use casemate_domain::Grant;

/// No pattern of the grant fits.
pub(super) fn not_granted(target: &Target<'_>, grant: &Grant) -> HttpError {
    let wanted = target.pattern();
    let near: Vec<_> = grant
        .hosts
        .iter()
        .filter(|host| host.matches_name(target.host))
        .map(ToString::to_string)
        .collect();
    let near = if near.is_empty() {
        String::new()
    } else {
        let near = near.join(", ");
        format!(" (granted is {near}; the scheme, https or http, and the port must be the same)")
    };
    HttpError::Denied(format!(
        "the grant does not allow {}://{}{near}. An administrator grants it by pushing the \
         component again with all its grants and `--grant-host {wanted}`",
        target.scheme,
        target.shown(),
    ))
}

/// The grant fits, and the address is closed.
pub(super) fn address(target: &Target<'_>, closed: Closed) -> HttpError {
    let host = target.shown();
    HttpError::Denied(match closed {
        Closed::Private => format!(
            "{host} is at an address that is not on the public internet. An operator can open \
             its range with the setting `egress.allow_ranges`; a grant alone does not"
        ),
        Closed::Always => format!(
            "{host} is at an address that tools never reach, such as those of metadata services \
             and reserved ranges. No setting opens it"
        ),
    })
}

/// A secret is not for this host, or not there.
pub(super) fn secret(withheld: &Withheld, target: &Target<'_>) -> HttpError {
    let host = target.pattern();
    HttpError::Denied(match withheld {
        Withheld::WrongHost { secret, bound } => format!(
            "the secret {secret} is bound to {bound} and is not sent to {host}. An administrator \
             binds it to this host too by pushing the component again with all its \
             grants and `--grant-secret {secret}@{host}`"
        ),
        Withheld::NotSet { secret } => format!(
            "the grant adds the secret {secret} to requests to {host}, and it is not set. An \
             administrator sets it with: casemate secret set {secret} -w WORKSPACE"
        ),
    })
}

/// The head of an answer is too large.
pub(super) fn headers() -> HttpError {
    HttpError::LimitReached(format!(
        "the answer has more than {RESPONSE_HEADERS} headers or {RESPONSE_HEADER_BYTES} bytes of them"
    ))
}

/// The call has read so much of answers that it gets no more.
pub(super) fn total(limit: u64) -> HttpError {
    HttpError::LimitReached(format!(
        "the answers to this call would be more than {limit} bytes together, which is its limit \
         `http_total_bytes`"
    ))
}

/// There is no memory for an answer.
pub(super) fn memory() -> HttpError {
    HttpError::LimitReached(
        "there is no memory for the answer now: the calls that run hold what there is for them. \
         Try again later"
            .to_owned(),
    )
}
