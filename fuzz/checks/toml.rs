//! Any text is read as TOML; every member's span lies in the text.

use updraft_core::toml::{Node, parse};

pub fn check(data: &[u8]) {
    let text = super::text(data);
    let Ok(root) = parse(&text) else { return };
    walk(&root, &text, 0);
    let _ = root.to_json();
}

fn walk(node: &Node, text: &str, depth: usize) {
    assert!(depth < 200, "the depth is bounded");
    for member in node.members() {
        walk(&member.node, text, depth + 1);
    }
    for item in node.items() {
        walk(item, text, depth + 1);
    }
    assert!(node.span.of(text).is_some(), "{node:?}");
}
