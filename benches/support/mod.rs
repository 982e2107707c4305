//! Texts of the kind updraft meets, made in code: the same ones every time.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use updraft_core::name::RepoPath;
use updraft_core::source::SourceFile;

/// Returns a number that depends on nothing but `seed`, and looks as if it did not.
fn scatter(seed: u64) -> u64 {
    let mixed = (seed ^ (seed >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 29)
}

fn version(seed: u64) -> String {
    let number = scatter(seed);
    format!("{}.{}.{}", number % 9, number / 9 % 40, number / 360 % 20)
}

fn digest(seed: u64) -> String {
    (0..4).fold("sha256:".to_owned(), |mut text, part| {
        let _ = write!(text, "{:016x}", scatter(seed * 4 + part).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        text
    })
}

/// Returns a `HelmRelease` in the style of the home operations community.
pub(crate) fn helm_release(at: u64) -> String {
    let (chart, tag, digest) = (version(at), version(at + 1), digest(at));
    format!(
        "---
# yaml-language-server: $schema=https://raw.githubusercontent.com/example/schemas/main/helmrelease-helm-v2.json
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata:
  name: &app app-{at}
spec:
  interval: 30m
  chart:
    spec:
      chart: app-template
      version: {chart}
      sourceRef:
        kind: HelmRepository
        name: charts
        namespace: flux-system
  install:
    remediation:
      retries: 3
  values:
    controllers:
      app-{at}:
        annotations:
          reloader.stakater.com/auto: \"true\"
        containers:
          app:
            image:
              repository: ghcr.io/example/app-{at}
              tag: {tag}@{digest}
            env:
              TZ: ${{TIMEZONE}}
              APP__LOG_LEVEL: info
            probes:
              liveness: &probes
                enabled: true
                custom: true
                spec:
                  httpGet:
                    path: /health
                    port: &port 8080
                  periodSeconds: 10
              readiness: *probes
            securityContext: {{allowPrivilegeEscalation: false, readOnlyRootFilesystem: true}}
            resources:
              requests: {{cpu: 10m, memory: 64Mi}}
              limits: {{memory: 256Mi}}
    service:
      app:
        controller: *app
        ports:
          http:
            port: *port
    persistence:
      config:
        existingClaim: *app
      tmp:
        type: emptyDir
"
    )
}

fn workload(at: u64) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{at}
  labels: {{app.kubernetes.io/name: web-{at}}}
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: web-{at}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: web-{at}
    spec:
      initContainers:
        - name: init
          image: docker.io/library/busybox:{}
          command: [\"sh\", \"-c\", \"until nslookup db; do sleep 2; done\"]
      containers:
        - name: web
          image: registry.example.org/team/web-{at}:{}
          ports:
            - containerPort: 8080
",
        version(at),
        version(at + 1),
    )
}

fn workflow(at: u64) -> String {
    let steps = (0..6).fold(String::new(), |mut steps, step| {
        let _ = write!(
            steps,
            "      - name: step {step}\n        uses: owner/action-{}@{:040x} # v{}\n        with:\n          token: ${{{{ secrets.TOKEN }}}}\n",
                (at + step) % 20,
                scatter(at + step),
                version(at + step),
        );
        steps
    });
    format!(
        "name: ci {at}\non:\n  pull_request:\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps:\n{steps}"
    )
}

/// How many Helm repositories the made-up repository declares.
const CHART_REPOSITORIES: u64 = 24;

fn chart_repository(at: u64) -> String {
    format!(
        "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata:\n  name: charts{}\n  namespace: flux-system\nspec:\n  interval: 1h\n  url: https://charts-{at}.example.org\n",
        if at == 0 { String::new() } else { format!("-{at}") }
    )
}

fn flux_kustomization(at: u64) -> String {
    format!(
        "---
# yaml-language-server: $schema=https://raw.githubusercontent.com/example/schemas/main/kustomization-kustomize-v1.json
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata:
  name: &app app-{at}
  namespace: flux-system
spec:
  targetNamespace: group-{}
  commonMetadata:
    labels:
      app.kubernetes.io/name: *app
  path: ./kubernetes/apps/group-{}/app-{at}/app
  prune: true
  sourceRef:
    kind: GitRepository
    name: flux-system
  wait: false
  interval: 30m
  retryInterval: 1m
  timeout: 5m
  postBuild:
    substitute:
      APP: *app
      VOLSYNC_CAPACITY: 5Gi
",
        at % 17,
        at % 17,
    )
}

fn values(at: u64) -> String {
    let mut text = format!(
        "# Values of chart {at}\nimage:\n  registry: ghcr.io\n  repository: example/server-{at}\n  tag: {}\nreplicaCount: 2\nmetrics:\n  enabled: true\n  image:\n    repository: ghcr.io/example/exporter\n    tag: v{}\nconfig:\n",
        version(at),
        version(at + 3)
    );
    for key in 0..30 {
        let _ = writeln!(text, "  setting_{key}: \"value {}\"", scatter(at + key) % 1000);
    }
    text
}

fn external_secret(at: u64) -> String {
    format!(
        "---\n# yaml-language-server: $schema=https://raw.githubusercontent.com/example/schemas/main/externalsecret_v1.json\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata:\n  name: app-{at}\nspec:\n  secretStoreRef:\n    kind: ClusterSecretStore\n    name: vault\n  target:\n    name: app-{at}-secret\n    template:\n      data:\n        DB_HOST: postgres-rw.database.svc.cluster.local\n        DB_PASSWORD: \"{{{{ .POSTGRES_PASSWORD }}}}\"\n  dataFrom:\n    - extract:\n        key: app-{at}\n"
    )
}

/// A secret that sops encrypted: long lines without any meaning.
fn encrypted_secret(at: u64) -> String {
    let mut text =
        format!("apiVersion: v1\nkind: Secret\nmetadata:\n    name: app-{at}-secret\nstringData:\n");
    for key in 0..6 {
        let noise: String = (0..6)
            .fold(String::new(), |text, part| text + &format!("{:016x}", scatter(at * 64 + key * 8 + part)));
        let _ = writeln!(text, "    KEY_{key}: ENC[AES256_GCM,data:{noise},iv:{noise},tag:{noise},type:str]");
    }
    text.push_str("sops:\n    age:\n        - recipient: age1example\n          enc: |\n            -----BEGIN AGE ENCRYPTED FILE-----\n");
    for line in 0..6 {
        let _ = writeln!(text, "            {0:016x}{0:016x}{0:016x}{0:016x}", scatter(at + line));
    }
    text.push_str("            -----END AGE ENCRYPTED FILE-----\n    lastmodified: \"2026-01-01T00:00:00Z\"\n    version: 3.9.0\n");
    text
}

fn config_map(at: u64) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app-{at}\ndata:\n  # renovate: datasource=github-releases depName=example/tool-{at}\n  TOOL_VERSION: v{}\n  config.json: |\n    {{\"key\": \"{}\"}}\n",
        version(at),
        "value ".repeat(60),
    )
}

fn dockerfile(at: u64) -> String {
    format!(
        "FROM docker.io/library/golang:{}-alpine AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o /app ./...\n\nFROM gcr.io/distroless/static:nonroot@{}\nCOPY --from=build /app /app\n",
        version(at),
        digest(at),
    )
}

/// Returns a GitOps repository of `count` files: releases, where their charts are, workloads, kustomizations, values, settings, secrets,
/// workflows, images and texts for people, in the shares and sizes that such repositories have.
pub(crate) fn repository(count: u64) -> Vec<SourceFile> {
    let charts = (0..CHART_REPOSITORIES)
        .map(|at| file(&format!("kubernetes/flux/repositories/charts-{at}.yaml"), chart_repository(at)));
    charts.chain((CHART_REPOSITORIES..count).map(application_file)).collect()
}

fn application_file(at: u64) -> SourceFile {
    // Five applications share twenty files, which makes two files for each folder, as in such repositories.
    let app = at / 20 * 5
        + [0, 1, 2, 3, 4, 0, 1, 2, 0, 1, 2, 3, 4, 4, 3, 0, 1, 2, 3, 4][usize::try_from(at % 20).unwrap_or(0)];
    let folder = format!("kubernetes/apps/group-{}/app-{app}", app % 17);
    match at % 20 {
        0..=4 => file(&format!("{folder}/app/helmrelease.yaml"), helm_release(at)),
        5..=7 => file(&format!("{folder}/ks.yaml"), flux_kustomization(at)),
        8..=11 => file(
            &format!("{folder}/app/kustomization.yaml"),
            "---\n# yaml-language-server: $schema=https://json.schemastore.org/kustomization\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - ./helmrelease.yaml\n  - ./externalsecret.yaml\n",
        ),
        12 => file(&format!("{folder}/app/deployment.yaml"), workload(at)),
        13 => file(&format!("{folder}/app/config.yaml"), config_map(at)),
        14 => file(&format!("{folder}/app/values.yaml"), values(at)),
        15 => file(&format!("{folder}/app/secret.sops.yaml"), encrypted_secret(at)),
        16 if at % 100 == 16 => file(&format!(".github/workflows/ci-{at}.yaml"), workflow(at)),
        17 if at % 100 == 17 => file(&format!("images/app-{at}/Dockerfile"), dockerfile(at)),
        18 => file(&format!("docs/note-{at}.md"), "# Notes\n\nWords about the cluster.\n\n".repeat(30)),
        _ => file(&format!("{folder}/app/externalsecret.yaml"), external_secret(at)),
    }
}

/// Writes `files` into a folder.
pub(crate) fn write(files: &[SourceFile], folder: &Path) {
    for file in files {
        let path = folder.join(file.path.as_str());
        fs::create_dir_all(path.parent().unwrap_or(folder)).expect("a folder");
        fs::write(path, &*file.text).expect("a file");
    }
}

fn file(path: &str, text: impl AsRef<str>) -> SourceFile {
    SourceFile::new(RepoPath::new(path).expect("a plain path"), text.as_ref())
}
