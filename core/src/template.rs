//! Fills in the Handlebars templates of a user's configuration, the way Renovate does.
//!
//! The engine is the `handlebars` crate. What differs from the JavaScript one is put right before or after parsing:
//! a backslash in a string literal is itself (`'^v\.'`), `list.length` is a number, `{{#name}}..{{/name}}` is a block over
//! the field `name`, lists print as `a,b`. Nothing is escaped. A template is somebody else's text, so its size, its
//! nesting, the steps it may take and the text it may write are bounded.

mod helpers;
mod syntax;
mod uses;

pub use uses::fields;

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::io;

use handlebars::template::{HelperTemplate, Parameter, Subexpression, TemplateElement};
use handlebars::{Context, Handlebars, Path, PathSeg, Template, TemplateErrorReason, no_escape};
use serde_json::{Map, Value};

/// The longest template, in bytes.
const MAX_TEMPLATE: usize = 64 * 1024;
/// The longest text a template may write, in bytes.
const MAX_OUTPUT: usize = 1024 * 1024;
/// How many blocks may be entered while one template is filled in: loops within loops end here.
const MAX_STEPS: u32 = 20_000;
/// How often a text that still holds `{{` is taken for a template again: fields may hold templates themselves.
const MAX_ROUNDS: usize = 3;
/// How many compiled templates a thread keeps.
const MAX_KEPT: usize = 512;

/// Why a template could not be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It is not a template: an unclosed block, a stray `}}`, ...
    #[error("the template cannot be read: {0}")]
    Syntax(String),
    /// It asks for something that does not exist or fails: an unknown helper, a bad pattern.
    #[error("the template fails: {0}")]
    Render(String),
    /// It is too long, too deep, takes too many steps or writes too much.
    #[error("the template is too large: {0}")]
    TooLarge(String),
}

/// Fields, held the way the engine reads them: any number of templates are filled in without a copy of them.
#[derive(Clone, Debug)]
pub struct Fields(Context);

impl Fields {
    /// Sets the field `name`.
    pub fn insert(&mut self, name: &str, value: impl Into<Value>) {
        if let Value::Object(fields) = self.0.data_mut() {
            fields.insert(name.to_owned(), value.into());
        }
    }

    /// Returns the value of the field `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.data().get(name)
    }

    /// Returns `template` filled in, as [`render`] does it.
    ///
    /// # Errors
    ///
    /// When the template itself cannot be read, fails, or is too large.
    pub fn render(&self, template: &str) -> Result<String, TemplateError> {
        if !template.contains("{{") {
            return Ok(template.to_owned());
        }
        let mut text = render_once(template, &self.0)?;
        for _ in 1..MAX_ROUNDS {
            if !text.contains("{{") {
                break;
            }
            match render_once(&text, &self.0) {
                Ok(next) => text = next,
                Err(_) => break,
            }
        }
        Ok(text)
    }
}

impl From<Map<String, Value>> for Fields {
    fn from(fields: Map<String, Value>) -> Self {
        Self(Context::from(Value::Object(fields)))
    }
}

/// Returns `template` filled in with `fields`, a JSON object; a field that is missing is empty.
///
/// `fields` are copied for it: who fills in several templates makes [`Fields`] of them once. The text is filled in again, up to three times in all, while it still holds `{{`, because fields may be templates
/// too. A later round that fails leaves the text of the round before: what it trips over came from a field.
///
/// # Errors
///
/// When the template itself cannot be read, fails, or is too large.
///
/// ```
/// let fields = serde_json::json!({"depName": "ghcr.io/home/app", "newVersion": "v1.2.3"});
/// let title = updraft_core::template::render("{{lookup (split depName '/') 2}} {{{replace '^v' '' newVersion}}}", &fields);
/// assert_eq!(title.as_deref(), Ok("app 1.2.3"));
/// ```
pub fn render(template: &str, fields: &Value) -> Result<String, TemplateError> {
    if !template.contains("{{") {
        return Ok(template.to_owned());
    }
    Fields(Context::from(fields.clone())).render(template)
}

/// Reads `template` without filling it in.
///
/// # Errors
///
/// When it cannot be read or is too large.
pub fn check(template: &str) -> Result<(), TemplateError> {
    if !template.contains("{{") {
        return Ok(());
    }
    compile(template, &helpers::NAMES.iter().copied().collect()).map(drop)
}

struct Engine {
    handlebars: Handlebars<'static>,
    helpers: HashSet<&'static str>,
}

thread_local! {
    static ENGINE: RefCell<Engine> = RefCell::new(engine());
    static STEPS: Cell<u32> = const { Cell::new(0) };
}

fn engine() -> Engine {
    let mut handlebars = Handlebars::new();
    handlebars.register_escape_fn(no_escape);
    handlebars.set_prevent_indent(true);
    helpers::register(&mut handlebars);
    Engine { handlebars, helpers: helpers::NAMES.iter().copied().collect() }
}

/// Counts one step of the template being filled in; `false` when it has taken too many.
fn step() -> bool {
    STEPS.with(|steps| {
        let left = steps.get().saturating_sub(1);
        steps.set(left);
        left > 0
    })
}

fn render_once(template: &str, fields: &Context) -> Result<String, TemplateError> {
    ENGINE.with(|engine| {
        let engine = &mut *engine.borrow_mut();
        if !engine.handlebars.has_template(template) {
            let compiled = compile(template, &engine.helpers)?;
            if engine.handlebars.get_templates().len() >= MAX_KEPT {
                engine.handlebars.clear_templates();
            }
            engine.handlebars.register_template(template, compiled);
        }
        STEPS.with(|steps| steps.set(MAX_STEPS));
        let mut output = Output(Vec::new());
        let result = engine.handlebars.render_with_context_to_write(template, fields, &mut output);
        match result {
            Ok(()) => String::from_utf8(output.0).map_err(|error| TemplateError::Render(error.to_string())),
            Err(_) if STEPS.with(Cell::get) == 0 => {
                Err(TemplateError::TooLarge(format!("it takes more than {MAX_STEPS} steps")))
            }
            Err(_) if output.0.len() >= MAX_OUTPUT => {
                Err(TemplateError::TooLarge(format!("it writes more than {MAX_OUTPUT} bytes")))
            }
            Err(error) => Err(TemplateError::Render(error.reason().to_string())),
        }
    })
}

/// A buffer that refuses to grow past [`MAX_OUTPUT`].
struct Output(Vec<u8>);

impl io::Write for &mut Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = MAX_OUTPUT - self.0.len();
        self.0.extend(bytes.iter().take(room));
        if bytes.len() > room { Err(io::Error::other("too much text")) } else { Ok(bytes.len()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn compile(template: &str, helpers: &HashSet<&'static str>) -> Result<Template, TemplateError> {
    let mut compiled = compile_source(template)?;
    adapt(&mut compiled, helpers);
    Ok(compiled)
}

fn compile_source(template: &str) -> Result<Template, TemplateError> {
    if template.len() > MAX_TEMPLATE {
        return Err(TemplateError::TooLarge(format!("it is longer than {MAX_TEMPLATE} bytes")));
    }
    let source = syntax::normalize(template)?;
    Template::compile(&source).map_err(|error| {
        let place = error.pos().map(|(line, column)| format!(" (line {line}, column {column})"));
        let reason = match error.reason() {
            // The engine lists what its grammar would have taken, which tells nobody anything.
            TemplateErrorReason::InvalidSyntax(_) => {
                "something between `{{` and `}}` is not understood".to_owned()
            }
            reason => reason.to_string(),
        };
        TemplateError::Syntax(format!("{reason}{}", place.unwrap_or_default()))
    })
}

/// Rewrites what the engine understands differently from the JavaScript one.
fn adapt(template: &mut Template, helpers: &HashSet<&'static str>) {
    for element in &mut template.elements {
        match element {
            TemplateElement::Expression(helper) | TemplateElement::HtmlExpression(helper) => {
                adapt_helper(helper);
                if helper.params.is_empty()
                    && helper.hash.is_empty()
                    && !is_helper(&helper.name, helpers)
                    && !matches!(helper.name, Parameter::Subexpression(_))
                {
                    call_on_name(helper, "print");
                }
            }
            TemplateElement::HelperBlock(helper) => {
                adapt_helper(helper);
                if helper.params.is_empty() && !is_helper(&helper.name, helpers) {
                    call_on_name(helper, "block");
                }
                for body in [&mut helper.template, &mut helper.inverse].into_iter().flatten() {
                    adapt(body, helpers);
                    body.elements.insert(0, count_step());
                    if let Some(first) = body.mapping.first().cloned() {
                        body.mapping.insert(0, first);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Turns `{{field}}` into `{{function field}}`.
fn call_on_name(helper: &mut HelperTemplate, function: &str) {
    let subject = match std::mem::replace(&mut helper.name, Parameter::Name(function.to_owned())) {
        Parameter::Name(name) => match Path::parse(&name) {
            Ok(path) => Parameter::Path(path),
            Err(_) => Parameter::Name(name),
        },
        subject => subject,
    };
    helper.params.push(subject);
}

fn count_step() -> TemplateElement {
    let call =
        Subexpression::new(Parameter::Name("step".to_owned()), Vec::new(), std::collections::HashMap::new());
    *call.element
}

fn adapt_helper(helper: &mut HelperTemplate) {
    adapt_parameter(&mut helper.name);
    for parameter in helper.params.iter_mut().chain(helper.hash.values_mut()) {
        adapt_parameter(parameter);
    }
}

fn adapt_parameter(parameter: &mut Parameter) {
    match parameter {
        Parameter::Subexpression(call) => {
            if let TemplateElement::Expression(helper) = &mut *call.element {
                for parameter in helper.params.iter_mut().chain(helper.hash.values_mut()) {
                    adapt_parameter(parameter);
                }
            }
        }
        Parameter::Path(Path::Relative((segments, raw))) => {
            let ends = matches!(segments.last(), Some(PathSeg::Named(last)) if last == "length");
            if ends && segments.len() > 1 {
                segments.pop();
                let shorter = raw.trim_end_matches("length").trim_end_matches(['.', '/']).to_owned();
                let subject = Parameter::Path(Path::Relative((std::mem::take(segments), shorter)));
                *parameter = Parameter::Subexpression(Subexpression::new(
                    Parameter::Name("length".to_owned()),
                    vec![subject],
                    std::collections::HashMap::new(),
                ));
            }
        }
        _ => {}
    }
}

fn is_helper(name: &Parameter, helpers: &HashSet<&'static str>) -> bool {
    match name {
        Parameter::Name(name) | Parameter::Path(Path::Relative((_, name))) => helpers.contains(name.as_str()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(template: &str, expected: &str) {
        let fields = json!({
            "depName": "ghcr.io/home/app",
            "currentVersion": "v1.2.3",
            "newValue": "1.2.4",
            "isMajor": false,
            "one": 1,
            "zero": 0,
            "labels": ["a", "b", "a"],
            "none": [],
            "upgrades": [{"depName": "x", "n": [1, 2]}, {"depName": "y"}],
            "map": {"k": "v"},
            "topic": "image {{depName}}",
            "broken": "{{ .Values.tag }}{{#if}}",
            "markup": "<a & 'b'>",
        });
        assert_eq!(render(template, &fields).as_deref(), Ok(expected), "{template}");
    }

    #[test]
    fn fills_in_fields_without_escaping() {
        check("plain", "plain");
        check("{{depName}}:{{{newValue}}}", "ghcr.io/home/app:1.2.4");
        check("{{markup}}|{{&markup}}", "<a & 'b'>|<a & 'b'>");
        check("[{{missing}}{{map.missing.deeper}}{{missing.length}}]", "[]");
        check("{{one}} {{zero}} {{isMajor}} {{labels}} {{map}}", "1 0 false a,b,a [object Object]");
        check("a{{!-- }} comment --}}b{{! another }}c", "abc");
    }

    #[test]
    fn blocks_choose_and_repeat() {
        check("{{#if isMajor}}a{{else if one}}b{{else}}c{{/if}}", "b");
        check("{{#unless zero}}a{{/unless}}", "a");
        check("{{#each labels}}{{@index}}{{this}}{{#unless @last}},{{/unless}}{{/each}}", "0a,1b,2a");
        check("{{#each none}}x{{else}}none{{/each}}", "none");
        check("{{#with map}}{{k}}{{/with}}", "v");
        check("{{#if labels.length}}{{labels.length}}{{/if}}{{#if none.length}}no{{/if}}", "3");
        check("{{#each upgrades}}{{n.length}};{{/each}}", "2;;");
    }

    #[test]
    fn a_field_can_be_a_block() {
        check("{{#upgrades}}{{depName}} {{/upgrades}}", "x y ");
        check("{{#map}}{{k}}{{/map}}{{#missing}}no{{else}}yes{{/missing}}", "vyes");
        check("{{#one}}one{{/one}}{{#zero}}zero{{/zero}}{{^none}}empty{{/none}}", "oneempty");
    }

    #[test]
    fn helpers_as_renovate_has_them() {
        check("{{lookup (split depName '/') 2}}", "app");
        check(r"{{{replace '^v(\d+)\.' 'V$1-' currentVersion}}}", "V1-2.3");
        check("{{{replace '[a-z]+\\.io/' '' depName}}}", "home/app");
        check("{{replace 'l' '$&$&$$' 'hello'}}", "hell$ll$o");
        check("{{replace '(?<x>o)' '<$<x>$2>' 'foo'}}", "f<o$2><o$2>");
        check("{{#if (equals newValue '1.2.4')}}same{{/if}}{{#if (equals one '1')}}no{{/if}}", "same");
        check("{{#if (containsString depName 'home')}}in{{/if}}", "in");
        check("{{#if (includes labels 'b')}}in{{/if}}", "in");
        check("{{#if (and one (or isMajor 'x'))}}both{{/if}}", "both");
        check("{{lowercase 'ABC'}} {{add 1 2}} {{add 1.5 one}}", "abc 3 2.5");
        check("{{distinct labels}} {{lookupArray upgrades 'depName'}} {{toArray 1 'b'}}", "a,b x,y 1,b");
        check("{{toJSON (toObject 'a' 1 'b' labels)}}", r#"{"a":1,"b":["a","b","a"]}"#);
        check("{{encodeURIComponent 'a/b c'}} {{decodeURIComponent 'a%2Fb%20%c3%a4%'}}", "a%2Fb%20c a/b ä%");
        check("{{encodeBase64 'hi'}} {{decodeBase64 'aGk='}}", "aGk= hi");
        check("{{stringToPrettyJSON '{\"a\":1}'}}", "{\n  \"a\": 1\n}");
    }

    #[test]
    fn a_backslash_in_a_literal_is_itself() {
        check(r#"{{replace "\." "_" newValue}}"#, "1_2_4");
        check(r"{{replace 'it\'s' 'x' 'it\'s'}}", "x");
        check(r"{{lowercase '\N'}}", r"\n");
    }

    #[test]
    fn fields_may_hold_templates() {
        check("{{topic}}!", "image ghcr.io/home/app!");
        check("{{broken}}", "{{ .Values.tag }}{{#if}}");
    }

    #[test]
    fn says_what_is_wrong() {
        let fields = json!({"list": vec![0; 1000]});
        for (template, message) in [
            ("{{#if a}}", "`{{#if}}` is never closed"),
            ("{{#if a}}{{#each b}}{{/if}}", "`{{/if}}` closes `{{#each}}`"),
            ("a{{/if}}", "`{{/if}}` closes nothing"),
            ("{{a", "a tag `{{` is not closed"),
            ("{{a 'b}}", "a string ' is not closed"),
            ("a {{}}", "something between `{{` and `}}` is not understood (line 1, column 5)"),
        ] {
            let error = TemplateError::Syntax(message.to_owned());
            assert_eq!(render(template, &fields), Err(error.clone()), "{template}");
            assert_eq!(super::check(template), Err(error), "{template}");
        }
        assert_eq!(
            render("{{nothing list}}", &fields),
            Err(TemplateError::Render("Helper not found nothing".to_owned()))
        );
        assert!(matches!(render("{{replace '(' '' 'x'}}", &fields), Err(TemplateError::Render(_))));
    }

    #[test]
    fn a_hostile_template_is_stopped() {
        let fields = json!({"list": vec![0; 1000], "text": "x".repeat(1000)});
        for template in [
            "{{#each list}}{{#each ../list}}{{#each ../../list}}{{/each}}{{/each}}{{/each}}".to_owned(),
            "{{#list}}{{#each @root.list}}{{@root.text}}{{/each}}{{/list}}".to_owned(),
            "{{#if text}}".repeat(50),
            format!("{{{{a {}}}}}", "(a ".repeat(5000)),
            format!("{{{{a {}}}}}", "[".repeat(5000)),
            "x{{".repeat(40_000),
        ] {
            assert!(render(&template, &fields).is_err(), "{}", template.get(..40).unwrap());
        }
    }
}
