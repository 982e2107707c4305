//! What each command does with what was found: prints it, writes it, and turns it into an exit code.

use std::io::{BufWriter, IsTerminal, Write as _};
use std::process::ExitCode;
use std::time::Instant;

use annotate_snippets::Renderer;
use anstream::AutoStream;
use anyhow::Context as _;
use clap::CommandFactory;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use updraft_core::address::without_users;
use updraft_core::config::Config;
use updraft_core::problem::{Problem, Severity};
use updraft_core::source::SourceFile;

use crate::apply::apply;
use crate::bot;
use crate::cli::{
    Cli, ColorChoice, Command, ConfigArgs, ConfigCheck, ConfigCommand, ConfigExplain, DryRun, Explain,
    ExplainFormat, Extract, Format, Migrate, Run,
};
use crate::configuration::{self, Presets, Sources};
use crate::datasource;
use crate::doctor::{Tags, report as check};
use crate::explain;
use crate::explain::rules::{self, Listing};
use crate::forge::ForgeError;
use crate::http::Http;
use crate::migrate;
use crate::report::layout::wrap;
use crate::report::printable::printable;
use crate::report::{Report, build, find, json_text, markdown, snippet, table};
use crate::run::{self, Reading};
use crate::settings;
use crate::source::local;
use crate::worktree;

/// The exit code of a run with errors in its report.
pub const ERRORS: u8 = 1;
/// The exit code of wrong usage or a configuration that cannot be used.
pub const USAGE: u8 = 2;

/// Does what the command line asks for.
///
/// # Errors
/// What keeps the command from being done at all; everything else is in the report and the exit code.
pub async fn execute(cli: Cli) -> anyhow::Result<ExitCode> {
    let terminal = Terminal::new(cli.global.color);
    match cli.command {
        Command::DryRun(arguments) => dry_run(&arguments, &terminal).await,
        Command::Run(arguments) => run_bot(&arguments, &terminal).await,
        Command::Extract(arguments) => extract(&arguments, &terminal).await,
        Command::Explain(arguments) => explain(&arguments, &terminal).await,
        Command::Config(ConfigCommand::Check(arguments)) => {
            config_check(&arguments, cli.global.verbose, &terminal).await
        }
        Command::Config(ConfigCommand::Explain(arguments)) => {
            config_explain(arguments, cli.global.verbose, &terminal).await
        }
        Command::Config(ConfigCommand::Show(arguments)) => config_show(&arguments, &terminal).await,
        Command::Config(ConfigCommand::Migrate(arguments)) => config_migrate(&arguments, &terminal).await,
        Command::Config(ConfigCommand::Schema) => {
            print_json(&updraft_core::config::schema())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Completions { shell } => {
            // It ends the process where it cannot write, so it does not write to what others may close.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "updraft", &mut script);
            terminal.print(&String::from_utf8_lossy(&script))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Returns an error with its causes as people read it.
pub fn describe(error: &anyhow::Error) -> String {
    let text = format!("error: {}", told(error).join("\n  caused by: "));
    let lines: Vec<_> = text.lines().map(printable).collect();
    lines.join("\n")
}

/// Returns how a command ends that could not be done: what the forge answered is nobody's wrong usage.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    let is_of_forge = error.chain().any(<dyn std::error::Error>::is::<ForgeError>);
    ExitCode::from(if is_of_forge { ERRORS } else { USAGE })
}

/// Returns an error with its causes as one line of a log has it.
pub fn in_one_line(error: &anyhow::Error) -> String {
    printable(&told(error).join(": ")).into_owned()
}

/// Returns what an error says, and then each cause that says more.
fn told(error: &anyhow::Error) -> Vec<String> {
    let mut told = vec![error.to_string()];
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !told.last().is_some_and(|shown| shown.contains(&cause)) {
            told.push(cause);
        }
    }
    told
}

async fn dry_run(arguments: &DryRun, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    if let Some(folder) = &arguments.patches {
        // Better now than after all the registries were asked.
        worktree::make_folder(folder)?;
    }
    let mut outcome = run::dry_run(&arguments.path, &arguments.world).await?;
    if let Some(folder) = &arguments.patches {
        let patches =
            outcome.branches.iter().map(|ready| (ready.branch.branch_name.as_str(), ready.patch.as_str()));
        if let Err(error) = worktree::write_patches(folder, patches) {
            outcome.problems.push(Problem::error(error.to_string()));
        }
    }
    let applied = arguments.apply.then(|| apply(&mut outcome, &arguments.path));
    let report = build::of_outcome(&outcome);
    let reading = &outcome.reading;
    // What a person should see last is the table.
    let problems = [&reading.snapshot.problems, &reading.extraction.problems, &outcome.problems];
    terminal.print_problems(
        reading.config.problems.iter().chain(problems.into_iter().flatten()),
        &reading.snapshot.files,
        arguments.format,
    );
    let view = table::View { patches: arguments.patches.as_deref(), applied, ..view(reading) };
    terminal.print_report(&report, arguments.format, &view)?;
    Ok(code(&report))
}

async fn run_bot(arguments: &Run, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let summary = bot::run(arguments).await?;
    if arguments.dry_run {
        for outcome in summary.endings.iter().filter_map(bot::Ending::outcome) {
            let view = table::View { path: None, ..view(&outcome.reading) };
            terminal.print_report(&build::of_outcome(outcome), arguments.format, &view)?;
        }
    }
    Ok(if summary.has_errors() { ExitCode::from(ERRORS) } else { ExitCode::SUCCESS })
}

fn view(reading: &Reading) -> table::View<'_> {
    let zone = reading.config.options.timezone.as_ref();
    table::View {
        width: width_of(&std::io::stdout()),
        zone: zone.map_or(TimeZone::UTC, |zone| zone.zone().clone()),
        path: Some(&reading.root),
        patches: None,
        applied: None,
    }
}

async fn extract(arguments: &Extract, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let reading = run::read(&arguments.path, arguments.config.as_deref(), Presets::Unreachable).await?;
    let report = build::of_reading(&reading, Timestamp::now());
    let problems = reading.snapshot.problems.iter().chain(&reading.extraction.problems);
    terminal.print_problems(
        reading.config.problems.iter().chain(problems),
        &reading.snapshot.files,
        arguments.format,
    );
    terminal.print_report(&report, arguments.format, &view(&reading))?;
    let code = code(&report);
    // The process ends: giving back what thousands of files took, piece by piece, would be for nothing.
    std::mem::forget(report);
    std::mem::forget(reading);
    Ok(code)
}

async fn explain(arguments: &Explain, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let outcome = run::dry_run(&arguments.path, &arguments.world).await?;
    let target = explain::target::inside(&arguments.path, &arguments.target);
    let found = explain::matching(&outcome, &target);
    if found.is_empty() {
        anyhow::bail!(explain::nothing(&outcome, &target));
    }
    let reading = &outcome.reading;
    match arguments.format {
        ExplainFormat::Text => {
            terminal.print_errors(&reading.config, &reading.snapshot.files);
            terminal.print(&explain::text(&outcome, &found, width_of(&std::io::stdout())))?;
        }
        ExplainFormat::Json => print_json(&explain::json(&outcome, &found))?,
    }
    Ok(code_of(&reading.config))
}

async fn config_check(
    arguments: &ConfigCheck,
    verbosity: u8,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    let (mut reading, sources, http) = read_config(&arguments.on).await?;
    let tags = if arguments.on.world.offline {
        Tags::default()
    } else {
        let (docker, _) = settings::docker(&arguments.on.world);
        let datasources = datasource::all(&http, docker);
        Tags::of(&reading.extraction.deps, &reading.config, &datasources).await
    };
    let checked = check::Checked::new(&reading, &sources, &tags);
    // Where both speak of the same place, who looked at what comes of it knows more.
    reading.config.problems.retain(|problem| {
        problem.severity == Severity::Error || !checked.problems().any(|finding| knows_more(finding, problem))
    });
    reading.snapshot.hold(sources.file);
    match arguments.format {
        Format::Table => {
            let (pictures, lines) = checked.for_people(&reading, verbosity);
            let problems = reading.config.problems.iter().chain(&pictures);
            terminal.print_problems(problems, &reading.snapshot.files, arguments.format);
            terminal.print_lines(&lines);
            let width = width_of(&std::io::stdout());
            terminal.print(&check::text(&checked, &reading, verbosity, width))?;
        }
        Format::Json => print_json(&check::document(&checked, &reading))?,
        Format::Markdown => terminal.print(&check::markdown(&checked, &reading))?,
    }
    Ok(code_of(&reading.config))
}

fn knows_more(finding: &Problem, problem: &Problem) -> bool {
    let overlap = finding
        .span
        .zip(problem.span)
        .is_some_and(|(one, other)| one.start < other.end && other.start < one.end);
    finding.hint.is_some() && finding.file == problem.file && overlap
}

async fn config_migrate(arguments: &Migrate, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let migrated = migrate::migrated(&arguments.path).await?;
    if arguments.apply {
        migrated.write(&arguments.path)?;
    } else {
        terminal.print(&migrated.patches())?;
    }
    terminal.print_problems(&migrated.problems, &migrated.files, Format::Table);
    if let Some(told) = if arguments.apply { migrated.written() } else { migrated.offered() } {
        terminal.tell(&told);
    }
    Ok(if migrated.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(USAGE) })
}

async fn config_show(arguments: &ConfigArgs, terminal: &Terminal) -> anyhow::Result<ExitCode> {
    let (mut reading, sources, _) = read_config(arguments).await?;
    reading.snapshot.hold(sources.file);
    let (config, files) = (&reading.config, &reading.snapshot.files);
    // What is left out does not show in what holds.
    let left_out = config.problems.iter().filter(|problem| problem.severity != Severity::Note);
    terminal.print_problems(left_out, files, Format::Table);
    let shown = explain::show::config(config, files, width_of(&std::io::stdout()));
    terminal.print(&without_users(&shown))?;
    Ok(code_of(config))
}

async fn config_explain(
    mut arguments: ConfigExplain,
    verbosity: u8,
    terminal: &Terminal,
) -> anyhow::Result<ExitCode> {
    // Presets that were fetched before are used, and nothing is asked.
    let world = &mut arguments.on.world;
    world.offline = world.replay.is_none() && world.record.is_none();
    let (mut reading, sources, _) = read_config(&arguments.on).await?;
    reading.snapshot.hold(sources.file);
    let files = &reading.snapshot.files;
    if arguments.format == ExplainFormat::Text {
        terminal.print_errors(&reading.config, files);
    }
    let listing = if verbosity > 0 { Listing::All } else { Listing::Own };
    let target = explain::target::inside(&arguments.on.path, &arguments.target);
    let explained = rules::explain(&reading, &target, listing).map_err(anyhow::Error::msg)?;
    match arguments.format {
        ExplainFormat::Text => {
            terminal.print(&without_users(&explained.text(width_of(&std::io::stdout()))))?;
        }
        ExplainFormat::Json => print_json(&explained.document())?,
    }
    Ok(code_of(&reading.config))
}

/// Reads a working tree and its configuration; presets may be fetched, and with what they were more may be asked.
async fn read_config(arguments: &ConfigArgs) -> anyhow::Result<(Reading, Sources, Http)> {
    let began = Instant::now();
    let snapshot = local::read(&arguments.path)?;
    let forge = settings::endpoint(None)?;
    let (http_settings, _) = settings::http(&arguments.world, &forge)?;
    let http = Http::new(http_settings)?;
    let flag = arguments.world.config.as_deref();
    let presets = Presets::Fetched { http: &http, forge: &forge };
    let (config, sources) = configuration::load_with_sources(&snapshot, flag, presets).await?;
    Ok((Reading::new(&arguments.path, snapshot, config, began), sources, http))
}

/// Returns how a command ends that only looks at the configuration, or shows what follows from it.
fn code_of(config: &Config) -> ExitCode {
    if config.has_errors() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

fn code(report: &Report) -> ExitCode {
    if report.config.has_errors() {
        ExitCode::from(USAGE)
    } else if report.has_errors() {
        ExitCode::from(ERRORS)
    } else {
        ExitCode::SUCCESS
    }
}

/// How much of a JSON document is written at a time, in bytes.
const JSON_CHUNK: usize = 64 * 1024;

/// Where results and problems are written.
struct Terminal {
    color: anstream::ColorChoice,
}

impl Terminal {
    fn new(color: ColorChoice) -> Self {
        let color = match color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        color.write_global();
        Self { color }
    }

    fn print(&self, text: &str) -> anyhow::Result<()> {
        let mut out = AutoStream::new(std::io::stdout(), self.color);
        pipe_closed_is_fine(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// Prints a remark on stderr.
    fn tell(&self, text: &str) {
        let mut out = AutoStream::new(std::io::stderr(), self.color);
        // Nobody is left to tell when stderr is gone.
        let _ = writeln!(out, "{text}");
    }

    fn print_report(&self, report: &Report, format: Format, view: &table::View<'_>) -> anyhow::Result<()> {
        match format {
            Format::Table => self.print(&table::render(report, view)),
            Format::Json => print_json(report),
            Format::Markdown => {
                self.print(&markdown::render(report).context("the report cannot be written")?)
            }
        }
    }

    /// Prints a list on stderr, each line wrapped behind its first word.
    fn print_lines(&self, lines: &[String]) {
        let mut out = AutoStream::new(std::io::stderr(), self.color);
        let width = width_of(&std::io::stderr());
        for line in lines {
            let _ = writeln!(out, "note: {}", wrap(&printable(line), width, "note: ".len()));
        }
        if !lines.is_empty() {
            let _ = writeln!(out, "hint: -v shows each note in its place, with what to do about it\n");
        }
    }

    /// Prints what keeps a configuration from being used.
    fn print_errors(&self, config: &Config, files: &[SourceFile]) {
        let errors = config.problems.iter().filter(|problem| problem.severity == Severity::Error);
        self.print_problems(errors, files, Format::Table);
    }

    /// Prints problems on stderr, for people; in the other formats they are part of the document.
    fn print_problems<'a>(
        &self,
        problems: impl IntoIterator<Item = &'a Problem>,
        files: &[SourceFile],
        format: Format,
    ) {
        if format != Format::Table {
            return;
        }
        let mut out = AutoStream::new(std::io::stderr(), self.color);
        let width = width_of(&std::io::stderr());
        let renderer = match width {
            Some(width) => Renderer::styled().term_width(width),
            None => Renderer::styled(),
        };
        for problem in problems {
            let text =
                problem.file.as_ref().and_then(|path| find(files, path.as_str())).map(|file| &*file.text);
            // Nobody is left to tell when stderr is gone.
            let _ = writeln!(out, "{}\n", snippet::picture(problem, text, &renderer, width));
        }
    }
}

/// Prints a value as JSON on stdout, as it is made.
fn print_json(value: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut out = BufWriter::with_capacity(JSON_CHUNK, std::io::stdout().lock());
    let written = json_text::write(&mut out, value);
    pipe_closed_is_fine(written.and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()))
}

/// A reader that has seen enough, such as `head`, is no failure.
fn pipe_closed_is_fine(written: std::io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("the result cannot be written"),
    }
}

/// Returns the width of the terminal that `stream` writes to. Where it is something else, only `COLUMNS` sets a width.
fn width_of(stream: &impl IsTerminal) -> Option<usize> {
    let size = if stream.is_terminal() { terminal_size::terminal_size() } else { None };
    size.map(|(width, _)| usize::from(width.0))
        .or_else(|| std::env::var("COLUMNS").ok()?.parse().ok())
        .filter(|width| *width > 0)
}
