//! Lines: an event as Lambda and CloudWatch read it, one JSON object a line.

use std::fmt;
use std::time::SystemTime;

use onlyif::timestamp::Timestamp;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{Format, Json, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use super::members::Members;
use super::{REQUEST, metrics};

/// What a deployment adds to the event of each request. The local server is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// Where its metrics are counted; `None`: there are none.
    pub namespace: Option<String>,
    /// What whoever deployed calls it: a version, a commit.
    pub release: Option<String>,
}

/// Writes events.
#[derive(Debug)]
pub(crate) struct Lines {
    others: Format<Json>,
    deployment: Deployment,
}

impl Lines {
    pub(crate) fn new(deployment: Deployment) -> Self {
        let others = Format::default()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_ansi(false);
        Lines { others, deployment }
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if event.metadata().target() != REQUEST {
            return self.others.format_event(context, writer, event);
        }
        let at = Timestamp::from(SystemTime::now());
        let mut members = Members::default();
        members.insert("timestamp", at.to_string());
        members.insert("level", event.metadata().level().as_str());
        event.record(&mut members);
        if let Some(release) = &self.deployment.release {
            members.insert("release", release.as_str());
        }
        members.insert("target", REQUEST);
        if let Some(namespace) = &self.deployment.namespace {
            metrics::embed(&mut members, namespace, at);
        }
        let line = serde_json::to_string(&members).map_err(|_| fmt::Error)?;
        writeln!(writer, "{line}")
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing_subscriber::fmt::MakeWriter;
    use tracing_subscriber::prelude::*;

    use super::*;

    /// What a process would have printed.
    #[derive(Clone, Default)]
    struct Printed(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Printed {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Printed {
        type Writer = Printed;

        fn make_writer(&self) -> Printed {
            self.clone()
        }
    }

    fn lines(deployment: Deployment, emit: impl FnOnce()) -> Vec<Value> {
        let printed = Printed::default();
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(printed.clone())
            .event_format(Lines::new(deployment));
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), emit);
        let text = String::from_utf8(printed.0.lock().unwrap().clone()).unwrap();
        let read = |line| serde_json::from_str(line).unwrap();
        text.lines().map(read).collect()
    }

    fn deployment() -> Deployment {
        Deployment {
            namespace: Some("Onlyif/orders-api".to_owned()),
            release: Some("1.4.2".to_owned()),
        }
    }

    fn emit() {
        tracing::info!(
            target: "onlyif::request",
            method = "PATCH",
            r#type = "orders",
            outcome = "changed",
            pointers = %r#"["/a","/b"]"#,
            path = %"[not a list]",
            code = None::<&str>,
            merged = true,
            ms = 3_u64,
        );
    }

    #[test]
    fn a_request_is_one_object_with_its_lists_as_lists() {
        let mut lines = lines(Deployment::default(), emit);
        assert_eq!(lines.len(), 1);
        let at = lines[0]
            .as_object_mut()
            .unwrap()
            .remove("timestamp")
            .unwrap();
        assert!(Timestamp::parse(at.as_str().unwrap()).is_some(), "{at}");
        assert_eq!(
            lines[0],
            json!({
                "level": "INFO", "method": "PATCH", "type": "orders", "outcome": "changed",
                "pointers": ["/a", "/b"], "path": "[not a list]", "merged": true, "ms": 3,
                "target": "onlyif::request",
            })
        );
    }

    #[test]
    fn a_deployment_adds_its_release_and_its_metrics() {
        let lines = lines(deployment(), emit);
        let directive = &lines[0]["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "Onlyif/orders-api");
        assert_eq!(lines[0]["release"], "1.4.2");
        assert_eq!(
            (&lines[0]["Requests"], &lines[0]["Rebases"]),
            (&json!(1), &json!(1))
        );
    }

    #[test]
    fn what_is_not_about_a_request_has_no_metrics() {
        let lines = lines(deployment(), || {
            tracing::error!(target: "onlyif::history", number = "7", "a record of the stream is not kept");
        });
        assert_eq!(lines[0]["message"], "a record of the stream is not kept");
        assert_eq!(lines[0]["level"], "ERROR");
        assert!(lines[0].get("_aws").is_none());
    }
}
