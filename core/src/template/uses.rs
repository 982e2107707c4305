//! Finds the fields that a template asks for.

use std::collections::BTreeSet;

use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use handlebars::{Path, PathSeg, Template};

use super::{TemplateError, compile_source, helpers};

/// Returns the fields that `template` asks for at its top level, in order of their names.
///
/// What stands inside `each`, `with` and blocks over a field is not looked at: names mean something else there.
///
/// # Errors
///
/// When the template cannot be read or is too large.
pub fn fields(template: &str) -> Result<Vec<String>, TemplateError> {
    let mut names = BTreeSet::new();
    if template.contains("{{") {
        collect(&compile_source(template)?, &mut names);
    }
    Ok(names.into_iter().collect())
}

fn collect(template: &Template, names: &mut BTreeSet<String>) {
    for element in &template.elements {
        match element {
            TemplateElement::Expression(helper) | TemplateElement::HtmlExpression(helper) => {
                call(helper, names);
            }
            TemplateElement::HelperBlock(helper) => {
                call(helper, names);
                if let Parameter::Name(name) = &helper.name
                    && matches!(name.as_str(), "if" | "unless")
                {
                    for body in [&helper.template, &helper.inverse].into_iter().flatten() {
                        collect(body, names);
                    }
                }
            }
            _ => {}
        }
    }
}

fn call(helper: &HelperTemplate, names: &mut BTreeSet<String>) {
    let is_plain = helper.params.is_empty() && helper.hash.is_empty();
    match &helper.name {
        Parameter::Name(name) | Parameter::Path(Path::Relative((_, name)))
            if !is_plain || helpers::NAMES.contains(&name.as_str()) => {}
        name => parameter(name, names),
    }
    for value in helper.params.iter().chain(helper.hash.values()) {
        parameter(value, names);
    }
}

fn parameter(value: &Parameter, names: &mut BTreeSet<String>) {
    match value {
        Parameter::Name(name) => {
            names.insert(name.clone());
        }
        Parameter::Path(Path::Relative((segments, raw))) => {
            let is_relative = ["..", "@", "this", "./"].iter().any(|start| raw.starts_with(start));
            if let Some(PathSeg::Named(first)) = segments.first().filter(|_| !is_relative) {
                names.insert(first.clone());
            }
        }
        Parameter::Subexpression(inner) => {
            if let TemplateElement::Expression(helper) = &*inner.element {
                call(helper, names);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_a_template_asks_for() {
        for (template, expected) in [
            ("plain", ""),
            ("{{depName}} {{{newValue}}} {{&x}}", "depName newValue x"),
            ("{{#if isMajor}}{{a}}{{else if b}}{{c}}{{else}}{{d}}{{/if}}", "a b c d isMajor"),
            ("{{lookup (split depName '/') 2}} {{secrets.TOKEN}}", "depName secrets"),
            ("{{#each upgrades}}{{depName}}{{/each}}{{#labels}}{{this}}{{/labels}}", "labels upgrades"),
            ("{{#unless (equals a b)}}{{x.y.z}}{{/unless}}", "a b x"),
            ("{{@root.a}} {{this}}", ""),
        ] {
            assert_eq!(fields(template).unwrap().join(" "), expected, "{template}");
        }
        assert!(fields("{{#if").is_err());
    }
}
