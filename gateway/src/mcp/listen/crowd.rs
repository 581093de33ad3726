//! Everybody who listens, told of a change a part after the other.
//!
//! There may be thousands of them, and each looks for itself what the change is to it. All at once
//! they would stand before every request that arrives meanwhile; so there is a pause after each few
//! dozen of them. For the same reason the parts do not break their silence at the same time.

use super::super::events::SILENCE;
use std::time::Duration;
use tokio::{sync::watch, time};

/// Into how many parts a crowd is divided.
const PARTS: usize = 128;
/// How many are told without a pause, unless a single part is larger.
const AT_ONCE: usize = 32;
/// The shortest that there is: five thousand are told within a fifth of a second.
const PAUSE: Duration = Duration::from_millis(1);

/// Who waits for the next change of anything.
#[derive(Debug)]
pub(super) struct Crowd {
    parts: [watch::Sender<()>; PARTS],
}

/// A place in a crowd.
#[derive(Debug)]
pub(super) struct Ear {
    changes: watch::Receiver<()>,
    /// After how much silence a comment is sent.
    pub(super) silence: Duration,
}

impl Crowd {
    /// Takes a place in the smallest part. Hears of all changes from now on, several as one.
    pub(super) fn join(&self) -> Ear {
        let parts = self.parts.iter().enumerate();
        let smallest = parts.min_by_key(|(_, part)| part.receiver_count());
        let (number, part) = smallest.expect("there are parts");
        // Up to a third earlier, each part at another time.
        let earlier = SILENCE / 3 * u32::try_from(number).unwrap_or_default() / PARTS as u32;
        Ear {
            changes: part.subscribe(),
            silence: SILENCE - earlier,
        }
    }

    /// Passes changes on, until there will be no more.
    pub(super) async fn pass_on(&self, mut changes: watch::Receiver<()>) {
        while changes.changed().await.is_ok() {
            let mut told = 0;
            for part in &self.parts {
                if told >= AT_ONCE {
                    time::sleep(PAUSE).await;
                    told = 0;
                }
                told += part.receiver_count();
                part.send_replace(());
            }
        }
    }
}

impl Default for Crowd {
    fn default() -> Self {
        Self {
            parts: std::array::from_fn(|_| watch::Sender::new(())),
        }
    }
}

impl Ear {
    /// Waits for a change.
    pub(super) async fn changed(&mut self) {
        if self.changes.changed().await.is_err() {
            // Whoever passes changes on outlives those who listen.
            std::future::pending().await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn everybody_hears_of_a_change_and_others_get_their_turns_in_between() {
        let (crowd, changes) = (Crowd::default(), watch::Sender::new(()));
        let mut ears: Vec<_> = (0..AT_ONCE * PARTS).map(|_| crowd.join()).collect();
        let mut passing = Box::pin(crowd.pass_on(changes.subscribe()));
        assert!(passing.as_mut().now_or_never().is_none());
        changes.send_replace(());
        for turn in 1..=PARTS {
            assert!(passing.as_mut().now_or_never().is_none());
            let hears = |ear: &&Ear| ear.changes.has_changed().unwrap();
            let heard = ears.iter().filter(hears).count();
            assert_eq!(heard, AT_ONCE * turn, "a part at a time");
            time::sleep(2 * PAUSE).await;
        }
        ears[0].changed().await;
        assert!(ears[0].changed().now_or_never().is_none(), "once");
    }

    #[tokio::test]
    async fn few_are_told_without_a_pause() {
        let (crowd, changes) = (Crowd::default(), watch::Sender::new(()));
        let ears: Vec<_> = (0..AT_ONCE).map(|_| crowd.join()).collect();
        let mut passing = Box::pin(crowd.pass_on(changes.subscribe()));
        changes.send_replace(());
        assert!(passing.as_mut().now_or_never().is_none());
        assert!(ears.iter().all(|ear| ear.changes.has_changed().unwrap()));
    }

    #[tokio::test]
    async fn a_place_that_was_left_is_taken_first_and_silences_end_apart() {
        let crowd = Crowd::default();
        let mut ears: Vec<_> = (0..PARTS).map(|_| crowd.join()).collect();
        let left = ears.remove(7).silence;
        assert!(!ears.iter().any(|ear| ear.silence == left));
        assert_eq!(crowd.join().silence, left);
        let bounds = SILENCE * 2 / 3..=SILENCE;
        assert!(ears.iter().all(|ear| bounds.contains(&ear.silence)));
    }
}
