//! Our templates (Tera), read once.

use std::sync::LazyLock;

use serde_json::Value;
use tera::{Context, Tera};

/// One of our texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    Dashboard,
    Onboarding,
    PullConfiguration,
    PullTable,
}

impl Text {
    const ALL: [Self; 4] = [Self::Dashboard, Self::Onboarding, Self::PullConfiguration, Self::PullTable];

    fn name(self) -> &'static str {
        match self {
            Self::Dashboard => "dashboard",
            Self::Onboarding => "onboarding",
            Self::PullConfiguration => "pull_configuration",
            Self::PullTable => "pull_table",
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::Dashboard => include_str!("../dashboard/dashboard.md.tera"),
            Self::Onboarding => include_str!("templates/onboarding.md.tera"),
            Self::PullConfiguration => include_str!("templates/pull_configuration.md.tera"),
            Self::PullTable => include_str!("templates/pull_table.md.tera"),
        }
    }

    /// Returns the text with the members of `context` filled in; nothing is escaped.
    pub(crate) fn render(self, context: &Value) -> String {
        let rendered = TEMPLATES.as_ref().map_err(Clone::clone).and_then(|tera| {
            let context = Context::from_serialize(context).map_err(|error| error.to_string())?;
            tera.render(self.name(), &context).map_err(|error| error.to_string())
        });
        debug_assert!(rendered.is_ok(), "{self:?}: {rendered:?}");
        rendered.map(|text| tidy(&text)).unwrap_or_default()
    }
}

/// `Err` would be a mistake in this program, which tests rule out.
static TEMPLATES: LazyLock<Result<Tera, String>> = LazyLock::new(|| {
    let mut tera = Tera::new();
    tera.autoescape_on(Vec::<&'static str>::new());
    for text in Text::ALL {
        tera.add_raw_template(text.name(), text.source()).map_err(|error| error.to_string())?;
    }
    Ok(tera)
});

/// Returns `text` with at most one empty line in a row, ending in one line break.
pub(crate) fn tidy(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        if !(line.is_empty() && lines.last().is_none_or(|last| last.is_empty())) {
            lines.push(line);
        }
    }
    let mut tidy = lines.join("\n").trim_end().to_owned();
    tidy.push('\n');
    tidy
}
