//! A file as a query sees it, and where each of its scalars stands.

use serde_json::{Map, Value};
use updraft_core::config::custom_manager::FileFormat;
use updraft_core::problem::Problem;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;
use updraft_core::{toml, yaml};

/// How many values a document may have, those that aliases repeat counted each time.
const MAX_VALUES: usize = 200_000;
/// How many bytes they may have together, those of keys counted for each value below them.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// How deep they may nest.
const MAX_DEPTH: usize = 128;

/// A document of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Document {
    /// What a query sees.
    pub(super) value: Value,
    /// Every text and number in it, in the order of the file.
    pub(super) places: Vec<Place>,
}

/// A text or number of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Where it is in the value: a JSON pointer.
    pub(super) pointer: String,
    /// What a query sees, as text.
    pub(super) text: String,
    /// Where exactly that text stands in the file; `None` where it is written with escapes, or as a number of another spelling.
    pub(super) span: Option<ByteSpan>,
}

/// Reads a file; what is wrong with it goes to `problems`.
pub(super) fn read(file: &SourceFile, format: FileFormat, problems: &mut Vec<Problem>) -> Vec<Document> {
    let too_large = |problems: &mut Vec<Problem>| {
        let message = "the document has more values, or nests deeper, than queries can be run on";
        problems.push(Problem::warning(message).in_file(&file.path));
    };
    let mut documents = Vec::new();
    let mut keep = |build: Build, value: Option<Value>, problems: &mut Vec<Problem>| match value {
        Some(value) => documents.push(Document { value, places: build.places }),
        None => too_large(problems),
    };
    match format {
        FileFormat::Toml => match toml::parse(&file.text) {
            Ok(root) => {
                let mut build = Build::default();
                let value = build.of_toml(&root, &mut String::new(), &file.text);
                keep(build, value, problems);
            }
            Err(error) => problems.push(
                Problem::warning(format!("the file is no TOML: {}", error.message))
                    .at(&file.path, error.span),
            ),
        },
        // JSON is YAML, too.
        FileFormat::Json | FileFormat::Yaml => {
            problems.extend(file.yaml_problems());
            for document in file.yaml().documents() {
                let mut build = Build::default();
                let value = build.of_yaml(document.root(), &mut String::new(), 0);
                keep(build, value, problems);
            }
        }
    }
    documents
}

/// A document on its way.
#[derive(Default)]
struct Build {
    places: Vec<Place>,
    values: usize,
    bytes: usize,
}

impl Build {
    /// Returns the value of a node; `None` when there is too much of it.
    fn of_yaml(&mut self, node: yaml::Node<'_>, pointer: &mut String, depth: usize) -> Option<Value> {
        self.count(depth)?;
        match node.kind() {
            yaml::Kind::Mapping => {
                let mut members = Map::new();
                for (key, value) in node.entries() {
                    let name = key.as_str().unwrap_or_else(|| key.raw());
                    // Of keys that stand twice the first counts.
                    if members.contains_key(name) {
                        continue;
                    }
                    let value = within(pointer, name, |pointer| self.of_yaml(value, pointer, depth + 1))?;
                    members.insert(name.to_owned(), value);
                }
                Some(Value::Object(members))
            }
            yaml::Kind::Sequence => {
                let mut items = Vec::new();
                for (index, item) in node.items().enumerate() {
                    items.push(within(pointer, &index.to_string(), |pointer| {
                        self.of_yaml(item, pointer, depth + 1)
                    })?);
                }
                Some(Value::Array(items))
            }
            yaml::Kind::Scalar => {
                let text = node.as_str().unwrap_or_default();
                self.keep(text.len() + pointer.len())?;
                let value = node.scalar_value();
                self.place(&value, pointer, |seen| (node.raw() == seen).then(|| node.span()));
                Some(value)
            }
        }
    }

    /// As [`Build::of_yaml`]; the parser bounds how deep TOML nests.
    fn of_toml(&mut self, node: &toml::Node, pointer: &mut String, text: &str) -> Option<Value> {
        self.count(0)?;
        match &node.value {
            toml::NodeValue::Table(members) => {
                let mut object = Map::new();
                for member in members {
                    let value =
                        within(pointer, &member.name, |pointer| self.of_toml(&member.node, pointer, text))?;
                    object.insert(member.name.clone(), value);
                }
                Some(Value::Object(object))
            }
            toml::NodeValue::List(items) => {
                let mut list = Vec::new();
                for (index, item) in items.iter().enumerate() {
                    list.push(within(pointer, &index.to_string(), |pointer| {
                        self.of_toml(item, pointer, text)
                    })?);
                }
                Some(Value::Array(list))
            }
            toml::NodeValue::Text { value, spelled } => {
                self.keep(value.len() + pointer.len())?;
                let value = Value::String(value.clone());
                self.place(&value, pointer, |_| *spelled);
                Some(value)
            }
            toml::NodeValue::Other(value) => {
                self.keep(pointer.len())?;
                self.place(value, pointer, |seen| (node.span.of(text) == Some(seen)).then_some(node.span));
                Some(value.clone())
            }
        }
    }

    fn count(&mut self, depth: usize) -> Option<()> {
        self.values += 1;
        (self.values <= MAX_VALUES && depth <= MAX_DEPTH).then_some(())
    }

    /// Notes that so many more bytes are kept: of texts that aliases repeat, and of the way to each value.
    fn keep(&mut self, bytes: usize) -> Option<()> {
        self.bytes += bytes;
        (self.bytes <= MAX_BYTES).then_some(())
    }

    fn place(&mut self, value: &Value, pointer: &str, span: impl Fn(&str) -> Option<ByteSpan>) {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return,
        };
        let span = span(&text);
        self.places.push(Place { pointer: pointer.to_owned(), text, span });
    }
}

/// Calls `of` with the pointer to a member or item.
fn within<T>(pointer: &mut String, name: &str, of: impl FnOnce(&mut String) -> T) -> T {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
    let result = of(pointer);
    pointer.truncate(length);
    result
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use updraft_core::name::RepoPath;

    use super::*;

    #[track_caller]
    fn check(format: FileFormat, text: &str, expected: &[Value], places: &[(&str, Option<&str>)]) {
        let file = SourceFile::new(RepoPath::new("file").unwrap(), text);
        let mut problems = Vec::new();
        let documents = read(&file, format, &mut problems);
        assert_eq!(problems, [], "{text}");
        let values: Vec<_> = documents.iter().map(|document| document.value.clone()).collect();
        assert_eq!(values, expected, "{text}");
        let found: Vec<_> = documents.iter().flat_map(|document| &document.places).collect();
        let found: Vec<_> = found
            .iter()
            .map(|place| (place.pointer.as_str(), place.span.and_then(|span| span.of(text))))
            .collect();
        assert_eq!(found, places, "{text}");
    }

    #[test]
    fn every_format_becomes_the_same_value() {
        let places = [("/a/0/b~1c", Some("x")), ("/a/1", Some("1")), ("/d", Some("1.5"))];
        let value = json!({"a": [{"b/c": "x"}, 1], "d": 1.5, "e": true});
        check(
            FileFormat::Json,
            "{\"a\": [{\"b/c\": \"x\"}, 1],\n\t\"d\": 1.5, \"e\": true}\n",
            std::slice::from_ref(&value),
            &places,
        );
        check(
            FileFormat::Yaml,
            "a:\n  - b/c: x\n  - 1\nd: 1.5\ne: true\n",
            std::slice::from_ref(&value),
            &places,
        );
        check(FileFormat::Toml, "a = [{'b/c' = 'x'}, 1]\nd = 1.5\ne = true\n", &[value], &places);
    }

    #[test]
    fn what_is_not_spelled_as_it_means_has_no_place() {
        check(
            FileFormat::Yaml,
            "a: 1.10\nb: \"\\x41\"\n---\n- 'c'\n",
            &[json!({"a": 1.1, "b": "A"}), json!(["c"])],
            &[("/a", None), ("/b", None), ("/0", Some("c"))],
        );
        check(
            FileFormat::Toml,
            "a = \"\\u0041\"\nb = 0x10\n",
            &[json!({"a": "A", "b": 16})],
            &[("/a", None), ("/b", None)],
        );
    }

    #[track_caller]
    fn too_much(format: FileFormat, text: String) {
        let file = SourceFile::new(RepoPath::new("file").unwrap(), text);
        let mut problems = Vec::new();
        assert_eq!(read(&file, format, &mut problems), []);
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn too_much_is_said() {
        let many = |text: &str| vec![text; 10_000].join(",");
        let long = "x".repeat(20_000);
        too_much(FileFormat::Yaml, format!("a: &a {long}\nb: [{}]\n", many("*a")));
        too_much(FileFormat::Yaml, format!("? {long}\n: [{}]\n", many("1")));
        too_much(FileFormat::Toml, format!("{long} = [{}]\n", many("1")));
        let bomb: String = std::iter::once("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned())
            .chain((1..9).map(|level| {
                let before = format!("*a{}", level - 1);
                format!("a{level}: &a{level} [{}]\n", [before.as_str(); 10].join(", "))
            }))
            .collect();
        too_much(FileFormat::Yaml, bomb);
    }
}
