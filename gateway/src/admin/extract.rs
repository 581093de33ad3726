//! Bodies and parameters, with our own problems when they cannot be read.

use crate::problem::{Code, Problem};
use axum::{
    extract::{FromRequest, FromRequestParts, Query, Request, rejection::BytesRejection},
    http::request::Parts,
};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// A JSON body. The content type does not matter; what is in it does.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = bytes(request, state).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            Problem::new(
                Code::InvalidRequest,
                format!("The body is not the JSON that is needed: {error}."),
            )
        })
    }
}

/// How long a body may take to arrive: the largest upload over a slow line.
const BODY_TIMEOUT: Duration = Duration::from_secs(120);

/// The bytes of a body, up to the limit of its route.
pub(super) async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Problem> {
    let arriving = tokio::time::timeout(BODY_TIMEOUT, Bytes::from_request(request, state));
    arriving
        .await
        .map_err(|_| Problem::new(Code::InvalidRequest, "The body took too long to arrive."))?
        .map_err(|rejection| match rejection {
            BytesRejection::FailedToBufferBody(error)
                if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE =>
            {
                Problem::new(
                    Code::PayloadTooLarge,
                    "The request is larger than this address takes.",
                )
            }
            _ => Problem::new(Code::InvalidRequest, "The body did not arrive whole."),
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
