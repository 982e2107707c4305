//! The texts of pull requests and issues. The words are ours (Tera templates beside this file); what comes from outside is made
//! harmless before it goes in.

pub(crate) mod checkbox;
pub mod comments;
pub mod config_error;
pub(crate) mod fit;
pub mod markdown;
mod memory;
pub mod onboarding;
mod pull_configuration;
mod pull_table;
mod schedule_words;
pub(crate) mod templates;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

pub use self::memory::Memory;

use self::checkbox::{BoxState, checkboxes, with_boxes};
use self::fit::{first_lines, shortened};
use self::markdown::{code, message, plain, shown_fields};
use crate::changelog::cut;
use crate::plan::{Branch, Upgrade};
use crate::template::Fields;

/// The longest text of a pull request, in characters: GitHub takes 65,536 and counts some of them twice.
const MAX_BODY: usize = 58_000;
/// The most that a header or footer, the notes and the warnings may take of it each, in characters.
const MAX_PART: usize = 5_000;
/// The hidden words of the one box a pull request has.
const REBASE_MARKER: &str = "rebase-check";
const CONTROLS: &str =
    "---\n\n- [ ] <!-- rebase-check -->Tick this box to have the branch made anew on top of its base\n";
/// The parts of a text, by the names an owner's `prBodyTemplate` has for them.
const PARTS: [&str; 8] =
    ["header", "table", "warnings", "notes", "changelogs", "configDescription", "controls", "footer"];
const PART_START: char = '\u{e000}';
const PART_END: char = '\u{e001}';

/// Returns the text of a branch's pull request as the forge gets it, with what it remembers hidden at its end.
///
/// `release_notes` is Markdown that is safe to show; it may be empty, and it is what is cut when the text gets too long.
pub fn pr_body(branch: &Branch, release_notes: &str, memory: &Memory) -> String {
    let comment = memory.comment();
    let room = MAX_BODY.saturating_sub(comment.chars().count() + 2);
    format!("{}\n{comment}\n", text_within(branch, release_notes, room))
}

/// Returns the text of a branch's pull request as people see it.
pub fn pr_text(branch: &Branch, release_notes: &str) -> String {
    text_within(branch, release_notes, MAX_BODY)
}

/// Returns whether the box of a pull request with this text is ticked: the last one, as ours stands below all that others wrote.
pub fn wants_rebase(body: &str) -> bool {
    let ours = checkboxes(body).into_iter().rfind(|found| found.marker == REBASE_MARKER);
    ours.is_some_and(|found| found.state == BoxState::Ticked)
}

/// Returns whether two texts of a pull request say the same: spaces, ticks, emoji and what is remembered do not count.
pub fn same_body(old: &str, new: &str) -> bool {
    essence(old) == essence(new)
}

fn essence(body: &str) -> String {
    let shown = memory::split(body).map_or(body, |(shown, _)| shown);
    let is_emoji = |letter: char| matches!(letter, '\u{200d}' | '\u{fe0f}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}');
    with_boxes(shown, |_| false)
        .chars()
        .filter(|letter| !letter.is_whitespace() && !is_emoji(*letter))
        .collect()
}

fn text_within(branch: &Branch, release_notes: &str, room: usize) -> String {
    let mut fields = OwnFields::of(branch);
    let header = fields.fill(branch.options.pr_header.as_deref());
    let footer = fields.fill(branch.options.pr_footer.as_deref());
    let texts = [
        ("header", header),
        ("table", pull_table::table(branch)),
        ("warnings", alert("WARNING", &warnings(branch))),
        ("notes", alert("NOTE", &notes(branch))),
        ("configDescription", pull_configuration::describe(branch)),
        ("controls", CONTROLS.to_owned()),
        ("footer", if footer.is_empty() { footer } else { format!("---\n\n{footer}") }),
    ];
    let mut parts: Vec<(&str, String)> = texts.into_iter().filter(|(_, text)| !text.is_empty()).collect();
    let without_notes = assembled(branch, &parts);
    let release_notes = release_notes.trim();
    if release_notes.is_empty() {
        return without_notes;
    }
    let heading = "### Release notes\n\n";
    let room = room.saturating_sub(without_notes.chars().count() + heading.chars().count() + 4);
    parts.push(("changelogs", format!("{heading}{}", cut(release_notes, room))));
    assembled(branch, &parts)
}

/// Returns the parts in the order of the owner's `prBodyTemplate`, each at most once.
fn assembled(branch: &Branch, parts: &[(&str, String)]) -> String {
    let mut fields = Map::new();
    for (name, _) in parts {
        let number = PARTS.iter().position(|part| part == name).unwrap_or_default();
        fields.insert((*name).to_owned(), Value::from(format!("{PART_START}{number}{PART_END}")));
    }
    let default = PARTS.map(|part| format!("{{{{{{{part}}}}}}}")).concat();
    let fields = Fields::from(fields);
    let ordered = branch.options.pr_body_template.as_deref().and_then(|order| fields.render(order).ok());
    let ordered = ordered.or_else(|| fields.render(&default).ok()).unwrap_or_default();
    let mut left: BTreeSet<usize> = (0..PARTS.len()).collect();
    let mut pieces: Vec<&str> = Vec::new();
    for piece in ordered.split(PART_START) {
        let (number, words) = piece.split_once(PART_END).unwrap_or(("", piece));
        let number = number.parse::<usize>().ok().filter(|number| left.remove(number));
        let name = number.and_then(|number| PARTS.get(number));
        let text = name.and_then(|name| parts.iter().find(|(part, _)| part == name));
        pieces
            .extend([text.map_or("", |(_, text)| text.as_str()), words].map(|text| text.trim_matches('\n')));
    }
    pieces.retain(|piece| !piece.trim().is_empty());
    let mut body = pieces.join("\n\n");
    body.push('\n');
    body
}

/// The fields of an owner's texts about a whole branch, made when the first one wants them.
struct OwnFields<'a> {
    branch: &'a Branch,
    fields: Option<Fields>,
}

impl<'a> OwnFields<'a> {
    fn of(branch: &'a Branch) -> Self {
        Self { branch, fields: None }
    }

    fn fill(&mut self, text: Option<&str>) -> String {
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return String::new() };
        let fields = self.fields.get_or_insert_with(|| {
            let mut fields = self.branch.upgrades.first().map(safe_fields).unwrap_or_default();
            let members = self.branch.upgrades.iter().map(|upgrade| Value::Object(safe_fields(upgrade)));
            fields.insert("upgrades".to_owned(), members.collect());
            Fields::from(fields)
        });
        first_lines(filled(text, fields).trim_matches('\n'), MAX_PART).to_owned()
    }
}

/// Returns an upgrade's fields for templates whose text is shown.
fn safe_fields(upgrade: &Upgrade) -> Map<String, Value> {
    shown_fields(&upgrade.fields)
}

/// Returns what an owner's template says; one that fails is shown as it is written.
fn filled(text: &str, fields: &Fields) -> String {
    fields.render(text).unwrap_or_else(|_| text.to_owned())
}

/// Returns a coloured box with an item for each of `lines`, or nothing when there is none.
fn alert(kind: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut text = format!("> [!{kind}]\n");
    let bullet = if lines.len() > 1 { "- " } else { "" };
    let mut room = MAX_PART;
    for (at, line) in lines.iter().enumerate() {
        let line = format!("> {bullet}{}\n", shortened(line, MAX_PART / 2));
        let Some(left) = room.checked_sub(line.chars().count()) else {
            text.extend(["> - and ", &(lines.len() - at).to_string(), " more\n"]);
            break;
        };
        room = left;
        text.push_str(&line);
    }
    text
}

fn warnings(branch: &Branch) -> Vec<String> {
    let all = branch.upgrades.iter().flat_map(|upgrade| {
        let name = &upgrade.dep.dep_name;
        upgrade.choice.warnings.iter().map(move |warning| format!("{}: {}", plain(name), message(warning)))
    });
    all.collect::<BTreeSet<_>>().into_iter().collect()
}

fn notes(branch: &Branch) -> Vec<String> {
    let mut notes = Vec::new();
    for upgrade in &branch.upgrades {
        let Some(texts) = upgrade.options.pr_body_notes.as_deref().filter(|texts| !texts.is_empty()) else {
            continue;
        };
        let fields = Fields::from(safe_fields(upgrade));
        for note in texts {
            let note = filled(note, &fields).split_whitespace().collect::<Vec<_>>().join(" ");
            if !note.is_empty() && !notes.contains(&note) {
                notes.push(note);
            }
        }
    }
    for upgrade in &branch.waiting {
        let version = upgrade.update.new_version.as_deref().unwrap_or_default();
        let age = upgrade.update.pending.as_ref().map(|pending| pending.minimum_release_age.as_str());
        let until = upgrade.update.pending.as_ref().and_then(|pending| pending.until);
        let when =
            until.map_or_else(|| "has no known age".to_owned(), |until| format!("waits until {until}"));
        notes.push(format!(
            "{} {} {when} (minimum release age {})",
            plain(&upgrade.dep.dep_name),
            code(version),
            code(age.unwrap_or_default()),
        ));
    }
    notes
}

#[cfg(test)]
mod tests;
