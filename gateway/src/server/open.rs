//! Opening what is stored, and making the sandbox.

use super::machine;
use crate::{
    admin::Uploads,
    config::Config,
    mcp::Seal,
    service::{Parts, Service, keyring},
};
use anyhow::{Context, Result};
use casemate_runtime::{EgressPolicy, Runtime};
use casemate_store::{
    blobs::Blobs,
    call_log::{CallLog, Retention},
    metadata::Metadata,
    sled::SledMetadata,
};
use std::{path::Path, sync::Arc};

/// What the listeners serve, and what has to be closed at the end.
pub(super) struct Opened {
    pub(super) service: Service,
    pub(super) log: Arc<CallLog>,
    pub(super) metadata: Arc<dyn Metadata>,
    /// How sandboxes are allocated.
    pub(super) allocator: String,
    pub(super) seal: Seal,
}

/// Opens everything under the data folder.
pub(super) async fn open(config: &Config) -> Result<Opened> {
    let data = &config.server.data;
    let (metadata, keyring) = open_metadata(data).await?;
    let blobs = Blobs::local(data.join("blobs")).context("opening the store of components")?;
    let task_blobs = Blobs::local(data.join("tasks")).context("opening the results of tasks")?;
    let retention = Retention {
        days: config.call_log.keep_days,
        bytes: config.call_log.keep_bytes,
    };
    let log = CallLog::open(data.join("calls"), retention).context("opening the log of calls")?;
    let log = Arc::new(log);
    let limits = config.limits.of_platform();
    let most = casemate_runtime::Config::default();
    let runtime = Runtime::new(&casemate_runtime::Config {
        // An upload is asked what it offers in a sandbox too, and passes no gate of calls.
        slots: u32::try_from(config.sandbox.places)
            .unwrap_or(u32::MAX)
            .saturating_add(Uploads::worked_on(config.compile.at_once)),
        // Never less than by default: a component that wants more at its start than the limit of
        // today is stopped when it is called, and runs again when the limit is raised.
        max_memory_bytes: limits.memory_bytes.max(most.max_memory_bytes),
        total_memory_bytes: machine::memory_of_calls(config),
        stack_bytes: usize::try_from(config.sandbox.stack_bytes).unwrap_or(usize::MAX),
        computing_at_once: config.sandbox.fair_share.then(machine::threads),
        egress: EgressPolicy {
            allow_ranges: config.egress.allow_ranges.clone(),
            dns_servers: config.egress.dns_servers.clone(),
        },
    })
    .context("starting the sandbox")?;
    let allocator = runtime.allocator().to_owned();
    // Derived, so that a call that waits for input survives a restart.
    let seal = Seal::new(keyring.derive("request state"));
    let service = Service::load(Parts {
        metadata: Arc::clone(&metadata),
        blobs,
        task_blobs,
        artifacts: data.join("artifacts"),
        log: Arc::clone(&log),
        runtime,
        keyring,
        limits: config.limits.clone(),
        platform: config.platform_limits(),
        room: machine::room(config),
        tasks: config.tasks,
        receipts: config.server.receipts,
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
