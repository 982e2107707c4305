use proptest::prelude::*;
use updraft_core::config::custom_manager::MatchStringsStrategy;
use updraft_core::dep::{Dep, Part, SkipReason};
use updraft_core::name::RepoPath;
use updraft_core::problem::Severity;

use super::*;
use crate::testing::check_fixtures;

fn config(patterns: &[&str]) -> CustomManager {
    CustomManager {
        description: "test".to_owned(),
        match_strings: patterns.iter().map(|pattern| MatchString::from(*pattern)).collect(),
        ..CustomManager::default()
    }
}

fn extract(config: CustomManager, text: &str) -> Extraction {
    let file = SourceFile::new(RepoPath::new("apps/web/file.yaml").unwrap(), text);
    let extraction = CustomRegex::new(config).extract(&[&file], &ManagerContext::default());
    for dep in &extraction.deps {
        for slot in &dep.slots {
            assert_eq!(slot.span.of(text), Some(slot.text.as_str()), "{dep:?}");
        }
    }
    extraction
}

#[track_caller]
fn only(config: CustomManager, text: &str) -> Dep {
    let mut extraction = extract(config, text);
    assert_eq!((extraction.deps.len(), &extraction.problems[..]), (1, &[][..]));
    extraction.deps.remove(0)
}

fn slots(dep: &Dep) -> Vec<(&Part, &str)> {
    dep.slots.iter().map(|slot| (&slot.part, slot.text.as_str())).collect()
}

#[test]
fn the_patterns_people_use_are_extracted_as_their_snapshots_show() {
    let annotated = "datasource=(?<datasource>\\S+) depName=(?<depName>\\S+)( repository=(?<registryUrl>\\S+))?\\n.+(:\\s|=)(&\\S+\\s)?(?<currentValue>\\S+)";
    let beside = "\\S+: \"?(?<currentValue>[^\"\\s]+)\"? # ?renovate: depName=(?<depName>\\S+)( datasource=(?<datasource>\\S+))?( versioning=(?<versioning>\\S+))?( extractVersion=(?<extractVersion>\\S+))?";
    let download = "https:\\/\\/github.com\\/(?<depName>\\S+?\\/\\S+?)\\/releases\\/download\\/(?<currentValue>(v|\\d)\\S+?)\\/\\S+";
    let manager = CustomRegex::new(CustomManager {
        manager_file_patterns: vec![r"/\.(ya?ml|env)(\.j2)?$/".to_owned()],
        datasource_template: Some(
            "{{#if datasource}}{{{datasource}}}{{else}}github-releases{{/if}}".to_owned(),
        ),
        ..config(&[annotated, beside, download])
    });
    assert_eq!(manager.problems(), []);
    check_fixtures("custom_regex", &manager);
}

#[test]
fn a_template_wins_over_the_group_of_its_name() {
    let dep = only(
        CustomManager {
            dep_name_template: Some("owner/{{{depName}}}".to_owned()),
            package_name_template: Some("{{packageFileDir}}".to_owned()),
            datasource_template: Some("docker".to_owned()),
            versioning_template: Some("{{#if versioning}}{{{versioning}}}{{else}}semver{{/if}}".to_owned()),
            extract_version_template: Some("^v(?<version>.+)$".to_owned()),
            dep_type_template: Some("{{missing}}".to_owned()),
            ..config(&["(?<depName>\\w+):(?<versioning>x)?(?<currentValue>\\S+)"])
        },
        "app:1.0",
    );
    assert_eq!((dep.dep_name.as_str(), dep.package_name.as_str()), ("owner/app", "apps/web"));
    assert_eq!(dep.versioning.as_ref().map(|id| id.as_str().to_owned()), Some("semver".to_owned()));
    assert_eq!(dep.extract_version.as_deref(), Some("^v(?<version>.+)$"));
    assert_eq!((dep.dep_type.as_deref(), dep.pin_digests), (None, Some(false)));
    assert_eq!(slots(&dep), [(&Part::Value, "1.0")]);
}

#[test]
fn the_name_may_be_the_package_alone() {
    let dep = only(
        CustomManager {
            datasource_template: Some("docker".to_owned()),
            ..config(&["(?<packageName>\\w+)@(?<currentDigest>sha256:[0-9a-f]{64})"])
        },
        &format!("app@sha256:{}", "ab".repeat(32)),
    );
    assert_eq!((dep.dep_name.as_str(), dep.package_name.as_str()), ("app", "app"));
    assert!(matches!(slots(&dep)[..], [(Part::Digest, _)]));
}

#[test]
fn a_digest_without_its_algorithm_gets_it() {
    let hex = "ab".repeat(32);
    let with_datasource = |datasource: &str| CustomManager {
        datasource_template: Some(datasource.to_owned()),
        ..config(&["(?<depName>\\w+):(?<currentValue>\\w+) (?<currentDigest>[0-9a-f]{64})"])
    };
    let image = only(with_datasource("docker"), &format!("app:1 {hex}"));
    assert_eq!(image.current_digest, Some(format!("sha256:{hex}")));
    assert_eq!(slots(&image), [(&Part::Value, "1"), (&Part::DigestHex, hex.as_str())]);
    let commit = only(with_datasource("git-refs"), &format!("app:1 {hex}"));
    assert_eq!(commit.current_digest, Some(hex.clone()));
    assert_eq!(slots(&commit), [(&Part::Value, "1"), (&Part::Digest, hex.as_str())]);
}

#[test]
fn the_replacement_template_has_the_whole_match_and_every_group() {
    let template = "dashboards/{{{depName}}}/{{{gap}}}/{{{newValue}}}";
    let dep = only(
        CustomManager {
            datasource_template: Some("custom.grafana".to_owned()),
            auto_replace_string_template: Some(template.to_owned()),
            ..config(&["dashboards/(?<depName>\\d+)/(?<gap>\\w+)/(?<currentValue>\\d+)"])
        },
        "url: https://example.org/dashboards/1860/revisions/45/download",
    );
    assert_eq!(slots(&dep), [(&Part::Template(template.to_owned()), "dashboards/1860/revisions/45")]);
    assert_eq!(dep.captures.get("gap").map(String::as_str), Some("revisions"));
    assert_eq!(dep.span.len(), 2);
}

#[test]
fn indentation_is_white_space_or_nothing() {
    let patterns = ["(?<indentation>\\s*\\w*)(?<depName>b) (?<currentValue>\\d)"];
    let config = CustomManager { datasource_template: Some("docker".to_owned()), ..config(&patterns) };
    assert_eq!(only(config.clone(), "  b 1").captures["indentation"], "  ");
    assert_eq!(only(config, "ab 1").captures["indentation"], "");
}

#[test]
fn the_same_version_elsewhere_in_the_match_moves_along() {
    let value_slots = |text: &str| {
        let patterns = ["(?<depName>[a-z]+) (?<currentValue>\\S+?)/\\S+"];
        let config = CustomManager { datasource_template: Some("docker".to_owned()), ..config(&patterns) };
        only(config, text).slots.len()
    };
    assert_eq!(value_slots("tool v1.2.3/tool-v1.2.3.tar.gz"), 2);
    assert_eq!(value_slots("tool v1.2.3/v1.2.3/v1.2.34/v1.2.3.4/xv1.2.3"), 2);
    assert_eq!(value_slots("tool 1/1/1"), 1);
}

#[test]
fn a_value_made_by_a_template_needs_a_replacement_template() {
    let patterns = ["(?<depName>\\w+) (?<major>\\d)-(?<minor>\\d)"];
    let made = CustomManager {
        datasource_template: Some("docker".to_owned()),
        current_value_template: Some("{{major}}.{{minor}}".to_owned()),
        ..config(&patterns)
    };
    let dep = only(made.clone(), "app 1-2");
    assert_eq!(dep.skip.map(|skip| skip.reason), Some(SkipReason::InvalidConfig));
    let replaced =
        CustomManager { auto_replace_string_template: Some("{{depName}} {{newMajor}}".to_owned()), ..made };
    let dep = only(replaced, "app 1-2");
    assert_eq!((dep.skip, dep.current_value.as_deref()), (None, Some("1.2")));
}

#[test]
fn a_registry_is_an_address() {
    let patterns = ["(?<depName>\\w+) (?<currentValue>\\d)( at (?<registryUrl>\\S+))?"];
    let config = CustomManager { datasource_template: Some("helm".to_owned()), ..config(&patterns) };
    let dep = only(config.clone(), "app 1 at https://charts.example.org");
    assert_eq!(dep.registry_urls, ["https://charts.example.org"]);
    let extraction = extract(config, "app 1 at charts\napp 2 at charts\n");
    assert_eq!(extraction.deps.len(), 2);
    assert!(extraction.deps.iter().all(|dep| dep.registry_urls.is_empty()));
    assert_eq!(extraction.problems.len(), 1, "{:?}", extraction.problems);
}

#[test]
fn a_match_that_is_no_dependency_is_told_once_a_file() {
    let extraction = extract(config(&["(?<depName>\\w+)=(?<currentValue>\\d)", "never"]), "a=1 b=2 c=3");
    assert_eq!(extraction.deps, []);
    let [problem] = &extraction.problems[..] else { panic!("{:?}", extraction.problems) };
    assert_eq!(problem.message, "the custom manager `test` matches here, but finds no `datasource`");
    assert_eq!(problem.span, Some(ByteSpan::new(0, 3)));
}

#[test]
fn a_bad_pattern_is_told_and_the_others_work() {
    let file = RepoPath::new("renovate.json").unwrap();
    let mut config = CustomManager {
        datasource_template: Some("docker".to_owned()),
        file: Some(file.clone()),
        span: ByteSpan::new(10, 90),
        ..config(&["(?<=v)(?<currentValue>\\d)", "(?<depName>\\w+)=(?<currentValue>\\d)"])
    };
    config.match_strings[0].span = Some(ByteSpan::new(20, 30));
    let extraction = extract(config, "a=1");
    assert_eq!(extraction.deps.len(), 1);
    assert_eq!(extraction.deps[0].origins[0].span, ByteSpan::new(10, 90));
    let [problem] = &extraction.problems[..] else { panic!("{:?}", extraction.problems) };
    assert_eq!((problem.severity, problem.span), (Severity::Error, Some(ByteSpan::new(20, 30))));
    assert!(problem.message.contains("look-behind") && problem.hint.is_some(), "{problem:?}");
}

#[test]
fn a_bad_template_is_told_once() {
    let config = CustomManager {
        preset: Some("github>owner/presets".to_owned()),
        datasource_template: Some("{{#if".to_owned()),
        ..config(&["(?<depName>\\w+)=(?<currentValue>\\d)"])
    };
    let extraction = extract(config, "a=1 b=2");
    assert_eq!((extraction.deps.len(), extraction.problems.len()), (0, 1));
    assert!(extraction.problems[0].message.contains("datasourceTemplate"));
    assert!(extraction.problems[0].message.contains("github>owner/presets"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_pattern_and_no_text_panics(
        patterns in proptest::collection::vec(r"[ -~é]{0,24}", 1..4),
        groups in r"(\(\?<(depName|currentValue|currentDigest)>[.\\wd+*]{1,4}\)|[ :=.]){0,5}",
        text in "[ -~\nä]{0,80}",
        strategy in 0..3_usize,
    ) {
        let strategies =
            [MatchStringsStrategy::Any, MatchStringsStrategy::Combination, MatchStringsStrategy::Recursive];
        let mut all: Vec<_> = patterns.iter().map(String::as_str).collect();
        all.push(&groups);
        extract(CustomManager {
            match_strings_strategy: strategies[strategy],
            datasource_template: Some("docker".to_owned()),
            ..config(&all)
        }, &text);
    }
}
