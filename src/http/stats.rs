//! What the run cost, for the report.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

/// What was asked of one host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HostStats {
    /// Requests sent, repeated ones and redirects included.
    pub requests: u64,
    /// Replies that came from the cache, with or without asking whether they still hold.
    pub cache_hits: u64,
    /// Bytes of the bodies, after decompression.
    pub bytes: u64,
    /// Requests that were sent again.
    pub retries: u64,
}

impl HostStats {
    /// Returns what was asked after `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            requests: self.requests - earlier.requests,
            cache_hits: self.cache_hits - earlier.cache_hits,
            bytes: self.bytes - earlier.bytes,
            retries: self.retries - earlier.retries,
        }
    }
}

/// What was asked of each host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// By host.
    pub hosts: BTreeMap<String, HostStats>,
}

impl Stats {
    /// Returns the sum over all hosts.
    pub fn total(&self) -> HostStats {
        self.hosts.values().fold(HostStats::default(), |sum, host| HostStats {
            requests: sum.requests + host.requests,
            cache_hits: sum.cache_hits + host.cache_hits,
            bytes: sum.bytes + host.bytes,
            retries: sum.retries + host.retries,
        })
    }
}

/// The running count.
#[derive(Debug, Default)]
pub(super) struct Counter(Mutex<Stats>);

impl Counter {
    pub(super) fn count(&self, host: &str, change: impl FnOnce(&mut HostStats)) {
        let mut stats = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = stats.hosts.get_mut(host) {
            change(entry);
        } else {
            change(stats.hosts.entry(host.to_owned()).or_default());
        }
    }

    pub(super) fn snapshot(&self) -> Stats {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
