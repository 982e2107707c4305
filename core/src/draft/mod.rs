//! The text of pull requests. The words are ours (Tera templates beside this file); what comes from outside is made
//! harmless before it goes in.

pub mod markdown;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Value, json};
use tera::{Context, Tera};

use self::markdown::{code, link, message, plain};
use crate::config::Options;
use crate::config::options::{AutomergeType, RebaseWhen};
use crate::config::schedule::Schedule;
use crate::plan::{Branch, Upgrade};
use crate::template;
use crate::update::UpdateType;

const PR_BODY: &str = "pr_body.md";

/// Our templates, read once. `Err` would be a mistake in this program, which a test rules out.
static TEMPLATES: LazyLock<Result<Tera, String>> = LazyLock::new(|| {
    let mut tera = Tera::new();
    tera.autoescape_on(Vec::<&'static str>::new());
    tera.add_raw_template(PR_BODY, include_str!("templates/pr_body.md.tera"))
        .map_err(|error| error.to_string())?;
    Ok(tera)
});

/// Returns the text of a branch's pull request. `release_notes` is Markdown that is safe to show; it may be empty.
pub fn pr_body(branch: &Branch, release_notes: &str) -> String {
    let options = &branch.options;
    let fields = branch.upgrades.first().map(|first| Value::Object(first.fields.clone())).unwrap_or_default();
    let owners = |text: &Option<String>| filled(text.as_deref().unwrap_or_default(), &fields);
    let (columns, rows) = table(branch);
    let context = json!({
        "header": owners(&options.pr_header),
        "columns": columns,
        "rows": rows,
        "warnings": warnings(branch),
        "notes": notes(branch),
        "release_notes": release_notes,
        "schedule": schedule(options.schedule.as_ref(), options),
        "automerge_schedule": schedule(options.automerge_schedule.as_ref(), options),
        "automerge": automerge(branch),
        "rebasing": rebasing(branch),
        "ignore": if branch.group_name.is_some() && branch.upgrades.len() > 1 {
            "closing this pull request is not remembered for a group; disable the updates in the configuration instead."
        } else {
            "close this pull request, and you will not be asked about this version again."
        },
        "footer": owners(&options.pr_footer),
    });
    let rendered = TEMPLATES.as_ref().map_err(Clone::clone).and_then(|tera| {
        let context = Context::from_serialize(&context).map_err(|error| error.to_string())?;
        tera.render(PR_BODY, &context).map_err(|error| error.to_string())
    });
    rendered.map(|text| tidy(&text)).unwrap_or_default()
}

/// Returns what an owner's template says; one that fails is shown as it is written.
fn filled(text: &str, fields: &Value) -> String {
    template::render(text, fields).unwrap_or_else(|_| text.to_owned())
}

/// Returns the headings and cells of the table; columns without any content and repeated rows are left out.
fn table(branch: &Branch) -> (Vec<&'static str>, Vec<Vec<String>>) {
    let headings = ["Package", "Type", "Update", "Change", "Pending"];
    let cells = |upgrade: &Upgrade| {
        let kind = upgrade.dep.dep_type.as_deref().map(plain).unwrap_or_default();
        let pending = upgrade.update.pending_versions.iter().map(|version| code(version)).collect::<Vec<_>>();
        [
            package(upgrade),
            kind,
            update_word(upgrade.update.update_type).to_owned(),
            change(upgrade),
            pending.join(" "),
        ]
    };
    let mut seen = BTreeSet::new();
    let rows: Vec<[String; 5]> =
        branch.upgrades.iter().map(cells).filter(|row| seen.insert(row.clone())).collect();
    let filled: Vec<usize> = (0..headings.len())
        .filter(|column| rows.iter().any(|row| row.get(*column).is_some_and(|cell| !cell.is_empty())))
        .collect();
    let pick = |row: &[String; 5]| filled.iter().filter_map(|column| row.get(*column).cloned()).collect();
    (
        filled.iter().filter_map(|column| headings.get(*column).copied()).collect(),
        rows.iter().map(pick).collect(),
    )
}

/// Returns the package's name with a link, and links to its source and its changes.
fn package(upgrade: &Upgrade) -> String {
    let field = |name: &str| upgrade.fields.get(name).and_then(Value::as_str);
    let name = plain(&upgrade.dep.dep_name);
    let (homepage, source) = (field("homepage"), field("sourceUrl"));
    let cell = link(&name, homepage.or(source).or(field("dependencyUrl")));
    let source = source.filter(|_| homepage.is_some()).map(|url| link("source", Some(url)));
    let changes = field("changelogUrl").map(|text| filled(text, &Value::Object(upgrade.fields.clone())));
    let changes = changes.map(|url| link("changelog", Some(&url)));
    let more: Vec<String> =
        [source, changes].into_iter().flatten().filter(|link| link.starts_with('[')).collect();
    if more.is_empty() { cell } else { format!("{cell} ({})", more.join(", ")) }
}

fn change(upgrade: &Upgrade) -> String {
    let field = |name: &str| upgrade.fields.get(name).and_then(Value::as_str).unwrap_or_default();
    let (from, to) = (code(field("displayFrom")), code(field("displayTo")));
    if from.is_empty() { format!("→ {to}") } else { format!("{from} → {to}") }
}

fn update_word(kind: UpdateType) -> &'static str {
    kind.as_str()
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
        let fields = Value::Object(upgrade.fields.clone());
        for note in upgrade.options.pr_body_notes.iter().flatten() {
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

fn schedule(schedule: Option<&Schedule>, options: &Options) -> String {
    match schedule {
        Some(schedule) if !schedule.is_always() => {
            let words: Vec<String> = schedule.texts().map(code).collect();
            let zone = options.timezone.as_ref().map_or("UTC", |zone| zone.name());
            format!("{} ({zone})", words.join(" or "))
        }
        _ => "at any time".to_owned(),
    }
}

fn automerge(branch: &Branch) -> &'static str {
    if !branch.automerge {
        return "off; merge it yourself when you are satisfied.";
    }
    match branch.options.automerge_type {
        Some(AutomergeType::Branch) => "on; without a pull request while the checks pass.",
        Some(AutomergeType::PrComment) => "on; by a comment to another bot.",
        _ if branch.options.ignore_tests == Some(true) => "on; without waiting for checks.",
        _ => "on, once the checks pass.",
    }
}

fn rebasing(branch: &Branch) -> &'static str {
    match branch.options.rebase_when {
        Some(RebaseWhen::Never) => "never, unless you tick the box below.",
        Some(RebaseWhen::BehindBaseBranch) => {
            "whenever the branch is behind its base, or you tick the box below."
        }
        Some(RebaseWhen::Automerging | RebaseWhen::Auto) | None if branch.automerge => {
            "whenever the branch is behind its base, or you tick the box below."
        }
        _ => "when the branch has conflicts, or you tick the box below.",
    }
}

/// Returns `text` with at most one empty line in a row, ending in one line break.
fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if !(line.is_empty() && lines.last().is_none_or(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    let mut tidy = lines.join("\n").trim_end().to_owned();
    tidy.push('\n');
    tidy
}
