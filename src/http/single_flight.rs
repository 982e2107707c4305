//! Equal questions are asked once: whoever asks while the first is under way, or later, gets its answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// Answers by question.
#[derive(Debug)]
pub(crate) struct SingleFlight<K, V>(Mutex<BTreeMap<K, Arc<OnceCell<V>>>>);

impl<K, V> Default for SingleFlight<K, V> {
    fn default() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }
}

impl<K: Ord + Clone, V: Clone> SingleFlight<K, V> {
    /// Returns the answer to `key`, by `ask` when nobody asked before. When the one who asks is cancelled, one of those who
    /// wait asks instead.
    pub(crate) async fn run<F: Future<Output = V>>(&self, key: &K, ask: impl FnOnce() -> F) -> V {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(key.clone()).or_default())
        };
        cell.get_or_init(ask).await.clone()
    }

    /// Returns the answer to `key`, if it is already here.
    pub(crate) fn known(&self, key: &K) -> Option<V> {
        let cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cells.get(key)?.get().cloned()
    }

    /// Forgets the answer to `key`; whoever waits for it still gets it.
    pub(crate) fn forget(&self, key: &K) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn equal_questions_are_asked_once() {
        let (flights, asked) = (SingleFlight::<u8, usize>::default(), AtomicUsize::new(0));
        let ask = || async {
            tokio::task::yield_now().await;
            asked.fetch_add(1, Ordering::Relaxed) + 1
        };
        let (one, other) = futures::join!(flights.run(&1, ask), flights.run(&1, ask));
        assert_eq!((one, other), (1, 1));
        assert_eq!(flights.run(&2, ask).await, 2);
    }
}
