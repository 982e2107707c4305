//! Going through a whole tree without recursion, in time linear in the text.

use super::{Kind, Node};

/// How deep a walk goes: more than the parser's own limit of nesting, since aliases may nest again.
const DEPTH: usize = 512;

/// One node of a [`Walk`].
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The key it is the value of; `None` of items and of the top.
    pub key: Option<Node<'a>>,
    /// The node.
    pub node: Node<'a>,
    /// How many collections it lies in, counted from where the walk began.
    pub depth: usize,
}

/// An iterator over a node and everything in it, each node once: made by [`Node::walk`].
///
/// An aliased collection is a step of its own (its key may give it a meaning), but it is entered only when it stands
/// outside the part that is walked, and only the first time. The number of steps is bounded by the size of the document,
/// so hostile aliases end a walk early instead of making it endless.
#[derive(Debug)]
pub struct Walk<'a> {
    root: Node<'a>,
    started: bool,
    open: Vec<Level>,
    /// The collection to enter on the next call.
    ahead: Option<Node<'a>>,
    /// The anchors outside the root that were entered.
    entered: Vec<u32>,
    steps: usize,
}

#[derive(Debug)]
struct Level {
    at: u32,
    end: u32,
    kind: Kind,
}

impl<'a> Walk<'a> {
    pub(super) fn new(root: Node<'a>) -> Self {
        let steps = root.document.nodes.len() * 4 + 16;
        Self { root, started: false, open: Vec::new(), ahead: None, entered: Vec::new(), steps }
    }

    /// Leaves out what lies in the node that was returned last.
    pub fn skip_content(&mut self) {
        self.ahead = None;
    }

    fn may_enter(&mut self, node: Node<'a>) -> bool {
        if node.kind() == Kind::Scalar || self.open.len() >= DEPTH {
            return false;
        }
        if !node.alias() {
            return true;
        }
        let inside = self.root.index <= node.index && node.index < self.root.entry().next;
        if inside || self.entered.contains(&node.index) {
            return false;
        }
        self.entered.push(node.index);
        true
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        if !self.started {
            self.started = true;
            if self.root.kind() != Kind::Scalar {
                self.ahead = Some(self.root);
            }
            return Some(Step { key: None, node: self.root, depth: 0 });
        }
        self.steps = self.steps.checked_sub(1)?;
        if let Some(node) = self.ahead.take() {
            self.open.push(Level { at: node.index + 1, end: node.entry().next, kind: node.kind() });
        }
        let document = self.root.document;
        while self.open.last().is_some_and(|level| level.at >= level.end) {
            self.open.pop();
        }
        let depth = self.open.len();
        let level = self.open.last_mut()?;
        let after = |index: u32| document.nodes.get(index as usize).map(|entry| entry.next);
        let key = match level.kind {
            Kind::Mapping => {
                let key = Node::at_index(document, level.at);
                level.at = after(level.at)?;
                Some(key)
            }
            _ => None,
        };
        let node = Node::at_index(document, level.at);
        level.at = after(level.at)?;
        if self.may_enter(node) {
            self.ahead = Some(node);
        }
        Some(Step { key, node, depth })
    }
}
