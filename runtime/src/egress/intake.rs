//! Reading answers, within what one may have, what all of a call may have, and what there is for all
//! calls.

use super::refusal;
use crate::{
    aside::aside,
    bindings::host::http::{HttpError, Response},
    limiter::Holding,
    secrets::Secrets,
    turns::Tenant,
};
use casemate_domain::Limits;
use reqwest::header::HeaderMap;

/// What a call reads of answers.
pub(super) struct Intake {
    body_limit: u64,
    total_limit: u64,
    /// Of all answers so far.
    read: u64,
    /// For the body that is read now, or was read last: the guest may still be taking it over.
    holding: Holding,
}

impl Intake {
    pub(super) fn new(limits: &Limits, holding: Holding) -> Self {
        Self {
            body_limit: limits.http_body_bytes,
            total_limit: limits.http_total_bytes,
            read: 0,
            holding,
        }
    }

    /// Whose memory the answers take.
    pub(super) fn tenant(&self) -> &Tenant {
        self.holding.tenant()
    }

    /// Reads the whole answer, with a body of no more than wanted.
    pub(super) async fn read(
        &mut self,
        mut response: reqwest::Response,
        url: &str,
        wanted: Option<u64>,
        secrets: &Secrets,
    ) -> Result<Response, HttpError> {
        self.holding.give_back();
        let limit = wanted.map_or(self.body_limit, |wanted| wanted.min(self.body_limit));
        if let Some(size) = response.content_length() {
            self.admit(size, 0, limit)?;
        }
        let status = response.status().as_u16();
        let headers = readable(response.headers(), secrets);
        let mut body = Vec::new();
        let broken = |_| HttpError::ConnectionFailed("the answer broke off".to_owned());
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            let more = chunk.len() as u64;
            self.admit(more, body.len() as u64, limit)?;
            self.read += more;
            self.make_room(&mut body, chunk.len(), limit)?;
            body.extend_from_slice(&chunk);
        }
        // A mask can be longer than what it stands for, and the copy is there beside the answer.
        let holding = &mut self.holding;
        let room = |length: usize| match length as u64 {
            length if length > limit => Err(HttpError::TooLarge(limit)),
            length if holding.take(length) => Ok(()),
            _ => Err(refusal::memory()),
        };
        let body = aside(body.len(), || secrets.hide_if(body, room))?;
        Ok(Response {
            status,
            headers,
            body,
            url: String::from_utf8_lossy(&secrets.hide(url.into())).into_owned(),
        })
    }

    /// Whether more may be read of a body that has so much already.
    fn admit(&self, more: u64, before: u64, limit: u64) -> Result<(), HttpError> {
        if before.saturating_add(more) > limit {
            return Err(HttpError::TooLarge(limit));
        }
        if self.read.saturating_add(more) > self.total_limit {
            return Err(refusal::total(self.total_limit));
        }
        Ok(())
    }

    /// Lets a body grow as vectors do, by no more than there is for all calls.
    fn make_room(&mut self, body: &mut Vec<u8>, more: usize, limit: u64) -> Result<(), HttpError> {
        let needed = body.len() + more;
        if needed <= body.capacity() {
            return Ok(());
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let room = body.capacity().saturating_mul(2).min(limit).max(needed);
        if !self.holding.take((room - body.capacity()) as u64) {
            return Err(refusal::memory());
        }
        body.reserve_exact(room - body.len());
        Ok(())
    }
}

fn readable(headers: &HeaderMap, secrets: &Secrets) -> Vec<(String, Vec<u8>)> {
    headers
        .iter()
        .map(|(name, value)| (name.to_string(), secrets.hide(value.as_bytes().to_vec())))
        .collect()
}
