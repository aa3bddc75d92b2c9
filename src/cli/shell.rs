//! `bench completions` and `bench man`: what the shell and `man` want to know of the program.

use super::output::unwritable;
use super::{Status, help, write as to_stdout};
use crate::error::{Error, Result};
use crate::util::write_whole;
use clap_complete::Shell;
use clap_mangen::Man;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench completions bash > ~/.local/share/bash-completion/completions/bench
  bench completions zsh > ~/.zfunc/_bench
  bench completions fish > ~/.config/fish/completions/bench.fish")]
pub(super) struct CompletionsArgs {
    /// Shell to complete for
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  bench man | man -l -                       the page of bench
  bench man -o ~/.local/share/man/man1       a page for each command, for `man bench-all`")]
pub(super) struct ManArgs {
    /// Folder to write the pages of all commands to; the page of bench to standard output without it
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Runs `bench completions`.
pub(super) fn completions(args: &CompletionsArgs) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut help::command(), "bench", &mut script);
    to_stdout(&script)?;
    Ok(Status::DONE)
}

/// Runs `bench man`.
pub(super) fn man(args: &ManArgs) -> Result<u8> {
    let mut command = help::command();
    command.build();
    match &args.output {
        None => to_stdout(&page(command)?)?,
        Some(folder) => {
            std::fs::create_dir_all(folder).map_err(|e| unwritable(folder, &e))?;
            pages(command, folder)?;
        }
    }
    Ok(Status::DONE)
}

/// Writes the page of a command, and those of the commands below it.
fn pages(command: clap::Command, folder: &Path) -> Result<()> {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        pages(below.clone(), folder)?;
    }
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let path = folder.join(format!("{name}.1"));
    write_whole(&path, &page(command)?).map_err(|e| unwritable(&path, &e))
}

fn page(command: clap::Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command).render(&mut page).map_err(|e| Error::bug("the man page", e))?;
    Ok(page)
}
