//! One log line, as text or as JSON.

use std::fmt::{self, Write as _};
use std::time::SystemTime;

use anstyle::{AnsiColor, Style as Ansi};
use jiff::Timestamp;
use serde_json::{Map, Value};
use tracing::Level;
use tracing::field::{Field, Visit};

use crate::report::json_text::spelled;
use crate::report::printable::printable;

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// For people and for `grep`.
    Plain,
    /// For people at a terminal.
    Colored,
    /// An object a line.
    Json,
}

/// The fields of a span or of an event, in the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fields(Vec<(&'static str, Value)>);

impl Fields {
    fn set(&mut self, field: &Field, value: Value) {
        self.0.push((field.name(), value));
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(own, _)| *own == name)?;
        Some(shown(&self.0.remove(at).1))
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.set(field, format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.set(field, u64::try_from(value).unwrap_or(u64::MAX).into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }
}

/// One line.
pub(super) struct Line {
    pub(super) time: SystemTime,
    pub(super) level: Level,
    pub(super) target: &'static str,
    /// The fields of the spans around it, the outermost first. The first field of each says where we are.
    pub(super) spans: Vec<Fields>,
    /// Its own fields: `message`, which says what happened, `reason`, which says why, and whatever else.
    pub(super) own: Fields,
}

impl Line {
    /// Returns the line with its end.
    pub(super) fn written(self, style: Style) -> String {
        let palette = if style == Style::Colored { Palette::colored(self.level) } else { Palette::default() };
        let mut text = if style == Style::Json { self.json() } else { self.text(&palette) };
        text.push('\n');
        text
    }

    fn json(mut self) -> String {
        let mut line = Map::new();
        line.insert("time".to_owned(), moment(self.time).into());
        line.insert("level".to_owned(), self.level.as_str().into());
        line.insert("message".to_owned(), self.own.take("message").unwrap_or_default().into());
        // What is further in knows better.
        for (name, value) in self.spans.into_iter().chain([self.own]).flat_map(|fields| fields.0) {
            line.insert(name.to_owned(), value);
        }
        line.insert("target".to_owned(), self.target.into());
        spelled(&Value::Object(line).to_string()).into_owned()
    }

    fn text(mut self, palette: &Palette) -> String {
        let Palette { time, level, place, name } = palette;
        let mut text = format!("{time}{}{time:#} {level}{:<5}{level:#} ", moment(self.time), self.level);
        let places: Vec<_> = self.spans.iter().filter_map(|fields| fields.0.first()).collect();
        for (index, (_, value)) in places.iter().enumerate() {
            let end = if index + 1 < places.len() { " " } else { ": " };
            let _ = write!(text, "{place}{}{place:#}{end}", printable(&shown(value)));
        }
        let message = self.own.take("message").unwrap_or_default();
        text.push_str(&printable(&message));
        if let Some(reason) = self.own.take("reason") {
            let _ = write!(text, ": {}", printable(&reason));
        }
        for (own, value) in self.own.0.iter().filter(|field| !places.contains(field)) {
            let _ = write!(text, " {name}{own}={name:#}{}", quoted(&shown(value)));
        }
        text
    }
}

/// The colours of a line.
#[derive(Default)]
struct Palette {
    time: Ansi,
    level: Ansi,
    place: Ansi,
    name: Ansi,
}

impl Palette {
    fn colored(level: Level) -> Self {
        let color = match level {
            Level::ERROR => AnsiColor::Red,
            Level::WARN => AnsiColor::Yellow,
            Level::INFO => AnsiColor::Green,
            Level::DEBUG => AnsiColor::Blue,
            Level::TRACE => AnsiColor::Magenta,
        };
        let dim = Ansi::new().dimmed();
        Self { time: dim, level: color.on_default(), place: Ansi::new().bold(), name: dim }
    }
}

fn moment(time: SystemTime) -> String {
    Timestamp::try_from(time).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Returns a value such that one can see where it ends.
fn quoted(text: &str) -> String {
    let text = printable(text);
    let is_plain = !text.is_empty() && !text.contains([' ', '"', '=']);
    if is_plain {
        text.into_owned()
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::{debug_span, error_span, info};
    use tracing_subscriber::Registry;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;
    use crate::logging::lines::Lines;

    /// Returns what `act` logs, without the times.
    fn logged(style: Style, act: impl FnOnce()) -> String {
        let written: Arc<Mutex<String>> = Arc::default();
        let to = Arc::clone(&written);
        let lines = Lines::new(style, move |line: &str| to.lock().unwrap().push_str(line));
        tracing::subscriber::with_default(Registry::default().with(lines), act);
        let text = written.lock().unwrap();
        let undated = |line: &str| format!("{}\n", line.split_once('Z').map_or(line, |(_, rest)| rest));
        text.lines().map(undated).collect::<Vec<_>>().concat()
    }

    fn hold() {
        let repository =
            error_span!("repository", repository = "lakeside/homelab", dryRun = tracing::field::Empty);
        let _inside = repository.enter();
        let _branch = debug_span!("branch", branch = "renovate/app-1.x").entered();
        let until = Some("2026-11-21");
        info!(target: "updraft::decisions", pr = 7, until, merged = None::<u64>, reason = "outside \"every weekend\"", "branch held");
    }

    #[test]
    fn a_text_line_says_where_what_and_why() {
        assert_eq!(
            logged(Style::Plain, hold),
            " INFO  lakeside/homelab renovate/app-1.x: branch held: outside \"every weekend\" pr=7 until=2026-11-21\n"
        );
    }

    #[test]
    fn a_json_line_has_the_fields_of_its_spans() {
        let line = logged(Style::Json, hold);
        let expected = r#"","level":"INFO","message":"branch held","repository":"lakeside/homelab","branch":"renovate/app-1.x","pr":7,"until":"2026-11-21","reason":"outside \"every weekend\"","target":"updraft::decisions"}"#;
        assert_eq!(line.trim_end(), expected);
    }

    #[test]
    fn foreign_text_makes_no_line_and_no_colour_of_its_own() {
        let act = || info!(title = "a\n2026 ERROR \u{1b}[31mgone", empty = "", "said {}", "x\ny");
        assert_eq!(
            logged(Style::Plain, act),
            " INFO  said x␊y title=\"a␊2026 ERROR ␛[31mgone\" empty=\"\"\n"
        );
        assert_eq!(logged(Style::Json, act).lines().count(), 1);
        let act = || info!("har\u{9b}\u{202e}bour");
        assert!(logged(Style::Json, act).contains(r"har\u009b\u202ebour"));
    }

    #[test]
    fn colours_are_for_terminals() {
        assert!(logged(Style::Colored, hold).contains("\u{1b}["));
        assert!(!logged(Style::Plain, hold).contains('\u{1b}'));
    }

    #[test]
    fn what_a_span_learns_later_is_told_from_then_on() {
        let act = || {
            let span = error_span!("repository", repository = "a/b", base = tracing::field::Empty).entered();
            span.record("base", "main");
            info!("read");
        };
        assert!(logged(Style::Json, act).contains(r#""repository":"a/b","base":"main""#));
    }
}
