//! Access tokens of the admin API: made once, shown once, revoked at once. One that opens it always
//! remains.

use super::{
    Access,
    keys::{KeyStatus, expiry},
};
use crate::service::{
    audit,
    credential::{self, Class},
    error::Error,
    snapshot::Snapshot,
    state::Writer,
};
use casemate_domain::{Invalid, TokenId, TokenName};
use casemate_store::records::{Batch, Record, TokenHash, TokenRecord};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use std::{sync::Arc, time::Duration};
use uuid::Uuid;

/// Proof that an access token is valid: whoever holds it may administer.
#[derive(Debug, Clone)]
pub struct Administrator {
    token_id: TokenId,
}

impl Administrator {
    /// The token behind it.
    pub fn token_id(&self) -> TokenId {
        self.token_id
    }
}

/// What became of the access token at start.
#[derive(Debug)]
pub enum FirstToken {
    /// One was made; this is the only moment to show it.
    Made(SecretString),
    /// The operator brought one.
    Brought,
    /// There was one already.
    Existing,
}

/// An access token as it may be shown at any time.
#[derive(Debug, Clone)]
pub struct TokenSummary {
    /// What is stored of it; its hash is not for showing.
    pub record: Arc<TokenRecord>,
    /// Whether it opens the admin API now.
    pub status: KeyStatus,
}

/// A token that was just made. The only moment at which its text exists.
#[derive(Debug)]
pub struct NewToken {
    /// The text, for its owner.
    pub token: SecretString,
    /// What is kept.
    pub summary: TokenSummary,
}

/// The shortest token that an operator may bring. Shorter ones can be guessed.
const MIN_BROUGHT_LENGTH: usize = 16;

impl Access {
    /// Checks the access token of a request.
    pub fn administrator(&self, token: Option<&str>) -> Option<Administrator> {
        let snapshot = self.state.snapshot();
        let hash = self.pepper.hash(token?.trim());
        let record = snapshot
            .tokens_by_hash
            .get(&hash)
            .and_then(|id| snapshot.tokens.get(id))?;
        (status(record, Timestamp::now()) == KeyStatus::Active).then_some(Administrator {
            token_id: record.id,
        })
    }

    /// Makes sure that there is an access token. At the first start one is made, or taken from the
    /// operator. Later a brought token must be one that works: otherwise the operator believes in a
    /// token that does not.
    pub async fn ensure_first_token(
        &self,
        brought: Option<SecretString>,
    ) -> Result<FirstToken, Error> {
        if !self.state.snapshot().tokens.is_empty() {
            return match brought {
                Some(token) if self.administrator(Some(token.expose_secret())).is_none() => {
                    Err(Error::Invalid(Invalid::new(
                        "the token in CASEMATE_BOOTSTRAP_TOKEN",
                        "is not known here. It is only taken at the first start; unset it",
                    )))
                }
                _ => Ok(FirstToken::Existing),
            };
        }
        let Some(token) = brought else {
            return self.token_of_operator("made at the first start").await;
        };
        check_brought(token.expose_secret())?;
        self.keep_for_operator("brought to the first start", &token)
            .await?;
        Ok(FirstToken::Brought)
    }

    /// Makes an access token for whoever runs the gateway.
    pub async fn token_of_operator(&self, name: &str) -> Result<FirstToken, Error> {
        let token = credential::generate(Class::Token);
        self.keep_for_operator(name, &token).await?;
        Ok(FirstToken::Made(token))
    }

    async fn keep_for_operator(&self, name: &str, token: &SecretString) -> Result<(), Error> {
        let record = self.record(name.parse().map_err(Error::Invalid)?, token, None)?;
        let writer = self.state.writer().await;
        let batch = audit::by_operator("token.create", record.id).create(&*record);
        keep(writer, batch, record).await
    }

    /// Makes an access token.
    pub async fn create_token(
        &self,
        actor: &Administrator,
        name: TokenName,
        lifetime: Option<Duration>,
    ) -> Result<NewToken, Error> {
        let writer = self.state.writer().await;
        let token = credential::generate(Class::Token);
        let record = self.record(name, &token, lifetime)?;
        let batch = audit::batch(actor, None, "token.create", record.id).create(&*record);
        keep(writer, batch, Arc::clone(&record)).await?;
        Ok(NewToken {
            token,
            summary: summary(record),
        })
    }

    /// Takes away what a token opens, from the next request on. Revoking twice is harmless. The
    /// last one that opens the admin API cannot be revoked: nobody could make another.
    pub async fn revoke_token(
        &self,
        actor: &Administrator,
        id: TokenId,
    ) -> Result<TokenSummary, Error> {
        let writer = self.state.writer().await;
        let snapshot = writer.snapshot();
        let record = snapshot
            .tokens
            .get(&id)
            .ok_or_else(|| Error::not_found("token", id))?;
        if record.revoked_at.is_some() {
            return Ok(summary(Arc::clone(record)));
        }
        let now = Timestamp::now();
        let opens = |other: &&Arc<TokenRecord>| status(other, now) == KeyStatus::Active;
        if !snapshot
            .tokens
            .values()
            .filter(opens)
            .any(|other| other.id != id)
        {
            return Err(Error::LastToken);
        }
        let revoked = Arc::new(TokenRecord {
            revoked_at: Some(now),
            ..TokenRecord::clone(record)
        });
        let stored = writer.stored(&record.key()).await?;
        let batch = audit::batch(actor, None, "token.revoke", id).replace(&stored, &*revoked);
        let (shown, running) = (Arc::clone(&revoked), Arc::clone(&self.running));
        // On its own, as for keys: calls are stopped also when nobody waits for the answer.
        let revoking = tokio::spawn(async move {
            keep(writer, batch, shown).await?;
            running.stop_token(id);
            Ok::<_, Error>(())
        });
        revoking
            .await
            .map_err(|error| Error::Internal(format!("a revocation ended early: {error}")))??;
        Ok(summary(revoked))
    }

    /// All access tokens, oldest first.
    pub fn list_tokens(&self) -> Vec<TokenSummary> {
        let snapshot = self.state.snapshot();
        let mut tokens: Vec<_> = snapshot.tokens.values().cloned().map(summary).collect();
        tokens.sort_by_key(|token| (token.record.created_at, token.record.id));
        tokens
    }

    fn record(
        &self,
        name: TokenName,
        token: &SecretString,
        lifetime: Option<Duration>,
    ) -> Result<Arc<TokenRecord>, Error> {
        let created_at = Timestamp::now();
        let expires_at = lifetime
            .map(|lifetime| expiry("token", created_at, lifetime))
            .transpose()?;
        Ok(Arc::new(TokenRecord {
            id: TokenId::from_uuid(Uuid::now_v7()),
            name,
            hash: TokenHash::from_bytes(self.pepper.hash(token.expose_secret().trim())),
            created_at,
            expires_at,
            revoked_at: None,
        }))
    }
}

async fn keep(writer: Writer, batch: Batch, record: Arc<TokenRecord>) -> Result<(), Error> {
    writer.commit(batch, move |next| put(next, record)).await
}

pub(crate) fn put(snapshot: &mut Snapshot, record: Arc<TokenRecord>) {
    snapshot
        .tokens_by_hash
        .insert(*record.hash.as_bytes(), record.id);
    snapshot.tokens.insert(record.id, record);
}

pub(super) fn status(record: &TokenRecord, now: Timestamp) -> KeyStatus {
    KeyStatus::at(record.revoked_at, record.expires_at, now)
}

/// How long the token of an administrator still opens the admin API, unless it is revoked. Nothing
/// if it does not any more.
pub(super) fn time_left(snapshot: &Snapshot, administrator: &Administrator) -> Option<Duration> {
    let record = snapshot.tokens.get(&administrator.token_id)?;
    let now = Timestamp::now();
    if status(record, now) != KeyStatus::Active {
        return None;
    }
    let left = |expiry: Timestamp| Duration::try_from(expiry.duration_since(now));
    Some(
        record
            .expires_at
            .map_or(Duration::MAX, |expiry| left(expiry).unwrap_or_default()),
    )
}

fn summary(record: Arc<TokenRecord>) -> TokenSummary {
    let status = status(&record, Timestamp::now());
    TokenSummary { record, status }
}

fn check_brought(token: &str) -> Result<(), Error> {
    let token = token.trim();
    if token.len() < MIN_BROUGHT_LENGTH
        || token.chars().any(|c| c.is_whitespace() || c.is_control())
    {
        let problem = format!(
            "must be at least {MIN_BROUGHT_LENGTH} characters without white space. \
             Make one with: openssl rand -hex 32"
        );
        return Err(Error::Invalid(Invalid::new(
            "the token in CASEMATE_BOOTSTRAP_TOKEN",
            problem,
        )));
    }
    Ok(())
}
