//! Tells a program which commit it is compiled from.
//!
//! A macro and no build script: cargo compiles a package again whenever its build script has run again, which after every
//! commit would be the whole harness. The macro concerns the one file that calls it.

use proc_macro::TokenStream;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Letters of a commit with its mark; shorter ones are followed by spaces, so that all programs have the same size.
const WIDTH: usize = "0123456789012345678901234567890123456789-dirty".len();

/// The commit of the checkout that the calling package is compiled in, as an `Option<&'static str>`: 40 hexadecimal digits,
/// then `-dirty` where a tracked file was changed since, padded with spaces to 46 characters.
///
/// `None` where there is no git, and outside of a checkout: in a package from a registry, or one that was unpacked inside
/// somebody else's.
#[proc_macro]
pub fn commit(_: TokenStream) -> TokenStream {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
    let commit = match commit_of(&package) {
        Some(commit) => format!("::core::option::Option::Some(\"{commit:WIDTH$}\")"),
        None => "::core::option::Option::None".to_owned(),
    };
    // What is included is compiled again when it changes, as the log of a checkout does with every commit.
    let included = log_of(&package).map(|log| format!("const _: &[u8] = ::core::include_bytes!({log:?});"));
    let code = format!("{{ {} {commit} }}", included.unwrap_or_default());
    code.parse().unwrap_or_else(|_| TokenStream::new())
}

fn commit_of(package: &Path) -> Option<String> {
    // A folder may lie inside a checkout and be none of its own.
    git(package, ["ls-files", "--error-unmatch", "Cargo.toml"])?;
    git(package, ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"])
}

/// The file that every further commit is written into, if there is such.
fn log_of(package: &Path) -> Option<PathBuf> {
    let log = package.join(git(package, ["rev-parse", "--git-path", "logs/HEAD"])?);
    log.is_file().then_some(log)
}

/// What git says in a folder; `None` if it fails.
fn git<const N: usize>(folder: &Path, words: [&str; N]) -> Option<String> {
    let mut command = Command::new("git");
    // Only to look: the index of whoever is at work here stays as it is.
    command.arg("-C").arg(folder).args(words.map(OsStr::new)).env("GIT_OPTIONAL_LOCKS", "0");
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
