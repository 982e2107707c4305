//! The datasource against a server.

use tempfile::TempDir;
use updraft_core::name::DatasourceId;

use super::*;
use crate::http::testing::{Answer, Server, cached_client, client};

const INDEX: &str = r#"apiVersion: v1
entries:
  grafana:
  - version: 2.0.0
    created: "2024-05-01T00:00:00Z"
    home: https://grafana.com
    sources:
    - https://github.com/grafana/grafana
    urls:
    - https://github.com/grafana/helm-charts/releases/download/grafana-2.0.0/grafana-2.0.0.tgz
  - version: 1.0.0
    deprecated: true
  loki:
  - version: 5.0.0
    home: https://github.com/x/charts/tree/main/charts/loki
"#;

fn lookup(name: &str, registries: &[&str]) -> Lookup {
    Lookup {
        datasource: DatasourceId::HELM,
        package_name: name.to_owned(),
        registry_urls: registries.iter().map(|url| (*url).to_owned()).collect(),
    }
}

fn versions(list: &ReleaseList) -> Vec<&str> {
    list.releases.iter().map(|release| release.version.as_str()).collect()
}

async fn serving(body: &'static str) -> Server {
    Server::start(move |seen| match seen.target.as_str() {
        "/charts/index.yaml" => Answer::ok(body),
        _ => Answer::status(404),
    })
    .await
}

#[tokio::test]
async fn all_announced_charts_come_from_one_download() {
    let server = serving(INDEX).await;
    let url = format!("{}/charts/", server.origin);
    let helm = Helm::new(client());
    let (grafana, loki) = (lookup("grafana", &[&url]), lookup("loki", &[&url]));
    helm.prepare(&[&grafana, &loki]);
    let (grafana, loki) = futures::join!(helm.releases(&grafana), helm.releases(&loki));
    let (grafana, loki) = (grafana.unwrap(), loki.unwrap());
    assert_eq!(versions(&grafana), ["2.0.0", "1.0.0"]);
    assert!(grafana.releases[1].is_deprecated);
    assert_eq!(grafana.source_url.as_deref(), Some("https://github.com/grafana/helm-charts"));
    assert_eq!(grafana.registry_url, Some(format!("{}/charts", server.origin)));
    assert_eq!(loki.source_url.as_deref(), Some("https://github.com/x/charts"));
    assert_eq!(loki.source_directory.as_deref(), Some("charts/loki"));
    assert_eq!(server.lines(), ["GET /charts/index.yaml"]);
}

#[tokio::test]
async fn a_chart_that_was_not_announced_is_found_too() {
    let server = serving(INDEX).await;
    let url = format!("{}/charts", server.origin);
    let helm = Helm::new(client());
    helm.prepare(&[&lookup("grafana", &[&url])]);
    assert_eq!(versions(&helm.releases(&lookup("loki", &[&url])).await.unwrap()), ["5.0.0"]);
    assert_eq!(versions(&helm.releases(&lookup("grafana", &[&url])).await.unwrap()).len(), 2);
}

#[tokio::test]
async fn the_next_run_only_asks_whether_the_index_has_changed() {
    let server = Server::start(|seen| {
        if seen.header("if-none-match") == Some("\"1\"") {
            Answer::status(304)
        } else {
            Answer::ok(INDEX).header("etag", "\"1\"")
        }
    })
    .await;
    let cache = TempDir::new().unwrap();
    for _ in 0..2 {
        let helm = Helm::new(cached_client(cache.path()));
        let list = helm.releases(&lookup("grafana", &[&server.origin])).await.unwrap();
        assert_eq!(versions(&list), ["2.0.0", "1.0.0"]);
        assert_eq!(list.source_url.as_deref(), Some("https://github.com/grafana/helm-charts"));
    }
    assert_eq!(server.seen().len(), 2);
    assert!(server.seen()[1].header("if-none-match").is_some());
}

#[track_caller]
fn check_error(result: Result<Arc<ReleaseList>, LookupError>, kind: LookupErrorKind, text: &str, hint: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind, kind, "{error}");
    assert!(error.to_string().contains(text), "{error}");
    assert!(error.hint.as_deref().unwrap_or_default().contains(hint), "{:?}", error.hint);
}

#[tokio::test]
async fn a_missing_chart_names_the_repository_and_what_is_near() {
    let server = serving(INDEX).await;
    let url = format!("{}/charts", server.origin);
    let helm = Helm::new(client());
    let result = helm.releases(&lookup("grafanna", &[&url])).await;
    check_error(result, LookupErrorKind::NotFound, &url, "`grafana`");
}

#[tokio::test]
async fn the_first_repository_that_has_it_answers() {
    let server = serving(INDEX).await;
    let (dead, url) = (format!("{}/gone", server.origin), format!("{}/charts", server.origin));
    let helm = Helm::new(client());
    let list = helm.releases(&lookup("loki", &[&dead, &url])).await.unwrap();
    assert_eq!(versions(&list), ["5.0.0"]);
    assert_eq!(list.registry_url.as_deref(), Some(url.as_str()));
}

#[tokio::test]
async fn a_page_or_nonsense_instead_of_an_index_is_named_as_such() {
    let helm = Helm::new(client());
    for (body, text) in [
        ("<!doctype html><title>Sign in</title>", "HTML page"),
        ("apiVersion: v1\n", "no `entries`"),
        ("", "no `entries`"),
        ("nothing here\n", "no `entries`"),
        ("entries:\n  grafana: [1\n", "not YAML"),
        ("{\"entries\": {\"grafana\": [", "not YAML"),
    ] {
        let server = serving(body).await;
        let result = helm.releases(&lookup("grafana", &[&format!("{}/charts", server.origin)])).await;
        check_error(result, LookupErrorKind::Malformed, text, "");
    }
}

#[tokio::test]
async fn an_index_of_any_layout_is_read() {
    let helm = Helm::new(client());
    for body in [
        r#"{"entries":{"grafana":[{"version":"2.0.0"},{"version":"1.0.0"}]}}"#,
        "\u{feff}entries:\n  grafana:\n  - version: 2.0.0\n  - version: 1.0.0\n",
        "# a comment\n\nentries:\n  grafana:\n  - &x\n    version: 2.0.0\n  - {version: 1.0.0}\n",
        "  entries:\n    grafana: [{version: 2.0.0}, {version: 1.0.0}]\n",
    ] {
        let server = serving(body).await;
        let list = helm.releases(&lookup("grafana", &[&format!("{}/charts", server.origin)])).await.unwrap();
        assert_eq!(versions(&list), ["2.0.0", "1.0.0"], "{body}");
    }
}

#[tokio::test]
async fn a_download_that_breaks_off_is_tried_again_and_then_an_error() {
    for body in [INDEX.as_bytes().to_vec(), br#"{"entries":{"grafana":[{"version":"2.0.0"}]}}"#.to_vec()] {
        let half = body[..body.len() / 2].to_vec();
        let server = Server::start(move |_| Answer::ok(half.clone()).truncated()).await;
        let helm = Helm::new(client());
        let result = helm.releases(&lookup("grafana", &[&server.origin])).await;
        check_error(result, LookupErrorKind::Network, "broke off", "");
        assert_eq!(server.seen().len(), 3);
    }
}

#[tokio::test]
async fn a_credential_in_the_address_is_sent_and_never_shown() {
    let server = serving(INDEX).await;
    let helm = Helm::new(client());
    let url = server.origin.replace("http://", "http://user:hunter2@") + "/charts";
    let list = helm.releases(&lookup("loki", &[&url])).await.unwrap();
    assert_eq!(list.registry_url, Some(format!("{}/charts", server.origin)));
    assert_eq!(server.seen()[0].header("authorization"), Some("Basic dXNlcjpodW50ZXIy"));
    let error = helm.releases(&lookup("gone", &[&url])).await.unwrap_err();
    assert!(!format!("{error:?} {error}").contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn an_address_that_is_no_chart_repository_says_what_to_do() {
    let helm = Helm::new(client());
    let oci = helm.releases(&lookup("x", &["oci://ghcr.io/o/charts"])).await;
    check_error(oci, LookupErrorKind::Unsupported, "oci://ghcr.io/o/charts", "`docker`");
    let other = helm.releases(&lookup("x", &["./charts"])).await;
    check_error(other, LookupErrorKind::Unsupported, "./charts", "helm repo add");
    let with_user = helm.releases(&lookup("x", &["me:secret@lake"])).await;
    check_error(with_user, LookupErrorKind::Unsupported, "`lake`", "helm repo add");
}

#[tokio::test]
async fn the_changes_of_a_version_are_in_its_annotations() {
    let server = serving(
        "entries:\n  a:\n  - annotations:\n      artifacthub.io/changes: |\n        - one\n        - two\n    version: 1.1.0\n  - version: 1.0.0\n",
    )
    .await;
    let url = format!("{}/charts/", server.origin);
    let helm = Helm::new(client());
    let chart = lookup("a", &[&url]);
    helm.releases(&chart).await.unwrap();
    assert_eq!(helm.provenance(&chart, "1.1.0").await.unwrap().changes.as_deref(), Some("- one\n- two\n"));
    assert_eq!(helm.provenance(&chart, "1.0.0").await.unwrap(), Provenance::default());
    assert_eq!(server.lines(), ["GET /charts/index.yaml"]);
}

/// An index of three charts, as Helm writes it but for its order.
fn index() -> serde_json::Value {
    let entry = |name: &str, version: &str| {
        serde_json::json!({
            "apiVersion": "v2",
            "name": name,
            "version": version,
            "appVersion": "7",
            "created": "2026-01-02T03:04:05Z",
            "description": "a chart that is\ndescribed at length",
            "home": format!("https://{name}.example"),
            "deprecated": false,
            "sources": [format!("https://github.com/fjord/{name}"), "https://github.com/fjord/charts"],
            "urls": [format!("https://fjord.example/{name}-{version}.tgz")],
            "annotations": {"artifacthub.io/changes": format!("- {version}\n"), "other": "1"},
        })
    };
    let entries = ["keel", "mast", "oar"]
        .map(|name| (name, ["2.0.0", "1.1.0", "1.0.0"].map(|version| entry(name, version))));
    serde_json::json!({"apiVersion": "v1", "entries": BTreeMap::from(entries), "generated": "2026-01-02T03:04:05Z"})
}

/// What is known of both charts that are asked for; `None` with an error that names the chart.
type Known = BTreeMap<&'static str, Option<(Vec<(String, bool)>, Option<String>)>>;

async fn known(http: &Http, text: String) -> Known {
    let server = Server::start(move |_| Answer::ok(text.clone())).await;
    let helm = Helm::new(http.clone());
    let charts = ["keel", "mast"].map(|name| (name, lookup(name, &[&server.origin])));
    helm.prepare(&charts.each_ref().map(|(_, lookup)| lookup));
    let mut known = Known::new();
    for (name, lookup) in &charts {
        let told = match helm.releases(lookup).await {
            Ok(list) => {
                let releases =
                    list.releases.iter().map(|release| (release.version.clone(), release.is_deprecated));
                let changes = helm.provenance(lookup, "2.0.0").await.unwrap().changes;
                Some((releases.collect(), changes))
            }
            Err(error) => {
                assert!(
                    [LookupErrorKind::Malformed, LookupErrorKind::NotFound].contains(&error.kind),
                    "{error}"
                );
                assert!(error.to_string().contains(name), "{error}");
                None
            }
        };
        known.insert(name, told);
    }
    known
}

#[tokio::test]
async fn each_field_that_an_index_leaves_out_costs_only_what_it_is_about() {
    let http = client();
    let whole = known(&http, index().to_string()).await;
    let mut count = 0;
    for (what, mut value) in crate::datasource::mutants::changed(&index()) {
        // A version that is a number is one that YAML allows.
        for name in ["keel", "mast"] {
            let version = value.pointer_mut(&format!("/entries/{name}/2/version"));
            if let Some(version) = version.filter(|version| version.is_number()) {
                *version = serde_json::json!({"major": 1});
            }
        }
        let by_lines = known(&http, serde_yaml::to_string(&value).unwrap()).await;
        let by_events = known(&http, value.to_string()).await;
        count += 2;
        assert_eq!(by_lines, by_events, "{what}");
        let way: Vec<&str> = what.split([' ', '.']).collect();
        for (name, expected) in &whole {
            let found = &by_lines[name];
            if way.first() == Some(&"entries") && way.len() > 2 && way.get(1) != Some(name) {
                assert_eq!(found, expected, "{what} has nothing to do with {name}");
            }
            let (Some((found, changes)), Some((expected, _))) = (found, expected) else { continue };
            assert!(found.iter().all(|release| expected.contains(release)), "{what}: {found:?}");
            // Without its version an entry tells nothing.
            let is_of_entries = way.len() <= 4 || way.contains(&"version");
            assert!(is_of_entries || found.len() == expected.len(), "{what}: {found:?}");
            assert!(changes.as_deref().is_none_or(|changes| changes == "- 2.0.0\n"), "{what}: {changes:?}");
        }
    }
    println!("{count} changes of fields of an index were survived, by lines and by events");
}
