//! Putting the gateway together, running it, stopping it.

mod machine;
mod open;
mod ready_file;
mod signals;

use crate::{
    admin::{App, Uploads},
    config::Config,
    listen::{self, Share, Terms},
    mcp::{Endpoint, Seal, Settings},
    router::{self, Public},
    service::{FirstToken, Service},
};
use anyhow::{Context, Result};
use casemate_store::{call_log::CallLog, metadata::Metadata};
use open::Opened;
use ready_file::ReadyFile;
use secrecy::SecretString;
use signals::Signals;
use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};
use tokio::{net::TcpListener, task::JoinHandle};
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
    /// Whether to make an access token although there is one.
    pub new_access_token: bool,
}

/// Connections of administrators at once: people, scripts, and followers of the log.
const ADMIN_CONNECTIONS: usize = 512;

/// The memory for bodies of requests, in bytes, and for how many of the largest there is room in any
/// case.
const BODIES: u64 = 256 << 20;
const LARGEST_BODIES: u64 = 8;

/// How long stopped calls have to tell their callers.
const LAST_WORDS: Duration = Duration::from_secs(1);

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
    service: Arc<Service>,
    endpoint: Endpoint,
    stop: CancellationToken,
    listeners: Vec<JoinHandle<()>>,
    ready_file: Option<ReadyFile>,
    signals: Signals,
}

/// Opens everything, binds both listeners and begins to serve.
pub async fn start(options: Options) -> Result<Started> {
    machine::without_core_files();
    let config = effective(&options)?;
    let server = &config.server;
    let mcp = bind(server.listen).await?;
    let admin = bind(server.admin_listen).await?;
    let (mcp_address, admin_address) = (mcp.local_addr()?, admin.local_addr()?);

    let Opened {
        service,
        log,
        metadata,
        allocator,
        seal,
    } = open::open(&config).await?;
    let first_token = first_token(&service, &options).await?;
    let stop = CancellationToken::new();
    let service = Arc::new(service);
    let settings = mcp_settings(&config, mcp_address);
    let max_call_bytes = settings.max_body_bytes;
    let public = public(&service, settings, seal, &stop);
    let endpoint = public.endpoint.clone();
    let app = App {
        service: Arc::clone(&service),
        public_url: public_url(&config, mcp_address).into(),
        listens_at: mcp_address,
        max_call_bytes,
        stop: stop.clone(),
        uploads: Arc::new(Uploads::new(service.platform_limits().compile.at_once)),
    };
    let drain = Duration::from_millis(server.drain_ms);
    let (for_clients, for_admins) = terms(&config, &service, &stop);
    let signals = Signals::listen()?;
    tokio::spawn(stop_calls(Arc::clone(&service), stop.clone(), drain));
    let listeners = vec![
        tokio::spawn(listen::serve(mcp, router::public(public), for_clients)),
        tokio::spawn(listen::serve(admin, router::admin(app), for_admins)),
    ];
    let ready_file = options
        .ready_file
        .map(|path| ReadyFile::write(path, mcp_address, admin_address))
        .transpose()?;
    tracing::info!(mcp = %mcp_address, admin = %admin_address, allocator, "serving");
    Ok(Started {
        mcp: mcp_address,
        admin: admin_address,
        first_token,
        allocator,
        running: Running {
            log,
            metadata,
            service,
            endpoint,
            stop,
            listeners,
            ready_file,
            signals,
        },
    })
}

/// How the listeners of clients and of administrators serve.
fn terms(config: &Config, service: &Service, stop: &CancellationToken) -> (Terms, Terms) {
    let for_clients = Terms {
        most_connections: listen::affordable(config.server.max_connections, Share::Most),
        stop: stop.clone(),
        drain: Duration::from_millis(config.server.drain_ms) + LAST_WORDS,
        meter: service.calls().meter(),
    };
    let for_admins = Terms {
        most_connections: listen::affordable(ADMIN_CONNECTIONS, Share::Little),
        ..for_clients.clone()
    };
    (for_clients, for_admins)
}

async fn first_token(service: &Service, options: &Options) -> Result<FirstToken> {
    let access = service.access();
    let brought = options.bootstrap_token.clone();
    let first = access.ensure_first_token(brought).await?;
    match first {
        FirstToken::Existing if options.new_access_token => {
            let name = "made by serve --new-access-token";
            Ok(access.token_of_operator(name).await?)
        }
        first => Ok(first),
    }
}

fn public(
    service: &Arc<Service>,
    settings: Settings,
    seal: Seal,
    stop: &CancellationToken,
) -> Public {
    Public {
        hosts: settings.allowed_hosts.clone().into(),
        loopback: settings.allow_loopback_names,
        endpoint: Endpoint::new(Arc::clone(service), settings, seal, stop.clone()),
        service: Arc::clone(service),
    }
}

impl Started {
    /// Serves until the process is asked to stop, then lets running calls end and writes down what
    /// is still in memory.
    pub async fn run_until_stopped(self) -> Result<()> {
        let Running {
            log,
            metadata,
            service,
            endpoint,
            stop,
            listeners,
            ready_file,
            signals,
        } = self.running;
        signals.stop().await;
        tracing::info!("stopping: no new connections, running calls may end");
        // First, so that nobody is sent here any more.
        drop(ready_file);
        stop.cancel();
        for listener in listeners {
            listener.await?;
        }
        endpoint.end().await;
        service.tasks().end().await;
        log.flush()
            .await
            .context("writing the last records of calls")?;
        drop(metadata);
        tracing::info!("stopped");
        Ok(())
    }
}

/// Stops the calls that still run at the end of the time they had. Their callers are told, and their
/// records are written.
async fn stop_calls(service: Arc<Service>, stop: CancellationToken, drain: Duration) {
    stop.cancelled().await;
    service.tasks().drain();
    tokio::time::sleep(drain).await;
    service.calls().stop_all();
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
    // Room for what stands round the arguments: ids, metadata, answers and sealed state.
    let max_body_bytes = usize::try_from(config.limits.of_platform().input_bytes)
        .unwrap_or(usize::MAX)
        .saturating_add(256 << 10);
    Settings {
        allowed_hosts,
        allowed_origins: config.server.allowed_origins.clone(),
        allow_loopback_names: address.ip().is_loopback(),
        max_body_bytes,
        all_body_bytes: BODIES.max((max_body_bytes as u64).saturating_mul(LARGEST_BODIES)),
    }
}

fn public_url(config: &Config, address: SocketAddr) -> String {
    match &config.server.public_url {
        Some(url) => url.as_str().trim_end_matches('/').to_owned(),
        None => format!("http://{address}"),
    }
}
