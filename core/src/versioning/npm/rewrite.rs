//! How a range is rewritten for a new version: the text around the versions stays as it is.

use std::ops::Range as Span;

use ::semver::Version;

use super::super::semver::parse;
use super::super::{NewValue, RangeStrategy};
use super::range::{Alternative, Range, version_of};
use super::syntax::{Alternative as WrittenAlternative, Condition, Operator, Partial, Written};

/// Returns the text to write for a new version, or `None` when the strategy leaves nothing to write.
pub(super) fn new_value(query: &NewValue<'_>) -> Option<String> {
    let current = query.current_value;
    if query.range_strategy == RangeStrategy::Pin || parse(current).is_some() {
        return Some(query.new_version.to_owned());
    }
    let written = Written::parse(current)?;
    let new = parse(query.new_version)?;
    let is_inside = Range::of(&written).contains(&new);
    let is_any =
        written.alternatives.iter().all(|one| one.conditions.iter().all(|each| each.version.is_any()));
    let rewrite = Rewrite { text: current, written: &written, new: &new };
    match query.range_strategy {
        RangeStrategy::UpdateLockfile | RangeStrategy::InRangeOnly if is_inside => Some(current.to_owned()),
        RangeStrategy::InRangeOnly => None,
        _ if is_any => None,
        RangeStrategy::Widen if is_inside => Some(current.to_owned()),
        RangeStrategy::Widen => rewrite.widened(),
        RangeStrategy::Bump => rewrite.bumped(),
        _ => rewrite.replaced(),
    }
}

struct Rewrite<'a> {
    text: &'a str,
    written: &'a Written<'a>,
    new: &'a Version,
}

impl<'a> Rewrite<'a> {
    /// Returns the last alternative, for the newest versions, in the shape it has but holding the new version.
    fn replaced(&self) -> Option<String> {
        let last = self.written.alternatives.last()?;
        let versions = last.conditions.iter().map(|condition| self.replacement(condition));
        self.spelled(last, last.span.clone(), versions)
    }

    /// Returns the whole range, the lower bound of the alternative it is in, or of the last one, raised
    /// to the new version.
    fn bumped(&self) -> Option<String> {
        let holds = |one: &&WrittenAlternative<'_>| Alternative::of(&one.conditions).contains(self.new);
        let raised = self.written.alternatives.iter().find(holds).or(self.written.alternatives.last())?;
        let versions = raised.conditions.iter().map(|condition| match condition.operator {
            Operator::Greater => None,
            _ if condition.version.is_any() => Some(self.as_is(condition)),
            Operator::Less | Operator::LessOrEqual | Operator::To => self.replacement(condition),
            _ => Some(self.new.to_string()),
        });
        self.spelled(raised, 0..self.text.len(), versions)
    }

    /// Returns the whole range with a higher upper bound, or with one more alternative.
    fn widened(&self) -> Option<String> {
        let last = self.written.alternatives.last()?;
        let is_upper = |condition: &Condition<'_>| {
            matches!(condition.operator, Operator::Less | Operator::LessOrEqual | Operator::To)
        };
        let is_below = Alternative::of(&last.conditions)
            .lower()
            .is_some_and(|lower| self.new.cmp_precedence(&lower.version).is_lt());
        if last.conditions.iter().any(is_upper) && !is_below {
            let versions = last.conditions.iter().map(|condition| self.replacement(condition));
            return self.spelled(last, 0..self.text.len(), versions);
        }
        let addition = match last.conditions.last()?.operator {
            Operator::Greater => return None,
            Operator::Bare | Operator::Equal | Operator::Caret | Operator::Tilde => self.replaced()?,
            _ => self.new.to_string(),
        };
        Some(format!("{} || {addition}", self.text.trim_end()))
    }

    /// Returns `span` of the text with other versions in the conditions of one alternative.
    fn spelled(
        &self,
        alternative: &WrittenAlternative<'a>,
        span: Span<usize>,
        versions: impl Iterator<Item = Option<String>>,
    ) -> Option<String> {
        let mut spelled = String::new();
        let mut place = span.start;
        for (condition, version) in alternative.conditions.iter().zip(versions) {
            spelled.push_str(self.text.get(place..condition.span.start)?);
            spelled.push_str(&version?);
            place = condition.span.end;
        }
        spelled.push_str(self.text.get(place..span.end)?);
        Some(spelled)
    }

    /// Returns the version to write in a condition so that it holds for the new version, in the precision it has.
    ///
    /// A bound that holds stays, and so does a caret; `~1.2.3` is written `~1.3.0`, and `~1.2.0` for 1.2.4.
    fn replacement(&self, condition: &Condition<'_>) -> Option<String> {
        use Operator::{Bare, Caret, Equal, From, Greater, GreaterOrEqual, Less, LessOrEqual, Tilde, To};
        let partial = &condition.version;
        let new = self.new;
        let numbers = [new.major, new.minor, new.patch];
        let holds = Alternative::of(std::slice::from_ref(condition)).allows(new);
        let is_prerelease = !new.pre.is_empty();
        Some(match condition.operator {
            _ if partial.is_any() => self.as_is(condition),
            Less | LessOrEqual | To | Greater | GreaterOrEqual | From if holds => self.as_is(condition),
            Caret if holds && !is_prerelease => self.as_is(condition),
            Caret | Tilde if is_prerelease => until_first_identifier(new),
            Caret => partial.with(caret_base(new, &version_of(partial))),
            Tilde => partial.with([new.major, new.minor, 0]),
            Bare | Equal | LessOrEqual if !partial.is_full() => partial.with(numbers),
            Bare | Equal | LessOrEqual | GreaterOrEqual | From => new.to_string(),
            Less => {
                partial.with(next_boundary(new, partial)) + if partial.prerelease == "0" { "-0" } else { "" }
            }
            To if partial.numbers.len() == 1 => new.major.to_string(),
            To => format!("{}.{}", new.major, new.minor),
            Greater => return None,
        })
    }

    fn as_is(&self, condition: &Condition<'_>) -> String {
        self.text.get(condition.span.clone()).unwrap_or_default().to_owned()
    }
}

/// Returns the start of the caret range for a new version: the lowest version that a caret treats alike, or the version
/// itself when it goes below the old start.
fn caret_base(new: &Version, old: &Version) -> [u64; 3] {
    match (new.major, new.minor, new.patch) {
        numbers if new.cmp_precedence(old).is_lt() => numbers.into(),
        (0, 0, patch) => [0, 0, patch],
        (0, minor, _) => [0, minor, 0],
        (major, ..) => [major, 0, 0],
    }
}

/// Returns the next `<` bound above a new version that is as round as the old one: `<2.0.0` becomes `<4.0.0` for 3.1.0,
/// `<0.2.0` becomes `<0.4.0` for 0.3.1.
fn next_boundary(new: &Version, old: &Partial<'_>) -> [u64; 3] {
    match *old.numbers {
        [_] | [_, 0, 0] => [new.major + 1, 0, 0],
        [_, _] | [_, _, 0] => [new.major, new.minor + 1, 0],
        _ => [new.major, new.minor, new.patch + 1],
    }
}

/// Returns a prerelease without what follows its first identifier, so that the later ones of its kind are in the range:
/// `1.2.0-rc` of `1.2.0-rc.2`.
fn until_first_identifier(new: &Version) -> String {
    let first = new.pre.split('.').next().unwrap_or_default();
    format!("{}.{}.{}-{first}", new.major, new.minor, new.patch)
}
