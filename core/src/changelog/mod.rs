//! Release notes for pull requests: which versions they cover, where a version's notes stand, and what is shown of them.
//!
//! Everything here is pure; asking for releases and files is done elsewhere. What publishers write passes through
//! [`harmless()`] before it is shown, and [`render()`] sees to it that nothing gets by.

mod clean;
mod cut;
mod file;
mod harmless;
mod render;
mod source;
mod tags;
mod versions;

pub use self::clean::{clean, release_name};
pub use self::cut::cut;
pub use self::file::{ChangelogFile, changelog_file};
pub(crate) use self::harmless::is_invisible;
pub use self::harmless::{Home, harmless};
pub use self::render::{SourceNotes, VersionNotes, render};
pub use self::source::{Source, Website};
pub use self::tags::TagNames;
pub use self::versions::versions;
