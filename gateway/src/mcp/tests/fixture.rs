//! A service in memory with one empty server and one key, and requests to it.

use crate::mcp::Seal;
use crate::{
    mcp::{Endpoint, Settings},
    service::{
        Administrator, FirstToken, Parts, Service,
        keyring::{Keyring, MayCreate},
    },
};
use axum::body::Body;
use casemate_domain::{KeyId, LimitSettings, PlatformLimits};
use casemate_runtime::{Config, Runtime};
use casemate_store::{
    blobs::Blobs,
    call_log::{CallLog, Retention},
    memory::MemoryMetadata,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use http_body_util::BodyExt as _;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use std::{path::Path, sync::Arc};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

pub(super) const MAX_BODY: usize = 16 << 10;

pub(super) struct Fixture {
    pub(super) endpoint: Endpoint,
    pub(super) service: Arc<Service>,
    pub(super) administrator: Administrator,
    pub(super) server: String,
    pub(super) key: String,
    pub(super) key_id: KeyId,
    _folder: TempDir,
}

/// An answer, read whole.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// Null if there is no body.
    pub(super) body: Value,
}

impl Reply {
    #[track_caller]
    pub(super) fn is_error(&self, status: u16, code: i64) {
        let got = (self.status.as_u16(), self.body["error"]["code"].as_i64());
        assert_eq!(got, (status, Some(code)), "{}", self.body);
    }
}

/// A service over an empty store.
async fn service(path: &Path) -> Service {
    let retention = Retention {
        days: 1,
        bytes: 1 << 20,
    };
    let parts = Parts {
        metadata: Arc::new(MemoryMetadata::default()),
        blobs: Blobs::local(path.join("blobs")).unwrap(),
        task_blobs: Blobs::local(path.join("tasks")).unwrap(),
        artifacts: path.join("artifacts"),
        log: Arc::new(CallLog::open(path.join("calls"), retention).unwrap()),
        runtime: Runtime::new(&Config {
            slots: 2,
            ..Config::default()
        })
        .unwrap(),
        keyring: Keyring::open(&path.join("root.key"), MayCreate::Yes).unwrap(),
        limits: LimitSettings::default(),
        platform: PlatformLimits::default(),
        room: crate::service::Room {
            bytes: 64 << 20,
            components: 100,
        },
        tasks: crate::service::TaskSettings::default(),
        receipts: false,
    };
    Service::load(parts).await.unwrap()
}

impl Fixture {
    pub(super) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let service = Arc::new(service(folder.path()).await);
        let access = service.access();
        let token = match access.ensure_first_token(None).await.unwrap() {
            FirstToken::Made(token) => token,
            other => panic!("{other:?}"),
        };
        let administrator = access.administrator(Some(token.expose_secret())).unwrap();
        let catalog = service.catalog();
        catalog
            .create_workspace(&administrator, "acme".parse().unwrap())
            .await
            .unwrap();
        let server = catalog
            .create_server(&administrator, "acme", "tools".parse().unwrap())
            .await;
        let server = server.unwrap().record.id;
        let name = "laptop".parse().unwrap();
        let key = access
            .create_key(&administrator, name, vec![server], None)
            .await
            .unwrap();
        let settings = Settings {
            allowed_hosts: vec!["tools.test".into()],
            allowed_origins: vec![],
            allow_loopback_names: false,
            max_body_bytes: MAX_BODY,
            all_body_bytes: 4 * MAX_BODY as u64,
        };
        Self {
            endpoint: Endpoint::new(
                Arc::clone(&service),
                settings,
                Seal::ephemeral(),
                CancellationToken::new(),
            ),
            administrator,
            server: server.to_string(),
            key: key.key.expose_secret().to_owned(),
            key_id: key.summary.record.id,
            service,
            _folder: folder,
        }
    }

    /// A request as a good client sends it, with this body and these headers replaced (`None`
    /// takes one out).
    pub(super) fn request(
        &self,
        body: impl Into<Body>,
        headers: &[(&'static str, Option<&str>)],
    ) -> http::Request<Body> {
        let mut request = http::Request::post("/").body(body.into()).unwrap();
        let bearer = format!("Bearer {}", self.key);
        let usual = [
            ("host", Some("tools.test")),
            ("authorization", Some(bearer.as_str())),
            ("content-type", Some("application/json")),
            ("accept", Some("application/json, text/event-stream")),
        ];
        for (name, value) in usual.iter().chain(headers) {
            let name = HeaderName::from_static(name);
            match value {
                Some(value) => {
                    request
                        .headers_mut()
                        .insert(name, HeaderValue::from_str(value).unwrap());
                }
                None => {
                    request.headers_mut().remove(name);
                }
            }
        }
        request
    }

    pub(super) async fn send(&self, request: http::Request<Body>) -> Reply {
        self.send_to(&self.server, request).await
    }

    pub(super) async fn send_to(&self, server: &str, request: http::Request<Body>) -> Reply {
        let (parts, body) = self
            .endpoint
            .handle(server, request, None)
            .await
            .into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            assert_eq!(parts.headers["content-type"], "application/json");
            serde_json::from_slice(&bytes).unwrap()
        };
        Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// A handshake-era request.
    pub(super) async fn legacy(&self, version: Option<&str>, method: &str, params: Value) -> Reply {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let headers = [("mcp-protocol-version", version)];
        self.send(self.request(body.to_string(), &headers)).await
    }

    /// A request of the stateless revision, with members of `_meta` and headers replaced.
    pub(super) async fn modern(&self, method: &str, change: impl FnOnce(&mut Modern)) -> Reply {
        let mut modern = Modern::new(method);
        change(&mut modern);
        let body = json!({
            "jsonrpc": "2.0", "id": 1, "method": method, "params": modern.params,
        });
        let headers: Vec<_> = modern
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_deref()))
            .collect();
        self.send(self.request(body.to_string(), &headers)).await
    }
}

pub(super) struct Modern {
    pub(super) params: Value,
    pub(super) headers: Vec<(&'static str, Option<String>)>,
}

impl Modern {
    fn new(method: &str) -> Self {
        Self {
            params: json!({ "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            } }),
            headers: vec![
                ("mcp-protocol-version", Some("2026-07-28".to_owned())),
                ("mcp-method", Some(method.to_owned())),
            ],
        }
    }

    pub(super) fn header(&mut self, name: &'static str, value: Option<&str>) {
        self.headers.push((name, value.map(str::to_owned)));
    }

    pub(super) fn meta(&mut self, name: &str, value: Value) {
        let key = format!("io.modelcontextprotocol/{name}");
        let meta = self.params["_meta"].as_object_mut().unwrap();
        match value {
            Value::Null => meta.remove(&key),
            value => meta.insert(key, value),
        };
    }
}
