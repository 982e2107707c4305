//! Any pattern of the configuration is compiled or refused, and matched against any text.
//!
//! The first line is the pattern.

use updraft_core::config::pattern::{Case, Pattern, PatternList};

pub fn check(data: &[u8]) {
    let text = super::text(data);
    let (pattern, body) = super::two(&text);
    let globs = [Pattern::new(pattern), Pattern::glob(pattern, Case::Sensitive)];
    for pattern in globs.into_iter().flatten() {
        let _ = (pattern.matches(body), pattern.is_negated());
        let _ = PatternList::new(vec![pattern]).matches(body);
    }
}
