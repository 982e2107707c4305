//! Tools whose version is an input of the action that installs them: `with: { go-version: 1.23.4 }`.

use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::name::{DatasourceId, VersioningId};
use updraft_core::source::SourceFile;
use updraft_core::yaml::Node;

use super::ID;
use super::action_ref::ActionRef;

/// One input of an action that says which version of a tool to install.
struct Tool {
    /// `owner/repo`, with the path where the action is not at the top of its repository.
    action: &'static str,
    /// The input.
    input: &'static str,
    /// The tool, as people call it.
    name: &'static str,
    /// Where its releases are.
    source: Source,
}

/// Where the releases of a tool are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// Releases of the repository that has the tool's name.
    Releases,
    /// The same, where the input takes npm's ranges too.
    RangedReleases,
    /// The builds that the `setup-*` actions install, kept as releases of this repository.
    Builds(&'static str),
    /// The npm registry.
    Npm,
}

const fn tool(action: &'static str, input: &'static str, name: &'static str, source: Source) -> Tool {
    Tool { action, input, name, source }
}

/// The actions and inputs, from each action's own documentation.
const TOOLS: &[Tool] = &[
    tool("actions/setup-go", "go-version", "go", Source::Builds("actions/go-versions")),
    tool("actions/setup-node", "node-version", "node", Source::Builds("actions/node-versions")),
    tool("actions/setup-python", "python-version", "python", Source::Builds("actions/python-versions")),
    tool("anchore/sbom-action", "syft-version", "anchore/syft", Source::Releases),
    tool("anchore/scan-action", "grype-version", "anchore/grype", Source::Releases),
    tool("aquaproj/aqua-installer", "aqua_version", "aquaproj/aqua", Source::Releases),
    tool("aquasecurity/setup-trivy", "version", "aquasecurity/trivy", Source::Releases),
    tool("aquasecurity/trivy-action", "version", "aquasecurity/trivy", Source::Releases),
    tool("arduino/setup-task", "version", "go-task/task", Source::Releases),
    tool("astral-sh/ruff-action", "version", "astral-sh/ruff", Source::RangedReleases),
    tool("astral-sh/setup-uv", "version", "astral-sh/uv", Source::RangedReleases),
    tool("azure/setup-helm", "version", "helm/helm", Source::Releases),
    tool("azure/setup-kubectl", "version", "kubernetes/kubernetes", Source::Releases),
    tool("biomejs/setup-biome", "version", "@biomejs/biome", Source::Npm),
    tool("bufbuild/buf-action", "version", "bufbuild/buf", Source::Releases),
    tool("denoland/setup-deno", "deno-version", "denoland/deno", Source::RangedReleases),
    tool("docker/setup-buildx-action", "version", "docker/buildx", Source::Releases),
    tool("docker/setup-compose-action", "version", "docker/compose", Source::Releases),
    tool("extractions/setup-just", "just-version", "casey/just", Source::RangedReleases),
    tool("fluxcd/flux2/action", "version", "fluxcd/flux2", Source::Releases),
    tool("go-task/setup-task", "version", "go-task/task", Source::RangedReleases),
    tool("golangci/golangci-lint-action", "version", "golangci/golangci-lint", Source::Releases),
    tool("goreleaser/goreleaser-action", "version", "goreleaser/goreleaser", Source::RangedReleases),
    tool("hashicorp/setup-terraform", "terraform_version", "hashicorp/terraform", Source::RangedReleases),
    tool("helm/chart-releaser-action", "version", "helm/chart-releaser", Source::Releases),
    tool("helm/chart-testing-action", "version", "helm/chart-testing", Source::Releases),
    tool("helm/kind-action", "version", "kubernetes-sigs/kind", Source::Releases),
    tool("imjasonh/setup-crane", "version", "google/go-containerregistry", Source::Releases),
    tool("jdx/mise-action", "version", "jdx/mise", Source::Releases),
    tool("jetify-com/devbox-install-action", "devbox-version", "jetify-com/devbox", Source::Releases),
    tool("ko-build/setup-ko", "version", "ko-build/ko", Source::Releases),
    tool("open-policy-agent/setup-opa", "version", "open-policy-agent/opa", Source::RangedReleases),
    tool("opentofu/setup-opentofu", "tofu_version", "opentofu/opentofu", Source::RangedReleases),
    tool("oven-sh/setup-bun", "bun-version", "bun", Source::Npm),
    tool("pnpm/action-setup", "version", "pnpm", Source::Npm),
    tool("prefix-dev/setup-pixi", "pixi-version", "prefix-dev/pixi", Source::Releases),
    tool("sigstore/cosign-installer", "cosign-release", "sigstore/cosign", Source::Releases),
    tool("snok/install-poetry", "version", "python-poetry/poetry", Source::Releases),
    tool("tailscale/github-action", "version", "tailscale/tailscale", Source::Releases),
    tool("zizmorcore/zizmor-action", "version", "zizmorcore/zizmor", Source::Releases),
];

/// Returns the tool that a step installs through its `uses` and `with`.
pub(super) fn tool_of_step(step: Node<'_>, file: &SourceFile, found_in: &str) -> Option<Dep> {
    let action = ActionRef::parse(step.get("uses")?.as_str()?)?;
    let with = step.get("with").filter(|with| with.entries().next().is_some())?;
    let name = format!("{}{}", action.repository, action.path);
    let tool = TOOLS.iter().find(|tool| tool.action.eq_ignore_ascii_case(&name))?;
    let Some(input) = with.get(tool.input).filter(|input| !input.is_plain_null()) else {
        let dep = tool.dep(with, file, found_in);
        return Some(dep.skipped(SkipReason::UnspecifiedVersion, format!("`{}` is not given", tool.input)));
    };
    let mut dep = tool.dep(input, file, found_in);
    let text = input.as_str()?;
    if text.contains("${{") {
        return Some(dep.skipped(SkipReason::ContainsVariable, format!("`{}` is an expression", tool.input)));
    }
    if text.trim().is_empty() {
        return Some(dep.skipped(SkipReason::UnspecifiedVersion, format!("`{}` is empty", tool.input)));
    }
    dep.current_value = Some(text.trim().to_owned());
    if text != input.raw() || text.contains(['\n', '\r']) {
        return Some(
            dep.skipped(SkipReason::InvalidValue, "several versions, or one that is written with escapes"),
        );
    }
    dep.slots.push(Slot::new(Part::Value, input.span(), text));
    // npm resolves names such as `latest` itself; elsewhere the action does.
    if tool.source != Source::Npm && !text.contains(|character: char| character.is_ascii_digit()) {
        return Some(dep.skipped(SkipReason::InvalidVersion, format!("`{text}` moves by itself")));
    }
    Some(dep)
}

impl Tool {
    fn dep(&self, node: Node<'_>, file: &SourceFile, found_in: &str) -> Dep {
        let mut dep = Dep::new(ID, &file.path, node.span(), self.name);
        dep.found_in = found_in.into();
        dep.dep_type = Some("uses-with".to_owned());
        dep.datasource = Some(DatasourceId::GITHUB_RELEASES);
        dep.pin_digests = Some(false);
        match self.source {
            Source::Releases => {}
            Source::RangedReleases => dep.versioning = Some(VersioningId::fixed("npm")),
            Source::Builds(repository) => {
                dep.package_name = repository.into();
                dep.versioning = Some(VersioningId::fixed("npm"));
                dep.extract_version = Some(r"^(?<version>\d+\.\d+\.\d+)(-\d+)?$".to_owned());
            }
            Source::Npm => {
                dep.datasource = Some(DatasourceId::fixed("npm"));
                dep.versioning = Some(VersioningId::fixed("npm"));
            }
        }
        dep
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_has_each_action_once() {
        assert!(TOOLS.windows(2).all(|pair| pair[0].action < pair[1].action));
    }
}
