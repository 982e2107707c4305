//! The name of the branch an update belongs to. Updates with the same name share a branch.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha512};

use super::slug::{Strictness, clean_branch_name, slug};
use crate::config::Options;
use crate::template::{self, TemplateError};
use crate::update::{Update, UpdateType};

/// The fewest characters of a hash that still tell branches apart.
const MIN_HASH: usize = 6;

/// Where an update belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The branch's name.
    pub branch_name: String,
    /// The group's name, for people; `None` when the update stands alone.
    pub group_name: Option<String>,
    /// The group's name as branches spell it, with what tells its majors apart.
    pub group_slug: Option<String>,
    /// The part of the name after all prefixes.
    pub topic: String,
}

/// Returns where `update` belongs.
///
/// # Errors
///
/// When one of the owner's templates fails.
pub(super) fn place(
    options: &Options,
    update: &Update,
    fields: &Map<String, Value>,
) -> Result<Place, TemplateError> {
    let mut fields = Cow::Borrowed(fields);
    let group_name = match &options.group_name {
        Some(text) if update.update_type != UpdateType::Replacement => Some(rendered(text, &fields)?),
        _ => None,
    };
    let group_name = group_name.filter(|name| !name.trim().is_empty());
    let mut group_slug = None;
    let topic = match &group_name {
        Some(name) => {
            let slug = slugged(name, options, update, &fields)?;
            fields.to_mut().insert("groupName".to_owned(), Value::from(name.as_str()));
            fields.to_mut().insert("groupSlug".to_owned(), Value::from(slug.as_str()));
            let topic = options.group.as_ref().and_then(|group| group.branch_topic.clone());
            group_slug = Some(slug);
            rendered(topic.as_deref().unwrap_or("{{{groupSlug}}}"), &fields)?
        }
        None => rendered(options.branch_topic.as_deref().unwrap_or_default(), &fields)?,
    };
    let prefix = rendered(options.branch_prefix.as_deref().unwrap_or_default(), &fields)?;
    let additional = rendered(options.additional_branch_prefix.as_deref().unwrap_or_default(), &fields)?;
    let name = if let Some(length) = options.hashed_branch_length {
        hashed(&prefix, &format!("{additional}{topic}"), length)
    } else {
        let known = fields.to_mut();
        known.insert("branchPrefix".to_owned(), Value::from(prefix.as_str()));
        known.insert("additionalBranchPrefix".to_owned(), Value::from(additional));
        known.insert("branchTopic".to_owned(), Value::from(topic.as_str()));
        rendered(options.branch_name.as_deref().unwrap_or_default(), &fields)?
    };
    let strictness =
        if options.branch_name_strict == Some(true) { Strictness::Strict } else { Strictness::Git };
    let branch_name = clean_branch_name(&name, &prefix, strictness);
    Ok(Place { branch_name, group_name, group_slug, topic })
}

/// Returns the group's slug with what the owner wants told apart in front: `major-flux`, `minor-1.2-flux`, `patch-flux`.
fn slugged(
    name: &str,
    options: &Options,
    update: &Update,
    fields: &Map<String, Value>,
) -> Result<String, TemplateError> {
    let own = match &options.group_slug {
        Some(text) => slug(&rendered(text, fields)?),
        None => slug(name),
    };
    let set = |option: Option<bool>| option == Some(true);
    let number = |part: Option<u64>| part.unwrap_or_default();
    let front = match update.update_type {
        UpdateType::Major if options.separate_major_minor != Some(false) => {
            if set(options.separate_multiple_major) {
                format!("major-{}-", number(update.new_major))
            } else {
                "major-".to_owned()
            }
        }
        UpdateType::Minor if set(options.separate_multiple_minor) => {
            format!("minor-{}.{}-", number(update.new_major), number(update.new_minor))
        }
        UpdateType::Patch if set(options.separate_minor_patch) => "patch-".to_owned(),
        _ => String::new(),
    };
    Ok(format!("{front}{own}"))
}

/// Returns the prefix and so much of the topic's hash that the whole is `length` long.
fn hashed(prefix: &str, topic: &str, length: u32) -> String {
    let room = usize::try_from(length).unwrap_or(usize::MAX).saturating_sub(prefix.len()).max(MIN_HASH);
    let hash = Sha512::digest(topic.as_bytes());
    let hex = hash.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("{prefix}{}", hex.get(..room).unwrap_or(&hex))
}

fn rendered(text: &str, fields: &Map<String, Value>) -> Result<String, TemplateError> {
    if text.contains("{{") {
        template::render(text, &Value::Object(fields.clone()))
    } else {
        Ok(text.to_owned())
    }
}
