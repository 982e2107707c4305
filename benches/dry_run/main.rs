//! How long a whole dry run takes, requests, memory and all: the real binary, an internet in this process, every reply 50 ms away; in the last
//! rows the handshakes of each connection, too.
//!
//! `cargo bench --bench dry_run -- growth` does it for repositories of other sizes, every reply 50 ms away, or as many as the command line says
//! (`-- growth 0`): what a run takes must grow no faster than what there is to update.
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
    bytes: usize,
    deps: u64,
}

/// How many applications the repositories have whose growth is looked at: 250 to 2,000 dependencies.
const SIZES: [usize; 4] = [27, 60, 127, 260];

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = Authority::new();
    std::fs::write(folder.path().join("ca.pem"), &authority.pem).expect("a file");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let latency =
        Duration::from_millis(std::env::args().find_map(|word| word.parse().ok()).unwrap_or(LATENCY));
    if std::env::args().any(|word| word == "growth") {
        return growth(folder.path(), &authority, &runtime, latency);
    }
    let repository = folder.path().join("homelab");
    homelab::write(&repository, homelab::APPLICATIONS).expect("a repository");
    println!(
        "{:<34} {:>5} {:>9} {:>9} {:>9} {:>12} {:>9}",
        "", "", "wall", "processor", "requests", "connections", "rounds"
    );
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
    println!("peak memory of any of them: {} MB", peak_memory());
}

/// Prints the rows of a table, one for each size, cold and warm.
fn growth(folder: &Path, authority: &Authority, runtime: &tokio::runtime::Runtime, latency: Duration) {
    let distance = Distance { reply: latency, connection: Duration::ZERO };
    let internet = runtime.block_on(Internet::start(authority, distance, Protocol::Two));
    println!(
        "| dependencies | | wall, ms | processor, ms | requests | KB of replies | peak memory so far, MB |"
    );
    println!("|---|---|---|---|---|---|---|");
    for applications in SIZES {
        let repository = folder.join(format!("repository-{applications}"));
        homelab::write(&repository, applications).expect("a repository");
        let cache = |at: usize| folder.join(format!("cache-{applications}-{at}"));
        let cold: Vec<Figures> =
            (0..REPEATS).map(|at| run(folder, &repository, &cache(at), &internet)).collect();
        let warm: Vec<Figures> =
            (0..REPEATS).map(|_| run(folder, &repository, &cache(0), &internet)).collect();
        for (kind, mut figures) in [("cold", cold), ("warm", warm)] {
            figures.sort_by_key(|figures| figures.wall);
            let Some(median) = figures.get(REPEATS / 2) else { continue };
            let Figures { wall, processor, requests, bytes, deps, .. } = median;
            println!(
                "| {deps} | {kind} | {} | {} | {requests} | {} | {} |",
                wall.as_millis(),
                processor.as_millis(),
                bytes / 1024,
                peak_memory()
            );
        }
    }
}

/// Returns the most memory that a run has taken so far, in MB.
fn peak_memory() -> i64 {
    getrusage(UsageWho::RUSAGE_CHILDREN).expect("the usage").max_rss() / 1024
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
    let deps = check(&output.stdout);
    let (requests, connections, bytes) = internet.take_counts();
    Figures { wall, processor, requests, connections, bytes, deps }
}

/// Returns how many dependencies were found. A run that found nothing, or could not ask, is quick and worth nothing.
fn check(report: &[u8]) -> u64 {
    let report: serde_json::Value = serde_json::from_slice(report).expect("a report");
    assert_eq!(report["problems"], serde_json::json!([]), "the run has problems");
    let branches = report["branches"].as_array().map_or(0, Vec::len);
    let deps = report["stats"]["deps"].as_u64().unwrap_or_default();
    assert!(branches > 40 && deps > 200, "{}", report["stats"]);
    deps
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
