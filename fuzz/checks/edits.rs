//! Edits are made all or none, and what they do not name survives.
//!
//! The first line holds numbers: the start and the length of each edit. The rest is the text; each edit writes its own number.

use updraft_core::edit::{Edit, apply};
use updraft_core::name::RepoPath;
use updraft_core::span::ByteSpan;

pub fn check(data: &[u8]) {
    let text = super::text(data);
    let (head, body) = super::two(&text);
    let numbers: Vec<usize> = head.split(' ').filter_map(|number| number.parse().ok()).take(40).collect();
    let file = RepoPath::new("a.yaml").unwrap();
    let edits: Vec<Edit> = numbers
        .chunks_exact(2)
        .enumerate()
        .filter_map(|(index, pair)| {
            let [start, length] = pair else { return None };
            let span = ByteSpan::new(*start, start.checked_add(*length)?);
            let old = span.of(body).unwrap_or("?").to_owned();
            Some(Edit { file: file.clone(), span, old, new: format!("<{index}>") })
        })
        .collect();
    let Ok(edited) = apply(body, &edits) else { return };
    let mut distinct = edits.clone();
    distinct.sort();
    distinct.dedup();
    let removed: usize = distinct.iter().map(|edit| edit.old.len()).sum();
    let added: usize = distinct.iter().map(|edit| edit.new.len()).sum();
    assert_eq!(edited.len(), body.len() - removed + added);
    let back = distinct.iter().scan(0_isize, |shift, edit| {
        let start = edit.span.start.checked_add_signed(*shift).unwrap();
        *shift += isize::try_from(edit.new.len()).unwrap() - isize::try_from(edit.old.len()).unwrap();
        let span = ByteSpan::new(start, start + edit.new.len());
        Some(Edit { file: file.clone(), span, old: edit.new.clone(), new: edit.old.clone() })
    });
    assert_eq!(apply(&edited, &back.collect::<Vec<_>>()).as_deref(), Ok(body), "undoing gives the text back");
}
