//! The driver as a program: fuzzes a target for a while, writes the corpus, replays an input.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use fuzz::corpus::{self, Entry};
use fuzz::explore::{attempt, distil, shorten};
use fuzz::{Explorer, Finding, Guidance, TARGETS, Target, seeds, target};

const HELP: &str = "\
Fuzzes what the network can send to farcall. Guided by what can be seen from outside; see dev/fuzz/README.md.

usage: fuzz TARGET [--seconds N] [--executions N] [--seed N] [--blind] [--keep FOLDER]
       fuzz replay TARGET FILE...     runs single inputs
       fuzz unpack TARGET FOLDER      writes the corpus of a target as files, for other fuzzers
       fuzz seeds                     writes the seeds to corpus/, and keeps what runs have found there
       fuzz adopt TARGET FOLDER N     adds the fewest inputs of a folder that reach something new, up to N bytes
       fuzz --help
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("{problem}; `fuzz --help` shows how to use it");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &[String]) -> Result<ExitCode, String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        [] | ["--help" | "-h", ..] => {
            print!("{HELP}\ntargets:\n");
            TARGETS.iter().for_each(|target| println!("  {:<14} {}", target.name, target.about));
            Ok(ExitCode::SUCCESS)
        }
        ["seeds"] => write_seeds(),
        ["replay", name, ref files @ ..] => replay(find(name)?, files),
        ["unpack", name, folder] => unpack(find(name)?, folder),
        ["adopt", name, folder, most] => adopt(find(name)?, folder, number(most)?),
        [name, ref options @ ..] => fuzz(find(name)?, &Settings::parse(options)?),
    }
}

fn find(name: &str) -> Result<Target, String> {
    target(name).copied().ok_or_else(|| format!("there is no target `{name}`"))
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is no number"))
}

/// What the command line says of a run.
struct Settings {
    seconds: u64,
    executions: u64,
    seed: u64,
    guidance: Guidance,
    keep: Option<PathBuf>,
}

impl Settings {
    fn parse(mut options: &[&str]) -> Result<Self, String> {
        let (mut settings, mut bounded) = (Self::default(), false);
        while let [option, rest @ ..] = options {
            options = rest;
            if *option == "--blind" {
                settings.guidance = Guidance::Blind;
                continue;
            }
            let [value, rest @ ..] = options else { return Err(format!("`{option}` is unknown or needs a value")) };
            options = rest;
            match *option {
                "--seconds" => (settings.seconds, bounded) = (number(value)?, true),
                "--executions" => settings.executions = number(value)?,
                "--seed" => settings.seed = number(value)?,
                "--keep" => settings.keep = Some(PathBuf::from(value)),
                other => return Err(format!("`{other}` is unknown")),
            }
        }
        if settings.executions < u64::MAX && !bounded {
            settings.seconds = u64::MAX;
        }
        Ok(settings)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { seconds: 60, executions: u64::MAX, seed: 1, guidance: Guidance::ByReach, keep: None }
    }
}

fn fuzz(target: Target, settings: &Settings) -> Result<ExitCode, String> {
    // The panics of a run are caught and told once, below.
    std::panic::set_hook(Box::new(|_| {}));
    let began = Instant::now();
    let mut explorer = Explorer::new(target, settings.guidance, settings.seed);
    let entries = corpus::read(target.name).map_err(|error| error.to_string())?;
    let mut result = entries.iter().try_for_each(|entry| explorer.seed(&entry.input));
    let mut told = Duration::ZERO;
    while result.is_ok() && explorer.executions() < settings.executions {
        let passed = began.elapsed();
        if passed.as_secs() >= settings.seconds {
            break;
        }
        if passed >= told {
            tell(target, &explorer, passed);
            told = passed + Duration::from_secs(10);
        }
        result = (0..100).try_for_each(|_| explorer.step());
    }
    tell(target, &explorer, began.elapsed());
    if let Some(folder) = &settings.keep {
        let inputs = explorer.kept().map(<[u8]>::to_vec).collect::<Vec<_>>();
        write_all(folder, inputs.iter().map(Vec::as_slice)).map_err(|error| error.to_string())?;
    }
    match result {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(finding) => {
            report(target, &finding);
            Ok(ExitCode::FAILURE)
        }
    }
}

fn tell(target: Target, explorer: &Explorer, passed: Duration) {
    let (reach, executions) = (explorer.reach(), explorer.executions());
    println!(
        "{}: {:>5} s, {executions} executions, {:.0} a second, {} kept; reached {} outcomes, {} in order, {} reasons",
        target.name,
        passed.as_secs(),
        executions as f64 / passed.as_secs_f64().max(0.001),
        explorer.kept().count(),
        reach.outcomes(),
        reach.orders(),
        reach.reasons().len(),
    );
}

fn report(target: Target, finding: &Finding) {
    let short = shorten(target, finding);
    println!("FINDING in {} after {} executions: {}", target.name, finding.executions, finding.message);
    println!("{} bytes: {}", short.len(), hex(&short));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn write_seeds() -> Result<ExitCode, String> {
    for target in TARGETS {
        let mut entries = seeds::of(target.name);
        let found = corpus::read(target.name).unwrap_or_default().into_iter();
        entries.extend(found.filter(|entry| entry.name.starts_with("found-")));
        corpus::write(target.name, &entries).map_err(|error| error.to_string())?;
        println!("{}: {} inputs", target.name, entries.len());
    }
    Ok(ExitCode::SUCCESS)
}

fn replay(target: Target, files: &[&str]) -> Result<ExitCode, String> {
    let mut code = ExitCode::SUCCESS;
    for file in files {
        let input = std::fs::read(file).map_err(|error| format!("{file}: {error}"))?;
        match attempt(target, &input) {
            Ok(reach) => println!("{file}: {} outcomes, reasons {:?}", reach.outcomes(), reach.reasons()),
            Err(message) => {
                report(target, &Finding { input, message, executions: 1 });
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

fn unpack(target: Target, folder: &str) -> Result<ExitCode, String> {
    let entries = corpus::read(target.name).map_err(|error| error.to_string())?;
    write_all(folder.as_ref(), entries.iter().map(|entry| entry.input.as_slice()))
        .map_err(|error| error.to_string())?;
    Ok(ExitCode::SUCCESS)
}

fn write_all<'a>(folder: &std::path::Path, inputs: impl Iterator<Item = &'a [u8]>) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (at, input) in inputs.enumerate() {
        std::fs::write(folder.join(format!("{at:06}")), input)?;
    }
    Ok(())
}

fn adopt(target: Target, folder: &str, most: u64) -> Result<ExitCode, String> {
    std::panic::set_hook(Box::new(|_| {}));
    let mut entries = corpus::read(target.name).map_err(|error| error.to_string())?;
    let known: Vec<Vec<u8>> = entries.iter().map(|entry| entry.input.clone()).collect();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .and_then(|files| files.map(|file| file.map(|file| file.path())).collect())
        .map_err(|error| format!("{folder}: {error}"))?;
    files.sort();
    let read = |file: &PathBuf| std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()));
    let found = files.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let (mut left, mut number) = (most, entries.len());
    for input in distil(target, &known, &found) {
        left = left.saturating_sub(input.len() as u64);
        if left == 0 {
            break;
        }
        number += 1;
        entries.push(Entry { name: format!("found-{number}"), input });
    }
    corpus::write(target.name, &entries).map_err(|error| error.to_string())?;
    println!("{}: {} inputs, {} of them new", target.name, entries.len(), entries.len() - known.len());
    Ok(ExitCode::SUCCESS)
}
