//! Any reply is read in each format of a custom datasource, and any query makes releases of it or an error.
//!
//! The first line is the query (`transformTemplates`).

use std::collections::BTreeMap;

use updraft_core::config::{ConfigFile, Resolution, resolve};
use updraft_core::name::RepoPath;

pub fn check(data: &[u8]) {
    let text = super::text(data);
    let (query, body) = super::two(&text);
    for format in ["json", "yaml", "toml", "plain", "html"] {
        let config = serde_json::json!({"customDatasources": {"fjord": {
            "defaultRegistryUrlTemplate": "https://fjord.example/{{packageName}}", "format": format, "transformTemplates": [query],
        }}});
        let file =
            ConfigFile { path: RepoPath::new("renovate.json").unwrap(), text: config.to_string().into() };
        let Resolution::Done(config) = resolve(Some(&file), &BTreeMap::new(), None) else { return };
        let Some(custom) = &config.options.custom_datasources else { return };
        for datasource in custom.values() {
            let fields = serde_json::json!({"packageName": "a/b"});
            let _ = datasource.address(&fields);
            if let Ok(reply) = datasource.read(body) {
                let _ = datasource.releases(reply, &fields);
            }
        }
    }
}
