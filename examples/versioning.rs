//! Answers questions about versions: one JSON object per line in, one JSON value per line out.
//!
//! `{"versioning": "docker", "fn": "isGreaterThan", "args": ["1.2", "1.1"]}` prints `true`. The functions have the names
//! Renovate's users know from its documentation; what a versioning does not define answers `{"unsupported": true}`.
//!
//! ```sh
//! echo '{"versioning":"npm","fn":"matches","args":["1.2.3","^1.0.0"]}' | cargo run --example versioning
//! ```

use std::cmp::Ordering;
use std::io::{BufRead, Write};

use anyhow::Context;
use serde::Deserialize;
use serde_json::{Value, json};
use updraft_core::versioning::{NewValue, RangeStrategy, Versioning, Versionings};

#[derive(Deserialize)]
struct Question {
    versioning: String,
    #[serde(rename = "fn")]
    function: String,
    args: Vec<Value>,
}

impl Question {
    /// Returns the argument at `place`; empty when it is missing or not a text.
    fn text(&self, place: usize) -> &str {
        self.args.get(place).and_then(Value::as_str).unwrap_or_default()
    }

    fn texts(&self, place: usize) -> Vec<&str> {
        let list = self.args.get(place).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// Returns the answer, `None` when the versioning or the function is not there.
    fn answer(&self, versioning: &dyn Versioning) -> Option<Value> {
        let (first, second) = (self.text(0), self.text(1));
        Some(match self.function.as_str() {
            "isValid" => json!(versioning.is_valid(first)),
            "isVersion" => json!(versioning.is_version(first)),
            "isSingleVersion" => json!(versioning.is_single_version(first)),
            "isStable" => json!(versioning.is_stable(first)),
            "isCompatible" => json!(versioning.is_compatible(first, second)),
            "equals" => json!(versioning.equals(first, second)),
            "isGreaterThan" => json!(versioning.is_greater_than(first, second)),
            "isLessThanRange" => json!(versioning.is_less_than_range(first, second)?),
            "matches" => json!(versioning.matches(first, second)),
            "getSatisfyingVersion" => json!(versioning.satisfying(&self.texts(0), second)),
            "minSatisfyingVersion" => json!(versioning.min_satisfying(&self.texts(0), second)),
            "sortVersions" => match (versioning.key(first), versioning.key(second)) {
                (Some(left), Some(right)) => json!(left.cmp(&right) as i8),
                _ => json!(Ordering::Equal as i8),
            },
            "isBreaking" => json!(versioning.is_breaking(first, second)?),
            "getMajor" => json!(versioning.major(first)),
            "getMinor" => json!(versioning.minor(first)),
            "getPatch" => json!(versioning.patch(first)),
            "intersects" => json!(versioning.intersects(first, second)?),
            "subset" => json!(versioning.is_subset(first, second)?),
            "getNewValue" => json!(versioning.new_value(&NewValue {
                current_value: first,
                range_strategy: RangeStrategy::new(second).unwrap_or_default(),
                current_version: self.args.get(2).and_then(Value::as_str),
                new_version: self.text(3),
            })),
            _ => return None,
        })
    }
}

fn main() -> anyhow::Result<()> {
    let versionings = Versionings::default();
    let mut out = std::io::stdout().lock();
    for (line, number) in std::io::stdin().lock().lines().zip(1..) {
        let question: Question = serde_json::from_str(&line?).with_context(|| format!("line {number}"))?;
        let versioning = versionings.find(&question.versioning).ok();
        let answer = versioning.and_then(|versioning| question.answer(&*versioning));
        writeln!(out, "{}", answer.unwrap_or_else(|| json!({"unsupported": true})))?;
    }
    Ok(())
}
