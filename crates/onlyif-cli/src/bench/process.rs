//! One `bootstrap`, from its start to its end.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::events;
use super::runtime::Runtime;
use super::tls::Trust;
use crate::function::Function;

/// How many calls are made after the first one; the median of them is the warm one.
const WARM: usize = 5;

/// What a `bootstrap` finds around it.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The table's name.
    pub table: &'a str,
    /// The store's address.
    pub store: &'a str,
    /// Who may vouch for that.
    pub trust: &'a Trust,
}

/// What was measured of one start.
#[derive(Clone, Debug)]
pub struct Run {
    /// From the start of the process until it asked for an event.
    pub init: Duration,
    /// From its first event until it answered.
    pub first: Duration,
    /// The same of each event after that.
    pub warm: Vec<Duration>,
    /// The most memory that it held, in KiB.
    pub peak_kib: u64,
    /// The status of its first answer, which has one where a route leads to the function.
    pub status: Option<u64>,
}

/// A started process; ended when it is dropped.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How often anything was asked: no two creates are of one resource.
static ASKED: AtomicU64 = AtomicU64::new(0);

/// Starts it, asks it what that function is asked, and ends it.
///
/// # Errors
/// A sentence: it does not start, or does not answer.
pub async fn run(bootstrap: &Path, of: Function, around: Surroundings<'_>) -> Result<Run, String> {
    let mut runtime = Runtime::listen().await?;
    let begun = Instant::now();
    let process = start(bootstrap, around, &runtime.address)?;
    let ready = runtime.asked().await?;
    let (first, answer) = runtime.ask(event(of)?).await?;
    let status = status(&answer)?;
    let mut warm = Vec::new();
    for _ in 0..WARM {
        runtime.asked().await?;
        let (took, answer) = runtime.ask(event(of)?).await?;
        self::status(&answer)?;
        warm.push(took);
    }
    Ok(Run {
        init: ready - begun,
        first,
        warm,
        peak_kib: peak_kib(process.0.id())?,
        status,
    })
}

fn event(of: Function) -> Result<String, String> {
    events::event(of, ASKED.fetch_add(1, Ordering::Relaxed))
}

/// The status of an answer; one that failed was not the call that is measured.
fn status(answer: &[u8]) -> Result<Option<u64>, String> {
    let wrong = |error: serde_json::Error| format!("it answered what is no JSON ({error}).");
    let answer: Value = serde_json::from_slice(answer).map_err(wrong)?;
    match answer["statusCode"].as_u64() {
        Some(status) if status >= 500 => Err(format!("it answered {status}: {}", answer["body"])),
        status => Ok(status),
    }
}

/// As Lambda starts it: nothing of this process's environment is its own.
fn start(bootstrap: &Path, around: Surroundings<'_>, runtime: &str) -> Result<Started, String> {
    let variables = [
        ("AWS_LAMBDA_RUNTIME_API", runtime),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_REGION", "eu-central-1"),
        ("AWS_ACCESS_KEY_ID", "bench"),
        ("AWS_SECRET_ACCESS_KEY", "bench"),
        ("AWS_ENDPOINT_URL_DYNAMODB", around.store),
        ("TABLE", around.table),
        ("AUTH", "jwt"),
        ("STALE_STATUS", "409"),
    ];
    Command::new(bootstrap)
        .env_clear()
        .envs(variables)
        .envs(around.trust.variables())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map(Started)
        .map_err(|error| format!("it cannot be started ({error})."))
}

/// The most memory that the process has held (`VmHWM`: resident, in KiB).
/// <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>
fn peak_kib(id: u32) -> Result<u64, String> {
    let file = format!("/proc/{id}/status");
    let status = fs::read_to_string(&file).map_err(|error| {
        format!("{file} cannot be read ({error}): memory is measured on Linux only.")
    })?;
    peak(&status).ok_or_else(|| format!("{file} does not say `VmHWM`."))
}

fn peak(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::tls::Front;

    #[test]
    fn the_peak_is_what_linux_says() {
        let status =
            "Name:\tbootstrap\nVmPeak:\t  99999 kB\nVmHWM:\t   10432 kB\nVmRSS:\t    9000 kB\n";
        assert_eq!(peak(status), Some(10_432));
        assert_eq!(peak("Name:\tbootstrap\n"), None);
    }

    #[test]
    fn an_answer_has_a_status_unless_it_failed() {
        for (answer, told) in [
            (r#"{"statusCode":404}"#, Some(404)),
            (r#"{"statusCode":201,"body":"{}"}"#, Some(201)),
            (r#"{"batchItemFailures":[]}"#, None),
        ] {
            assert_eq!(status(answer.as_bytes()), Ok(told));
        }
        let failed = status(br#"{"statusCode":503,"body":"busy"}"#);
        assert_eq!(failed, Err("it answered 503: \"busy\"".to_owned()));
        assert!(status(b"Hello").is_err());
    }

    #[tokio::test]
    async fn what_cannot_be_started_is_told() {
        let front = Front::before("http://127.0.0.1:1").await.unwrap();
        let around = Surroundings {
            table: "t",
            store: &front.url,
            trust: &front.trust,
        };
        let sentence = run(Path::new("/nowhere/bootstrap"), Function::Read, around)
            .await
            .unwrap_err();
        assert!(sentence.starts_with("it cannot be started"), "{sentence}");
    }
}
