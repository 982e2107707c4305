//! The whole text of the dashboard, within what an issue may hold.

use serde_json::{Value, json};

use super::section::{Section, sections, short};
use super::{Dashboard, detected, left_alone};
use crate::draft::fit::first_lines;
use crate::draft::markdown::{file_link, message};
use crate::draft::templates::{Text, tidy};
use crate::problem::{Problem, Severity};

/// The longest text, in characters: GitHub takes 65,536 and counts some of them twice.
const MAX_BODY: usize = 60_000;
/// What the branches may take of it, in characters, when there is not room for everything.
const MAX_SECTIONS: usize = 40_000;
/// What the reasons may take of it, in characters, when there is not room for everything.
const MAX_LEFT_ALONE: usize = 12_000;
/// How many problems are shown.
const PROBLEMS_SHOWN: usize = 25;
/// The most characters of an owner's header or footer, which are longer only by mistake.
const MAX_OWN: usize = 4_000;

const HEADER: &str = "The updates of this repository. Tick a box to have something done on the next run; nothing else here needs you.";

/// Returns the text of the dashboard. The same dashboard gives the same text, so that a run that finds nothing new writes nothing.
pub fn body(dashboard: &Dashboard<'_>) -> String {
    let everything = Rooms { sections: usize::MAX, left_alone: usize::MAX, detected: usize::MAX };
    let text = body_within(dashboard, &everything);
    let Some(over) = text.chars().count().checked_sub(MAX_BODY + 1) else { return text };
    // What was found is the first to go: it is nothing to act on.
    let found = detected::detected(dashboard.detected, usize::MAX).chars().count();
    if let Some(room) = found.checked_sub(over + 1).filter(|room| *room >= MIN_DETECTED) {
        return body_within(dashboard, &Rooms { detected: room, ..everything });
    }
    let rooms = Rooms { sections: MAX_SECTIONS, left_alone: MAX_LEFT_ALONE, detected: 0 };
    let used = body_within(dashboard, &rooms).chars().count();
    body_within(dashboard, &Rooms { detected: MAX_BODY.saturating_sub(used), ..rooms })
}

/// A list of what was found that is shorter than this many characters is of no use.
const MIN_DETECTED: usize = 2_000;

/// How many characters the parts may take.
struct Rooms {
    sections: usize,
    left_alone: usize,
    detected: usize,
}

fn body_within(dashboard: &Dashboard<'_>, rooms: &Rooms) -> String {
    let mut sections = sections(dashboard);
    fit(&mut sections, rooms.sections);
    let own = |text: Option<&str>| {
        let text = first_lines(text.unwrap_or_default().trim(), MAX_OWN);
        (!text.is_empty()).then(|| text.to_owned())
    };
    tidy(&Text::Dashboard.render(&json!({
        "header": own(dashboard.header).unwrap_or_else(|| HEADER.to_owned()),
        "problems": problems(dashboard),
        "sections": sections,
        "left_alone": left_alone::left_alone(dashboard, rooms.left_alone),
        "detected": detected::detected(dashboard.detected, rooms.detected),
        "footer": own(dashboard.footer).unwrap_or_default(),
    })))
}

/// Takes items out of the longest section until all are within `room` characters.
fn fit(sections: &mut [Section], room: usize) {
    let mut sizes: Vec<usize> = sections.iter().map(Section::size).collect();
    let mut total = sizes.iter().fold(0_usize, |sum, size| sum.saturating_add(*size));
    while total > room {
        let longest = (0..sizes.len()).max_by_key(|at| sizes.get(*at).copied().unwrap_or_default());
        let Some((section, size)) = longest.and_then(|at| Some((sections.get_mut(at)?, sizes.get_mut(at)?)))
        else {
            break;
        };
        let Some(saved) = section.shorten() else { break };
        *size -= saved;
        total -= saved;
    }
}

fn problems(dashboard: &Dashboard<'_>) -> Value {
    let items: Vec<String> =
        dashboard.problems.iter().take(PROBLEMS_SHOWN).map(|problem| told(dashboard, problem)).collect();
    json!({ "items": items, "left_out": dashboard.problems.len().saturating_sub(PROBLEMS_SHOWN) })
}

fn told(dashboard: &Dashboard<'_>, problem: &Problem) -> String {
    let sign = match problem.severity {
        Severity::Error => "❌",
        Severity::Warning => "⚠️",
        Severity::Note => "ℹ️",
    };
    let place = problem.file.as_ref().map(|file| file_link(dashboard.web_url, dashboard.base, file.as_str()));
    let place = place.map(|place| format!("{place}: ")).unwrap_or_default();
    let hint =
        problem.hint.as_deref().map(|hint| format!(" ({})", message(&short(hint)))).unwrap_or_default();
    format!("{sign} {place}{}{hint}", message(&short(&problem.message)))
}

#[cfg(test)]
mod tests;
