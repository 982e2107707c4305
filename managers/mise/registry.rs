//! Short names: what `kubectl = "1.2.3"` means.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// One tool a line: its names with commas between them, a space, the backend.
const TABLE: &str = include_str!("registry.txt");

/// Tools of the table whose GitHub releases, not tags, are their versions: rules for the datasource `github-releases` mean them.
const RELEASED: &[&str] = &[
    "gh",
    "github-cli",
    "helm",
    "helmfile",
    "jq",
    "just",
    "kustomize",
    "lefthook",
    "pipx",
    "sops",
    "uv",
    "yq",
];

static BACKENDS: LazyLock<BTreeMap<&str, &str>> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '));
    lines.flat_map(|(names, backend)| names.split(',').map(move |name| (name, backend))).collect()
});

/// Returns the key with a backend that a short name stands for.
pub(super) fn full_key(name: &str) -> Option<&'static str> {
    let name = match name {
        "nodejs" => "node",
        "golang" => "go",
        name => name,
    };
    BACKENDS.get(name).copied()
}

/// Returns whether a short name's versions are GitHub releases, whatever its backend.
pub(super) fn is_released(name: &str) -> bool {
    RELEASED.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::super::source;
    use super::super::tool::Tool;
    use super::*;

    #[test]
    fn every_line_of_the_table_is_sound() {
        let lines: Vec<&str> = TABLE.lines().filter(|line| !line.starts_with('#')).collect();
        let names: usize = lines.iter().map(|line| line.split(' ').next().unwrap().split(',').count()).sum();
        assert_eq!(names, BACKENDS.len(), "a name stands twice");
        for line in lines {
            let (_, backend) = line.split_once(' ').unwrap();
            assert!(Tool::parse(backend).backend.is_some(), "{line}");
        }
    }

    #[test]
    fn what_most_people_use_is_understood() {
        for name in [
            "age",
            "argocd",
            "cilium-cli",
            "cloudflared",
            "flux2",
            "gh",
            "go",
            "helm",
            "helmfile",
            "jq",
            "just",
            "k9s",
            "krew",
            "kubeconform",
            "kubectl",
            "kustomize",
            "node",
            "nodejs",
            "opentofu",
            "pre-commit",
            "python",
            "rust",
            "sops",
            "stern",
            "talhelper",
            "talosctl",
            "task",
            "terraform",
            "uv",
            "velero",
            "yq",
        ] {
            let key = full_key(name).unwrap_or_else(|| panic!("{name}"));
            assert!(source::of(&Tool::parse(key), name, "1.2.3").is_ok(), "{name}: {key}");
        }
        assert!(RELEASED.iter().all(|name| full_key(name).is_some()));
        assert_eq!(full_key("no-such-tool"), None);
    }
}
