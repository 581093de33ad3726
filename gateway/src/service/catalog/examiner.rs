//! What is done for an upload outside of the compiler: the file is looked at without running it, and what
//! it offers is checked. Either can take a tenth of a second of CPU, so it is done on a thread that stands
//! as far behind calls as compilations do.

use crate::service::error::Error;
use std::thread;
use tokio::sync::oneshot;

/// Does work behind calls.
pub(super) async fn behind_calls<T: Send + 'static>(
    niceness: u64,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let (tell, told) = oneshot::channel();
    let work = move || {
        stand_back(niceness);
        // Nobody listens any more if the gateway stops.
        drop(tell.send(work()));
    };
    let thread = thread::Builder::new().name("examiner".to_owned());
    thread
        .spawn(work)
        .map_err(|error| Error::Internal(format!("an examination cannot begin: {error}")))?;
    told.await
        .map_err(|_| Error::Internal("an examination ended early".to_owned()))
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::behind_calls;
    use crate::service::error::Error;

    fn place() -> i32 {
        rustix::process::getpriority_process(None).expect("a process has a priority")
    }

    #[tokio::test]
    async fn work_stands_behind_calls_and_who_waits_for_it_does_not() {
        let before = place();
        assert_eq!(behind_calls(3, place).await.unwrap(), before + 3);
        assert_eq!(place(), before);
    }

    #[tokio::test]
    async fn control_work_that_need_not_stand_back_does_not() {
        assert_eq!(behind_calls(0, place).await.unwrap(), place());
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_and_no_more() {
        let ended = behind_calls(0, || panic!("as a test wants it")).await;
        assert!(
            matches!(ended, Err::<(), _>(Error::Internal(_))),
            "{ended:?}"
        );
    }
}
