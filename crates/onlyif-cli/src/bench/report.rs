//! Medians, ratios and goals, for a terminal and as JSON.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use super::compared::{Compared, median};
use super::process::Run;

/// The most that each may be of the stock function's.
pub const GOALS: Goals = Goals {
    cold: 0.42,
    peak: 0.85,
    size: 0.66,
};

/// What a build for debugging says of its numbers.
const UNOPTIMIZED: &str = "This is a build for debugging, which the store and all that is in this process suffer from: cargo run --release -- bench\n";

/// What one `bootstrap` takes: medians over all of its starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The function's name.
    pub name: String,
    /// From the start of the process until it asks for its first event, in ms.
    pub init_ms: f64,
    /// The first call, in ms.
    pub first_ms: f64,
    /// From the start of the process until its first answer, in ms.
    pub cold_ms: f64,
    /// A call after that, in ms.
    pub warm_ms: f64,
    /// The most memory held, in KiB.
    pub peak_kib: f64,
    /// The file, in bytes.
    pub size_bytes: u64,
    /// The status of its first answer, where that has one.
    pub status: Option<u64>,
}

/// What each may be of the stock function's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goals {
    /// Of a cold start.
    pub cold: f64,
    /// Of the peak of memory.
    pub peak: f64,
    /// Of the size.
    pub size: f64,
}

/// What of the stock function's each is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratios {
    /// Of init.
    pub init: f64,
    /// Of a cold start: init and the first call. The stock function makes its first connection in
    /// that call, where the others make it in init.
    pub cold: f64,
    /// Of the peak of memory.
    pub peak: f64,
    /// Of the size.
    pub size: f64,
}

/// What was measured in one go.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How many times each was started.
    pub rounds: usize,
    /// The stock function.
    pub hello: Measured,
    /// The others.
    pub functions: Vec<Measured>,
    /// What requests take.
    pub requests: Vec<Compared>,
}

impl Measured {
    /// The medians of what was measured of each start.
    pub fn of(name: String, size_bytes: u64, runs: &[Run]) -> Self {
        let ms = |duration: &Duration| duration.as_secs_f64() * 1e3;
        let all = |value: &dyn Fn(&Run) -> f64| median(runs.iter().map(value).collect());
        let warm = runs.iter().flat_map(|run| run.warm.iter().map(ms));
        Measured {
            name,
            init_ms: all(&|run| ms(&run.init)),
            first_ms: all(&|run| ms(&run.first)),
            cold_ms: all(&|run| ms(&(run.init + run.first))),
            warm_ms: median(warm.collect()),
            #[expect(clippy::cast_precision_loss, reason = "no memory has so many KiB")]
            peak_kib: all(&|run| run.peak_kib as f64),
            size_bytes,
            status: runs.last().and_then(|run| run.status),
        }
    }

    /// What of the other's each is.
    #[expect(clippy::cast_precision_loss, reason = "no file has so many bytes")]
    pub fn to(&self, other: &Measured) -> Ratios {
        Ratios {
            init: self.init_ms / other.init_ms,
            cold: self.cold_ms / other.cold_ms,
            peak: self.peak_kib / other.peak_kib,
            size: self.size_bytes as f64 / other.size_bytes as f64,
        }
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "coldMs": self.cold_ms,
            "initMs": self.init_ms,
            "firstMs": self.first_ms,
            "warmMs": self.warm_ms,
            "peakKib": self.peak_kib,
            "sizeBytes": self.size_bytes,
            "status": self.status,
        })
    }
}

impl Ratios {
    fn json(self) -> Value {
        json!({ "init": self.init, "cold": self.cold, "peak": self.peak, "size": self.size })
    }

    /// Whether none is over its goal.
    fn meet(self, goals: Goals) -> bool {
        self.cold <= goals.cold && self.peak <= goals.peak && self.size <= goals.size
    }
}

impl Report {
    /// The table.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{:20} {:>6} {:>8} {:>6} {:>9} {:>8} {:>6} {:>8} {:>9} {:>6} {:>9} {:>6}\n",
            "",
            "answer",
            "init ms",
            "ratio",
            "first ms",
            "cold ms",
            "ratio",
            "warm ms",
            "peak MiB",
            "ratio",
            "size MiB",
            "ratio"
        );
        row(&mut text, &self.hello, None);
        for function in &self.functions {
            row(&mut text, function, Some(function.to(&self.hello)));
        }
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:20} {:>48.2} {:>25.2} {:>16.2}",
            "goal, at most", GOALS.cold, GOALS.peak, GOALS.size
        );
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "\n{:32} {:>9}   {:32} {:>9} {:>6}   goal",
            "in this process", "ms", "", "ms", "ratio"
        );
        text.extend(self.requests.iter().map(|compared| compared.row()));
        let over: Vec<String> = self
            .functions
            .iter()
            .filter(|function| !function.to(&self.hello).meet(GOALS))
            .map(|function| function.name.clone())
            .chain(
                self.requests
                    .iter()
                    .filter(|compared| !compared.met())
                    .map(|compared| compared.what.told().0.into_owned()),
            )
            .collect();
        let verdict = match over.as_slice() {
            [] => "All goals are met.".to_owned(),
            over => format!("A goal is missed by: {}.", over.join("; ")),
        };
        let _ = writeln!(
            text,
            "\nMedians of {} rounds, in turns. {verdict}",
            self.rounds
        );
        if cfg!(debug_assertions) {
            text.push_str(UNOPTIMIZED);
        }
        text
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let function = |function: &Measured| {
            let mut json = function.json();
            json["ratios"] = function.to(&self.hello).json();
            json
        };
        json!({
            "machine": {
                "os": std::env::consts::OS,
                "architecture": std::env::consts::ARCH,
                "cores": std::thread::available_parallelism().map_or(0, usize::from),
            },
            "rounds": self.rounds,
            "goals": { "cold": GOALS.cold, "peak": GOALS.peak, "size": GOALS.size },
            "hello": self.hello.json(),
            "functions": self.functions.iter().map(function).collect::<Vec<_>>(),
            "requests": self.requests.iter().map(|compared| compared.json()).collect::<Vec<_>>(),
            "optimized": !cfg!(debug_assertions),
        })
    }
}

fn row(text: &mut String, measured: &Measured, ratios: Option<Ratios>) {
    let ratio =
        |of: fn(Ratios) -> f64| ratios.map_or_else(String::new, |it| format!("{:.2}", of(it)));
    #[expect(clippy::cast_precision_loss, reason = "no file has so many bytes")]
    let size_mib = measured.size_bytes as f64 / 1024.0 / 1024.0;
    let line = format!(
        "{:20} {:>6} {:>8.1} {:>6} {:>9.2} {:>8.1} {:>6} {:>8.2} {:>9.1} {:>6} {:>9.2} {:>6}",
        measured.name,
        measured
            .status
            .map_or_else(String::new, |it| it.to_string()),
        measured.init_ms,
        ratio(|it| it.init),
        measured.first_ms,
        measured.cold_ms,
        ratio(|it| it.cold),
        measured.warm_ms,
        measured.peak_kib / 1024.0,
        ratio(|it| it.peak),
        size_mib,
        ratio(|it| it.size),
    );
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}", line.trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::pair::{Pair, What};

    fn run(init: u64, first: u64) -> Run {
        Run {
            init: Duration::from_millis(init),
            first: Duration::from_millis(first),
            warm: vec![Duration::from_millis(1), Duration::from_millis(3)],
            peak_kib: init * 1024,
            status: Some(201),
        }
    }

    /// The middle of what each of the stock function's runs took to its first answer is not what the
    /// middle of their inits and that of their first calls make together.
    fn report(init: u64) -> Report {
        let measured = |name: &str, size, runs: &[Run]| Measured::of(name.to_owned(), size, runs);
        let stock = [run(100, 400), run(90, 300), run(500, 10)];
        let ours = [run(init, 160), run(init, 160), run(900, 1)];
        Report {
            rounds: 3,
            hello: measured("hello", 4 << 20, &stock),
            functions: vec![measured("CreateFunction", 2 << 20, &ours)],
            requests: Compared::of(&What::ALL.map(|what| Pair {
                what,
                ours: Duration::from_micros(105),
                other: Duration::from_micros(100),
            })),
        }
    }

    #[test]
    fn a_table_shows_ratios_and_what_is_over_a_goal() {
        let text = report(40).text();
        let expected = "                     answer  init ms  ratio  first ms  cold ms  ratio  warm ms  peak MiB  ratio  size MiB  ratio\n\
             hello                   201    100.0           300.00    500.0            2.00     100.0             4.00\n\
             CreateFunction          201     40.0   0.40    160.00    200.0   0.40     2.00      40.0   0.40      2.00   0.50\n\
             goal, at most                                                    0.42                      0.85             0.66\n\
             \n\
             in this process                         ms                                           ms  ratio   goal\n\
             create, store 4 ms away              0.105   PutItem, 4 ms away                   0.100   1.05   at most 1.10\n\
             create                               0.105   PutItem                              0.100   1.05\n\
             create, refused                      0.105   create                               0.100   1.05   at most 1.05\n\
             transition, refused                  0.105   transition                           0.100   1.05   at most 1.05\n\
             update, refused                      0.105   update                               0.100   1.05   at most 1.05\n\
             delete, refused                      0.105   delete                               0.100   1.05   at most 1.05\n\
             creates a second, local server        9524   conditional PutItems a second        10000   0.95   at least 0.80\n\
             \n\
             Medians of 3 rounds, in turns. All goals are met.\n";
        assert!(text.starts_with(expected), "{text}");
        let over = report(52).text();
        assert!(
            over.contains("A goal is missed by: CreateFunction.\n"),
            "{over}"
        );
    }

    #[test]
    fn programs_get_all_of_it() {
        let json = report(40).json();
        assert_eq!(json["functions"][0]["ratios"]["init"].to_string(), "0.4");
        assert_eq!(json["functions"][0]["sizeBytes"], 2 << 20);
        assert_eq!(json["hello"]["initMs"].to_string(), "100.0");
        assert_eq!(json["goals"]["size"].to_string(), "0.66");
    }
}
