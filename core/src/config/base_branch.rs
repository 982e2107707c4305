//! Which branch is updated, and what is asked of others.

use super::Config;
use super::pattern::{Pattern, regex_parts};
use super::reader::{locate, quote};
use crate::problem::Problem;

impl Config {
    /// Takes `name` for the branch that is updated, and says when the owner asks for others.
    pub fn set_base_branch(&mut self, name: &str) {
        self.base_branch = Some(name.to_owned());
        let patterns = self.options.base_branch_patterns.iter().flatten();
        let others: Vec<String> =
            patterns.filter(|pattern| !means(pattern, name)).map(|pattern| quote(pattern)).collect();
        if others.is_empty() {
            return;
        }
        let message = format!(
            "`baseBranchPatterns`: only the default branch `{name}` is worked on, not {}",
            others.join(", ")
        );
        let problem =
            Problem::warning(message).hint("pull requests into other branches are left as they are");
        let place = self.origins.get("baseBranchPatterns").and_then(|places| places.last());
        let problem = match place {
            Some(place) => locate(&self.sources, problem, *place),
            None => problem,
        };
        self.problems.push(problem);
    }

    /// Returns whether a branch is one that updates go into: the base, or one that `baseBranchPatterns` names.
    pub fn is_base_branch(&self, name: &str) -> bool {
        let named = self.options.base_branch_patterns.iter().flatten();
        self.base_branch.iter().chain(named).any(|base| base == name)
    }
}

/// Returns whether a pattern stands for no branch but `name`.
fn means(pattern: &str, name: &str) -> bool {
    let is_pattern = regex_parts(pattern.strip_prefix('!').unwrap_or(pattern)).is_some();
    match Pattern::new(pattern) {
        Ok(read) if is_pattern => read.matches(name),
        _ => pattern == name || pattern == "$default",
    }
}
