//! Looking at a file without running it. A large one takes a tenth of a second of CPU, so it is done on a
//! thread that stands as far behind calls as compilations do.

use crate::service::error::Error;
use bytes::Bytes;
use casemate_runtime::Inspection;
use std::thread;
use tokio::sync::oneshot;

/// What a look at a file tells.
pub(super) async fn examined(wasm: Bytes, niceness: u64) -> Result<Inspection, Error> {
    let (tell, told) = oneshot::channel();
    let look = move || {
        stand_back(niceness);
        // Nobody listens any more if the upload was given up.
        drop(tell.send(casemate_runtime::inspect(&wasm)));
    };
    let thread = thread::Builder::new().name("examiner".to_owned());
    thread
        .spawn(look)
        .map_err(|error| Error::Internal(format!("an examination cannot begin: {error}")))?;
    told.await
        .map_err(|_| Error::Internal("an examination ended early".to_owned()))?
        .map_err(Error::Rejected)
}

/// On Linux each thread has its own place behind others; elsewhere it would be that of the process.
#[cfg(target_os = "linux")]
fn stand_back(niceness: u64) {
    let steps = i32::try_from(niceness).unwrap_or(i32::MAX);
    if let Err(error) = rustix::process::nice(steps) {
        tracing::warn!(%error, "an examination does not stand behind calls");
    }
}

#[cfg(not(target_os = "linux"))]
fn stand_back(_: u64) {}

#[cfg(test)]
mod tests {
    use super::examined;
    use crate::service::error::Error;

    #[tokio::test]
    async fn what_is_no_component_is_refused_and_this_thread_stays_where_it_is() {
        let before = place();
        let refused = examined("no component".into(), 10).await;
        assert!(matches!(refused, Err(Error::Rejected(_))), "{refused:?}");
        assert_eq!(place(), before);
    }

    fn place() -> i32 {
        rustix::process::getpriority_process(None).unwrap_or_default()
    }
}
