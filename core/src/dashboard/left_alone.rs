//! What is not updated, and why: a block for each reason, with the places.

use std::collections::BTreeMap;

use super::section::short;
use super::{Dashboard, LeftAlone};
use crate::draft::markdown::{code, file_link, html, message};
use crate::life::Standing;
use crate::plan::HoldReason;

const FOOT: &str = "\n</details>\n\n";
/// The characters kept for saying how many are left out.
const MORE_ROOM: usize = 60;

/// Returns the blocks within about `room` characters, those with the most dependencies first; empty when nothing is left alone.
pub(super) fn left_alone(dashboard: &Dashboard<'_>, room: usize) -> String {
    let silent = silent(dashboard);
    let mut by_reason: BTreeMap<&str, Vec<&LeftAlone>> = BTreeMap::new();
    for one in dashboard.left_alone.iter().chain(&silent) {
        by_reason.entry(&one.reason).or_default().push(one);
    }
    let count = |all: &[&LeftAlone]| all.iter().map(|one| one.places.len()).sum::<usize>();
    let mut reasons: Vec<_> = by_reason.into_iter().collect();
    reasons.sort_by_key(|(reason, all)| (std::cmp::Reverse(count(all)), *reason));
    let mut text = String::new();
    let mut left = room;
    for (at, (reason, all)) in reasons.iter().enumerate() {
        let head =
            format!("<details><summary><b>{}</b> ({})</summary>\n\n", html(&short(reason)), count(all));
        let frame = head.chars().count() + FOOT.len() + MORE_ROOM;
        let Some(inside) = left.checked_sub(frame) else {
            text.extend(["and ", &(reasons.len() - at).to_string(), " more reasons\n"]);
            break;
        };
        // One reason with a thousand places leaves room for the others.
        let share = inside / if at + 1 == reasons.len() { 1 } else { 2 };
        let items = items(dashboard, all, share);
        left = inside.saturating_sub(items.chars().count());
        text.extend([head.as_str(), &items, FOOT]);
    }
    text
}

/// Returns the branches that are not made because nothing is to be written.
fn silent(dashboard: &Dashboard<'_>) -> Option<LeftAlone> {
    let is_silent =
        |standing: &Standing| matches!(standing, Standing::Held(hold) if hold.reason == HoldReason::Silent);
    let entries = dashboard.entries.iter().filter(|entry| is_silent(&entry.standing));
    let places: Vec<(String, String)> = entries.map(|entry| (entry.title.clone(), String::new())).collect();
    (!places.is_empty()).then(|| LeftAlone {
        reason: "silent".to_owned(),
        detail: "`mode` is `silent`, so updates are looked for and not made".to_owned(),
        places,
    })
}

fn items(dashboard: &Dashboard<'_>, all: &[&LeftAlone], room: usize) -> String {
    let mut text = String::new();
    let mut left = room;
    let mut missing = 0;
    let mut all: Vec<&LeftAlone> = all.to_vec();
    all.sort_by_key(|one| (std::cmp::Reverse(one.places.len()), one.detail.as_str()));
    for one in all {
        let detail = message(&short(&one.detail));
        let is_single = one.places.len() == 1;
        let mut intro = (!is_single && !detail.is_empty()).then(|| format!("{detail}:\n\n"));
        for (name, place) in &one.places {
            let mut item = format!("- {}", code(&short(name)));
            if !place.is_empty() {
                item.extend([" · ", &file_link(dashboard.web_url, dashboard.base, &short(place))]);
            }
            if is_single && !detail.is_empty() {
                item.extend([": ", &detail]);
            }
            let item = format!("{}{item}\n", intro.as_deref().unwrap_or_default());
            match left.checked_sub(item.chars().count() + 1) {
                Some(rest) => {
                    left = rest;
                    intro = None;
                    text.push_str(&item);
                }
                None => missing += 1,
            }
        }
        // The next one may begin with words, which would become part of this list's last item.
        if !text.ends_with("\n\n") && !is_single {
            text.push('\n');
        }
    }
    if missing > 0 {
        text.extend(["- and ", &missing.to_string(), " more\n"]);
    }
    text
}
