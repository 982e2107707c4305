//! GitHub's ways to say no.

use serde_json::{Value, json};

use super::web::Response;

/// Says no with a status and a sentence.
pub(crate) fn refuse(status: u16, message: &str) -> Response {
    refuse_with(status, message, &Value::Null)
}

pub(crate) fn not_found() -> Response {
    refuse(404, "Not Found")
}

/// Says that a field of a resource is wrong; `code` is one of GitHub's: `invalid`, `missing_field`, `already_exists`, `custom`.
pub(crate) fn invalid(resource: &str, field: &str, code: &str) -> Response {
    refuse_with(422, "Validation Failed", &json!([{"resource": resource, "field": field, "code": code}]))
}

/// Says in words what is wrong with a resource.
pub(crate) fn invalid_because(resource: &str, message: &str) -> Response {
    let errors = json!([{"resource": resource, "code": "custom", "message": message}]);
    refuse_with(422, "Validation Failed", &errors)
}

fn refuse_with(status: u16, message: &str, errors: &Value) -> Response {
    let mut body = json!({
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": status.to_string(),
    });
    if !errors.is_null() {
        body["errors"] = errors.clone();
    }
    Response::json(status, &body)
}
