//! `onlyif bench`, of a real process: this function's, which is also the one that it is compared with.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::PathBuf;

use onlyif_cli::bench::{Bench, bench};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn a_bootstrap_is_started_asked_and_measured() {
    let built = PathBuf::from(env!("CARGO_BIN_EXE_onlyif-history"));
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("HistoryFunction");
    fs::create_dir(&place).unwrap();
    fs::hard_link(&built, place.join("bootstrap"))
        .or_else(|_| fs::copy(&built, place.join("bootstrap")).map(drop))
        .unwrap();
    let mut told = Vec::new();
    let what = Bench {
        functions: folder.path().to_owned(),
        hello: built,
        rounds: 1,
    };
    let report = bench(&what, &mut |line| told.push(line.to_owned()))
        .await
        .unwrap();
    assert_eq!(told, ["round 1 of 1"]);
    let measured = report.json();
    let positive = |value: &Value| value.as_f64().is_some_and(|number| number > 0.0);
    let functions = measured["functions"].as_array().unwrap();
    let [function] = functions.as_slice() else {
        panic!("{measured:#}")
    };
    assert_eq!(function["name"], "HistoryFunction");
    for number in ["initMs", "firstMs", "warmMs", "peakKib", "sizeBytes"] {
        assert!(positive(&function[number]), "{number}: {measured:#}");
        assert!(positive(&measured["hello"][number]), "{number}");
    }
    assert_eq!(function["ratios"]["size"].as_f64(), Some(1.0));
    let requests = measured["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 7);
    for request in requests {
        assert!(positive(&request["ours"]), "{request}");
        assert!(positive(&request["other"]), "{request}");
        assert!(positive(&request["ratio"]), "{request}");
    }
}
