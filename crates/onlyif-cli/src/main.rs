//! The `onlyif` command: see `onlyif --help`.

use std::io::{self, Write};
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use onlyif_cli::arguments::{Arguments, Bench, Command, Conflicts, Log, Race, Serve};
use onlyif_cli::banner::Banner;
use onlyif_cli::conflicts::tally::Counting;
use onlyif_cli::paint::Paint;
use onlyif_cli::serve::{Server, check_address, start};
use onlyif_cli::{bench, check, conflicts, log, race};
use onlyif_http::{cold_start, observe::Deployment};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;

/// The threads that the embedded store has to itself. With as many workers as processors beside it, they
/// would take turns: on two processors, a third fewer requests are answered then.
const EMBEDDED_STORE: usize = 1;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command {
        None => serve(&arguments.serve),
        Some(Command::Serve(options)) => serve(&options),
        Some(Command::Check { folder, against }) => {
            let said = match against {
                Some(old) => check::against(&folder, &old),
                None => check::check(&folder),
            };
            said.map(|said| print(&format!("{said}\n")))
        }
        Some(Command::Schema) => {
            print(&format!("{:#}\n", onlyif::declaration::format::schema()));
            Ok(())
        }
        Some(Command::Race(options)) => run(0, race(&options)),
        Some(Command::Conflicts(options)) => run(0, conflicts(&options)),
        Some(Command::Bench(options)) => run(EMBEDDED_STORE, bench(&options)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            let _ = writeln!(io::stderr(), "{sentence}");
            ExitCode::FAILURE
        }
    }
}

/// Whoever reads may have stopped reading: that is no error of ours.
fn print(text: &str) {
    let _ = io::stdout().write_all(text.as_bytes());
}

/// Runs it on all processors but `others`, which other threads are to have.
fn run(others: usize, work: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(processors.saturating_sub(others).max(1))
        .enable_all()
        .build()
        .map_err(|error| format!("The threads that serve cannot be started ({error})."))?
        .block_on(work)
}

async fn race(options: &Race) -> Result<(), String> {
    race::race(
        &options.url,
        &options.type_name,
        Paint::of_stdout(),
        &mut io::stdout(),
    )
    .await
}

async fn conflicts(options: &Conflicts) -> Result<(), String> {
    conflicts::conflicts(
        &options.url,
        options.top,
        options.watch,
        Paint::of_stdout(),
        &mut io::stdout(),
    )
    .await
}

async fn bench(options: &Bench) -> Result<(), String> {
    let measured = bench::Bench {
        functions: options.functions.clone(),
        hello: options.hello.clone(),
        rounds: options.rounds.into(),
    };
    // What the server logs of a request is part of what that takes.
    tracing_subscriber::registry()
        .with(cold_start::lines(Deployment::default(), io::sink))
        .with(LevelFilter::INFO)
        .init();
    let mut progress = |line: &str| drop(writeln!(io::stderr(), "{line}"));
    let report = bench::bench(&measured, &mut progress).await?;
    print(&report.text());
    match &options.json {
        Some(file) => std::fs::write(file, format!("{:#}\n", report.json()))
            .map_err(|error| format!("{} cannot be written ({error}).", file.display())),
        None => Ok(()),
    }
}

fn serve(options: &Serve) -> Result<(), String> {
    if let Err(sentence) = check_address(options.host, options.allow_remote) {
        Arguments::command()
            .error(ErrorKind::ValueValidation, sentence)
            .exit();
    }
    let settings = options.options();
    let counted = tracing_subscriber::registry().with(Counting(Arc::clone(&settings.tally)));
    match options.log {
        Log::Text => counted
            .with(log::Text::to_stdout(Paint::of_stdout()))
            .init(),
        Log::Json => counted
            .with(cold_start::lines(Deployment::default(), io::stdout))
            .with(LevelFilter::INFO)
            .init(),
    }
    let others = match settings.store {
        Some(_) => 0,
        None => EMBEDDED_STORE,
    };
    run(others, async {
        let server = start(settings).await?;
        // Whoever reads that it serves may end it.
        let mut signals = Signals::listen()?;
        tokio::select! {
            () = signals.next() => {}
            () = async {
                greet(options, &server).await;
                std::future::pending().await
            } => {}
        }
        // A second one ends it at once.
        tokio::spawn(async move {
            signals.next().await;
            std::process::exit(130);
        });
        server.stop().await;
        Ok(())
    })
}

/// Prints what a newcomer wants to know.
async fn greet(options: &Serve, server: &Server) {
    let declarations = server.declarations();
    let path = server.example().await;
    let banner = Banner {
        url: &server.url,
        declarations: &declarations,
        resources: &shown(&options.resources),
        data: &data(options, server),
        path: &path,
        program: program(),
        race: declarations.get("documents").is_some(),
        remote: !options.host.is_loopback(),
    };
    let paint = Paint::of_stdout();
    let mut text = banner.text(paint);
    for sentence in server.seeded.iter().flat_map(|seeded| &seeded.refused) {
        let line = format!("Sample data: {sentence}");
        text += &format!("{}\n", paint.yellow(&line));
    }
    match options.log {
        Log::Text => print(&text),
        // Whoever reads JSON from standard output finds nothing else there.
        Log::Json => drop(io::stderr().write_all(text.as_bytes())),
    }
}

fn data(options: &Serve, server: &Server) -> String {
    let loaded = match &server.seeded {
        Some(seeded) if seeded.created > 0 => format!(", {} samples loaded", seeded.created),
        _ => String::new(),
    };
    match &options.store {
        Some(url) => format!("table `{}` at {url}{loaded}", options.table),
        None if options.memory => format!("in memory{loaded}; it ends with the server"),
        None => format!("in {}{loaded}; --reset begins anew", shown(&options.data)),
    }
}

fn shown(folder: &std::path::Path) -> String {
    let text = folder.display().to_string();
    if text.ends_with('/') {
        text
    } else {
        format!("{text}/")
    }
}

/// How this program was started: Cargo says so in the environment.
fn program() -> &'static str {
    if std::env::var_os("CARGO").is_some() {
        "cargo run --"
    } else {
        "onlyif"
    }
}

/// Ctrl-C, and what `kill` sends, from when it is listened for on.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> Result<Self, String> {
        use tokio::signal::unix::{SignalKind, signal};
        let cannot = |error: io::Error| format!("Signals cannot be waited for ({error}).");
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt()).map_err(cannot)?,
            terminate: signal(SignalKind::terminate()).map_err(cannot)?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Ctrl-C.
#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Signals {
    fn listen() -> Result<Self, String> {
        let cannot = |error: io::Error| format!("Ctrl-C cannot be waited for ({error}).");
        tokio::signal::windows::ctrl_c()
            .map(Signals)
            .map_err(cannot)
    }

    async fn next(&mut self) {
        self.0.recv().await;
    }
}
