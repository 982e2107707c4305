//! The digest of a `Chart.lock`: what Helm compares to know whether the lock still fits the `Chart.yaml` beside it.
//!
//! It is the SHA-256 of a JSON list of two lists: the `dependencies` of `Chart.yaml` and those of `Chart.lock`, each an object with
//! the members that Helm knows, in Helm's order and without the empty ones, spelled as Go's `encoding/json` spells them.

use std::fmt::Write;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::yaml::{Kind, Node, Style};

/// How many values the imports of all dependencies may have; more than that is no chart.
const VALUES: usize = 2000;
/// How deep imports may be nested.
const DEPTH: usize = 8;

/// Returns `sha256:<hex>` for the tops of a `Chart.yaml` and its `Chart.lock`; `None` where Helm would read something in them in a
/// way that is not known here.
pub fn digest(chart: Node<'_>, lock: Node<'_>) -> Option<String> {
    let locked: Vec<Node<'_>> = lock.get("dependencies")?.items().collect();
    let mut values = VALUES;
    let mut wanted = Vec::new();
    for (index, dependency) in chart.get("dependencies")?.items().enumerate() {
        // Helm looks `@name` up among the repositories of its user before it computes the digest, and the lock holds what it found.
        let repository = dependency.get("repository").and_then(Node::as_str).unwrap_or_default();
        let known =
            if is_alias(repository) { locked.get(index).and_then(|own| own.get("repository")) } else { None };
        wanted.push(object(dependency, known, &mut values)?);
    }
    let locked: Option<Vec<Value>> =
        locked.iter().map(|dependency| object(*dependency, None, &mut values)).collect();
    let json = Value::Array(vec![Value::Array(wanted), Value::Array(locked?)]).to_string();
    let mut digest = "sha256:".to_owned();
    for byte in Sha256::digest(spelled_by_go(&json).as_bytes()) {
        write!(digest, "{byte:02x}").ok()?;
    }
    Some(digest)
}

/// Returns whether a repository is named as the user of Helm knows it: `@name` or `alias:name`.
pub fn is_alias(repository: &str) -> bool {
    repository.starts_with('@') || repository.starts_with("alias:")
}

/// Returns one dependency as Helm writes it.
fn object(dependency: Node<'_>, repository: Option<Node<'_>>, values: &mut usize) -> Option<Value> {
    let mut object = Map::new();
    let text = |node: Option<Node<'_>>| match node {
        Some(node) if node.is_plain_null() => Some(String::new()),
        Some(node) => node.as_str().map(str::to_owned),
        None => Some(String::new()),
    };
    object.insert("name".to_owned(), text(dependency.get("name"))?.into());
    let unless_empty = |object: &mut Map<String, Value>, key: &str| {
        let value = text(dependency.get(key))?;
        if !value.is_empty() {
            object.insert(key.to_owned(), value.into());
        }
        Some(())
    };
    unless_empty(&mut object, "version")?;
    object.insert("repository".to_owned(), text(repository.or(dependency.get("repository")))?.into());
    unless_empty(&mut object, "condition")?;
    let tags: Option<Vec<Value>> =
        items(dependency, "tags").map(|tag| Some(tag.as_str()?.to_owned().into())).collect();
    insert_list(&mut object, "tags", tags?);
    match dependency.get("enabled").and_then(Node::as_str) {
        Some("true") => {
            object.insert("enabled".to_owned(), Value::Bool(true));
        }
        Some("false") | None => {}
        Some(_) => return None,
    }
    for key in ["import-values", "export-values"] {
        let list: Option<Vec<Value>> =
            items(dependency, key).map(|item| value(item, DEPTH, values)).collect();
        insert_list(&mut object, key, list?);
    }
    unless_empty(&mut object, "alias")?;
    Some(Value::Object(object))
}

fn items<'a>(dependency: Node<'a>, key: &str) -> impl Iterator<Item = Node<'a>> + use<'a> {
    dependency.get(key).into_iter().flat_map(Node::items)
}

fn insert_list(object: &mut Map<String, Value>, key: &str, list: Vec<Value>) {
    if !list.is_empty() {
        object.insert(key.to_owned(), Value::Array(list));
    }
}

/// Returns a value of any kind, with the members of mappings sorted, as Go writes them.
fn value(node: Node<'_>, depth: usize, values: &mut usize) -> Option<Value> {
    *values = values.checked_sub(1)?;
    let depth = depth.checked_sub(1)?;
    match node.kind() {
        Kind::Scalar => scalar(node),
        Kind::Sequence => node.items().map(|item| value(item, depth, values)).collect(),
        Kind::Mapping => {
            let mut members = Vec::new();
            for (key, member) in node.entries() {
                members.push((
                    key.as_str().filter(|key| *key != "<<")?.to_owned(),
                    value(member, depth, values)?,
                ));
            }
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Some(members.into_iter().collect())
        }
    }
}

fn scalar(node: Node<'_>) -> Option<Value> {
    let text = node.as_str()?;
    if node.style() != Some(Style::Plain) {
        return Some(text.into());
    }
    match text {
        _ if node.is_plain_null() => Some(Value::Null),
        "true" => Some(true.into()),
        "false" => Some(false.into()),
        _ if text.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first)) => {
            text.parse::<u32>().ok().filter(|number| number.to_string() == text).map(Into::into)
        }
        // What YAML 1.1 takes for a truth value, and others do not.
        "y" | "Y" | "yes" | "Yes" | "YES" | "n" | "N" | "no" | "No" | "NO" | "on" | "On" | "ON" | "off"
        | "Off" | "OFF" | "True" | "TRUE" | "False" | "FALSE" => None,
        _ => Some(text.into()),
    }
}

/// Returns `json` with the characters escaped that Go escapes and `serde_json` does not; they stand in strings only.
fn spelled_by_go(json: &str) -> String {
    let mut spelled = String::with_capacity(json.len());
    for letter in json.chars() {
        match letter {
            '<' => spelled.push_str("\\u003c"),
            '>' => spelled.push_str("\\u003e"),
            '&' => spelled.push_str("\\u0026"),
            '\u{2028}' => spelled.push_str("\\u2028"),
            '\u{2029}' => spelled.push_str("\\u2029"),
            other => spelled.push(other),
        }
    }
    spelled
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::sync::Arc;

    use sha2::{Digest as _, Sha256};

    use super::digest;
    use crate::yaml;

    /// Compares with the digest of `json`, which is written out as Go's `encoding/json` writes it.
    #[track_caller]
    fn check(chart: &str, lock: &str, json: &str) {
        let (chart, lock) = (yaml::parse(&Arc::from(chart)), yaml::parse(&Arc::from(lock)));
        let mut expected = "sha256:".to_owned();
        for byte in Sha256::digest(json.as_bytes()) {
            write!(expected, "{byte:02x}").unwrap();
        }
        let found = digest(chart.documents()[0].root(), lock.documents()[0].root());
        assert_eq!(found, Some(expected));
    }

    #[track_caller]
    fn refuses(chart: &str) {
        let (chart, lock) = (yaml::parse(&Arc::from(chart)), yaml::parse(&Arc::from("dependencies: []")));
        assert_eq!(digest(chart.documents()[0].root(), lock.documents()[0].root()), None);
    }

    #[test]
    fn is_that_of_both_lists_in_the_order_of_helm() {
        check(
            "dependencies:\n- repository: https://charts.example.org\n  version: ^1.2.0\n  name: lighthouse\n",
            "dependencies: [{name: lighthouse, repository: 'https://charts.example.org', version: 1.4.1}]\n",
            r#"[[{"name":"lighthouse","version":"^1.2.0","repository":"https://charts.example.org"}],[{"name":"lighthouse","version":"1.4.1","repository":"https://charts.example.org"}]]"#,
        );
    }

    #[test]
    fn holds_every_member_that_is_not_empty() {
        check(
            "dependencies:\n- name: buoy\n  version: \">=1.0.0 <2.0.0\"\n  condition: buoy.enabled,global.buoy\n  tags: [sea, 7]\n  \
             enabled: true\n  import-values:\n  - data\n  - parent: b & c\n    child: a\n    deep: [1, true, null, '2']\n  export-values: []\n  \
             alias: marker\n",
            "dependencies:\n- name: buoy\n  version: 1.9.0\n  repository: \"\"\n",
            concat!(
                r#"[[{"name":"buoy","version":"\u003e=1.0.0 \u003c2.0.0","repository":"","condition":"buoy.enabled,global.buoy","#,
                r#""tags":["sea","7"],"enabled":true,"import-values":["data",{"child":"a","deep":[1,true,null,"2"],"#,
                r#""parent":"b \u0026 c"}],"alias":"marker"}],[{"name":"buoy","version":"1.9.0","repository":""}]]"#
            ),
        );
    }

    #[test]
    fn a_repository_by_name_is_the_one_that_helm_found() {
        check(
            "dependencies: [{name: tide, version: 2.0.0, repository: '@harbour'}]",
            "dependencies: [{name: tide, version: 2.0.0, repository: 'https://harbour.example.org'}]",
            r#"[[{"name":"tide","version":"2.0.0","repository":"https://harbour.example.org"}],[{"name":"tide","version":"2.0.0","repository":"https://harbour.example.org"}]]"#,
        );
    }

    #[test]
    fn is_not_guessed() {
        refuses("dependencies: [{name: a, enabled: 1}]");
        refuses("dependencies: [{name: a, import-values: [1.50]}]");
        refuses("dependencies: [{name: a, import-values: [yes]}]");
        refuses("dependencies: [{name: [a]}]");
        refuses("dependencies: [{name: a, import-values: [[[[[[[[[[a]]]]]]]]]]}]");
        refuses("name: a");
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n\
                    d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ndependencies: [{name: a, import-values: *d}]";
        refuses(bomb);
    }
}
