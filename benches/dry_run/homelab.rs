//! A repository of the size of a real homelab, 704 dependencies in 85 packages, or of another size.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::services::{CURRENT, GITHUB_REPOSITORIES, HELM_REPOSITORIES, IMAGES, digest};

/// How many applications a real homelab has; each has a handful of files.
pub(crate) const APPLICATIONS: usize = 90;

/// Writes the repository with so many applications into an empty folder. What is larger than a homelab has more packages, too.
pub(crate) fn write(folder: &Path, applications: usize) -> std::io::Result<()> {
    let file = |path: String, text: String| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, text)
    };
    file("renovate.json".to_owned(), "{\"extends\": [\"config:recommended\"]}\n".to_owned())?;
    for at in 0..HELM_REPOSITORIES {
        file(format!("kubernetes/flux/charts-{at}.yaml"), helm_repository(at))?;
    }
    for at in 0..applications {
        let app = format!("kubernetes/apps/group-{}/app-{at}", at % 12);
        file(format!("{app}/helmrelease.yaml"), helm_release(at))?;
        file(format!("{app}/deployment.yaml"), deployment(at))?;
        file(
            format!("{app}/kustomization.yaml"),
            "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [./helmrelease.yaml, ./deployment.yaml]\n"
                .to_owned(),
        )?;
        file(format!("{app}/externalsecret.yaml"), external_secret(at))?;
    }
    for at in 0..10 {
        file(format!(".github/workflows/job-{at}.yaml"), workflow(at))?;
    }
    Ok(())
}

fn helm_repository(at: usize) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata:\n  name: charts-{at}\n  namespace: flux-system\nspec:\n  interval: 1h\n  url: https://charts-{at}.example.org\n"
    )
}

/// Returns the name of the image with a number, as the application `at` uses it.
fn image(at: usize, number: usize) -> String {
    let name = IMAGES[number % IMAGES.len()];
    match at / APPLICATIONS {
        0 => name.to_owned(),
        copy => format!("{name}-{copy}"),
    }
}

/// A release of a chart, with an image in its values: every second one pinned by a digest as well.
fn helm_release(at: usize) -> String {
    let image = image(at, at);
    let pin = if at.is_multiple_of(2) { format!("@{}", digest(&image, CURRENT)) } else { String::new() };
    format!(
        "---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: app-{at}\n  namespace: default\nspec:\n  interval: 30m\n  chart:\n    spec:\n      chart: chart-{}\n      version: {CURRENT}\n      sourceRef:\n        kind: HelmRepository\n        name: charts-{}\n        namespace: flux-system\n  values:\n    controllers:\n      app:\n        containers:\n          app:\n            image:\n              repository: {image}\n              tag: {CURRENT}{pin}\n            env:\n              TZ: Etc/UTC\n            resources:\n              requests: {{cpu: 10m, memory: 64Mi}}\n",
        at % HELM_REPOSITORIES % 3,
        at % HELM_REPOSITORIES,
    )
}

fn deployment(at: usize) -> String {
    let image = image(at, at * 7 + 3);
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web-{at}\nspec:\n  template:\n    spec:\n      containers:\n        - name: web\n          image: {image}:{CURRENT}\n          ports:\n            - containerPort: 8080\n"
    )
}

fn external_secret(at: usize) -> String {
    let tool = at % (GITHUB_REPOSITORIES / 2);
    format!(
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata:\n  name: app-{at}\n  annotations:\n    # renovate: datasource=github-releases depName=tools/tool-{tool}\n    tool-version: v{CURRENT}\nspec:\n  secretStoreRef: {{kind: ClusterSecretStore, name: vault}}\n  dataFrom:\n    - extract: {{key: app-{at}}}\n"
    )
}

fn workflow(at: usize) -> String {
    let mut text = format!(
        "name: job {at}\non: [pull_request]\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps:\n"
    );
    for step in 0..5 {
        let action = format!("actions/action-{}", (at * 3 + step) % (GITHUB_REPOSITORIES / 2));
        let _ = writeln!(
            text,
            "      - uses: {action}@{} # v{CURRENT}",
            crate::services::commit(&action, &format!("v{CURRENT}"))
        );
    }
    text
}
