//! Schedules that never open, or that are read in another time zone than it seems.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use updraft_core::config::Item;
use updraft_core::config::schedule::Schedule;
use updraft_core::problem::Problem;

use super::case::{Case, Own, listed};

pub(super) fn examine(case: &Case<'_>) -> Vec<Problem> {
    let mut schedules: Vec<(&str, Item<'_>, &Own)> = Vec::new();
    for own in case.own() {
        collect(own.outline.root(), own, &mut schedules);
    }
    let zone = case.config().options.timezone.as_ref();
    let mut problems = Vec::new();
    for (name, item, own) in &schedules {
        let texts: Vec<&str> = item.entries().filter_map(Item::text).collect();
        let Ok(schedule) = Schedule::parse(&texts) else { continue };
        let now = Timestamp::UNIX_EPOCH;
        let utc = zone.map_or(TimeZone::UTC, |zone| zone.zone().clone());
        if schedule.next_open(now, &utc).is_none() {
            let message = format!("`{name}` never opens: {}", listed(&texts));
            let hint = "write the days and hours so that they overlap, such as `before 6am on monday`";
            problems.push(Problem::warning(message).at(&own.path, item.span()).hint(hint));
        }
    }
    if zone.is_none() {
        let has_hours = |item: &Item<'_>| {
            let texts: Vec<&str> = item.entries().filter_map(Item::text).collect();
            Schedule::parse(&texts).is_ok_and(|schedule| !schedule.is_always())
        };
        if let Some((name, item, own)) = schedules.iter().find(|(_, item, _)| has_hours(item)) {
            let message = format!("`{name}` is in UTC, as there is no `timezone`");
            let hint = "add your own, such as `\"timezone\": \"Europe/Berlin\"`";
            problems.push(Problem::note(message).at(&own.path, item.span()).hint(hint));
        }
    }
    problems
}

/// Collects the schedules of a text. The depth of values is bounded by the reader.
fn collect<'o>(item: Item<'o>, own: &'o Own, schedules: &mut Vec<(&'o str, Item<'o>, &'o Own)>) {
    for (name, _, value) in item.members() {
        match name {
            "schedule" | "automergeSchedule" => schedules.push((name, value, own)),
            "customDatasources" | "hostRules" => {}
            _ => value.entries().for_each(|entry| collect(entry, own, schedules)),
        }
    }
}
