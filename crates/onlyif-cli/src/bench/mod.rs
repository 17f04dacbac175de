//! `onlyif bench`: what each function's `bootstrap` takes to start, to answer and to keep, beside a
//! stock function, on this machine (Linux: it reads `/proc`); and what a request takes beside what
//! the store does for it.
//!
//! - [`runtime`]: Lambda's part: the runtime interface that a `bootstrap` asks for events
//! - [`process`]: one `bootstrap`, from its start to its end
//! - [`tls`]: the store as they reach it
//! - [`events`]: what each function is asked
//! - [`requests`]: the same functions in this process, beside the SDK
//! - [`throughput`]: the local server, beside the SDK
//! - [`puts`]: what the SDK does alone
//! - [`distance`]: a store as far as DynamoDB
//! - [`pair`]: two things beside one another
//! - [`compared`]: what requests take, and what their ratios are to be
//! - [`report`]: medians, ratios and goals, for a terminal and as JSON
//!
//! Absolute times on a shared machine mean nothing. So all take turns, round by round, on stores in
//! this process, and what counts is the ratio of two medians.

pub mod compared;
pub mod distance;
pub mod events;
pub mod pair;
pub mod process;
pub mod puts;
pub mod report;
pub mod requests;
pub mod runtime;
pub mod throughput;
pub mod tls;

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use self::compared::Compared;
use self::pair::Pair;
use self::process::{Run, Surroundings};
use self::report::{Measured, Report};
use self::requests::Requests;
use self::tls::Front;
use crate::function::Function;
use crate::serve::Options;
use crate::store::{self, Opened};
use crate::template::{STORAGE, TEMPLATE, Template, definition};

/// What to measure.
#[derive(Clone, Debug)]
pub struct Bench {
    /// A folder per function, with its `bootstrap`: what `sam build` makes.
    pub functions: PathBuf,
    /// The stock function's `bootstrap`.
    pub hello: PathBuf,
    /// How many times each is started; the first round, which loads the files, is one more.
    pub rounds: usize,
}

/// Measures all of them. `progress` is told of each round.
///
/// # Errors
/// A sentence: a `bootstrap` is missing, or does not do what Lambda would ask of it.
pub async fn bench(bench: &Bench, progress: &mut dyn FnMut(&str)) -> Result<Report, String> {
    let subjects = subjects(bench)?;
    let (apart, within) = (open().await?, open().await?);
    let front = Front::before(apart.settings.endpoint.as_deref().unwrap_or_default()).await?;
    let surroundings = Surroundings {
        table: &apart.settings.table,
        store: &front.url,
        trust: &front.trust,
    };
    let requests = Requests::of(&within).await?;
    let mut runs: Vec<Vec<Run>> = subjects.iter().map(|_| Vec::new()).collect();
    let mut pairs: Vec<Pair> = Vec::new();
    for round in 0..=bench.rounds {
        if round > 0 {
            progress(&format!("round {round} of {}", bench.rounds));
        }
        // Whoever comes first finds the machine as the requests of the round before have left it.
        let mut turns: Vec<_> = subjects.iter().zip(&mut runs).collect();
        let first = round % turns.len();
        turns.rotate_left(first);
        for (subject, runs) in turns {
            let run = process::run(&subject.bootstrap, subject.function, surroundings)
                .await
                .map_err(|sentence| format!("{}: {sentence}", subject.bootstrap.display()))?;
            // The first one finds its file on the disk.
            if round > 0 {
                runs.push(run);
            }
        }
        let asked = requests.round().await?;
        if round > 0 {
            pairs.extend(asked);
        }
    }
    requests.stop().await;
    drop(front);
    for embedded in [apart.embedded, within.embedded].into_iter().flatten() {
        embedded.stop().await;
    }
    let mut measured = Vec::new();
    for (subject, runs) in subjects.into_iter().zip(runs) {
        measured.push(Measured::of(subject.name, size(&subject.bootstrap)?, &runs));
    }
    let hello = measured.remove(0);
    Ok(Report {
        rounds: bench.rounds,
        hello,
        functions: measured,
        requests: Compared::of(&pairs),
    })
}

/// Where the store with this `http` address listens.
fn address(store: &str) -> Result<SocketAddr, String> {
    let host = store.strip_prefix("http://").unwrap_or(store);
    host.parse()
        .map_err(|_| format!("The store's address is none ({store})."))
}

/// A store in memory.
async fn open() -> Result<Opened, String> {
    store::open(&Options::default(), &definition(STORAGE)?).await
}

struct Subject {
    name: String,
    bootstrap: PathBuf,
    /// It is asked what this one is.
    function: Function,
}

/// The stock function first, then all functions by name.
fn subjects(bench: &Bench) -> Result<Vec<Subject>, String> {
    let mut subjects = vec![Subject {
        name: "hello".to_owned(),
        bootstrap: bench.hello.clone(),
        function: Function::Read,
    }];
    size(&bench.hello).map_err(|sentence| {
        format!("{sentence} Build the stock function: cargo build --release --manifest-path benches/hello/Cargo.toml")
    })?;
    let shown = bench.functions.display();
    fs::read_dir(&bench.functions).map_err(|error| {
        format!("The folder `{shown}` cannot be read ({error}). `sam build` makes it; name another with --functions DIR.")
    })?;
    let template = Template::read(TEMPLATE, "template.yaml")?;
    for name in template.names("AWS::Serverless::Function") {
        let bootstrap = bench.functions.join(name).join("bootstrap");
        if bootstrap.is_file() {
            subjects.push(Subject {
                name: name.to_owned(),
                bootstrap,
                function: template.function(name)?,
            });
        }
    }
    match subjects.len() {
        1 => Err(format!(
            "The folder `{shown}` holds no function: one folder for each, like CreateFunction/bootstrap, as `sam build` makes them."
        )),
        _ => Ok(subjects),
    }
}

/// In bytes.
fn size(bootstrap: &Path) -> Result<u64, String> {
    match fs::metadata(bootstrap) {
        Ok(file) => Ok(file.len()),
        Err(error) => Err(format!("{} cannot be read ({error}).", bootstrap.display())),
    }
}
