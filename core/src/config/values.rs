//! Values that only make sense in a language of their own: versionings, patterns, names of managers. What is wrong with one is said where it stands.

use super::json::{Node, NodeValue};
use super::names;
use super::pattern::{self, Pattern};
use super::reader::Reader;
use crate::versioning::{self, VersioningError};

/// Looks at the value of an option, if it is one of these.
pub(crate) fn check_option(name: &str, node: &Node, reader: &mut Reader<'_>) {
    if name == "enabledManagers" {
        for item in node.items() {
            check_manager(item, reader);
        }
        return;
    }
    let Some(text) = node.as_str().filter(|text| !text.contains("{{")) else { return };
    match name {
        "versioning" => check_versioning(name, text, node, reader),
        "allowedVersions" => check_allowed(text, node, reader),
        "extractVersion" | "versionCompatibility" => check_groups(name, text, node, reader),
        _ => {}
    }
}

/// Looks at the id of a versioning, wherever one may stand.
pub(crate) fn check_versioning(name: &str, text: &str, node: &Node, reader: &mut Reader<'_>) {
    match versioning::versioning(text) {
        Ok(_) => {}
        Err(error @ VersioningError::Unknown(_)) => {
            reader.warning(node.place, format!("`{name}`: {error}"), error.hint());
        }
        Err(error) => reader.error(node.place, format!("`{name}`: {error}"), error.hint()),
    }
}

/// A range is read by the versioning of each dependency, so that only patterns can be wrong by themselves.
fn check_allowed(text: &str, node: &Node, reader: &mut Reader<'_>) {
    if text.strip_prefix('!').unwrap_or(text).starts_with('/')
        && let Err(error) = Pattern::new(text)
    {
        let message = format!("`allowedVersions`: the pattern `{text}` cannot be used: {error}");
        reader.error(node.place, message, "patterns are written `/regular expression/` (RE2)");
    }
}

fn check_groups(name: &str, text: &str, node: &Node, reader: &mut Reader<'_>) {
    match pattern::regex(text) {
        Err(error) => {
            let message = format!("`{name}`: the pattern `{text}` cannot be used: {error}");
            reader.error(node.place, message, "patterns are regular expressions as RE2 reads them");
        }
        Ok(regex) if !regex.capture_names().flatten().any(|group| group == "version") => {
            let message = format!("`{name}`: the pattern `{text}` has no group `version`");
            reader.error(node.place, message, "write `(?<version>..)` around what is the version");
        }
        Ok(_) => {}
    }
}

fn check_manager(node: &Node, reader: &mut Reader<'_>) {
    let NodeValue::String(name) = &node.value else { return };
    let custom = ["custom.regex", "custom.jsonata", "custom.*", "regex"];
    if names::is_manager(name) || custom.contains(&name.as_str()) {
        return;
    }
    let hint = names::closest(name, names::managers().chain(custom)).map_or_else(
        || "`updraft extract` shows the names of the managers".to_owned(),
        |close| format!("did you mean `{close}`?"),
    );
    reader.warning(node.place, format!("`enabledManagers`: there is no manager `{name}`"), hint);
}
