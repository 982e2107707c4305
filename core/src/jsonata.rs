//! A part of JSONata, the language in which a configuration takes releases out of a reply (`transformTemplates`) and
//! matches dependencies (`matchJsonata`).
//!
//! Paths with filters and mapping, operators, conditions, variables, functions of one's own, and the functions of the
//! standard library that look at texts, numbers, lists and objects. Left out: sorting with `^()`, joins (`@`, `#`), the
//! parent `%` and the clock. An expression is somebody else's text, so its size, its depth and its steps are bounded.
//!
//! The language is described at <https://docs.jsonata.org>.

mod evaluate;
mod functions;
mod parse;
mod value;

use serde_json::Value;

use evaluate::{Evaluator, MAX_STEPS};
use parse::Expr;

/// How many steps the question whether a rule holds may take: it is asked for each rule and each dependency.
const MAX_STEPS_TO_HOLD: u64 = 50_000;

/// Why an expression cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonataError {
    /// It is not JSONata, or uses a part that is left out.
    #[error("the expression cannot be read: {0}")]
    Syntax(String),
    /// It fails on what it is given.
    #[error("the expression fails: {0}")]
    Evaluation(String),
}

/// A JSONata expression, read.
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    root: Expr,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Expression {
    /// Reads `text`.
    ///
    /// # Errors
    ///
    /// When it is not JSONata, or uses a part that is left out.
    pub fn parse(text: &str) -> Result<Self, JsonataError> {
        Ok(Self { text: text.to_owned(), root: parse::parse(text).map_err(JsonataError::Syntax)? })
    }

    /// Returns the text it was read from.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns what it makes of `input`; `None` when that is nothing.
    ///
    /// ```
    /// use serde_json::json;
    /// use updraft_core::jsonata::Expression;
    ///
    /// let expression = Expression::parse("{'releases': [versions.{'version': $}]}").unwrap();
    /// let result = expression.evaluate(&json!({"versions": ["1.0", "1.1"]})).unwrap();
    /// assert_eq!(result, Some(json!({"releases": [{"version": "1.0"}, {"version": "1.1"}]})));
    /// ```
    ///
    /// # Errors
    ///
    /// When it fails, or takes too many steps.
    pub fn evaluate(&self, input: &Value) -> Result<Option<Value>, JsonataError> {
        let result = Evaluator::run(&self.root, input, MAX_STEPS).map_err(JsonataError::Evaluation)?;
        Ok(result.to_json())
    }

    /// Returns whether what it makes of `input` counts as true.
    ///
    /// # Errors
    ///
    /// When it fails, or takes too many steps.
    pub fn holds(&self, input: &Value) -> Result<bool, JsonataError> {
        let result = Evaluator::run(&self.root, input, MAX_STEPS_TO_HOLD);
        Ok(result.map_err(JsonataError::Evaluation)?.is_truthy())
    }
}

#[cfg(test)]
mod tests;
