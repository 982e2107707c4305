//! Secrets in addresses, in host rules and in the way to the network are in nothing that is printed.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod support;

use support::{command, files, folder_with, run};
use tempfile::TempDir;

const SECRET: &str = "hunter2-in-the-address";

fn repository() -> TempDir {
    let chart = format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata:\n  name: fjord\n  namespace: flux-system\nspec:\n  url: https://reader:{SECRET}@charts.fjord.example/stable\n"
    );
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: fjord\n  namespace: apps\nspec:\n  chart:\n    spec:\n      chart: fjord\n      version: 1.0.0\n      sourceRef:\n        kind: HelmRepository\n        name: fjord\n        namespace: flux-system\n";
    let image = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: harbour\nspec:\n  template:\n    spec:\n      containers:\n        - name: harbour\n          image: harbour/app:1.0.0\n";
    let config = serde_json::json!({
        "kubernetes": {"managerFilePatterns": ["/^apps/.+\\.yaml$/"]},
        "packageRules": [
            {"matchPackageNames": ["harbour/app"], "registryUrls": [format!("https://{SECRET}@127.0.0.1:1")]},
            {"matchDatasources": ["pypi"], "registryUrls": [format!("https://me:{SECRET}@ho st/simple")]},
        ],
    })
    .to_string();
    folder_with(&[
        ("renovate.json", &config),
        ("flux/fjord.yaml", &chart),
        ("apps/fjord.yaml", release),
        ("apps/harbour.yaml", image),
        ("requirements.txt", "lakeside==1.0.0\n"),
    ])
}

#[test]
fn a_secret_in_an_address_is_in_nothing_that_is_printed_or_kept() {
    let folder = repository();
    let rules = format!(
        r#"[{{"matchHost": "https://me:{SECRET}@registry.lan/", "token": "{SECRET}"}}, {{"matchHost": "me:{SECRET}@", "token": "{SECRET}"}}]"#
    );
    for (log_format, format) in [("text", "table"), ("json", "json")] {
        let home = TempDir::new().unwrap();
        let path = folder.path().to_str().unwrap();
        let arguments = ["dry-run", path, "-vvv", "--log-format", log_format, "--format", format];
        let mut command = command(&arguments, &home);
        command
            .env("HTTPS_PROXY", format!("http://me:{SECRET}@127.0.0.1:1"))
            .env("UPDRAFT_HOST_RULES", &rules);
        let ran = run(command);
        for text in [&ran.out, &ran.err] {
            assert!(!text.contains("hunter2"), "{text}");
        }
        assert!(ran.err.contains("charts.fjord.example"), "{}", ran.err);
        assert!(ran.err.contains("lookup-failed"), "{}", ran.err);
        for (path, bytes) in files(home.path()) {
            assert!(!String::from_utf8_lossy(&bytes).contains("hunter2"), "{}", path.display());
        }
    }
}
