//! What the functions ask of the table, kept for `privileges.rs`, which runs after these tests.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs::File;
use std::io::Write as _;
use std::sync::{Mutex, OnceLock, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

/// Where the requests of the last run are.
const FILE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/requests");

/// From now on, each kind of request that a function makes is a line of the file.
pub(crate) fn keep() {
    static KEPT: OnceLock<()> = OnceLock::new();
    KEPT.get_or_init(|| {
        let file = File::create(FILE).expect(FILE);
        let kept = Requests(Mutex::new((BTreeSet::new(), file)));
        let all = tracing_subscriber::registry().with(kept);
        tracing::subscriber::set_global_default(all).expect("nobody else listens");
    });
}

/// The lines so far, and where they go.
struct Requests(Mutex<(BTreeSet<String>, File)>);

/// The function that a span is of.
struct Of(String);

/// The text of one field.
struct Text(&'static str, Option<String>);

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == self.0 {
            self.1 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Requests {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut function = Text("function", None);
        attributes.record(&mut function);
        if let (Some(function), Some(span)) = (function.1, context.span(id)) {
            span.extensions_mut().insert(Of(function));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != "onlyif::store" {
            return;
        }
        let (mut actions, mut resource) = (Text("actions", None), Text("resource", None));
        event.record(&mut actions);
        event.record(&mut resource);
        let scope = context.event_scope(event).into_iter().flatten();
        let function = scope
            .filter_map(|span| Some(span.extensions().get::<Of>()?.0.clone()))
            .next();
        // What a test asks by itself is no function's.
        let Some(function) = function else { return };
        let (actions, resource) = (actions.1.expect("actions"), resource.1.expect("resource"));
        for action in actions.split(' ') {
            let line = format!("{function} {action} {resource}");
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if kept.0.insert(line.clone()) {
                writeln!(kept.1, "{line}").expect(FILE);
            }
        }
    }
}
