//! The presets that come with updraft, as data: what each means for the managers updraft has.

use super::json::{self, Node, SourceId};

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
    let member = |file: &str, member: &str| {
        let node = json::parse(file, source).ok()?;
        node.member(member).cloned()
    };
    let file = FILES.iter().find(|(name, _)| *name == namespace);
    match file {
        Some((_, file)) => member(file, short),
        None => FILES
            .iter()
            .find(|(name, _)| *name == "others")
            .and_then(|(_, file)| member(file, &format!("{namespace}:{short}"))),
    }
}

/// Returns the names of all built-in presets, as they are written in `extends`.
pub(super) fn names() -> Vec<String> {
    let mut names = Vec::new();
    for (namespace, file) in FILES {
        let Ok(node) = json::parse(file, SourceId(0)) else { continue };
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
    let matchers = find(&format!("monorepo:{monorepo}"), source)?.to_json();
    let mut rule = matchers.as_object()?.clone();
    rule.insert("groupName".to_owned(), format!("{monorepo} monorepo").into());
    rule.insert("matchUpdateTypes".to_owned(), serde_json::json!(["digest", "patch", "minor", "major"]));
    json::parse(&serde_json::json!({ "packageRules": [rule] }).to_string(), source).ok()
}

fn all_monorepos(source: SourceId) -> Option<Node> {
    let (_, file) = FILES.iter().find(|(name, _)| *name == "monorepo")?;
    let node = json::parse(file, source).ok()?;
    let names: Vec<String> =
        node.properties().iter().map(|property| format!("group:{}Monorepo", property.name)).collect();
    json::parse(&serde_json::json!({ "extends": names }).to_string(), source).ok()
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
                reader.problems.iter().filter(|problem| !problem.message.contains("{{arg")).collect();
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
