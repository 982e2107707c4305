//! What was found in the repository, by manager and file.

use super::Detected;
use super::section::short;
use crate::draft::markdown::{code, html};

/// Returns the list of what was found within about `room` characters; what had no room is counted.
pub(super) fn detected(all: &[Detected], room: usize) -> String {
    if all.is_empty() {
        return "None.\n".to_owned();
    }
    let mut list = String::new();
    let mut left = room;
    let mut shown = 0;
    for of_manager in all.chunk_by(|one, next| one.manager == next.manager) {
        let mut items = String::new();
        let head = of_manager.first().map(|first| head(&first.manager, of_manager.len())).unwrap_or_default();
        let frame = head.chars().count() + FOOT.len() + MORE_ROOM;
        let Some(mut inside) = left.checked_sub(frame) else { break };
        for of_file in of_manager.chunk_by(|one, next| one.file == next.file) {
            let mut file_item = of_file.first().map(|first| format!("- {}\n", code(&first.file)));
            for found in of_file {
                let item = format!("{}  - {}\n", file_item.as_deref().unwrap_or_default(), line(found));
                let Some(rest) = inside.checked_sub(item.chars().count()) else { break };
                inside = rest;
                file_item = None;
                items.push_str(&item);
                shown += 1;
            }
        }
        if !items.is_empty() {
            list.extend([head.as_str(), &items, FOOT]);
            left = inside;
        }
    }
    let more = all.len() - shown;
    if more > 0 {
        list.extend(["and ", &more.to_string(), " more dependencies, for which there is no room here\n"]);
    }
    list
}

const FOOT: &str = "\n</details>\n\n";
/// The characters kept for saying how many are left out.
const MORE_ROOM: usize = 80;

fn head(manager: &str, count: usize) -> String {
    format!("<details><summary><b>{}</b> ({count})</summary>\n\n", html(manager))
}

/// Returns one dependency: `` `name value@digest` → [Updates: `x`] ``.
fn line(found: &Detected) -> String {
    let mut text = short(&found.dep_name);
    if let Some(value) = &found.current_value {
        text = format!("{text} {}", short(value));
    }
    if let Some(digest) = &found.current_digest {
        text = format!("{text}@{}", short(digest));
    }
    let updates: Vec<String> = found.new_values.iter().map(|value| code(&short(value))).collect();
    if updates.is_empty() {
        code(&text)
    } else {
        format!("{} → [Updates: {}]", code(&text), updates.join(", "))
    }
}
