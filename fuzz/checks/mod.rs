//! What must hold for foreign bytes, whatever they are: one function for each kind of parser.
//!
//! The fuzzer calls them for hours, and `cargo test` for a moment, so a check can never stop compiling unseen. A check panics when its
//! promise is broken; what it is given is mostly nonsense, and none of it may be refused in another way than an error.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::string_slice,
    missing_docs,
    reason = "a check may break down"
)]

pub mod archive;
pub mod chart_index;
pub mod configuration;
pub mod custom_datasource;
pub mod custom_manager;
pub mod dockerfile;
pub mod edits;
pub mod extraction;
pub mod forge_texts;
pub mod git_refs;
pub mod headers;
pub mod image_ref;
pub mod jsonata;
pub mod merge;
pub mod patterns;
pub mod registry_reply;
pub mod release_notes;
pub mod schedule;
pub mod template;
pub mod toml;
pub mod versioning;
pub mod yaml_spans;

/// A check and its name, which is also that of its fuzz target and of its folder of seeds.
pub type Check = (&'static str, fn(&[u8]));

/// All checks.
pub const ALL: &[Check] = &[
    ("archive", archive::check),
    ("chart_index", chart_index::check),
    ("configuration", configuration::check),
    ("custom_datasource", custom_datasource::check),
    ("custom_manager", custom_manager::check),
    ("dockerfile", dockerfile::check),
    ("edits", edits::check),
    ("extraction", extraction::check),
    ("forge_texts", forge_texts::check),
    ("git_refs", git_refs::check),
    ("headers", headers::check),
    ("image_ref", image_ref::check),
    ("jsonata", jsonata::check),
    ("merge", merge::check),
    ("patterns", patterns::check),
    ("registry_reply", registry_reply::check),
    ("release_notes", release_notes::check),
    ("schedule", schedule::check),
    ("template", template::check),
    ("toml", toml::check),
    ("versioning", versioning::check),
    ("yaml_spans", yaml_spans::check),
];

/// Returns the bytes as text; what is no UTF-8 becomes U+FFFD, as everywhere in updraft.
fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

/// Returns the first line of a text, and the rest: for checks that need two texts.
fn two(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}
