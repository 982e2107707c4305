//! The gate in front of each host: how many at once, and not before it said.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::error::HttpError;

/// One host, as this run has come to know it.
#[derive(Debug)]
pub(super) struct Host {
    slots: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    not_before: Option<Instant>,
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

    /// Waits for a free slot and for the time the host asked to be left alone.
    ///
    /// # Errors
    /// The error of the earlier request that found the host unreachable.
    pub(super) async fn enter(&self) -> Result<Pass, HttpError> {
        let permit = Arc::clone(&self.slots).acquire_owned().await.ok();
        loop {
            let not_before = {
                let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(error) = &state.down {
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

    /// Holds every request to the host back for a while.
    pub(super) fn leave_alone(&self, wait: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let time = Instant::now() + wait;
        state.not_before = Some(state.not_before.map_or(time, |earlier| earlier.max(time)));
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
