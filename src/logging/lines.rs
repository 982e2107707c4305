//! What is between an event and its line: the fields of the spans around it.

use std::time::SystemTime;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, Scope};

use super::line::{Fields, Line, Style};

/// Writes a line for each event.
pub(super) struct Lines<W> {
    style: Style,
    write: W,
}

impl<W: Fn(&str)> Lines<W> {
    /// Returns a layer that hands each line, with its end, to `write`.
    pub(super) fn new(style: Style, write: W) -> Self {
        Self { style, write }
    }
}

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn(&str) + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut own = Fields::default();
        event.record(&mut own);
        let mut spans = Vec::new();
        for span in context.event_scope(event).into_iter().flat_map(Scope::from_root) {
            spans.extend(span.extensions().get::<Fields>().cloned());
        }
        let metadata = event.metadata();
        let (level, target) = (*metadata.level(), metadata.target());
        let line = Line { time: SystemTime::now(), level, target, spans, own };
        (self.write)(&line.written(self.style));
    }
}
