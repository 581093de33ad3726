//! Bodies and parameters, with our own problems when they cannot be read.

use crate::{
    body,
    mcp::unique,
    problem::{Code, Problem},
};
use axum::{
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::request::Parts,
};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::time::Duration;

/// A JSON body. The content type does not matter; what is in it does.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = bytes(request).await?;
        // The reader of JSON would take an array for an object, item by item.
        if bytes.trim_ascii_start().first() == Some(&b'[') {
            return Err(Problem::new(
                Code::InvalidRequest,
                "The body is a list; an object is needed.",
            ));
        }
        let unreadable = |error: serde_json::Error| {
            Problem::new(
                Code::InvalidRequest,
                format!("The body is not the JSON that is needed: {error}."),
            )
        };
        let raw: &RawValue = serde_json::from_slice(&bytes).map_err(unreadable)?;
        unique::check(raw).map_err(|problem| {
            Problem::new(Code::InvalidRequest, format!("The body {problem}."))
        })?;
        serde_json::from_str(raw.get())
            .map(Self)
            .map_err(unreadable)
    }
}

/// How long a body may take to arrive: the largest upload over a slow line.
const BODY_TIME: Duration = Duration::from_secs(120);
/// The largest body of a route that has no [`Largest`] of its own.
const LARGEST_BODY: Largest = Largest(2 << 20);

/// The largest body of a route, in bytes. Laid over the route as an extension.
#[derive(Debug, Clone, Copy)]
pub struct Largest(pub usize);

/// The bytes of a body, up to the limit of its route.
pub(super) async fn bytes(request: Request) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    let Largest(bytes) = parts.extensions.get().copied().unwrap_or(LARGEST_BODY);
    let allowed = body::Allowance {
        bytes,
        time: BODY_TIME,
    };
    body::read(&parts.headers, body, allowed, None)
        .await
        .map_err(|error| match error {
            body::Error::TooLarge(bytes) => Problem::new(
                Code::PayloadTooLarge,
                format!(
                    "The request is larger than {bytes} bytes, the most that this address takes."
                ),
            ),
            body::Error::TooSlow => {
                Problem::new(Code::InvalidRequest, "The body took too long to arrive.")
            }
            body::Error::Incomplete => {
                Problem::new(Code::InvalidRequest, "The body did not arrive whole.")
            }
            body::Error::NoRoom => Problem::new(
                Code::Unavailable,
                "Too much arrives at once. Try again in a second.",
            ),
        })
}

/// Parameters after the `?`. Unknown ones are errors if `T` says so.
#[derive(Debug)]
pub struct Parameters<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(parameters) =
            Query::from_request_parts(parts, state)
                .await
                .map_err(|rejection| {
                    Problem::new(Code::InvalidRequest, format!("{}.", rejection.body_text()))
                })?;
        Ok(Self(parameters))
    }
}

/// Tells `null` from what was left out.
pub(super) mod double_option {
    use serde::{Deserialize, Deserializer};

    pub(in crate::admin) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}
