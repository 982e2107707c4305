//! The gate in front of each host: how many at once, and not before it said.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::error::HttpError;
use super::request::Persistence;

/// One host, as this run has come to know it.
#[derive(Debug)]
pub(super) struct Host {
    slots: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    not_before: Option<Instant>,
    /// When the next request may start, where requests are spaced.
    next: Option<Instant>,
    down: Option<HttpError>,
}

/// The right to have one request under way; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Pass {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Host {
    fn new(parallel: usize) -> Self {
        Self { slots: Arc::new(Semaphore::new(parallel.max(1))), state: Mutex::default() }
    }

    /// Waits for a free slot, for the time the host asked to be left alone, and for its turn where requests are to be `spacing` apart.
    ///
    /// # Errors
    /// The error of the earlier request that found the host unreachable, unless `persistence` says to try all the same.
    pub(super) async fn enter(
        &self,
        spacing: Option<Duration>,
        persistence: Persistence,
    ) -> Result<Pass, HttpError> {
        let permit = Arc::clone(&self.slots).acquire_owned().await.ok();
        if let Some(spacing) = spacing {
            tokio::time::sleep_until(self.turn(spacing)).await;
        }
        loop {
            let not_before = {
                let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                if let (Some(error), Persistence::Usual) = (&state.down, persistence) {
                    return Err(error.clone());
                }
                state.not_before
            };
            match not_before {
                Some(time) if time > Instant::now() => tokio::time::sleep_until(time).await,
                _ => return Ok(Pass { _permit: permit }),
            }
        }
    }

    fn turn(&self, spacing: Duration) -> Instant {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let turn = state.next.map_or(now, |next| next.max(now));
        state.next = Some(turn + spacing);
        turn
    }

    /// Holds every request to the host back for a while.
    pub(super) fn leave_alone(&self, wait: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let time = Instant::now() + wait;
        state.not_before = Some(state.not_before.map_or(time, |earlier| earlier.max(time)));
    }

    /// Whether the host was given up.
    pub(super) fn is_given_up(&self) -> bool {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).down.is_some()
    }

    /// Gives the host up for the rest of the run: it was unreachable, several times.
    pub(super) fn give_up(&self, error: &HttpError) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.down.get_or_insert_with(|| error.clone());
    }
}

/// The hosts of the run.
#[derive(Debug, Default)]
pub(super) struct Hosts(Mutex<BTreeMap<String, Arc<Host>>>);

impl Hosts {
    /// Returns the host; `parallel` counts when it is first asked for.
    pub(super) fn of(&self, name: &str, parallel: usize) -> Arc<Host> {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(name) {
            return Arc::clone(host);
        }
        let host = Arc::new(Host::new(parallel));
        hosts.insert(name.to_owned(), Arc::clone(&host));
        host
    }
}

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use url::Url;

    use super::*;
    use crate::http::HttpErrorKind;

    #[tokio::test(start_paused = true)]
    async fn only_so_many_are_under_way() {
        let host = Hosts::default().of("a.example", 2);
        let first = host.enter(None, Persistence::Usual).await.unwrap();
        let _second = host.enter(None, Persistence::Usual).await.unwrap();
        assert!(
            tokio::time::timeout(Duration::from_secs(9), host.enter(None, Persistence::Usual)).await.is_err()
        );
        drop(first);
        assert!(host.enter(None, Persistence::Usual).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn everybody_waits_when_the_host_asks_for_it() {
        let (hosts, start) = (Hosts::default(), Instant::now());
        hosts.of("a.example", 2).leave_alone(Duration::from_secs(30));
        hosts.of("a.example", 2).leave_alone(Duration::from_secs(10));
        hosts.of("b.example", 2).enter(None, Persistence::Usual).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 0);
        hosts.of("a.example", 2).enter(None, Persistence::Usual).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_can_be_spaced() {
        let (host, start) = (Host::new(16), Instant::now());
        let spacing = Some(Duration::from_secs(1));
        futures::future::join_all((0..4).map(|_| host.enter(spacing, Persistence::Usual))).await;
        assert_eq!(start.elapsed().as_secs(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_given_up_is_not_waited_for_unless_it_must_be() {
        let host = Host::new(1);
        let url = Url::parse("https://a.example").unwrap();
        host.give_up(&HttpError::new(HttpErrorKind::Connect, &Method::GET, &url, "refused"));
        host.leave_alone(Duration::from_secs(30));
        assert_eq!(host.enter(None, Persistence::Usual).await.unwrap_err().kind, HttpErrorKind::Connect);
        assert!(host.enter(None, Persistence::Stubborn(Duration::ZERO)).await.is_ok());
    }
}
