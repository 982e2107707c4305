//! How long a whole dry run takes, requests, memory and all: the real binary, an internet in this process, every reply 50 ms away; in the last
//! rows the handshakes of each connection, too.
//!
//! Times of a run that waits for replies are told in round trips, too: what the same run takes with everything at hand, and how often it waited.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark may break down, and prints its figures"
)]

mod homelab;
mod internet;
mod services;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

use self::internet::{Authority, Distance, Internet, Protocol};

/// How often each run is repeated; the median is told.
const REPEATS: usize = 7;

/// How long a reply takes, in milliseconds, unless the command line says otherwise: `cargo bench --bench dry_run -- 500`.
const LATENCY: u64 = 50;

/// What a run took.
struct Figures {
    wall: Duration,
    processor: Duration,
    requests: usize,
    connections: usize,
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let repository = folder.path().join("homelab");
    homelab::write(&repository).expect("a repository");
    let authority = Authority::new();
    std::fs::write(folder.path().join("ca.pem"), &authority.pem).expect("a file");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    println!(
        "{:<34} {:>5} {:>9} {:>9} {:>9} {:>12} {:>9}",
        "", "", "wall", "processor", "requests", "connections", "rounds"
    );
    let latency =
        Duration::from_millis(std::env::args().find_map(|word| word.parse().ok()).unwrap_or(LATENCY));
    let distances = [
        ("at hand".to_owned(), Distance { reply: Duration::ZERO, connection: Duration::ZERO }),
        (
            format!("{} ms a reply", latency.as_millis()),
            Distance { reply: latency, connection: Duration::ZERO },
        ),
        // A TCP and a TLS handshake are one round trip each.
        (
            format!("{} ms a round trip", latency.as_millis()),
            Distance { reply: latency, connection: 2 * latency },
        ),
    ];
    for (name, distance) in distances {
        for (version, protocol) in [("HTTP/1.1", Protocol::One), ("HTTP/2", Protocol::Two)] {
            let internet = runtime.block_on(Internet::start(&authority, distance, protocol));
            let run = |cache: &Path| run(folder.path(), &repository, cache, &internet);
            let fresh: Vec<Figures> = (0..REPEATS)
                .map(|at| run(&folder.path().join(format!("cold-{name}-{version}-{at}"))))
                .collect();
            let warm = folder.path().join(format!("cold-{name}-{version}-0"));
            let again: Vec<Figures> = (0..REPEATS).map(|_| run(&warm)).collect();
            for (kind, figures) in [("cold", fresh), ("warm", again)] {
                show(&format!("{name}, {version}"), kind, figures, distance);
            }
        }
    }
    let memory = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the usage").max_rss() / 1024;
    println!("peak memory of any of them: {memory} MB");
}

fn show(name: &str, kind: &str, mut figures: Vec<Figures>, distance: Distance) {
    figures.sort_by_key(|figures| figures.wall);
    let Some(median) = figures.get(REPEATS / 2) else { return };
    let rounds = if distance.reply.is_zero() {
        String::new()
    } else {
        format!("{:.1}", median.wall.as_secs_f64() / distance.reply.as_secs_f64())
    };
    println!(
        "{name:<34} {kind:>5} {:>6} ms {:>6} ms {:>9} {:>12} {rounds:>9}",
        median.wall.as_millis(),
        median.processor.as_millis(),
        median.requests,
        median.connections
    );
}

fn run(home: &Path, repository: &Path, cache: &Path, internet: &Internet) -> Figures {
    let before = processor_time();
    let start = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_updraft"))
        .args(["dry-run", "--format", "json", "--now", "2026-11-21T00:00:00Z", "--cache-dir"])
        .arg(cache)
        .arg(repository)
        .env_clear()
        .env("HOME", home)
        .env("HTTPS_PROXY", &internet.proxy)
        .env("SSL_CERT_FILE", home.join("ca.pem"))
        .env("GITHUB_COM_TOKEN", "a-token")
        .stderr(Stdio::inherit())
        .output()
        .expect("the binary runs");
    let wall = start.elapsed();
    let processor = processor_time().saturating_sub(before);
    check(&output.stdout);
    let (requests, connections) = internet.take_counts();
    Figures { wall, processor, requests, connections }
}

/// A run that found nothing, or could not ask, is quick and worth nothing.
fn check(report: &[u8]) {
    let report: serde_json::Value = serde_json::from_slice(report).expect("a report");
    assert_eq!(report["problems"], serde_json::json!([]), "the run has problems");
    let branches = report["branches"].as_array().map_or(0, Vec::len);
    assert!(branches > 80 && report["stats"]["deps"].as_u64() > Some(300), "{}", report["stats"]);
}

/// Returns the time the processors spent on runs that have ended.
fn processor_time() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the usage");
    let (user, system) = (usage.user_time(), usage.system_time());
    let micros = |time: nix::sys::time::TimeVal| {
        u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap_or(0)
    };
    Duration::from_micros(micros(user) + micros(system))
}
