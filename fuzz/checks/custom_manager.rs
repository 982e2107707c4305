//! Any pattern or query in `customManagers` reads any file.
//!
//! The first line is the pattern; an exclamation mark before it makes it a JSONata query.

use std::collections::BTreeMap;

use updraft_core::config::{ConfigFile, Resolution, resolve};
use updraft_core::manager::ManagerContext;
use updraft_core::name::RepoPath;
use updraft_core::source::SourceFile;

pub fn check(data: &[u8]) {
    let text = super::text(data);
    let (pattern, body) = super::two(&text);
    let entry = match pattern.strip_prefix('!') {
        Some(query) => {
            serde_json::json!({"customType": "jsonata", "fileFormat": "yaml", "matchStrings": [query],
            "managerFilePatterns": ["**"]})
        }
        None => {
            serde_json::json!({"customType": "regex", "matchStrings": [pattern], "managerFilePatterns": ["**"],
            "datasourceTemplate": "docker", "autoReplaceStringTemplate": "{{depName}}:{{newValue}}"})
        }
    };
    let config = serde_json::json!({"customManagers": [entry]}).to_string();
    let file = ConfigFile { path: RepoPath::new("renovate.json").unwrap(), text: config.into() };
    let Resolution::Done(config) = resolve(Some(&file), &BTreeMap::new(), None) else { return };
    let source = SourceFile::new(RepoPath::new("a/b.yaml").unwrap(), body);
    for entry in &config.custom_managers {
        let manager = updraft_managers::custom(entry.clone());
        for dep in manager.extract(&[&source], &ManagerContext::default()).deps {
            for slot in &dep.slots {
                assert_eq!(slot.span.of(body), Some(slot.text.as_str()), "{dep:?}");
            }
        }
    }
}
