//! Each field of what registries of images say is null, left out, or of another kind: a lookup ends, what it returns is as it was or less, and what
//! cannot be used is an error that names the registry.

use serde_json::{Value, json};

use super::super::mutants::changed;
use super::super::pages::testing::check_less;
use super::tests::{Shelf, lookup, oci, on, query, replayed, sha};
use super::*;
use crate::http::testing::{Answer, Server, client};

type Documents = Vec<(String, Value)>;

async fn listed(name: &str, documents: &Documents) -> Result<Arc<ReleaseList>, LookupError> {
    let replies: Vec<(&str, u16, Value)> =
        documents.iter().map(|(url, value)| (url.as_str(), 200, value.clone())).collect();
    replayed(&replies).releases(&lookup(name)).await
}

/// Lists the tags of a repository with each field of each document changed. Where a document cannot be used, the others may still tell.
async fn check_lists(name: &str, documents: &Documents) {
    let whole = listed(name, documents).await.unwrap();
    let mut count = 0;
    for (index, (url, value)) in documents.iter().enumerate() {
        for (what, value) in changed(value) {
            let mut documents = documents.clone();
            documents[index].1 = value;
            count += 1;
            let what = format!("{url}: {what}");
            match listed(name, &documents).await {
                Ok(list) => check_less(&what, &list, &whole),
                Err(error) => assert_eq!(error.kind, LookupErrorKind::Malformed, "{what}: {error}"),
            }
        }
    }
    println!("{count} changes of fields of lists were survived");
}

#[tokio::test]
async fn of_docker_hubs_lists() {
    let place = "https://hub.docker.com/v2/repositories/fjord/boat/tags";
    let (first, second) = (
        format!("{place}?page_size=1000&ordering=last_updated"),
        format!("{place}?ordering=last_updated&page=2&page_size=100"),
    );
    let tag = |name: &str| {
        json!({"name": name, "tag_status": "active", "last_updated": "2026-08-01T10:00:00Z",
            "tag_last_pushed": "2026-08-01T10:00:00Z", "digest": sha(name)})
    };
    let documents = vec![
        (first, json!({"count": 3, "next": second, "previous": null, "results": [tag("2.0"), tag("1.1")]})),
        (second, json!({"count": 3, "next": null, "previous": null, "results": [tag("1.0")]})),
        (
            "https://index.docker.io/v2/fjord/boat/tags/list?n=10000".to_owned(),
            json!({"name": "fjord/boat", "tags": ["1.0", "1.1", "2.0"]}),
        ),
    ];
    check_lists("fjord/boat", &documents).await;
    // The registry itself tells where its other interface does not.
    for (what, value) in changed(&documents[0].1) {
        let documents = vec![(documents[0].0.clone(), value), documents[1].clone(), documents[2].clone()];
        let list = listed("fjord/boat", &documents).await;
        assert!(list.is_ok(), "{what}: {list:?}");
    }
}

#[tokio::test]
async fn of_quays_lists() {
    let page = |number: usize| {
        format!(
            "https://quay.io/api/v1/repository/fjord/boat/tag/?limit=100&page={number}&onlyActiveTags=true"
        )
    };
    let tag = |name: &str| json!({"name": name, "start_ts": 1_785_000_000, "manifest_digest": sha(name), "is_manifest_list": true});
    let documents = vec![
        (page(1), json!({"tags": [tag("v2"), tag("v1.1")], "page": 1, "has_additional": true})),
        (page(2), json!({"tags": [tag("v1")], "page": 2, "has_additional": false})),
        ("https://quay.io/v2/fjord/boat/tags/list?n=10000".to_owned(), json!({"tags": ["v1", "v1.1", "v2"]})),
    ];
    check_lists("quay.io/fjord/boat", &documents).await;
}

#[tokio::test]
async fn of_a_full_page_of_quay_that_does_not_say_whether_it_is_the_last() {
    let page = |number: usize| {
        format!(
            "https://quay.io/api/v1/repository/fjord/boat/tag/?limit=100&page={number}&onlyActiveTags=true"
        )
    };
    let many: Vec<Value> = (1..=100).map(|number| json!({"name": format!("v1.{number}")})).collect();
    let documents = vec![(page(1), json!({"tags": many})), (page(2), json!({"tags": [{"name": "v1.0"}]}))];
    assert_eq!(listed("quay.io/fjord/boat", &documents).await.unwrap().releases.len(), 101);
}

#[tokio::test]
async fn of_a_registrys_list() {
    let documents = vec![(
        "https://registry.lan/v2/fjord/boat/tags/list?n=10000".to_owned(),
        json!({"name": "fjord/boat", "tags": ["1.0", "1.1", "2.0"]}),
    )];
    check_lists("registry.lan/fjord/boat", &documents).await;
    let other = vec![(documents[0].0.clone(), json!({"errors": []}))];
    let error = listed("registry.lan/fjord/boat", &other).await.unwrap_err();
    assert!(error.to_string().contains("`tags`"), "{error}");
    // So registries say that there is none.
    let none = vec![(documents[0].0.clone(), json!({"name": "fjord/boat", "tags": null}))];
    assert_eq!(listed("registry.lan/fjord/boat", &none).await.unwrap().releases, []);
}

#[tokio::test]
async fn of_an_answer_with_a_token() {
    let whole =
        json!({"token": "t", "access_token": "t", "expires_in": 300, "issued_at": "2026-01-02T03:04:05Z"});
    let (mut count, mut shut) = (0, 0);
    let http = client();
    for (what, value) in changed(&whole) {
        count += 1;
        let server = Server::start(move |seen| {
            if seen.target.starts_with("/token") {
                return Answer::json(&value);
            }
            if seen.header("authorization") == Some("Bearer t") {
                return Answer::json(&json!({"tags": ["1"]}));
            }
            let realm = format!("http://{}/token", seen.header("host").unwrap());
            Answer::status(401).header("www-authenticate", format!("Bearer realm=\"{realm}\",service=s"))
        })
        .await;
        let oci = Oci::new(http.clone(), DockerConfig::default());
        match oci.releases(&on(&server, "fjord/boat")).await {
            Ok(list) => assert_eq!(list.releases.len(), 1, "{what}"),
            Err(error) => {
                shut += 1;
                assert_eq!(error.kind, LookupErrorKind::Malformed, "{what}: {error}");
                assert_eq!(error.host, server.address, "{what}");
            }
        }
    }
    assert!((1..count / 2).contains(&shut), "one of both tokens is enough: {shut} of {count}");
    println!("{count} changes of fields of answers with tokens were survived");
}

#[tokio::test]
async fn of_an_answer_whose_first_token_is_empty() {
    let server =
        Server::start(|seen| match (seen.target.starts_with("/token"), seen.header("authorization")) {
            (_, Some("Bearer t")) => Answer::json(&json!({"tags": ["1"]})),
            (true, _) => Answer::json(&json!({"token": "", "access_token": "t"})),
            _ => {
                let realm = format!("http://{}/token", seen.header("host").unwrap());
                Answer::status(401).header("www-authenticate", format!("Bearer realm=\"{realm}\""))
            }
        })
        .await;
    assert_eq!(oci().releases(&on(&server, "fjord/boat")).await.unwrap().releases.len(), 1);
}

/// The documents behind a tag, and behind the image that is pinned, which name each other by words in braces.
const BEHIND: [(&str, &str); 5] = [
    (
        "old config",
        r#"{"architecture": "arm64", "os": "linux", "variant": "v8", "rootfs": {"type": "layers", "diff_ids": []}}"#,
    ),
    (
        "old",
        r#"{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [],
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "{old config}", "size": 1}}"#,
    ),
    (
        "config",
        r#"{"architecture": "arm64", "os": "linux", "variant": "v8", "created": "2026-01-02T03:04:05Z",
            "config": {"Labels": {"org.opencontainers.image.source": "https://github.com/fjord/boat", "org.opencontainers.image.revision": "abc"}}}"#,
    ),
    (
        "image",
        r#"{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "{config}", "size": 1},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "{config}", "size": 1}],
            "annotations": {"org.opencontainers.image.created": "2026-01-03T00:00:00Z", "org.opencontainers.image.url": "https://boat.example"}}"#,
    ),
    (
        "index",
        r#"{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [
                {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "{image}", "size": 1,
                    "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
                {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "{old}", "size": 1,
                    "platform": {"os": "linux", "architecture": "amd64"}}],
            "annotations": {"org.opencontainers.image.created": "2026-01-04T00:00:00Z", "org.opencontainers.image.vendor": "fjord"}}"#,
    ),
];

/// What is known of the tag `2`.
#[derive(Debug)]
struct Told {
    digest: Result<Option<String>, LookupError>,
    timestamp: Result<Option<Timestamp>, LookupError>,
    provenance: Result<Provenance, LookupError>,
    /// The digests of the documents, in their order.
    digests: Vec<String>,
}

/// Asks a registry that has these documents, each under the digest that it really has.
async fn ask(http: &Http, documents: &[(&str, Value)]) -> Told {
    let (mut shelf, mut digests) = (Shelf::new(), Vec::<(&str, String)>::new());
    for (name, value) in documents {
        let mut text = value.to_string();
        for (known, digest) in &digests {
            text = text.replace(&format!("{{{known}}}"), digest);
        }
        let kind = if name.ends_with("config") { "blobs" } else { "manifests" };
        let media_type = match *name {
            "index" => "application/vnd.oci.image.index.v1+json",
            _ => "application/vnd.oci.image.manifest.v1+json",
        };
        let tag = (*name == "index").then_some("2");
        digests.push((name, shelf.add_text(kind, tag, media_type, &text)));
    }
    let old = digests.iter().find(|(name, _)| *name == "old").map(|(_, digest)| digest.clone()).unwrap();
    let server = shelf.serve().await;
    let (oci, here) = (Oci::new(http.clone(), DockerConfig::default()), on(&server, "a/b"));
    Told {
        digest: oci.digest(&query(here.clone(), "2", Some(&old))).await,
        timestamp: oci.timestamp(&here, "2").await,
        provenance: oci.provenance(&here, "2").await,
        digests: digests.into_iter().map(|(_, digest)| digest).collect(),
    }
}

fn behind() -> Vec<(&'static str, Value)> {
    BEHIND.iter().map(|(name, text)| (*name, serde_json::from_str(text).unwrap())).collect()
}

#[tokio::test]
async fn of_an_index_an_image_and_its_configuration() {
    let http = client();
    let whole = ask(&http, &behind()).await;
    assert_eq!(whole.digest.as_ref().unwrap().as_ref(), Some(&whole.digests[3]));
    let provenance = whole.provenance.unwrap();
    assert_eq!(provenance.source_url.as_deref(), Some("https://github.com/fjord/boat"));
    let text = BEHIND.map(|(_, text)| text).concat();
    let mut count = 0;
    for index in 0..BEHIND.len() {
        for (what, value) in changed(&behind()[index].1) {
            let mut documents = behind();
            documents[index].1 = value;
            count += 1;
            let what = format!("{}: {what}", BEHIND[index].0);
            let told = ask(&http, &documents).await;
            // The image for the platform, or the index where nobody knows which platform it was; never one for another platform.
            let right = |digest: &String| [&told.digests[3], &told.digests[4]].contains(&digest);
            match &told.digest {
                Ok(digest) => assert!(digest.iter().all(right), "{what}: {told:?}"),
                Err(error) => assert_eq!(error.kind, LookupErrorKind::Malformed, "{what}: {error}"),
            }
            if let Ok(Some(time)) = told.timestamp {
                assert!(text.contains(&time.to_string()), "{what}: {time}");
            }
            if let Ok(found) = &told.provenance {
                for told in [&found.source_url, &found.revision, &found.homepage].into_iter().flatten() {
                    assert!(text.contains(told.as_str()), "{what}: {told}");
                }
            }
        }
    }
    println!("{count} changes of fields of what is behind a tag were survived");
}

#[tokio::test]
async fn of_a_platform_that_does_not_name_its_variant() {
    let mut shelf = Shelf::new();
    let arm = |more: Value| {
        let mut config = json!({"architecture": "arm", "os": "linux"});
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        config
    };
    let (bare, seventh) =
        (shelf.image(None, &arm(json!({}))), shelf.image(None, &arm(json!({"variant": "v7"}))));
    let new = ["v6", "v7"].map(|variant| shelf.image(None, &arm(json!({"variant": variant, "new": true}))));
    shelf.index("2", &[(&new[0], "arm", Some("v6")), (&new[1], "arm", Some("v7"))], &json!({}));
    shelf.index("3", &[(&new[0], "arm", Some("v6")), (&new[1], "arm", None)], &json!({}));
    let server = shelf.serve().await;
    for (tag, pinned, expected) in [
        ("2", &seventh, Some(&new[1])),
        // It may be either.
        ("2", &bare, None),
        ("3", &bare, Some(&new[1])),
    ] {
        let found = oci().digest(&query(on(&server, "a/b"), tag, Some(pinned))).await.unwrap();
        assert_eq!(found.as_ref(), expected, "{tag} {pinned}");
    }
}
