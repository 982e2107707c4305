//! What goes wrong, and when.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex};

use regex::Regex;

use super::refusal::refuse;
use super::web::{End, Request, Response};

/// Before or after a request has had its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    After,
}

/// Other hands.
pub(crate) type Alter = dyn Fn(&Request, Response) -> Response + Send + Sync;

/// What happens instead.
pub(crate) type Instead = dyn Fn(&Request) -> End + Send + Sync;
/// How an answer is sent.
pub(crate) type Sending = dyn Fn(Response) -> End + Send + Sync;
/// Which requests are meant.
pub(crate) type Meant = dyn Fn(&Request) -> bool + Send + Sync;

/// What goes wrong.
#[derive(Clone)]
pub(crate) enum Failure {
    /// An answer with this status instead of the effect, and how many seconds to wait.
    Status(u16, Option<u64>),
    /// GitHub's secondary limit: 403 with the seconds to wait.
    SecondaryLimit(u64),
    /// The same, once something was called.
    LimitAfter(u64, Arc<dyn Fn() + Send + Sync>),
    /// The connection is closed, before or after the effect: the second is a write whose answer is lost.
    Drop(Moment),
    /// The connection is torn down before the effect.
    Reset,
    /// The request stands still until the gate opens, then goes on.
    Hang(Gate),
    /// Something is called, and the request goes on.
    Call(Moment, Arc<dyn Fn() + Send + Sync>),
    /// The answer goes through other hands.
    Alter(Arc<Alter>),
    /// Something else happens in place of the effect.
    End(Arc<Instead>),
    /// The answer is sent in another way.
    Send(Arc<Sending>),
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status, _) => write!(f, "{status}"),
            Self::SecondaryLimit(_) | Self::LimitAfter(..) => f.write_str("secondary limit"),
            Self::Drop(moment) => write!(f, "drop {moment:?}"),
            Self::Reset => f.write_str("reset"),
            Self::Hang(_) => f.write_str("hang"),
            Self::Call(moment, _) => write!(f, "call {moment:?}"),
            Self::Alter(_) => f.write_str("alter"),
            Self::End(_) => f.write_str("end"),
            Self::Send(_) => f.write_str("send"),
        }
    }
}

impl Failure {
    /// Returns the answer that takes the place of the effect.
    pub(crate) fn answer(&self) -> Option<Response> {
        match self {
            Self::Status(status, wait) => {
                let answer = refuse(*status, "Something went wrong");
                Some(wait.iter().fold(answer, |answer, wait| answer.with("retry-after", wait.to_string())))
            }
            Self::SecondaryLimit(wait) | Self::LimitAfter(wait, _) => {
                let answer = refuse(
                    403,
                    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
                );
                Some(answer.with("retry-after", wait.to_string()))
            }
            _ => None,
        }
    }
}

/// A gate that requests wait at.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    pub(crate) fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    pub(crate) fn wait(&self) {
        let mut is_open = self.0.0.lock().unwrap();
        while !*is_open {
            is_open = self.0.1.wait(is_open).unwrap();
        }
    }
}

/// Something that goes wrong with some of the requests.
#[derive(Clone)]
pub(crate) struct Fault {
    method: Option<String>,
    path: Regex,
    only: Option<Arc<Meant>>,
    skip: usize,
    times: usize,
    failure: Failure,
}

impl Fault {
    /// Strikes the first request of a method (`*` is any, `write` any but GET and HEAD) whose path matches.
    pub(crate) fn on(method: &str, path: &str, failure: Failure) -> Self {
        let method = (method != "*").then(|| method.to_owned());
        Self { method, path: Regex::new(path).unwrap(), only: None, skip: 0, times: 1, failure }
    }

    /// Strikes only those that are meant.
    pub(crate) fn only(mut self, meant: Arc<Meant>) -> Self {
        self.only = Some(meant);
        self
    }

    /// Lets so many pass first.
    pub(crate) fn skip(mut self, skip: usize) -> Self {
        self.skip = skip;
        self
    }

    /// Strikes so many, one after the other.
    pub(crate) fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    fn meets(&self, request: &Request) -> bool {
        let is_write = !matches!(request.method.as_str(), "GET" | "HEAD");
        let method = self.method.as_deref();
        method.is_none_or(|method| method == request.method || (method == "write" && is_write))
            && self.path.is_match(&request.path)
            && self.only.as_ref().is_none_or(|only| only(request))
    }
}

/// All that goes wrong.
#[derive(Default)]
pub(crate) struct Faults {
    rules: Vec<Fault>,
    storm: Option<Storm>,
}

/// Faults at random, always the same for the same seed, whatever order the requests come in.
#[derive(Debug)]
struct Storm {
    seed: u64,
    /// How many of a hundred requests fail.
    percent: u64,
    failures: Vec<Failure>,
    seen: BTreeMap<String, u64>,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.rules.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// From now on, so many of a hundred requests meet with one of `failures`; never the same request twice in a row.
    pub(crate) fn storm(&mut self, seed: u64, percent: u64, failures: Vec<Failure>) {
        self.storm = Some(Storm { seed, percent, failures, seen: BTreeMap::new() });
    }

    /// Returns what goes wrong with a request.
    pub(crate) fn strike(&mut self, request: &Request) -> Option<Failure> {
        for rule in self.rules.iter_mut().filter(|rule| rule.times > 0 && rule.meets(request)) {
            if rule.skip > 0 {
                rule.skip -= 1;
            } else {
                rule.times -= 1;
                return Some(rule.failure.clone());
            }
        }
        self.storm.as_mut()?.strike(request)
    }
}

impl Storm {
    fn strike(&mut self, request: &Request) -> Option<Failure> {
        let key = format!("{} {}", request.method, request.path);
        let count = self.seen.entry(key.clone()).or_default();
        *count += 1;
        if count.is_multiple_of(2) {
            return None;
        }
        let seed = key.bytes().fold(self.seed ^ (*count << 32), |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3).rotate_left(23)
        });
        let mut dice = fastrand::Rng::with_seed(seed);
        (dice.u64(0..100) < self.percent).then(|| self.failures[dice.usize(0..self.failures.len())].clone())
    }
}
