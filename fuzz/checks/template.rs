//! Any template is filled in or refused, within bounds.
//!
//! The first line is a value that the template may use.

use serde_json::json;
use updraft_core::template;

pub fn check(data: &[u8]) {
    let text = super::text(data);
    let (value, body) = super::two(&text);
    let fields = json!({"depName": value, "newVersion": "1.2.3", "isMajor": true, "labels": [value, "x"], "upgrades": [{"depName": value}]});
    let checked = template::check(body);
    if let Ok(filled) = template::render(body, &fields) {
        assert!(filled.len() <= 4 * 1024 * 1024, "{}", filled.len());
        assert!(checked.is_ok() || body.contains("{{"), "{body:?} was filled in although it is none");
    }
}
