//! Texts of the kind updraft meets, made in code: the same ones every time.

use std::fmt::Write as _;

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

/// Returns a GitOps repository of `count` files: releases, workloads, kustomizations, settings, workflows, images and texts for people.
pub(crate) fn repository(count: u64) -> Vec<SourceFile> {
    let mut files = vec![file(
        "kubernetes/flux/repositories/charts.yaml",
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata:\n  name: charts\n  namespace: flux-system\nspec:\n  interval: 1h\n  url: https://charts.example.org\n",
    )];
    files.extend((1..count).map(|at| {
        let folder = format!("kubernetes/apps/group-{}/app-{at}", at % 17);
        match at % 10 {
            0..=2 => file(&format!("{folder}/helmrelease.yaml"), helm_release(at)),
            3 | 4 => file(
                &format!("{folder}/kustomization.yaml"),
                "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n  - ./helmrelease.yaml\n  - ./externalsecret.yaml\n",
            ),
            5 => file(&format!("{folder}/deployment.yaml"), workload(at)),
            6 => file(
                &format!("{folder}/config.yaml"),
                format!(
                    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app-{at}\ndata:\n  # renovate: datasource=github-releases depName=example/tool-{at}\n  TOOL_VERSION: v{}\n  config.json: |\n    {{\"key\": \"{}\"}}\n",
                    version(at),
                    "value ".repeat(60),
                ),
            ),
            7 if at % 50 == 7 => file(&format!(".github/workflows/ci-{at}.yaml"), workflow(at)),
            8 if at % 50 == 8 => file(
                &format!("images/app-{at}/Dockerfile"),
                format!(
                    "FROM docker.io/library/golang:{}-alpine AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o /app ./...\n\nFROM gcr.io/distroless/static:nonroot@{}\nCOPY --from=build /app /app\n",
                    version(at),
                    digest(at),
                ),
            ),
            9 => file(&format!("docs/note-{at}.md"), "# Notes\n\nWords about the cluster.\n\n".repeat(30)),
            _ => file(
                &format!("{folder}/externalsecret.yaml"),
                format!(
                    "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata:\n  name: app-{at}\nspec:\n  secretStoreRef:\n    kind: ClusterSecretStore\n    name: vault\n  target:\n    name: app-{at}-secret\n  dataFrom:\n    - extract:\n        key: app-{at}\n"
                ),
            ),
        }
    }));
    files
}

fn file(path: &str, text: impl AsRef<str>) -> SourceFile {
    SourceFile::new(RepoPath::new(path).expect("a plain path"), text.as_ref())
}
