//! What managers are about, for `matchCategories`.

/// Returns the categories of a manager.
pub(crate) fn of(manager: &str) -> &'static [&'static str] {
    match manager {
        "flux" | "kubernetes" | "kustomize" | "sveltos" | "crossplane" | "glasskube" => &["kubernetes"],
        "flux-operator" | "fleet" | "argocd" => &["cd", "kubernetes"],
        "helm-values" | "helmv3" | "helm-requirements" => &["helm", "kubernetes"],
        "helmfile" | "helmsman" => &["cd", "helm", "kubernetes"],
        "dockerfile" | "docker-compose" | "devcontainer" | "quadlet" => &["docker"],
        "github-actions" | "gitlabci" | "azure-pipelines" | "circleci" | "droneci" | "woodpecker"
        | "buildkite" => &["ci"],
        "tekton" => &["ci", "cd"],
        "terraform" | "terraform-version" | "terragrunt" | "terragrunt-version" | "tflint-plugin" => {
            &["iac", "terraform"]
        }
        "ansible" | "ansible-galaxy" => &["ansible", "iac"],
        "bicep" => &["iac"],
        "npm" | "bun" | "nodenv" | "nvm" => &["js"],
        "pip_requirements" | "pip_setup" | "pip-compile" | "pipenv" | "poetry" | "pep621" | "pep723"
        | "pyenv" | "setup-cfg" | "pixi" => &["python"],
        "cargo" => &["rust"],
        "gomod" => &["golang"],
        "custom.regex" | "custom.jsonata" => &["custom"],
        _ => &[],
    }
}
