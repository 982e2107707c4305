//! The presets that come with updraft, as data: what each means for the managers updraft has.

mod idle;

use std::sync::LazyLock;

use super::json::{self, Node, NodeValue, Place, Property, SourceId};
use super::names;

/// The built-in presets: files of `name: { options }`, by the namespace before the colon.
const FILES: &[(&str, &str)] = &[
    ("default", include_str!("presets/default.json5")),
    ("config", include_str!("presets/config.json5")),
    ("docker", include_str!("presets/docker.json5")),
    ("helpers", include_str!("presets/helpers.json5")),
    ("schedule", include_str!("presets/schedule.json5")),
    ("group", include_str!("presets/group.json5")),
    ("monorepo", include_str!("presets/monorepo.json5")),
    ("replacements", include_str!("presets/replacements.json5")),
    ("workarounds", include_str!("presets/workarounds.json5")),
    ("customManagers", include_str!("presets/custom_managers.json5")),
    ("packages", include_str!("presets/packages.json5")),
    ("others", include_str!("presets/others.json5")),
];

/// A name that no package has, for rules about packages updraft does not look up. It is shown where a rule is.
const NO_PACKAGE: &str = "no package that updraft looks up";

/// From so many bytes on, names that differ in one letter are one name and a slip: `jest` and `nest` are two.
const LONG_NAME: usize = 7;
/// The longest name a project may have, in bytes.
const MAX_NAME: usize = 64;

/// The files above, read once.
static READ: LazyLock<Vec<(&str, Node)>> = LazyLock::new(|| {
    let read =
        FILES.iter().filter_map(|(namespace, text)| Some((*namespace, json::parse(text, SourceId(0)).ok()?)));
    read.collect()
});

fn file(namespace: &str) -> Option<&'static Node> {
    READ.iter().find(|(name, _)| *name == namespace).map(|(_, node)| node)
}

/// A preset that comes with updraft.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BuiltIn {
    /// What it says.
    Says(Node),
    /// It is one of Renovate's, and says nothing that matters here; a rule that extends it must match what the node does.
    Idle(Node),
}

/// Returns the built-in preset `name` (`config:recommended`, `:timezone`), if there is one.
pub(crate) fn find(name: &str, source: SourceId) -> Option<BuiltIn> {
    let (namespace, short) = split(name)?;
    if namespace == "group" && short == "monorepos" {
        return all_monorepos(source).map(BuiltIn::Says);
    }
    if namespace == "group"
        && let Some(monorepo) = short.strip_suffix("Monorepo")
    {
        return monorepo_group(monorepo, source);
    }
    let found = match file(namespace) {
        Some(file) => file.member(short),
        None => file("others").and_then(|file| file.member(name)),
    };
    if let Some(found) = found {
        let mut node = found.clone();
        node.set_source(source);
        return Some(BuiltIn::Says(node));
    }
    let is_idle = match namespace {
        "monorepo" => is_likely_monorepo(short),
        _ => idle::IDLE.iter().any(|(other, names)| *other == namespace && names.contains(&short)),
    };
    is_idle.then(|| BuiltIn::Idle(idle_node(namespace, source)))
}

/// Returns the names of all built-in presets, as they are written in `extends`.
pub(super) fn names() -> Vec<String> {
    let mut names = Vec::new();
    let mut push = |namespace: &str, name: &str| {
        names.push(match namespace {
            "default" => format!(":{name}"),
            "others" => name.to_owned(),
            namespace => format!("{namespace}:{name}"),
        });
    };
    for (namespace, node) in READ.iter() {
        for property in node.properties() {
            push(namespace, &property.name);
            if *namespace == "monorepo" {
                push("group", &format!("{}Monorepo", property.name));
            }
        }
    }
    for (namespace, idle) in idle::IDLE {
        for name in *idle {
            push(namespace, name);
        }
    }
    push("group", "monorepos");
    names
}

/// Returns whether `name`, which is none of our table, is probably one of the hundreds of projects in Renovate's: anything but a slip in
/// the long name of one of ours. New ones come every week, so that a list of them would be wrong soon.
fn is_likely_monorepo(name: &str) -> bool {
    let ours = file("monorepo").map(Node::properties).unwrap_or_default();
    let is_name =
        name.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '-' | '.' | ' ' | '_'));
    let is_slip = || {
        let mut long = ours.iter().filter(|property| property.name.len() >= LONG_NAME);
        long.any(|property| names::distance(name, &property.name) == 1)
    };
    !name.is_empty() && name.len() <= MAX_NAME && is_name && !is_slip()
}

/// Returns what a preset without effect says. Presets of packages are for the `extends` of a rule, which would hold for everything if they
/// said nothing at all.
fn idle_node(namespace: &str, source: SourceId) -> Node {
    let place = Place { source, ..Place::default() };
    let mut members = Vec::new();
    if matches!(namespace, "packages" | "monorepo") {
        let none = vec![Node::text(place, NO_PACKAGE)];
        members.push(Property::new("matchPackageNames", Node::new(place, NodeValue::Array(none))));
    }
    Node::new(place, NodeValue::Object(members))
}

fn split(name: &str) -> Option<(&str, &str)> {
    let (namespace, short) = name.split_once(':')?;
    Some((if namespace.is_empty() { "default" } else { namespace }, short))
}

/// Returns a preset that puts the packages of one project into one branch.
fn monorepo_group(monorepo: &str, source: SourceId) -> Option<BuiltIn> {
    let mut rule = match find(&format!("monorepo:{monorepo}"), source)? {
        BuiltIn::Says(rule) => rule,
        BuiltIn::Idle(_) => return Some(BuiltIn::Idle(idle_node("group", source))),
    };
    let place = rule.place;
    if let NodeValue::Object(members) = &mut rule.value {
        let types = ["digest", "patch", "minor", "major"].map(|word| Node::text(place, word));
        members.push(Property::new("matchUpdateTypes", Node::new(place, NodeValue::Array(types.into()))));
        members.push(Property::new("groupName", Node::text(place, format!("{monorepo} monorepo"))));
    }
    let rules = Node::new(place, NodeValue::Array(vec![rule]));
    Some(BuiltIn::Says(Node::new(place, NodeValue::Object(vec![Property::new("packageRules", rules)]))))
}

fn all_monorepos(source: SourceId) -> Option<Node> {
    let place = Place { source, ..Place::default() };
    let names = file("monorepo")?
        .properties()
        .iter()
        .map(|member| Node::text(place, format!("group:{}Monorepo", member.name)));
    let extends = Node::new(place, NodeValue::Array(names.collect()));
    Some(Node::new(place, NodeValue::Object(vec![Property::new("extends", extends)])))
}

#[cfg(test)]
mod tests {
    use super::super::options::Options;
    use super::super::reader::Reader;
    use super::*;

    fn node(name: &str) -> Node {
        match find(name, SourceId(0)) {
            Some(BuiltIn::Says(node) | BuiltIn::Idle(node)) => node,
            None => panic!("{name}"),
        }
    }

    #[test]
    fn every_preset_reads_without_a_problem() {
        for name in names() {
            let node = node(&name);
            let mut reader = Reader::new(&[]);
            if !name.starts_with("monorepo:") && !name.starts_with("packages:") {
                Options::read_object(&node, &mut reader, |_| false);
            }
            // Arguments are put in before a preset is read.
            let problems: Vec<_> =
                reader.problems.iter().filter(|problem| !problem.message.contains("arg")).collect();
            assert!(problems.is_empty(), "{name}: {problems:?}");
        }
    }

    #[test]
    fn every_preset_extends_only_presets_that_exist() {
        let names = names();
        for name in &names {
            let node = node(name);
            for extended in node.member("extends").map(Node::items).unwrap_or_default() {
                let extended = extended.as_str().unwrap();
                let plain = extended.split('(').next().unwrap();
                assert!(names.iter().any(|known| known == plain), "{name} extends {extended}");
            }
        }
    }

    #[test]
    fn no_name_is_there_twice() {
        let mut names = names();
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[track_caller]
    fn check(name: &str, expected: Option<&str>) {
        let found = find(name, SourceId(0)).map(|found| match found {
            BuiltIn::Says(_) => "says".to_owned(),
            BuiltIn::Idle(node) => format!("idle {}", node.to_json()),
        });
        assert_eq!(found.as_deref(), expected, "{name}");
    }

    #[test]
    fn what_renovate_has_and_we_need_not_is_known() {
        check("group:grafanaMonorepo", Some("says"));
        check("group:reactiveMonorepo", Some("idle {}"));
        check("mergeConfidence:all-badges", Some("idle {}"));
        check("packages:mapbox", Some(r#"idle {"matchPackageNames":["no package that updraft looks up"]}"#));
        check("monorepo:nest", Some(r#"idle {"matchPackageNames":["no package that updraft looks up"]}"#));
        check("default:semanticCommits", Some("says"));
    }

    #[test]
    fn a_slip_is_no_preset() {
        for name in [
            "group:grafannaMonorepo",
            "monorepo:kubernets",
            "group:Monorepo",
            "group:alll",
            ":semanticCommit",
            "docker:pinDigest",
        ] {
            check(name, None);
        }
    }
}
