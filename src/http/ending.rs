//! When everything has to end: the deadline of the run, or somebody's wish that it stop now.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// How long a request that is under way may still take after the end: its answer says whether something was done.
const GRACE: Duration = Duration::from_secs(5);

/// The end of all requests, as far as there is one.
#[derive(Debug)]
pub(super) struct Ending(watch::Sender<Ends>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ends {
    /// When everything ends.
    whole: Option<Instant>,
    /// When the turn ends of whoever is at work.
    turn: Option<Instant>,
}

impl Ends {
    fn first(self) -> Option<Instant> {
        self.whole.into_iter().chain(self.turn).min()
    }
}

impl Default for Ending {
    fn default() -> Self {
        Self(watch::Sender::new(Ends::default()))
    }
}

impl Ending {
    /// Sets the end. An earlier one that was set before stays.
    pub(super) fn set(&self, at: Instant) {
        self.0.send_if_modified(|ends| {
            let sooner = ends.whole.is_none_or(|end| at < end);
            if sooner {
                ends.whole = Some(at);
            }
            sooner
        });
    }

    /// Begins the turn of one of several that follow each other: at most half of what is left, as long as others are `waiting`.
    pub(super) fn begin_turn(&self, waiting: usize) {
        let now = Instant::now();
        self.0.send_modify(|ends| {
            let half = |end: Instant| now + end.saturating_duration_since(now) / 2;
            ends.turn = ends.whole.filter(|_| waiting > 0).map(half);
        });
    }

    /// Whether the end has come.
    pub(super) fn has_come(&self) -> bool {
        self.left() == Some(Duration::ZERO)
    }

    /// Returns how long it is until the end; `None` when there is none.
    pub(super) fn left(&self) -> Option<Duration> {
        let end = self.0.borrow().first();
        end.map(|end| end.saturating_duration_since(Instant::now()))
    }

    /// Waits for the end.
    pub(super) async fn come(&self) {
        let mut end_set = self.0.subscribe();
        loop {
            let end = end_set.borrow_and_update().first();
            let another = end_set.changed();
            match end {
                None => {
                    // The sender lives as long as `self`.
                    let _ = another.await;
                }
                Some(end) => tokio::select! {
                    () = tokio::time::sleep_until(end) => return,
                    _ = another => {}
                },
            }
        }
    }

    /// Waits for the end and for what a request that is under way may still take.
    pub(super) async fn be_over(&self) {
        self.come().await;
        tokio::time::sleep(GRACE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_earliest_end_counts() {
        let (ending, start) = (Ending::default(), Instant::now());
        assert!(!ending.has_come() && ending.left().is_none());
        ending.set(start + Duration::from_secs(60));
        ending.set(start + Duration::from_secs(90));
        assert_eq!(ending.left(), Some(Duration::from_secs(60)));
        let (waited, ()) = futures::join!(
            async {
                ending.come().await;
                start.elapsed().as_secs()
            },
            async {
                tokio::time::sleep(Duration::from_secs(10)).await;
                ending.set(Instant::now());
            }
        );
        assert_eq!(waited, 10);
        assert!(ending.has_come());
        ending.begin_turn(2);
        assert!(ending.has_come(), "a turn is no way out");
    }

    #[tokio::test(start_paused = true)]
    async fn one_of_several_leaves_half_of_the_time_to_the_others() {
        let ending = Ending::default();
        ending.begin_turn(2);
        assert_eq!(ending.left(), None);
        ending.set(Instant::now() + Duration::from_secs(60));
        for left in [30, 15] {
            ending.begin_turn(2);
            assert_eq!(ending.left(), Some(Duration::from_secs(left)));
            ending.come().await;
            assert!(ending.has_come());
        }
        ending.begin_turn(0);
        assert_eq!(ending.left(), Some(Duration::from_secs(15)));
    }
}
