//! What each option does, from the configuration to the branch: families of small cases in `tests/fixtures/options`.
//!
//! A case is a configuration, a few dependencies and what their registries know; what comes of it follows. `UPDATE_SNAPSHOTS=1 cargo test --test
//! options` writes that anew; read the difference before you commit it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod case;
mod registries;
mod story;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use case::Case;

/// Runs every case of one family.
#[track_caller]
fn check(family: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/options/{family}.txt"));
    let text = fs::read_to_string(&path).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (head, cases) = case::read(&text);
    let mut written = head;
    let mut differing = String::new();
    for case in cases {
        let story = runtime.block_on(story::tell(&case));
        let Case { name, given, expected, .. } = &case;
        if story != *expected {
            let difference = similar::TextDiff::from_lines(expected.as_str(), &story);
            write!(differing, "== {name}\n{given}{}\n", difference.unified_diff()).unwrap();
        }
        write!(written, "== {name}\n{given}=>\n{story}\n").unwrap();
    }
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, format!("{}\n", written.trim_end())).unwrap();
    } else {
        assert!(differing.is_empty(), "in {}:\n{differing}", path.display());
    }
}

macro_rules! families {
    ($($name:ident)+) => { $(#[test] fn $name() { check(stringify!($name)); })+ };
}

families! {
    ages blocks bodies branch_names custom_datasources custom_managers files grouping managers messages pins ranges replacements rules schedules versions without_effect
}
