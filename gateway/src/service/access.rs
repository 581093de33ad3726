//! Who may do what: API keys open servers, access tokens open the admin API.

pub(crate) mod keys;
mod refusals;
pub(crate) mod tokens;
mod visible;

pub use keys::{KeyStatus, KeySummary, NewKey, Opens};
pub use tokens::{Administrator, FirstToken, NewToken, TokenSummary};

use super::{
    calls::{Running, Traffic, is_large},
    credential::{self, Class, Pepper},
    limits::LimitBook,
    snapshot::{ServerView, Snapshot, WorkspaceView},
    state::State,
};
use crate::portion::Portion;
use casemate_domain::{Caller, ClaimedClient, Credential, Invalid, KeyId, SecretName, ServerId};
use casemate_runtime::Tenant;
use casemate_store::records::{KeyRecord, SecretRecord};
use jiff::Timestamp;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// Checks credentials and manages keys.
#[derive(Debug)]
pub struct Access {
    state: Arc<State>,
    pepper: Pepper,
    refusals: refusals::Refusals,
    running: Arc<Running>,
}

/// Why a key does not open a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There is no such server.
    ServerNotFound,
    /// The key is missing, wrong, revoked, expired, or for another server. One answer for all, so
    /// that it gives nothing away.
    AuthenticationFailed,
    /// What was sent cannot be a key at all, for example because it was cut while copying.
    MalformedKey(Invalid),
    /// The key is right, and the server is switched off.
    ServerInactive,
}

/// Proof that a key (or an administrator) may call the tools of a server. Holds one consistent
/// state for the whole request.
#[derive(Debug, Clone)]
pub struct OpenServer {
    snapshot: Arc<Snapshot>,
    server: Arc<ServerView>,
    /// None if the workspace is gone.
    workspace: Option<Arc<WorkspaceView>>,
    credential: Credential,
    /// The key, if it was made for some tools only.
    chosen: Option<Arc<KeyRecord>>,
}

impl OpenServer {
    fn new(
        snapshot: Arc<Snapshot>,
        server: Arc<ServerView>,
        credential: Credential,
        chosen: Option<Arc<KeyRecord>>,
    ) -> Self {
        Self {
            // Looked up here, because a call asks for it in each of its steps.
            workspace: snapshot.workspaces.get(&server.workspace.id).cloned(),
            snapshot,
            server,
            credential,
            chosen,
        }
    }

    /// The server.
    pub fn server(&self) -> &Arc<ServerView> {
        &self.server
    }

    /// Whose share of the machine its calls use. None if the workspace is gone.
    pub fn tenant(&self) -> Option<&Tenant> {
        self.traffic().map(|traffic| traffic.tenant())
    }

    /// Its workspace's part of the memory for requests that arrive.
    pub fn bodies(&self) -> Arc<Portion> {
        let traffic = self.traffic();
        traffic.map_or_else(Arc::default, |traffic| Arc::clone(traffic.bodies()))
    }

    /// Its workspace's part of the connections. None if the workspace is gone.
    pub fn connections(&self) -> Option<&Arc<Portion>> {
        self.traffic().map(|traffic| traffic.connections())
    }

    /// The turns of its workspace for reading so many bytes, if that is to be done aside.
    pub fn reading(&self, bytes: usize) -> Option<Arc<Semaphore>> {
        let traffic = self.traffic().filter(|_| is_large(bytes))?;
        Some(Arc::clone(traffic.reading()))
    }

    /// What opened it.
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Who makes a call, with the name that the client claims.
    pub fn caller(&self, client: Option<ClaimedClient>) -> Caller {
        Caller {
            credential: self.credential.clone(),
            client,
        }
    }

    /// All limits.
    pub(super) fn limits(&self) -> &LimitBook {
        &self.snapshot.limits
    }

    /// What the calls of the workspace share.
    pub(super) fn traffic(&self) -> Option<&Arc<Traffic>> {
        self.workspace.as_ref().map(|workspace| &workspace.traffic)
    }

    /// Whether calls of the server may take longer than so many milliseconds.
    pub fn lets_calls_take_longer(&self, than_ms: u64) -> bool {
        let (workspace, server) = (self.server.workspace.id, self.server.record.id);
        let limits = self.limits();
        limits.let_calls_take_longer(than_ms, workspace, server)
    }

    /// A secret of the workspace, still encrypted.
    pub(super) fn secret(&self, name: &SecretName) -> Option<&Arc<SecretRecord>> {
        self.workspace.as_ref()?.secrets.get(name)
    }
}

impl Access {
    /// Access control over the given state.
    pub(super) fn new(state: Arc<State>, pepper: Pepper, running: Arc<Running>) -> Self {
        Self {
            state,
            pepper,
            refusals: refusals::Refusals::default(),
            running,
        }
    }

    /// Opens a server with the key of a request. `key` is what followed `Bearer `, if anything.
    ///
    /// The order of the checks is part of the promise: an unknown server is "not found" for
    /// everybody (its id cannot be guessed), and whether a server is active is told only to those
    /// whose key opens it.
    pub fn open(&self, server_id: &str, key: Option<&str>) -> Result<OpenServer, Refused> {
        let snapshot = self.state.snapshot();
        let server = server_id
            .parse::<ServerId>()
            .ok()
            .and_then(|id| snapshot.servers.get(&id))
            .cloned()
            .ok_or(Refused::ServerNotFound)?;
        let key = key.ok_or(Refused::AuthenticationFailed)?;
        let key = credential::parse(Class::Key, key).map_err(Refused::MalformedKey)?;
        let record = snapshot
            .keys_by_hash
            .get(&self.pepper.hash(key))
            .and_then(|id| snapshot.keys.get(id));
        let (credential, chosen) = check(record, &server)?;
        Ok(OpenServer::new(snapshot, server, credential, chosen))
    }

    /// The same server as of now, if the key that opened it still does.
    pub fn reopen(&self, open: &OpenServer) -> Result<OpenServer, Refused> {
        let snapshot = self.state.snapshot();
        let server = snapshot.servers.get(&open.server.record.id).cloned();
        let server = server.ok_or(Refused::ServerNotFound)?;
        let (credential, chosen) = match &open.credential {
            Credential::Key { id, .. } => check(snapshot.keys.get(id), &server)?,
            // Administrators open servers for one call at a time.
            Credential::Token { .. } => return Err(Refused::AuthenticationFailed),
        };
        Ok(OpenServer::new(snapshot, server, credential, chosen))
    }

    /// Whether there is such a key, and it can still be used.
    pub fn is_usable(&self, key: KeyId) -> bool {
        let snapshot = self.state.snapshot();
        let record = snapshot.keys.get(&key);
        record.is_some_and(|record| is_usable(record))
    }

    /// Tells of every change of what there is and who may use it, once it is visible.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.state.changes()
    }

    /// Waits until the access token of an administrator ends: it is revoked, or it expires.
    pub async fn ended(&self, administrator: &Administrator) {
        let mut changes = self.changes();
        while let Some(left) = tokens::time_left(&self.state.snapshot(), administrator) {
            tokio::select! {
                changed = changes.changed() => if changed.is_err() {
                    return;
                },
                () = tokio::time::sleep(left) => {}
            }
        }
    }

    /// Opens a server for an administrator who tries a tool. The same path as a client's call from
    /// here on; the server may be inactive.
    pub fn open_as(&self, administrator: &Administrator, server: Arc<ServerView>) -> OpenServer {
        let credential = Credential::Token {
            id: administrator.token_id(),
        };
        OpenServer::new(self.state.snapshot(), server, credential, None)
    }
}

/// Whether a credential still stands: a key can be revoked between the check of a request and the
/// start of its call.
pub(super) fn still_stands(snapshot: &Snapshot, credential: &Credential) -> bool {
    match credential {
        Credential::Key { id, .. } => snapshot
            .keys
            .get(id)
            .is_some_and(|record| record.revoked_at.is_none()),
        Credential::Token { id } => snapshot
            .tokens
            .get(id)
            .is_some_and(|record| record.revoked_at.is_none()),
    }
}

/// Whether a key opens a server now. Gives the key too if it was made for some tools only.
fn check(
    record: Option<&Arc<KeyRecord>>,
    server: &ServerView,
) -> Result<(Credential, Option<Arc<KeyRecord>>), Refused> {
    let record = record
        .filter(|record| is_usable(record))
        .filter(|record| record.servers.contains(&server.record.id))
        .ok_or(Refused::AuthenticationFailed)?;
    if !server.is_active() {
        return Err(Refused::ServerInactive);
    }
    let credential = Credential::Key {
        id: record.id,
        name: record.name.clone(),
    };
    let chosen = record.tools.is_some().then(|| Arc::clone(record));
    Ok((credential, chosen))
}

/// Most keys do not expire, and need no look at the clock.
fn is_usable(record: &KeyRecord) -> bool {
    let has_expired = |expiry| expiry <= Timestamp::now();
    record.revoked_at.is_none() && !record.expires_at.is_some_and(has_expired)
}
