//! Any query is parsed, and asked about any document.
//!
//! The first line is the query.

use serde_json::Value;
use updraft_core::jsonata::Expression;

pub fn check(data: &[u8]) {
    let text = super::text(data);
    let (query, body) = super::two(&text);
    let Ok(expression) = Expression::parse(query) else { return };
    assert_eq!(expression.as_str(), query);
    let input: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    let _ = (expression.evaluate(&input), expression.holds(&input));
}
