//! The command line: flags, their environment names, and one enum for each choice.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};
use clap_complete::Shell;
use jiff::Timestamp;

/// A fast dependency-update bot for GitOps repositories, configured by the renovate.json you already have.
#[derive(Debug, Parser)]
#[command(name = "updraft", version, propagate_version = true, max_term_width = 110)]
#[command(
    after_help = "Exit codes: 0 fine; 1 ran, with errors in the report; 2 wrong usage or configuration."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Flags that every command takes.
    #[command(flatten)]
    pub global: Global,
}

/// What `--help` calls the flags that every command takes.
const GLOBAL: &str = "For every command";
/// What `--help` calls the flags about where the answers come from.
const WORLD: &str = "The outside world";

/// Flags that every command takes.
#[derive(Debug, Args)]
pub struct Global {
    /// Say more on stderr: -v what is done, -vv every decision, -vvv every request
    #[arg(short, long, action = ArgAction::Count, global = true, help_heading = GLOBAL)]
    pub verbose: u8,
    /// How to write log lines
    #[arg(long, value_enum, default_value_t = LogFormat::Text, global = true, help_heading = GLOBAL, env = "UPDRAFT_LOG_FORMAT", hide_env_values = true)]
    pub log_format: LogFormat,
    /// When to use colours
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, global = true, help_heading = GLOBAL, value_name = "WHEN")]
    pub color: ColorChoice,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what would be updated in a working tree, and why the rest stays; writes nothing
    DryRun(DryRun),
    /// Be the bot: read repositories on GitHub, keep their branches, pull requests and dashboards right
    Run(Run),
    /// List the dependencies of a working tree; no network
    Extract(Extract),
    /// Tell the whole story of one dependency: where it was found, which rules apply, what was chosen and why
    Explain(Explain),
    /// Check or show the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// `updraft dry-run`
#[derive(Debug, Args)]
pub struct DryRun {
    /// The working tree
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    pub path: PathBuf,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Write one `.patch` file a branch into DIR
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub patches: Option<PathBuf>,
    /// Write the edits into the working tree (only branches that nothing holds back)
    #[arg(long)]
    pub apply: bool,
    /// Where the answers come from
    #[command(flatten)]
    pub world: World,
}

/// `updraft run`
///
/// What is not given here is looked for in the environment, see [`crate::settings`].
#[derive(Debug, Args)]
#[command(after_help = "In the environment:
  UPDRAFT_TOKEN, RENOVATE_TOKEN, GITHUB_TOKEN or GH_TOKEN
          The token for the forge; with _FILE at the end, the file that holds it
  UPDRAFT_APP_ID and UPDRAFT_APP_PRIVATE_KEY (or _FILE)
          A GitHub App instead of a token
  UPDRAFT_GITHUB_COM_TOKEN or GITHUB_COM_TOKEN (or _FILE)
          A token for github.com, where the forge is another one
  UPDRAFT_HOST_RULES
          Credentials of registries, as a JSON list of Renovate's `hostRules`
  UPDRAFT_REPOSITORIES, UPDRAFT_AUTODISCOVER, UPDRAFT_AUTODISCOVER_FILTER,
  UPDRAFT_ENDPOINT, UPDRAFT_ONBOARDING, UPDRAFT_REQUIRE_CONFIG, UPDRAFT_DRY_RUN,
  UPDRAFT_DEADLINE, UPDRAFT_METRICS, UPDRAFT_SHARDS
          As the flags; Renovate's names, such as RENOVATE_ENDPOINT, do as well")]
pub struct Run {
    /// The repositories
    #[arg(value_name = "OWNER/REPO")]
    pub repositories: Vec<String>,
    /// Work on every repository that the token can write to
    #[arg(long)]
    pub autodiscover: bool,
    /// With --autodiscover: only repositories that match GLOB, or with `!GLOB` those that do not; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub autodiscover_filter: Vec<String>,
    /// Write nothing: say what would be written
    #[arg(long)]
    pub dry_run: bool,
    /// How to print the result of --dry-run
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// The address of the forge's API
    #[arg(
        long,
        value_name = "URL",
        help = "The address of the forge's API [default: https://api.github.com/]"
    )]
    pub endpoint: Option<String>,
    /// Whether a repository without a configuration gets a pull request that adds one [default: on]
    #[arg(long, value_enum, value_name = "WHEN")]
    pub onboarding: Option<Onboarding>,
    /// Whether a repository without a configuration is worked on [default: required]
    #[arg(long, value_enum, value_name = "WHEN")]
    pub require_config: Option<RequireConfig>,
    /// End after MINUTES; what is left is done by the next run [default: 50]
    #[arg(long, value_name = "MINUTES")]
    pub deadline: Option<u64>,
    /// Write figures of the run to FILE, in the text format of Prometheus
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub metrics: Option<PathBuf>,
    /// Share the repositories among N runs, of which this is the one that `JOB_COMPLETION_INDEX` names [default: 1]
    #[arg(long, value_name = "N")]
    pub shards: Option<u32>,
    /// Where the answers come from
    #[command(flatten)]
    pub world: World,
}

/// Whether a repository without a configuration gets a pull request that adds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Onboarding {
    /// It does
    On,
    /// It does not
    Off,
}

/// Whether a repository without a configuration is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RequireConfig {
    /// It is not
    Required,
    /// It is, with the defaults
    Optional,
}

/// `updraft extract`
#[derive(Debug, Args)]
pub struct Extract {
    /// The working tree
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    pub path: PathBuf,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// A configuration file to use instead of the repository's
    #[arg(long, value_name = "FILE", env = "UPDRAFT_CONFIG", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
}

/// `updraft explain`
#[derive(Debug, Args)]
pub struct Explain {
    /// A dependency's name (or a part of it), a file, or a file and line as `app.yaml:12`
    #[arg(value_name = "DEP")]
    pub target: String,
    /// The working tree
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    pub path: PathBuf,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = ExplainFormat::Text)]
    pub format: ExplainFormat,
    /// Where the answers come from
    #[command(flatten)]
    pub world: World,
}

/// `updraft config`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Validate the configuration, and find what in it and in the manifests has no effect; -v lists how far each rule reaches
    Check(ConfigCheck),
    /// Tell which rules hold for a dependency or a file, and what keeps the others from it; no network
    Explain(ConfigExplain),
    /// Print the configuration as it is used, with presets resolved
    Show(ConfigArgs),
    /// Print a JSON schema of the configuration, for editors
    Schema,
    /// Show how old names and forms in the configuration are written today; comments stay
    Migrate(Migrate),
}

/// `updraft config migrate`
#[derive(Debug, Args)]
pub struct Migrate {
    /// The working tree
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    pub path: PathBuf,
    /// Write the files instead of printing a patch
    #[arg(long)]
    pub apply: bool,
}

/// `updraft config check`
#[derive(Debug, Args)]
pub struct ConfigCheck {
    /// How to print the result
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// What it works on
    #[command(flatten)]
    pub on: ConfigArgs,
}

/// `updraft config explain`
#[derive(Debug, Args)]
pub struct ConfigExplain {
    /// A dependency's name (or a part of it), a file, or a file and line as `app.yaml:12`
    pub target: String,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = ExplainFormat::Text)]
    pub format: ExplainFormat,
    /// What it works on
    #[command(flatten)]
    pub on: ConfigArgs,
}

/// What `updraft config` works on.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// The working tree
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    pub path: PathBuf,
    /// Where the answers come from
    #[command(flatten)]
    pub world: World,
}

/// Where the answers of the outside world come from.
#[derive(Debug, Default, Args)]
pub struct World {
    /// A configuration file to use instead of the repository's
    #[arg(long, value_name = "FILE", env = "UPDRAFT_CONFIG", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    /// Where replies are kept between runs [default: the user's cache folder]
    #[arg(long, help_heading = WORLD, value_name = "DIR", env = "UPDRAFT_CACHE_DIR", value_hint = ValueHint::DirPath)]
    pub cache_dir: Option<PathBuf>,
    /// Use no network: answer from the cache alone
    #[arg(long, help_heading = WORLD, conflicts_with_all = ["record", "replay"])]
    pub offline: bool,
    /// Store every reply of the outside world in DIR
    #[arg(long, help_heading = WORLD, value_name = "DIR", conflicts_with = "replay", value_hint = ValueHint::DirPath)]
    pub record: Option<PathBuf>,
    /// Answer only from a store that `--record` made; no network at all
    #[arg(long, help_heading = WORLD, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub replay: Option<PathBuf>,
    /// Pretend that it is TIME (RFC 3339), for schedules and ages
    #[arg(long, help_heading = WORLD, value_name = "TIME", value_parser = parse_time)]
    pub now: Option<Timestamp>,
}

/// How to print a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people, on a terminal
    Table,
    /// For programs: one document, which names its schema
    Json,
    /// For an issue, a comment or a job summary
    Markdown,
}

/// How to print an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    /// For people, on a terminal
    Text,
    /// For programs
    Json,
}

/// How to write log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On terminals, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Reads a time: RFC 3339 with `Z` or an offset; a bare date means its midnight in UTC.
fn parse_time(text: &str) -> Result<Timestamp, String> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    text.parse::<jiff::civil::Date>()
        .ok()
        .and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok())
        .map(|zoned| zoned.timestamp())
        .ok_or_else(|| "expected a time such as `2026-11-21T09:00:00Z`, or a date".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_flags_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_time_may_have_an_offset_or_be_a_date() {
        assert_eq!(parse_time("2025-11-12T00:48:14-06:00").unwrap().to_string(), "2025-11-12T06:48:14Z");
        assert_eq!(parse_time("2025-11-12").unwrap().to_string(), "2025-11-12T00:00:00Z");
        assert!(parse_time("yesterday").is_err());
    }
}
