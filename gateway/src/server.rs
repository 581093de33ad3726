//! Putting the gateway together, running it, stopping it.

use crate::{
    admin::App,
    config::Config,
    listen::{self, Share},
    mcp::{Endpoint, Seal, Settings},
    router,
    service::{FirstToken, Parts, Service, keyring},
};
use anyhow::{Context, Result};
use casemate_runtime::{EgressPolicy, Runtime};
use casemate_store::{
    blobs::Blobs,
    call_log::{CallLog, Retention},
    metadata::Metadata,
    sled::SledMetadata,
};
use secrecy::SecretString;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// What the command line says about how to serve; it stands above the configuration file.
#[derive(Debug, Default)]
pub struct Options {
    /// The configuration file.
    pub config: Option<PathBuf>,
    /// The folder of all data.
    pub data: Option<PathBuf>,
    /// Where MCP clients connect.
    pub listen: Option<SocketAddr>,
    /// Where the command line connects.
    pub admin_listen: Option<SocketAddr>,
    /// A file to write both addresses to, once they are served.
    pub ready_file: Option<PathBuf>,
    /// The first access token, brought by the operator.
    pub bootstrap_token: Option<SecretString>,
}

/// Connections of administrators at once: people, scripts, and followers of the log.
const ADMIN_CONNECTIONS: usize = 512;

/// What a caller of [`start`] has to tell the operator.
#[derive(Debug)]
pub struct Started {
    /// Where MCP clients connect.
    pub mcp: SocketAddr,
    /// Where the command line connects.
    pub admin: SocketAddr,
    /// What became of the first access token.
    pub first_token: FirstToken,
    /// How sandboxes are allocated.
    pub allocator: String,
    running: Running,
}

#[derive(Debug)]
struct Running {
    log: Arc<CallLog>,
    metadata: Arc<dyn Metadata>,
    endpoint: Endpoint,
    stop: CancellationToken,
    listeners: Vec<tokio::task::JoinHandle<()>>,
}

/// Opens everything, binds both listeners and begins to serve.
pub async fn start(options: Options) -> Result<Started> {
    let config = effective(&options)?;
    let server = &config.server;
    let mcp = bind(server.listen).await?;
    let admin = bind(server.admin_listen).await?;
    let (mcp_address, admin_address) = (mcp.local_addr()?, admin.local_addr()?);

    let opened = open(&config).await?;
    let first_token = opened
        .service
        .access()
        .ensure_first_token(options.bootstrap_token)
        .await?;
    let stop = CancellationToken::new();
    let service = Arc::new(opened.service);
    let settings = mcp_settings(&config, mcp_address);
    let endpoint = Endpoint::new(Arc::clone(&service), settings, opened.seal, stop.clone());
    let public_url = public_url(&config, mcp_address).into();
    let app = App {
        service,
        public_url,
        stop: stop.clone(),
    };

    let drain = Duration::from_millis(server.drain_ms);
    let serve = |listener, router, share, wanted| {
        let connections = listen::affordable(wanted, share);
        tokio::spawn(listen::serve(
            listener,
            router,
            connections,
            stop.clone(),
            drain,
        ))
    };
    let listeners = vec![
        serve(
            mcp,
            router::public(endpoint.clone()),
            Share::Most,
            server.max_connections,
        ),
        serve(admin, router::admin(app), Share::Little, ADMIN_CONNECTIONS),
    ];
    if let Some(path) = &options.ready_file {
        write_ready_file(path, mcp_address, admin_address)?;
    }
    tracing::info!(mcp = %mcp_address, admin = %admin_address, allocator = opened.allocator, "serving");
    Ok(Started {
        mcp: mcp_address,
        admin: admin_address,
        first_token,
        allocator: opened.allocator,
        running: Running {
            log: opened.log,
            metadata: opened.metadata,
            endpoint,
            stop,
            listeners,
        },
    })
}

impl Started {
    /// Serves until the process is asked to stop, then lets running calls end and writes down what
    /// is still in memory.
    pub async fn run_until_stopped(self) -> Result<()> {
        stop_signal().await?;
        tracing::info!("stopping: no new connections, running calls may end");
        let Running {
            log,
            metadata,
            endpoint,
            stop,
            listeners,
        } = self.running;
        stop.cancel();
        for listener in listeners {
            listener.await?;
        }
        endpoint.end().await;
        log.flush()
            .await
            .context("writing the last records of calls")?;
        drop(metadata);
        tracing::info!("stopped");
        Ok(())
    }
}

/// The settings of the file with the command line over them, checked.
fn effective(options: &Options) -> Result<Config> {
    let mut config = Config::load(options.config.as_deref())?;
    if let Some(data) = &options.data {
        config.server.data.clone_from(data);
    }
    if let Some(listen) = options.listen {
        config.server.listen = listen;
    }
    if let Some(admin_listen) = options.admin_listen {
        config.server.admin_listen = admin_listen;
    }
    config.check()?;
    Ok(config)
}

async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}. Choose another address, or find out who uses this one")
    })
}

struct Opened {
    service: Service,
    log: Arc<CallLog>,
    metadata: Arc<dyn Metadata>,
    allocator: String,
    seal: Seal,
}

async fn open(config: &Config) -> Result<Opened> {
    let data = &config.server.data;
    let (metadata, keyring) = open_metadata(data).await?;
    let blobs = Blobs::local(data.join("blobs")).context("opening the store of components")?;
    let retention = Retention {
        days: config.call_log.keep_days,
        bytes: config.call_log.keep_bytes,
    };
    let log = CallLog::open(data.join("calls"), retention).context("opening the log of calls")?;
    let log = Arc::new(log);
    let runtime = Runtime::new(&casemate_runtime::Config {
        slots: config.sandbox.places,
        egress: EgressPolicy {
            allow_private: config.egress.allow_private,
        },
        ..casemate_runtime::Config::default()
    })
    .context("starting the sandbox")?;
    let allocator = runtime.allocator().to_owned();
    // Derived, so that a call that waits for input survives a restart.
    let seal = Seal::new(keyring.derive("request state"));
    let service = Service::load(Parts {
        metadata: Arc::clone(&metadata),
        blobs,
        artifacts: data.join("artifacts"),
        compile_budget: Duration::from_millis(config.compile.wall_ms),
        log: Arc::clone(&log),
        runtime,
        keyring,
        limits: config.limits.clone(),
        places: config.sandbox.places as usize,
    })
    .await
    .context("loading what is stored")?;
    Ok(Opened {
        service,
        log,
        metadata,
        allocator,
        seal,
    })
}

/// The store and the key that protects it belong together: each start checks that they still do.
async fn open_metadata(data: &Path) -> Result<(Arc<dyn Metadata>, keyring::Keyring)> {
    private_folder(data)?;
    let folder = data.join("metadata");
    let metadata = tokio::task::spawn_blocking(move || SledMetadata::open(&folder)).await??;
    let metadata: Arc<dyn Metadata> = Arc::new(metadata);
    let keyring = keyring::open_for(&*metadata, &data.join("keys/root.key")).await?;
    Ok((metadata, keyring))
}

/// Everything under the data folder is for its owner only.
fn private_folder(path: &Path) -> Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("making the data folder {}", path.display()))?;
    let mut permissions = std::fs::metadata(path)?.permissions();
    if permissions.mode() & 0o077 != 0 {
        permissions.set_mode(0o700);
        std::fs::set_permissions(path, permissions)
            .with_context(|| format!("making the data folder {} private", path.display()))?;
    }
    Ok(())
}

fn mcp_settings(config: &Config, address: SocketAddr) -> Settings {
    let mut allowed_hosts = config.server.allowed_hosts.clone();
    if let Some(host) = config
        .server
        .public_url
        .as_ref()
        .and_then(url::Url::host_str)
    {
        allowed_hosts.push(host.to_owned());
    }
    if !address.ip().is_unspecified() {
        allowed_hosts.push(address.ip().to_string());
    }
    Settings {
        allowed_hosts,
        allowed_origins: config.server.allowed_origins.clone(),
        allow_loopback_names: address.ip().is_loopback(),
        // Room for what stands round the arguments: ids, metadata, answers and sealed state.
        max_body_bytes: usize::try_from(config.limits.input_bytes)
            .unwrap_or(usize::MAX)
            .saturating_add(256 << 10),
    }
}

fn public_url(config: &Config, address: SocketAddr) -> String {
    match &config.server.public_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => format!("http://{address}"),
    }
}

/// Written whole or not at all: whoever waits for the file must not read half of it.
fn write_ready_file(path: &Path, mcp: SocketAddr, admin: SocketAddr) -> Result<()> {
    let unfinished = path.with_extension("unfinished");
    std::fs::write(&unfinished, format!("mcp={mcp} admin={admin}\n"))
        .and_then(|()| std::fs::rename(&unfinished, path))
        .with_context(|| format!("writing the ready file {}", path.display()))
}

async fn stop_signal() -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}
