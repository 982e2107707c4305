//! The presets that come with updraft, as data: what each means for the managers updraft has.

use std::sync::LazyLock;

use super::json::{self, Node, NodeValue, Place, Property, SourceId};

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
    ("others", include_str!("presets/others.json5")),
];

/// The files above, read once.
static READ: LazyLock<Vec<(&str, Node)>> = LazyLock::new(|| {
    let read =
        FILES.iter().filter_map(|(namespace, text)| Some((*namespace, json::parse(text, SourceId(0)).ok()?)));
    read.collect()
});

fn file(namespace: &str) -> Option<&'static Node> {
    READ.iter().find(|(name, _)| *name == namespace).map(|(_, node)| node)
}

/// Returns the options of the built-in preset `name` (`config:recommended`, `:timezone`), if there is one.
pub(crate) fn find(name: &str, source: SourceId) -> Option<Node> {
    let (namespace, short) = split(name)?;
    if namespace == "group"
        && let Some(monorepo) = short.strip_suffix("Monorepo")
    {
        return monorepo_group(monorepo, source);
    }
    if namespace == "group" && short == "monorepos" {
        return all_monorepos(source);
    }
    let found = match file(namespace) {
        Some(file) => file.member(short),
        None => file("others").and_then(|file| file.member(name)),
    };
    let mut node = found?.clone();
    node.set_source(source);
    Some(node)
}

/// Returns the names of all built-in presets, as they are written in `extends`.
pub(super) fn names() -> Vec<String> {
    let mut names = Vec::new();
    for (namespace, node) in READ.iter() {
        for property in node.properties() {
            names.push(match *namespace {
                "default" => format!(":{}", property.name),
                "others" => property.name.clone(),
                namespace => format!("{namespace}:{}", property.name),
            });
            if *namespace == "monorepo" {
                names.push(format!("group:{}Monorepo", property.name));
            }
        }
    }
    names.push("group:monorepos".to_owned());
    names
}

fn split(name: &str) -> Option<(&str, &str)> {
    let (namespace, short) = name.split_once(':')?;
    Some((if namespace.is_empty() { "default" } else { namespace }, short))
}

/// Returns a preset that puts the packages of one project into one branch.
fn monorepo_group(monorepo: &str, source: SourceId) -> Option<Node> {
    let mut rule = find(&format!("monorepo:{monorepo}"), source)?;
    let place = rule.place;
    if let NodeValue::Object(members) = &mut rule.value {
        let types = ["digest", "patch", "minor", "major"].map(|word| Node::text(place, word));
        members.push(Property::new("matchUpdateTypes", Node::new(place, NodeValue::Array(types.into()))));
        members.push(Property::new("groupName", Node::text(place, format!("{monorepo} monorepo"))));
    }
    let rules = Node::new(place, NodeValue::Array(vec![rule]));
    Some(Node::new(place, NodeValue::Object(vec![Property::new("packageRules", rules)])))
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

    #[test]
    fn every_preset_reads_without_a_problem() {
        for name in names() {
            let node = find(&name, SourceId(0)).unwrap_or_else(|| panic!("{name}"));
            let mut reader = Reader::new(&[]);
            if !name.starts_with("monorepo:") {
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
            let node = find(name, SourceId(0)).unwrap();
            for extended in node.member("extends").map(Node::items).unwrap_or_default() {
                let extended = extended.as_str().unwrap();
                let plain = extended.split('(').next().unwrap();
                assert!(names.iter().any(|known| known == plain), "{name} extends {extended}");
            }
        }
    }
}
