//! The machines jobs run on: `runs-on: ubuntu-24.04`.

use updraft_core::dep::{Dep, Part, SkipReason, Slot};
use updraft_core::name::DatasourceId;
use updraft_core::source::SourceFile;
use updraft_core::span::ByteSpan;
use updraft_core::yaml::{Kind, Node};

use super::ID;

/// Returns the runners that the value of `runs-on` names: a text, a list, or `labels`.
pub(super) fn runners(runs_on: Node<'_>, file: &SourceFile, found_in: &str) -> Vec<Dep> {
    let labels = match runs_on.kind() {
        Kind::Mapping => match runs_on.get("labels") {
            Some(labels) => labels,
            None => return Vec::new(),
        },
        Kind::Scalar | Kind::Sequence => runs_on,
    };
    std::iter::once(labels).chain(labels.items()).filter_map(|label| runner(label, file, found_in)).collect()
}

fn runner(label: Node<'_>, file: &SourceFile, found_in: &str) -> Option<Dep> {
    let text = label.as_str().filter(|text| *text == label.raw())?;
    let (name, value) = text.split_once('-')?;
    if value != "latest" && !is_hosted(name, value) {
        return None;
    }
    if !matches!(name, "ubuntu" | "macos" | "windows") {
        return None;
    }
    let span = label.span();
    let mut dep = Dep::new(ID, &file.path, span, name);
    dep.found_in = found_in.into();
    dep.dep_type = Some("github-runner".to_owned());
    dep.datasource = Some(DatasourceId::GITHUB_RUNNERS);
    dep.current_value = Some(value.to_owned());
    dep.pin_digests = Some(false);
    let place = ByteSpan::new(span.end - value.len(), span.end);
    dep.slots.push(Slot::new(Part::Value, place, value));
    if value == "latest" {
        return Some(dep.skipped(SkipReason::InvalidVersion, "GitHub moves `latest` by itself"));
    }
    Some(dep)
}

/// Returns whether a label has the shape of GitHub's own: `ubuntu-24.04-arm`, `macos-15-xlarge`, `windows-2025`
/// (<https://docs.github.com/en/actions/reference/runners/github-hosted-runners>).
///
/// Labels that owners give to machines of their own, such as `ubuntu-4-core`, look otherwise.
fn is_hosted(name: &str, value: &str) -> bool {
    let (number, suffix) =
        value.split_once('-').map_or((value, None), |(number, suffix)| (number, Some(suffix)));
    let digits =
        |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = match (name, number.split_once('.')) {
        ("ubuntu", Some((year, month))) => digits(year, 2) && digits(month, 2),
        ("macos", Some((major, minor))) => digits(major, 2) && (digits(minor, 1) || digits(minor, 2)),
        ("macos", None) => digits(number, 2),
        ("windows", None) => digits(number, 4) || digits(number, 2),
        _ => false,
    };
    is_number
        && suffix.is_none_or(|suffix| {
            !suffix.is_empty() && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_labels_of_hosted_runners() {
        for (name, value) in [
            ("ubuntu", "24.04"),
            ("ubuntu", "24.04-arm"),
            ("macos", "15"),
            ("macos", "10.15"),
            ("macos", "14-xlarge"),
            ("windows", "2025"),
            ("windows", "11-arm"),
        ] {
            assert!(is_hosted(name, value), "{name}-{value}");
        }
        for (name, value) in [
            ("ubuntu", "4-core"),
            ("ubuntu", "24"),
            ("macos", ""),
            ("windows", "8-core"),
            ("self", "10.15"),
            ("ubuntu", "24.04-"),
        ] {
            assert!(!is_hosted(name, value), "{name}-{value}");
        }
    }
}
