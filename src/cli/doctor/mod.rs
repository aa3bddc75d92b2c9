//! `bench doctor`: what this installation can do.

mod folders;
mod machine;
mod outside;
mod program;

use super::{FindPython, Out, Registry, Status, json_text, print};
use crate::error::Result;
use crate::report::paragraph;
use console::{StyledObject, style};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench doctor                  what is there, and what to do about what is not
  bench doctor --out results    the same with another store
  bench doctor --json           for programs, and for reports of bugs

`ok` is as it should be. A `note` is something that some commands would use and that is not there: with what to do if you \
want it. A `problem` keeps every run from working. Nothing is changed, and large folders are counted in part only.

Exit status: 0 all that every run needs is there; 1 there is a problem.")]
pub(super) struct Args {
    /// Folder of the cache [default: $GENRE_BENCH_CACHE, else ~/.cache/genre-bench]
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    out: Out,
}

/// How good something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// As it should be.
    Ok,
    /// Some commands would use it.
    Note,
    /// Every run needs it.
    Problem,
}

/// What was found out about one thing.
struct Finding {
    /// What it is about, in a word.
    about: &'static str,
    state: State,
    says: String,
    /// What to do; empty if there is nothing.
    hint: String,
    /// The same for programs.
    facts: Value,
}

impl Finding {
    fn ok(about: &'static str, says: impl Into<String>, facts: Value) -> Self {
        Self { about, state: State::Ok, says: says.into(), hint: String::new(), facts }
    }

    fn note(about: &'static str, says: impl Into<String>, hint: impl Into<String>, facts: Value) -> Self {
        Self { about, state: State::Note, says: says.into(), hint: hint.into(), facts }
    }

    fn problem(about: &'static str, says: impl Into<String>, hint: impl Into<String>, facts: Value) -> Self {
        Self { about, state: State::Problem, says: says.into(), hint: hint.into(), facts }
    }

    fn json(&self) -> Value {
        let Self { about, state, says, hint, facts } = self;
        json!({ "about": about, "state": state.name(), "says": says, "hint": hint, "facts": facts })
    }

    /// `note     cuda       not built with it: …`.
    fn text(&self) -> String {
        let says = match self.hint.as_str() {
            "" => self.says.clone(),
            hint => format!("{}. {hint}", self.says),
        };
        paragraph(&format!("{} {:<10} ", self.state.styled(), self.about), &says)
    }
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Problem => "problem",
        }
    }

    fn styled(self) -> StyledObject<String> {
        let name = style(format!("{:<7}", self.name()));
        match self {
            Self::Ok => name.green(),
            Self::Note => name.yellow(),
            Self::Problem => name.red().bold(),
        }
    }
}

/// Runs `bench doctor`.
pub(super) fn run(args: &Args, registry: &Registry, python: Option<FindPython>) -> Result<u8> {
    // Others are waited for meanwhile.
    let python = std::thread::spawn(move || outside::python(python));
    let mut findings = Vec::from(program::findings(registry));
    findings.extend(machine::findings(registry));
    findings.extend(folders::findings(args));
    findings.push(outside::data());
    findings.push(outside::slurm());
    findings.extend(python.join().ok());
    let is_usable = findings.iter().all(|finding| finding.state != State::Problem);
    print(if args.json {
        let findings: Vec<Value> = findings.iter().map(Finding::json).collect();
        json_text(&json!({ "usable": is_usable, "findings": findings }))
    } else {
        findings.iter().map(Finding::text).collect()
    })?;
    Ok(if is_usable { Status::DONE } else { Status::PARTLY_FAILED })
}
