//! `allowedVersions`: which versions a package rule lets through.

use std::sync::Arc;

use crate::config::pattern::Pattern;
use crate::versioning::{self, Versioning};

/// The versions that `allowedVersions` lets through.
pub(super) enum Allowed {
    /// `/regex/` or `!/regex/`, on the whole version.
    Pattern(Box<Pattern>),
    /// A range in the dependency's own versioning.
    Range(String),
    /// None: what the owner meant cannot be known.
    Nothing,
    /// An npm range, for versionings that have none; versions are filled up to three numbers first.
    Npm(Arc<dyn Versioning>, String),
}

impl Allowed {
    /// Reads the option's text.
    ///
    /// # Errors
    ///
    /// Says why it cannot be used, in one line.
    pub(super) fn new(text: &str, versioning: &dyn Versioning) -> Result<Self, String> {
        if text.strip_prefix('!').unwrap_or(text).starts_with('/') {
            return Pattern::new(text)
                .map(|pattern| Self::Pattern(Box::new(pattern)))
                .map_err(|error| error.to_string());
        }
        if versioning.is_valid(text) {
            return Ok(Self::Range(text.to_owned()));
        }
        match versioning::versioning("npm") {
            Ok(npm) if npm.is_valid(text) => Ok(Self::Npm(npm, text.to_owned())),
            _ => Err("it is neither a range nor `/a regular expression/`".to_owned()),
        }
    }

    pub(super) fn allows(&self, version: &str, versioning: &dyn Versioning) -> bool {
        match self {
            Self::Nothing => false,
            Self::Pattern(pattern) => pattern.matches(version),
            Self::Range(range) => versioning.matches(version, range),
            Self::Npm(npm, range) => coerced(version).is_some_and(|version| npm.matches(&version, range)),
        }
    }
}

/// Returns the first three numbers of a version as `x.y.z`, missing ones as zero.
fn coerced(version: &str) -> Option<String> {
    let start = version.find(|character: char| character.is_ascii_digit())?;
    let rest = version.get(start..)?;
    let end =
        rest.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(rest.len());
    let mut numbers = rest.get(..end)?.split('.').map(|digits| {
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() { "0" } else { digits }
    });
    let mut next = || numbers.next().unwrap_or("0");
    Some(format!("{}.{}.{}", next(), next(), next()))
}
