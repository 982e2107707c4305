//! The name of the branch an update belongs to. Updates with the same name share a branch.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha512};

use super::slug::{Strictness, clean_branch_name, slug};
use crate::config::Options;
use crate::template::{Fields, TemplateError};
use crate::update::{Update, UpdateType};

/// The fewest characters of a hash that still tell branches apart.
const MIN_HASH: usize = 6;

/// The longest name of a branch, in bytes. GitHub takes 255 for the whole reference, and git writes each part of it as a file's name.
const MAX_NAME: usize = 240;
/// How many characters of its hash tell apart what is cut short.
const CUT_HASH: usize = 8;

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
    let mut fields = Fields::from(fields.clone());
    let group_name = match &options.group_name {
        Some(text) if update.update_type != UpdateType::Replacement => Some(fields.render(text)?),
        _ => None,
    };
    let group_name = group_name.filter(|name| !name.trim().is_empty());
    let mut group_slug = None;
    let topic = match &group_name {
        Some(name) => {
            let slug = slugged(name, options, update, &fields)?;
            fields.insert("groupName", name.as_str());
            fields.insert("groupSlug", slug.as_str());
            let topic = options.group.as_ref().and_then(|group| group.branch_topic.clone());
            group_slug = Some(slug);
            fields.render(topic.as_deref().unwrap_or("{{{groupSlug}}}"))?
        }
        None => fields.render(options.branch_topic.as_deref().unwrap_or_default())?,
    };
    let prefix = fields.render(options.branch_prefix.as_deref().unwrap_or_default())?;
    let additional = fields.render(options.additional_branch_prefix.as_deref().unwrap_or_default())?;
    let name = if let Some(length) = options.hashed_branch_length {
        hashed(&prefix, &format!("{additional}{topic}"), length)
    } else {
        fields.insert("branchPrefix", prefix.as_str());
        fields.insert("additionalBranchPrefix", additional);
        fields.insert("branchTopic", topic.as_str());
        fields.render(options.branch_name.as_deref().unwrap_or_default())?
    };
    let strictness =
        if options.branch_name_strict == Some(true) { Strictness::Strict } else { Strictness::Git };
    let branch_name = cut(clean_branch_name(&name, &prefix, strictness));
    Ok(Place { branch_name, group_name, group_slug, topic })
}

/// Returns the group's slug with what the owner wants told apart in front: `major-flux`, `minor-1.2-flux`, `patch-flux`.
fn slugged(name: &str, options: &Options, update: &Update, fields: &Fields) -> Result<String, TemplateError> {
    let own = match &options.group_slug {
        Some(text) => slug(&fields.render(text)?),
        None => slug(name),
    };
    // Groups whose names have no letter that a branch could have are told apart all the same.
    let own = if own.is_empty() { hex_hash(name).chars().take(MIN_HASH).collect() } else { own };
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

/// Returns a name that a forge takes: one that is too long ends with a hash of the whole.
fn cut(name: String) -> String {
    if name.len() <= MAX_NAME {
        return name;
    }
    let room = MAX_NAME - CUT_HASH - 1;
    let kept = (0..=room).rev().find_map(|end| name.get(..end)).unwrap_or_default();
    let kept = kept.trim_end_matches(['-', '.', '/']);
    let hash: String = hex_hash(&name).chars().take(CUT_HASH).collect();
    format!("{kept}-{hash}")
}

/// Returns the prefix and so much of the topic's hash that the whole is `length` long.
fn hashed(prefix: &str, topic: &str, length: u32) -> String {
    let room = usize::try_from(length).unwrap_or(usize::MAX).saturating_sub(prefix.len()).max(MIN_HASH);
    let hex = hex_hash(topic);
    format!("{prefix}{}", hex.get(..room).unwrap_or(&hex))
}

fn hex_hash(text: &str) -> String {
    Sha512::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
