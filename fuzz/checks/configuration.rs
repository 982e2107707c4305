//! Any text is read as a configuration, with itself as each preset it asks for; every complaint points into the text.

use std::collections::BTreeMap;

use updraft_core::config::{ConfigFile, Facts, PresetText, Resolution, resolve};
use updraft_core::name::{ManagerId, RepoPath};
use updraft_core::update::UpdateType;

pub fn check(data: &[u8]) {
    let text = super::text(data);
    let file = ConfigFile { path: RepoPath::new("renovate.json").unwrap(), text: text.as_str().into() };
    let mut presets = BTreeMap::new();
    for _ in 0..3 {
        match resolve(Some(&file), &presets, Some("fjord/lakeside")) {
            Resolution::Needs(needed) => {
                let preset = PresetText::Found {
                    path: "default.json".to_owned(),
                    text: text.as_str().into(),
                    is_local: false,
                };
                presets.extend(needed.iter().map(|reference| (reference.key(), preset.clone())));
            }
            Resolution::Done(config) => {
                for problem in &config.problems {
                    if let Some(span) = problem.span.filter(|_| problem.file.as_ref() == Some(&file.path)) {
                        assert!(span.of(&text).is_some(), "{problem:?}");
                    }
                }
                let facts = Facts {
                    dep_name: Some("a/b"),
                    package_name: Some("a/b"),
                    file: Some(&file.path),
                    update_type: Some(UpdateType::Major),
                    ..Facts::default()
                };
                config.apply(&facts);
                config.files_of(&ManagerId::fixed("flux"), &["/x/"]).includes(&file.path);
                config.shown();
                return;
            }
        }
    }
}
