//! Tables: releases, configuration and current value in, updates and dropped releases out.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::*;
use crate::config::{Config, ConfigFile, Resolution, resolve};
use crate::dep::{Dep, Part, Slot};
use crate::name::{ManagerId, RepoPath};
use crate::release::Release;
use crate::span::ByteSpan;

/// Reads a configuration; there may be nothing wrong with it.
#[track_caller]
pub(crate) fn config(text: &str) -> Config {
    let path = RepoPath::new("renovate.json5").unwrap();
    let file = ConfigFile { path, text: text.into() };
    match resolve(Some(&file), &BTreeMap::new(), None) {
        Resolution::Done(config) => {
            assert_eq!(config.problems, []);
            *config
        }
        Resolution::Needs(presets) => panic!("{presets:?}"),
    }
}

fn now() -> Timestamp {
    "2026-03-10T00:00:00Z".parse().unwrap()
}

fn dep(manager: &'static str, datasource: &str, value: &str) -> Dep {
    let file = RepoPath::new("apps/app.yaml").unwrap();
    let mut dep = Dep::new(ManagerId::new(manager), &file, ByteSpan::default(), "example/app");
    dep.datasource = Some(DatasourceId::new(datasource));
    dep.current_value = (!value.is_empty()).then(|| value.to_owned());
    dep.slots = vec![
        Slot::new(Part::Value, ByteSpan::new(0, value.len()), value),
        Slot::insertion(Part::Digest, value.len(), "@"),
    ];
    dep
}

/// Reads releases from words: `1.2.3`, `1.2.3@2026-03-09` with a date, `~1.2.3` deprecated, `-1.2.3` unstable, `#v1=abc` a digest.
fn releases(words: &str) -> ReleaseList {
    let mut list = ReleaseList::default();
    for word in words.split_whitespace() {
        if let Some(latest) = word.strip_prefix("latest=") {
            list.tags.insert("latest".to_owned(), latest.to_owned());
            continue;
        }
        let (word, digest) = word.split_once('=').map_or((word, None), |(word, digest)| (word, Some(digest)));
        let (word, date) = word.split_once('@').map_or((word, None), |(word, date)| (word, Some(date)));
        let version = word.trim_start_matches(['~', '-']);
        list.releases.push(Release {
            timestamp: date.map(|date| format!("{date}T00:00:00Z").parse().unwrap()),
            is_stable: word.starts_with('-').then_some(false),
            is_deprecated: word.starts_with('~'),
            digest: digest.map(ToOwned::to_owned),
            ..Release::of(version)
        });
    }
    list
}

fn chosen(dep: &Dep, list: &ReleaseList, config: &Config) -> Choice {
    let dep = prepare(&Arc::new(dep.clone()), config);
    choose(&ChooseInput { dep: &dep, releases: list, config, now: now() })
}

/// Spells a choice's updates: `minor 1.3.0`, `digest ?tag` where a digest is asked for, `!` behind one that waits.
fn spelled(choice: &Choice) -> String {
    let update = |update: &Update| {
        let mut text = update.update_type.to_string();
        for part in [&update.new_name, &update.new_value].into_iter().flatten() {
            text.push(' ');
            text.push_str(part);
        }
        if let Some(digest) = &update.new_digest {
            text = format!("{text} @{digest}");
        }
        if let Some(query) = &update.digest_query {
            text = format!("{text} ?{}", query.value.as_deref().unwrap_or_default());
        }
        if update.pending.is_some() {
            text.push('!');
        }
        text
    };
    choice.updates.iter().map(update).collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn check(datasource: &str, value: &str, words: &str, options: &str, expected: &str) {
    let choice = chosen(&dep("flux", datasource, value), &releases(words), &config(options));
    assert_eq!(spelled(&choice), expected, "warnings: {:?}", choice.warnings);
}

/// Checks why one release was dropped.
#[track_caller]
fn check_dropped(
    datasource: &str,
    value: &str,
    words: &str,
    options: &str,
    version: &str,
    expected: &Dropped,
) {
    let choice = chosen(&dep("flux", datasource, value), &releases(words), &config(options));
    let candidate = choice.candidates.iter().find(|candidate| candidate.version == version).unwrap();
    assert_eq!(candidate.dropped.as_ref(), Some(expected));
}

#[test]
fn takes_the_highest_of_each_bucket() {
    let words = "1.0.0 1.0.1 1.1.0 2.0.0 3.0.0";
    check("helm", "1.0.0", words, "{}", "minor 1.1.0, major 3.0.0");
    check("helm", "1.0.0", words, "{separateMajorMinor: false}", "major 3.0.0");
    check("helm", "1.0.0", words, "{separateMinorPatch: true}", "patch 1.0.1, minor 1.1.0, major 3.0.0");
    check("helm", "1.0.0", words, "{separateMultipleMajor: true}", "minor 1.1.0, major 2.0.0, major 3.0.0");
    let words = "1.0.0 1.0.1 1.1.0 1.2.0";
    check("helm", "1.0.0", words, "{separateMultipleMinor: true}", "patch 1.0.1, minor 1.1.0, minor 1.2.0");
    check("helm", "1.2.0", words, "{}", "");
}

#[test]
fn an_image_keeps_its_flavour_and_precision() {
    check(
        "docker",
        "1.2-alpine",
        "1.2-alpine 1.3-alpine 1.3 1.3.1-alpine 1.4-slim",
        "{}",
        "minor 1.3-alpine",
    );
    check("docker", "v1.0.0", "v1.0.0 1.1.0", "{}", "minor 1.1.0");
    check("docker", "v1.0.0", "v1.0.0 1.1.0 v1.1.0", "{}", "minor v1.1.0");
    check("docker", "25.7-alpine", "25.7-alpine 26.5-alpine", "{}", "major 26.5-alpine");
    check_dropped("docker", "1.2", "1.2 1.3-alpine", "{}", "1.3-alpine", &Dropped::Incompatible);
    check_dropped("docker", "1.2", "1.2 nightly", "{}", "nightly", &Dropped::NotAVersion);
}

#[test]
fn of_equal_versions_a_stable_one_is_taken() {
    for words in ["v0.10.4 helm-chart-0.10.5 v0.10.5", "v0.10.4 v0.10.5 helm-chart-0.10.5"] {
        check("github-releases", "0.10.4", words, "{}", "patch 0.10.5");
    }
}

#[test]
fn a_pin_needs_a_place() {
    let pinned = |template: &str| {
        let mut dep = dep("flux", "docker", "1.0");
        dep.slots = vec![Slot::new(Part::Template(template.to_owned()), ByteSpan::new(0, 3), "1.0")];
        spelled(&chosen(&dep, &releases("1.0"), &config("{pinDigests: true}")))
    };
    assert_eq!(pinned("{{newValue}}"), "");
    assert_eq!(pinned("{{newValue}}{{#if newDigest}}@{{newDigest}}{{/if}}"), "pinDigest ?1.0");
}

#[test]
fn prereleases_are_for_those_who_use_them() {
    check("helm", "1.0.0", "1.0.0 1.1.0-rc.1", "{}", "");
    check("helm", "1.0.0", "1.0.0 1.1.0-rc.1", "{ignoreUnstable: false}", "minor 1.1.0-rc.1");
    check("helm", "1.1.0-rc.1", "1.1.0-rc.1 1.1.0-rc.2 1.2.0-rc.1", "{}", "patch 1.1.0-rc.2");
    check("helm", "1.1.0-rc.1", "1.1.0-rc.1 1.1.0-rc.2 1.1.0", "{}", "patch 1.1.0");
    check("github-releases", "v1.0.0", "v1.0.0 v1.0.1 -v1.1.0", "{}", "patch v1.0.1");
    check_dropped("helm", "1.0.0", "1.0.0 1.1.0-rc.1", "{}", "1.1.0-rc.1", &Dropped::Unstable);
}

#[test]
fn the_owner_limits_versions() {
    let words = "1.0.0 1.1.0 1.2.0 2.0.0";
    check("helm", "1.0.0", words, "{allowedVersions: '<1.2.0'}", "minor 1.1.0");
    check("helm", "1.0.0", words, "{allowedVersions: '/^1\\\\.1\\\\./'}", "minor 1.1.0");
    check("helm", "1.0.0", words, "{allowedVersions: '!/^2/'}", "minor 1.2.0");
    check("docker", "16.1", "16.1 17.2 18.0 19.1", "{allowedVersions: '<19'}", "major 18.0");
    check("docker", "16.1", "16.1 17.2 20250101.1", "{}", "major 17.2");
    check("docker", "16.1", "16.1 17.2 20250101.1", "{maxMajorIncrement: 0}", "major 20250101.1");
    check("github-tags", "1.0.0", "1.0.0 1.1.0 2.0.0 latest=1.1.0", "{}", "minor 1.1.0");
    check(
        "github-tags",
        "1.0.0",
        "1.0.0 1.1.0 2.0.0 latest=1.1.0",
        "{respectLatest: false}",
        "minor 1.1.0, major 2.0.0",
    );
    check("github-tags", "1.0.0", "1.0.0 1.1.0 2.0.0 latest=1.1.0", "{followTag: 'latest'}", "minor 1.1.0");
    check("helm", "1.0.0", "1.0.0 ~1.1.0", "{}", "");
    let allowed = Dropped::AllowedVersions("<1.2.0".to_owned());
    check_dropped("helm", "1.0.0", words, "{allowedVersions: '<1.2.0'}", "1.2.0", &allowed);
}

#[test]
fn rules_hold_for_each_candidate() {
    let no_major =
        "{packageRules: [{description: 'no majors', matchUpdateTypes: ['major'], enabled: false}]}";
    check("helm", "1.0.0", "1.0.0 1.1.0 2.0.0", no_major, "minor 1.1.0");
    let disabled = Dropped::Disabled("no majors".to_owned());
    check_dropped("helm", "1.0.0", "1.0.0 2.0.0", no_major, "2.0.0", &disabled);
    let old_only =
        "{packageRules: [{matchCurrentVersion: '<1.0.0', matchUpdateTypes: ['minor'], enabled: false}]}";
    check("helm", "0.9.0", "0.9.0 0.10.0 0.9.1", old_only, "patch 0.9.1");
}

#[test]
fn young_releases_are_passed_over() {
    let age = "{minimumReleaseAge: '3 days'}";
    let words = "1.0.0@2026-01-01 1.1.0@2026-02-01 1.2.0@2026-03-09";
    check("helm", "1.0.0", words, age, "minor 1.1.0");
    check("helm", "1.1.0", words, age, "minor 1.2.0!");
    check(
        "helm",
        "1.1.0",
        words,
        "{minimumReleaseAge: '3 days', internalChecksFilter: 'none'}",
        "minor 1.2.0!",
    );
    check("docker", "1.0", "1.0 1.1", age, "minor 1.1!");
    let optional = "{minimumReleaseAge: '3 days', minimumReleaseAgeBehaviour: 'timestamp-optional'}";
    check("docker", "1.0", "1.0 1.1", optional, "minor 1.1");
    let young = Dropped::TooYoung("3 days".to_owned());
    check_dropped("helm", "1.0.0", words, age, "1.2.0", &young);
    let choice = chosen(&dep("flux", "helm", "1.0.0"), &releases(words), &config(age));
    assert_eq!(choice.updates[0].pending_versions, ["1.2.0"]);
}

#[test]
fn a_range_moves_only_when_it_must() {
    check("helm", "^1.0.0", "1.0.0 1.1.0", "{}", "");
    check("helm", "^1.0.0", "1.0.0 1.1.0 2.0.0", "{}", "major ^2.0.0");
    check("helm", "^1.0.0", "1.0.0 1.1.0 2.0.0", "{rangeStrategy: 'pin'}", "pin 1.1.0, major 2.0.0");
    check_dropped("helm", "1.x", "1.0.0 1.1.0", "{}", "1.1.0", &Dropped::NotNewer);
}

#[test]
fn the_version_is_taken_out_of_names() {
    let config = "{extractVersion: '^app-(?<version>.*)$'}";
    check("github-tags", "1.0.0", "app-1.0.0 app-1.1.0 lib-9.0.0", config, "minor 1.1.0");
    let why = Dropped::ExtractVersion("^app-(?<version>.*)$".to_owned());
    check_dropped("github-tags", "1.0.0", "app-1.0.0 lib-9.0.0", config, "lib-9.0.0", &why);
    let compatibility =
        "{versionCompatibility: '^(?<version>[^-]+)(?<compatibility>-.*)?$', versioning: 'semver'}";
    check("docker", "1.0.0-full", "1.0.0-full 1.1.0-full 1.2.0-slim", compatibility, "minor 1.1.0-full");
}

#[test]
fn a_release_named_with_v_is_written_as_the_file_spells_it() {
    check("github-releases", "2.5.0", "v2.5.0 v2.5.1", "{}", "patch 2.5.1");
    let choice = chosen(&dep("flux", "github-releases", "2.5.0"), &releases("v2.5.0 v2.5.1"), &config("{}"));
    assert_eq!(choice.current_version.as_deref(), Some("v2.5.0"));
    assert_eq!(choice.updates[0].new_version.as_deref(), Some("v2.5.1"));
}

#[test]
fn a_version_that_is_gone_goes_back_only_on_request() {
    check("helm", "1.5.0", "1.0.0 1.1.0", "{}", "");
    check("helm", "1.5.0", "1.0.0 1.1.0 1.2.0-rc.1", "{rollbackPrs: true}", "rollback 1.1.0");
    let choice = chosen(&dep("flux", "helm", "1.5.0"), &releases("1.0.0"), &config("{}"));
    assert_eq!(choice.warnings, ["`1.5.0`: it is not a published version"]);
    let choice = chosen(&dep("flux", "helm", "1.5.0"), &releases(""), &config("{rollbackPrs: true}"));
    assert_eq!(
        (choice.updates.len(), choice.warnings),
        (0, vec!["`1.5.0`: its registry knows of no version at all".to_owned()])
    );
}

#[test]
fn another_package_takes_its_place() {
    let moved = "{packageRules: [{matchPackageNames: ['example/app'], replacementName: 'example/new', replacementVersion: '2.0.0'}]}";
    check("helm", "1.0.0", "1.0.0", moved, "replacement example/new 2.0.0");
    let template = "{packageRules: [{matchPackageNames: ['example/**'], replacementNameTemplate: '{{{replace \"^example/\" \"registry.example/\" packageName}}}'}]}";
    check("docker", "1.0.0", "1.0.0 1.1.0", template, "minor 1.1.0, replacement registry.example/app");
}

#[test]
fn a_dependency_that_nothing_can_be_done_about_says_why() {
    let skip = |manager, datasource, value, options: &str| {
        let choice = chosen(&dep(manager, datasource, value), &releases("1.0.0"), &config(options));
        choice.skip.map(|skip| (skip.reason, skip.detail))
    };
    assert_eq!(
        skip("flux", "helm", "main", "{}"),
        Some((SkipReason::InvalidValue, "`main` is not a version for `helm`".to_owned()))
    );
    assert_eq!(
        skip(
            "flux",
            "helm",
            "1.0.0",
            "{packageRules: [{description: 'frozen', matchManagers: ['flux'], enabled: false}]}"
        ),
        Some((SkipReason::PackageRules, "frozen".to_owned()))
    );
    assert_eq!(
        skip("flux", "helm", "1.0.0", "{ignoreDeps: ['example/app']}").map(|(reason, _)| reason),
        Some(SkipReason::Ignored)
    );
    let mut odd = dep("flux", "helm", "1.0.0");
    odd.versioning = Some(VersioningId::new("nonsense"));
    let choice = chosen(&odd, &releases("1.0.0"), &config("{}"));
    assert_eq!(choice.skip.map(|skip| skip.reason), Some(SkipReason::InvalidConfig));
}

mod digests {
    use super::*;

    const OLD: &str = "sha256:aaaa";

    fn pinned(datasource: &str, value: &str, digest: &str) -> Dep {
        let mut dep = dep("kubernetes", datasource, value);
        dep.current_digest = Some(digest.to_owned());
        dep
    }

    #[track_caller]
    fn check(dep: &Dep, words: &str, options: &str, expected: &str) {
        assert_eq!(spelled(&chosen(dep, &releases(words), &config(options))), expected);
    }

    #[test]
    fn a_pinned_image_moves_its_digest_with_and_without_its_version() {
        check(&pinned("docker", "1.0.0", OLD), "1.0.0 1.1.0", "{}", "digest ?1.0.0, minor 1.1.0 ?1.1.0");
        check(&pinned("docker", "latest", OLD), "1.0.0 latest", "{}", "digest ?latest");
        check(&pinned("docker", "", OLD), "1.0.0", "{}", "digest ?");
        check(&dep("kubernetes", "docker", "1.0.0"), "1.0.0 1.1.0", "{}", "minor 1.1.0");
    }

    #[test]
    fn digests_are_pinned_on_request() {
        let image = dep("kubernetes", "docker", "1.0.0");
        check(&image, "1.0.0 1.1.0", "{pinDigests: true}", "pinDigest ?1.0.0, minor 1.1.0 ?1.1.0");
        check(&dep("helm-values", "docker", "1.0.0"), "1.0.0", "{pinDigests: true}", "");
        check(&dep("flux", "helm", "1.0.0"), "1.0.0", "{pinDigests: true}", "");
        let mut no_place = image.clone();
        no_place.slots.truncate(1);
        check(&no_place, "1.0.0 1.1.0", "{pinDigests: true}", "minor 1.1.0");
        check(
            &image,
            "1.0.0",
            "{packageRules: [{matchDatasources: ['docker'], pinDigests: true}]}",
            "pinDigest ?1.0.0",
        );
    }

    #[test]
    fn a_tags_commit_needs_no_further_question() {
        let words = "v6.0.1=1111111aaa v6.0.2=2222222bbb";
        check(&pinned("github-tags", "v6.0.1", "1111111aaa"), words, "{}", "patch v6.0.2 @2222222bbb");
        check(&pinned("github-tags", "v6.0.1", "1111111"), words, "{}", "patch v6.0.2 @2222222bbb");
        check(
            &pinned("github-tags", "v6.0.1", "0000000"),
            words,
            "{}",
            "digest @1111111aaa, patch v6.0.2 @2222222bbb",
        );
    }

    #[test]
    fn a_floating_action_keeps_its_tag_and_moves_its_commit() {
        let mut action = pinned("github-tags", "v6", "1111111aaa");
        action.versioning = Some(VersioningId::fixed("github-actions"));
        check(&action, "v6=2222222bbb v6.0.1=1111111aaa v6.0.2=2222222bbb", "{}", "digest @2222222bbb");
        action.current_digest = None;
        check(&action, "v6 v6.0.2 v7 v7.0.0", "{}", "major v7");
        check(&action, "v6 v6.0.2 v7.0.0", "{}", "major v7.0.0");
    }

    #[test]
    fn a_branch_is_followed_by_its_commit() {
        check(&pinned("git-refs", "main", "1111111aaa"), "main=2222222bbb", "{}", "digest @2222222bbb");
        check(&pinned("git-refs", "main", "1111111aaa"), "main=1111111aaa", "{}", "");
        check(&pinned("github-digest", "main", "1111111aaa"), "", "{}", "digest ?main");
    }

    fn answered(answers: &[(&str, Result<&str, &str>)]) -> Choice {
        let mut choice = chosen(&pinned("docker", "1.0.0", OLD), &releases("1.0.0 1.1.0"), &config("{}"));
        let queries: Vec<_> =
            choice.updates.iter().filter_map(|update| update.digest_query.clone()).collect();
        let mut map = DigestAnswers::new();
        for query in queries {
            let answer = answers.iter().find(|(tag, _)| query.value.as_deref() == Some(*tag));
            if let Some((_, answer)) = answer {
                map.insert(query, answer.map(ToOwned::to_owned).map_err(ToOwned::to_owned));
            }
        }
        settle(&mut choice, &map);
        choice
    }

    #[test]
    fn answers_complete_the_updates() {
        let choice = answered(&[("1.0.0", Ok("sha256:bbbb")), ("1.1.0", Ok("sha256:cccc"))]);
        assert_eq!(spelled(&choice), "digest @sha256:bbbb, minor 1.1.0 @sha256:cccc");
    }

    #[test]
    fn a_digest_that_did_not_move_is_no_update() {
        assert_eq!(
            spelled(&answered(&[("1.0.0", Ok(OLD)), ("1.1.0", Ok("sha256:cccc"))])),
            "minor 1.1.0 @sha256:cccc"
        );
    }

    #[test]
    fn an_update_without_its_digest_is_dropped_with_a_word() {
        let choice = answered(&[("1.0.0", Ok(OLD)), ("1.1.0", Err("the registry is gone"))]);
        assert_eq!(spelled(&choice), "");
        assert_eq!(choice.warnings, ["no digest was found for `1.1.0`: the registry is gone"]);
        assert_eq!(choice.candidates[0].dropped, Some(Dropped::NoDigest));
    }
}

#[test]
fn the_list_of_candidates_stays_short() {
    let words: Vec<String> = (0..5_000).map(|number| format!("1.{number}.0")).collect();
    let choice = chosen(&dep("flux", "helm", "1.1000.0"), &releases(&words.join(" ")), &config("{}"));
    assert_eq!(spelled(&choice), "minor 1.4999.0");
    assert!(choice.candidates.len() <= MAX_LISTED + MAX_OLD_LISTED, "{}", choice.candidates.len());
    assert_eq!(choice.candidates.len() + choice.unlisted, 5_000);
}
