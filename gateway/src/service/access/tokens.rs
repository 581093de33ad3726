//! Access tokens of the admin API.

use super::Access;
use crate::service::{
    audit,
    credential::{self, Class},
    error::Error,
    snapshot::Snapshot,
};
use casemate_domain::{Invalid, TokenId};
use casemate_store::records::{TokenHash, TokenRecord};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
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

/// What became of the first access token at start.
#[derive(Debug)]
pub enum FirstToken {
    /// One was made; this is the only moment to show it.
    Made(SecretString),
    /// The operator brought one.
    Brought,
    /// There was one already.
    Existing,
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
        record.revoked_at.is_none().then_some(Administrator {
            token_id: record.id,
        })
    }

    /// Makes sure that there is an access token. At the first start one is made, or taken from the
    /// operator. Later a brought token must be the one that exists: otherwise the operator believes
    /// in a token that does not work.
    pub async fn ensure_first_token(
        &self,
        brought: Option<SecretString>,
    ) -> Result<FirstToken, Error> {
        let writer = self.state.writer().await;
        if !writer.snapshot().tokens.is_empty() {
            drop(writer);
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
        if let Some(token) = &brought {
            check_brought(token.expose_secret())?;
        }
        let made = brought.is_none();
        let token = brought.unwrap_or_else(|| credential::generate(Class::Token));
        let record = Arc::new(TokenRecord {
            id: TokenId::from_uuid(Uuid::now_v7()),
            hash: TokenHash::from_bytes(self.pepper.hash(token.expose_secret().trim())),
            created_at: Timestamp::now(),
            revoked_at: None,
        });
        let actor = Administrator {
            token_id: record.id,
        };
        let batch = audit::batch(&actor, None, "token.bootstrap", record.id).create(&*record);
        writer.commit(batch, move |next| put(next, record)).await?;
        Ok(if made {
            FirstToken::Made(token)
        } else {
            FirstToken::Brought
        })
    }
}

pub(crate) fn put(snapshot: &mut Snapshot, record: Arc<TokenRecord>) {
    snapshot
        .tokens_by_hash
        .insert(*record.hash.as_bytes(), record.id);
    snapshot.tokens.insert(record.id, record);
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
