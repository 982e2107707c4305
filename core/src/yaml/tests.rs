use std::fmt::Write;

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> YamlFile {
    parse(&Arc::from(text))
}

/// Returns the root of the only document of `text`.
fn only(file: &YamlFile) -> Node<'_> {
    assert_eq!(file.errors(), []);
    assert_eq!(file.documents().len(), 1);
    file.documents()[0].root()
}

#[track_caller]
fn same(node: Node, value: &serde_yaml::Value) {
    use serde_yaml::Value;
    match value {
        Value::Null => assert!(node.is_plain_null(), "{node:?}"),
        Value::Bool(value) => assert_eq!(node.as_str(), Some(value.to_string().as_str())),
        Value::Number(value) => assert_eq!(node.as_str(), Some(value.to_string().as_str())),
        Value::String(value) => assert_eq!(node.as_str(), Some(value.as_str())),
        Value::Sequence(values) => {
            assert_eq!(node.kind(), Kind::Sequence);
            assert_eq!(node.items().count(), values.len());
            node.items().zip(values).for_each(|(node, value)| same(node, value));
        }
        Value::Mapping(values) => {
            assert_eq!(node.kind(), Kind::Mapping);
            assert_eq!(node.entries().count(), values.len());
            for ((key, node), (name, value)) in node.entries().zip(values) {
                same(key, name);
                same(node, value);
            }
        }
        Value::Tagged(tagged) => same(node, &tagged.value),
    }
}

/// Checks the values against `serde_yaml`'s, and that the text under each span spells the value.
#[track_caller]
fn check(text: &str) {
    use serde::Deserialize;
    let file = read(text);
    assert_eq!(file.errors(), []);
    let values: Vec<serde_yaml::Value> = serde_yaml::Deserializer::from_str(text)
        .map(|document| serde_yaml::Value::deserialize(document).unwrap())
        .collect();
    assert_eq!(file.documents().len(), values.len());
    for (document, value) in file.documents().iter().zip(&values) {
        same(document.root(), value);
        for step in document.root().walk() {
            let raw = step.node.span().of(text).unwrap();
            match step.node.style() {
                Some(Style::Plain) if !raw.contains('\n') => assert_eq!(step.node.as_str(), Some(raw)),
                Some(Style::SingleQuoted | Style::DoubleQuoted) => {
                    let span = step.node.span();
                    assert!(
                        text[..span.start].ends_with(['"', '\''])
                            && text[span.end..].starts_with(['"', '\''])
                    );
                }
                _ => {}
            }
        }
    }
}

const HELM_RELEASE: &str = "# yaml-language-server: $schema=x\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata:\n  name: &app grafana\n  labels: {app.kubernetes.io/name: *app, \"quoted\": 'it''s'}\nspec:\n  chart:\n    spec:\n      chart: *app\n      version: \"12.1.0\" # pinned\n      sourceRef: &source\n        kind: HelmRepository\n        name: grafana\n  dependsOn:\n  - name: one\n  - name: two\n    namespace: b\n  values:\n    empty:\n    nothing: ~\n    config: |-\n      [server]\n      a = 1\n\n    folded: >\n      one\n      two\n\n      three\n    args: [--a, '--b', \"--c\\t\", {d: e}]\n    port: 80\n    on: true\n";

#[test]
fn values_are_those_of_serde_yaml() {
    check(HELM_RELEASE);
    check(&HELM_RELEASE.replace('\n', "\r\n"));
    check("a: 1\n---\nb: 2\n---\n# only a comment\nc: [1, 2]\n");
    check("--- a\n--- |\n  text\n--- # comment\n- 1\n...\n");
    check("a: b\n...\n---\nc: d\n");
    check("%YAML 1.2\n---\na: b\n");
    check("a: multi\n  line\n  plain\nb: \"multi\n  line\n\n  quoted\"\nc: 'multi\n  line'\n");
    check("? complex\n: value\n? [a, b]\n: c\n? d\n");
    check("key: !!str 12\nother: &x\nlast: !custom {a: b}\n");
    check("deep:\n- - - a\n    - b\n  -\n    - c\n- d: e\n  f:\n  - g\n");
    check("keep: |+\n  a\n\n\nindent: |2\n   b\nstrip: >-\n  c\n  d\n");
    check("tail: |\n  no end");
    check("ä: ö # ü\n\"é\": [ß]\n");
    check("a: 'x'\n\n\nb:\n\n  c: d\n\n");
    check("- \"\"\n- ''\n-\n- a: \n");
    check("[a, {b: c, d}, e: f]\n");
    check("plain: a#b:c -d\nurl: https://x.y/z?a=b#c\n");
}

#[test]
fn spans_cover_content_without_quotes_anchors_and_tags() {
    let file = read(HELM_RELEASE);
    let root = only(&file);
    let chart = root.at(&["spec", "chart", "spec"]).unwrap();
    assert_eq!(chart.get("version").unwrap().raw(), "12.1.0");
    assert_eq!(root.at(&["metadata", "name"]).unwrap().raw(), "grafana");
    let name = chart.get("chart").unwrap();
    assert_eq!((name.raw(), name.alias()), ("grafana", true));
    assert_eq!(name.alias_span().unwrap().of(HELM_RELEASE), Some("*app"));
    assert_eq!(name.used_at(), name.alias_span().unwrap());
    assert_eq!(chart.get("sourceRef").unwrap().raw(), "kind: HelmRepository\n        name: grafana");
    assert_eq!(chart.key_of("version").unwrap().raw(), "version");
    let values = root.at(&["spec", "values"]).unwrap();
    assert_eq!(values.get("config").unwrap().raw(), "[server]\n      a = 1");
    assert_eq!(values.get("config").unwrap().as_str(), Some("[server]\na = 1"));
    assert_eq!(values.get("args").unwrap().raw(), "[--a, '--b', \"--c\\t\", {d: e}]");
    assert_eq!(
        root.at(&["spec", "dependsOn"]).unwrap().raw(),
        "- name: one\n  - name: two\n    namespace: b"
    );
    assert_eq!(values.raw().lines().last(), Some("    on: true"));
    let empty = values.get("empty").unwrap();
    assert!(empty.is_plain_null() && empty.span().is_empty());
    assert!(HELM_RELEASE[..empty.span().start].ends_with("empty:"));
}

#[test]
fn a_byte_order_mark_is_no_content() {
    let file = read("\u{feff}a: b\n");
    assert_eq!(only(&file).key_of("a").unwrap().span(), ByteSpan::new(3, 4));
}

#[test]
fn the_last_of_repeated_keys_counts() {
    let file = read("a: 1\na: 2\n");
    assert_eq!(only(&file).get("a").unwrap().as_str(), Some("2"));
    assert_eq!(only(&file).entries().count(), 2);
}

#[test]
fn merge_keys_are_looked_through() {
    let text =
        "x: &x {tag: 1, name: a}\ny: &y {tag: 2, more: b}\nz:\n  <<: [*x, *y]\n  name: own\nw:\n  <<: *x\n";
    let file = read(text);
    let z = only(&file).get("z").unwrap();
    assert_eq!(z.get("name").unwrap().as_str(), Some("own"));
    assert_eq!(z.get("tag").unwrap().as_str(), Some("1"));
    assert_eq!(z.get("more").unwrap().as_str(), Some("b"));
    assert_eq!(z.get("none").map(Node::raw), None);
    assert_eq!(z.entries().count(), 2);
    assert_eq!(only(&file).at(&["w", "tag"]).unwrap().raw(), "1");
}

#[test]
fn a_broken_document_leaves_the_others() {
    let text = "a: 1\n---\nb: c: d\n---\ne: 2\n---\nf: [1, 2\n---\ng: *nowhere\n---\nh: 3\n";
    let file = read(text);
    let values: Vec<_> = file.documents().iter().map(|document| document.root().raw()).collect();
    assert_eq!(values, ["a: 1", "e: 2", "h: 3"]);
    assert_eq!(file.errors().len(), 3);
    assert_eq!(file.errors()[0].span.start, text.find(": d").unwrap());
    assert_eq!(file.errors()[2].span.of(text), Some("*nowhere"));
    assert!(file.errors().iter().all(|error| !error.message.is_empty() && !error.template));
    assert_eq!(file.documents()[1].span().of(text), Some("---\ne: 2\n"));
}

#[test]
fn a_file_of_broken_documents_is_summed_up() {
    let file = read(&"a: b: c\n---\n".repeat(100));
    assert_eq!(file.errors().len(), 20);
    assert!(file.errors()[19].message.ends_with("80 more documents of this file are broken"));
}

#[test]
fn a_template_is_read_with_its_tags_masked() {
    let text = "{{- if .Values.on }}\nimage: {{ .Values.registry }}/app:1.0\n{{- else }}\nimage: b:2 # {{ x }}\n{{- end }}\nargs:\n  {{- range .Values.args }}\n  - {{ . | quote }}\n  {{- end }}\n";
    let file = read(text);
    let root = only(&file);
    assert!(file.documents()[0].is_template());
    let images: Vec<_> =
        root.entries().filter(|(key, _)| key.raw() == "image").map(|(_, value)| value.raw()).collect();
    assert_eq!(images, ["{{ .Values.registry }}/app:1.0", "b:2"]);
    assert_eq!(root.entries().next().unwrap().1.as_str(), Some("{{ .Values.registry }}/app:1.0"));
    assert_eq!(root.get("args").unwrap().items().next().unwrap().as_str(), Some("{{ . | quote }}"));
}

#[test]
fn a_lone_tag_in_a_block_scalar_does_not_end_it() {
    let file = read("a: {{ a }}b\nc: |\n  one\n{% if x %}\n  two\n{% endif %}\nd: e\n");
    assert_eq!(only(&file).get("d").unwrap().raw(), "e");
}

#[test]
fn delimiters_that_look_like_comments_are_tags() {
    let file = read("a: [#{ one }#, 2]\n#% if b %#\nb: c#{ d }#\n#% endif %#\n");
    assert_eq!(only(&file).get("a").unwrap().items().next().unwrap().raw(), "#{ one }#");
}

#[test]
fn a_broken_template_is_an_error_that_says_so() {
    let file = read("a: [{{ b }}c\nd: }\n");
    assert_eq!(file.documents().len(), 0);
    assert!(file.errors()[0].template);
}

#[test]
fn deep_nesting_is_an_error_and_no_stack_overflow() {
    for text in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000), "? ".repeat(100_000)] {
        assert_eq!(read(&text).errors().len(), 1);
    }
}

#[test]
fn aliases_that_multiply_cost_nothing() {
    let mut text = "a0: &a0 [x, x]\n".to_owned();
    for level in 1..40 {
        let before = level - 1;
        writeln!(text, "a{level}: &a{level} [*a{before}, *a{before}, *a{before}]").unwrap();
    }
    let file = read(&text);
    assert!(only(&file).walk().count() < 300);
}

#[test]
fn merge_keys_that_multiply_are_given_up() {
    let mut text = "a0: &a0 {x: y}\n".to_owned();
    for level in 1..14 {
        let before = format!("*a{}", level - 1);
        let all = [before.as_str(); 9].join(", ");
        writeln!(text, "a{level}: &a{level}\n  <<: [{all}]").unwrap();
    }
    let file = read(&text);
    assert!(only(&file).at(&["a13", "missing"]).is_none());
}

/// Returns how many looks a hostile file can provoke: one for each of its aliases.
fn looks(text: &str) -> usize {
    let file = read(text);
    let items = only(&file).get("all").unwrap();
    items.items().filter(|item| item.get("missing").is_none()).count()
}

#[test]
fn a_large_mapping_is_searched_however_often_it_is_looked_into() {
    let keys = (0..40_000).map(|n| format!("  k{n}: v\n")).collect::<Vec<_>>().concat();
    let aliases = "*large, ".repeat(40_000);
    assert_eq!(looks(&format!("large: &large\n{keys}all: [{aliases}]\n")), 40_000);
    // Each of them merges it.
    let merging = "- {<<: *large, name: x}\n".repeat(40_000);
    assert_eq!(looks(&format!("large: &large\n{keys}all:\n{merging}")), 40_000);
    // Each of them merges something that merges hundreds.
    let small = (0..1000).map(|n| format!("s{n}: &s{n} {{a: b, c: d}}\n")).collect::<Vec<_>>().concat();
    let sources = (0..1000).map(|n| format!("*s{n}, ")).collect::<Vec<_>>().concat();
    let text = format!("{small}many: &many\n  <<: [{sources}]\nall:\n{}", merging.replace("*large", "*many"));
    assert_eq!(looks(&text), 40_000);
}

#[test]
fn a_large_mapping_says_what_a_small_one_does() {
    let keys = (0..100).map(|n| format!("k{n}: v{n}\n")).collect::<Vec<_>>().concat();
    let file = read(&format!(
        "one: &one {{a: 1, b: 2}}\ntwo: &two {{b: 3, c: 4}}\n{keys}k7: last\n<<: [*one, *two]\n? [x]\n: y\n"
    ));
    let root = only(&file);
    let said = |key: &str| root.get(key).map(Node::raw);
    assert_eq!(
        ["k0", "k99", "k7", "a", "b", "c", "k100", ""].map(said),
        [Some("v0"), Some("v99"), Some("last"), Some("1"), Some("2"), Some("4"), None, None]
    );
    assert_eq!(root.key_of("k7").unwrap().span().start, file.documents()[0].text.find("k7: last").unwrap());
    let merged = read(&format!("large: &large\n  x: y\n{}small:\n  <<: *large\n", keys.replace('k', "  k")));
    assert_eq!(only(&merged).at(&["small", "x"]).unwrap().raw(), "y");
    assert_eq!(only(&merged).at(&["small", "k50"]).unwrap().raw(), "v50");
}

#[test]
fn an_alias_to_its_own_parent_is_walked_once() {
    let file = read("a: &a\n  b: *a\n  c: d\n");
    let root = only(&file);
    assert_eq!(root.walk().count(), 4);
    assert_eq!(root.at(&["a", "b", "b", "b", "c"]).unwrap().raw(), "d");
}

#[test]
fn a_walk_enters_an_anchor_outside_its_part_once() {
    let file = read("x: &x {image: a}\nvalues:\n  one: *x\n  two: *x\n  image: b\n");
    let root = only(&file);
    let images = |node: Node| {
        node.walk()
            .filter(|step| step.key.is_some_and(|key| key.raw() == "image"))
            .map(|step| step.node.raw().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(images(root.get("values").unwrap()), ["a", "b"]);
    assert_eq!(images(root), ["a", "b"]);
}

#[test]
fn a_walk_tells_depth_and_can_leave_content_out() {
    let file = read("a:\n  b:\n    c: d\n  e: f\n");
    let root = only(&file);
    let mut walk = root.walk();
    let mut seen = Vec::new();
    while let Some(step) = walk.next() {
        let key = step.key.map_or("", Node::raw);
        seen.push((key, step.depth));
        if key == "b" {
            walk.skip_content();
        }
    }
    assert_eq!(seen, [("", 0), ("a", 1), ("b", 2), ("e", 2)]);
}

/// Checks that the quick reader sees what the parser sees, and returns how many documents it read.
#[track_caller]
fn check_quick(text: &str) -> usize {
    let text: Arc<str> = Arc::from(text);
    let count = std::cell::Cell::new(0);
    let quick = build::parse_after(&text, |text, piece| {
        let content = quick::read(text, piece);
        count.set(count.get() + usize::from(content.is_some()));
        content
    });
    let thorough = build::parse_after(&text, |_, _| None);
    assert_eq!(all(&quick), all(&thorough), "{text}");
    assert_eq!(quick.errors, thorough.errors);
    count.get()
}

/// Returns everything that a file's documents can tell.
fn all(file: &YamlFile) -> Vec<String> {
    let mut all = Vec::new();
    for document in &file.documents {
        all.push(format!("{:?} {} {}", document.span, document.template, document.nodes.len()));
        for (index, entry) in (0..).zip(&document.nodes) {
            let node = Node { document, index, via: None };
            let what = match entry.what {
                What::Scalar { style, .. } => format!("{style:?} {:?}", node.as_str()),
                other => format!("{other:?}"),
            };
            all.push(format!("{}..{} {} {what}", entry.start, entry.end, entry.next));
        }
    }
    all
}

#[test]
fn the_quick_reader_sees_what_the_parser_sees() {
    for text in [
        HELM_RELEASE,
        "---\na: b\n---\n# c\nd:\n  e: f\n",
        "a: 'x'\n\n\nb:\n\n  c: d\n\n",
        "--- # comment\n  - 1\n  -   a: b\n      c:\n      - d\n      e: f # g\n  - - x\n    - y\n  -\n    z: 0\n",
        "a: |\n  one\n   two\n\n  three  \nb: >-\n  one\n  two\n\n\n  three\nc: |+\n  keep\n\nd: |-\n  x",
        "a: &a\n  b: &b c\n  d: *b\ne: *a\n<<: *a\nf: &f\n  - *b\n",
        "a: [x, 'y', \"z\", {k: v, \"q\": *no}]\n",
        "a: &x [b, {c: d, e: 'f'}, []]\ng: {}\nh: {i: *x}\nj: {k: http://l:1/m?n=o#p, }\n",
        "a: \"tab\\tquote\\\" slash\\\\ line\\n\"\nb: 'it''s'\n\"c d\": e\n'f': g\n",
        "url: https://x.y/z?a=b#c\nflag: --a\nminus: -1\ndate: 2024-01-01T10:00:00Z\n",
        "args:\n  - --one=two\n  - -v\n  - a:b\n  - 'c: d'\n  - \"e\"\n",
        "a:   \nb:  # c\nd:\n",
        "tail: |\n  no end",
        "ä: ö # ü\né: [ß, 'ñ']\n",
    ] {
        check_quick(text);
    }
    assert_eq!(check_quick("a: b\n---\nc: |\n  d\n---\ne: \"\\x41\"\n---\nf: [1,\n  2]\n"), 2);
    assert_eq!(check_quick("... ': b\n"), 0);
    assert_eq!(check_quick("a: b\n... c: d\n"), 0);
    assert_eq!(check_quick("a: ...b\n"), 1);
}

#[test]
fn the_quick_reader_leaves_what_is_wrong_to_the_parser() {
    for text in [
        "a: b: c\n",
        "a: b\n  c: d\n",
        "a: b\n c\n",
        "a:\n    b: c\n  d: e\n",
        "- a\nb: c\n",
        "a: b\n- c\n",
        "a: [b\n",
        "a: 'b\n",
        "a: \"b\" c\n",
        "a: *b\n",
        "a\n",
        "a: |\nb: c\n",
        "a: - b\n",
        "a: {b}\n",
        "a:b\n",
        "a: @b\n",
        "a: \tb\n",
        "a: {{ b }}\n",
        "{{ a }}: b\n",
        "? a\n: b\n",
        "a: !b c\n",
        "%YAML 1.2\n---\na: b\n",
        "a: b\n...\n",
        "a: [b: c]\n",
    ] {
        assert_eq!(check_quick(text), 0, "{text}");
    }
}

fn visit(text: &str) {
    let file = read(text);
    for error in file.errors() {
        assert!(error.span.of(text).is_some());
    }
    for document in file.documents() {
        assert!(document.span().of(text).is_some());
        for step in document.root().walk() {
            assert!(step.node.span().of(text).is_some(), "{step:?}");
            assert!(step.node.used_at().of(text).is_some());
            let _ = (step.node.as_str(), step.node.get("a"), step.node.is_plain_null());
        }
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        visit(&text);
    }

    #[test]
    fn no_yaml_like_text_panics(parts in proptest::collection::vec(proptest::sample::select(vec![
        "a", "é", ": ", "- ", "\n", "\r\n", "  ", "    ", "'", "\"", "|\n", ">-\n", "&a ", "*a", "<<: ", "!t ", "[", "]", "{", "}",
        ", ", "# c", "---", "...", "{{ ", " }}", "{% ", " %}", "#{", "}#", "? ", "\t", "%YAML 1.2\n", "~", "\u{feff}", "\\n", "\r",
    ]), 0..40)) {
        visit(&parts.concat());
        check_quick(&parts.concat());
    }

    #[test]
    fn the_quick_reader_is_as_good_as_the_parser(parts in proptest::collection::vec(proptest::sample::select(vec![
        "a", "bc", "é", "a: ", "b: ", "c:", "- ", "-", "\n", "\n", "\n  ", "\n    ", "\n      ", "\n- ", "\n  - ", "\n\n", " ", "'x'", "\"y\"", "''",
        "\\\"", "|", ">", "|-", ">-\n", "|+\n", "\n   ", "&a ", "&b", "*a", "<<: ", "[", "]", "{", "}", ", ", ",", ": ", ":", " # c", "#", "\n---\n", "--- ",
        "--x", "-1", "http://", "?", "!", "~", "%", "@", "\n...\n", "1", "a.b/c", "{{", "}}", "\u{a0}", "\u{85}", "\t",
    ]), 0..30)) {
        check_quick(&parts.concat());
    }
}
