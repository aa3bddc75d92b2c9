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
    let code = match found(&package) {
        None => "::core::option::Option::None".to_owned(),
        // What is included is compiled again when it changes, as the list of a checkout's commits does with each.
        Some((commit, Some(log))) => {
            format!(
                "{{ const _: &[::core::primitive::u8] = ::core::include_bytes!({log:?}); ::core::option::Option::Some({commit:?}) }}"
            )
        }
        Some((commit, None)) => format!("::core::option::Option::Some({commit:?})"),
    };
    code.parse().unwrap_or_else(|_| TokenStream::new())
}

/// The commit, and the file that every further one is written into, if there is such.
fn found(package: &Path) -> Option<(String, Option<PathBuf>)> {
    // A folder may lie inside a checkout and be none of its own.
    git(package, ["ls-files", "--error-unmatch", "Cargo.toml"])?;
    let commit = git(package, ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"])?;
    let log = git(package, ["rev-parse", "--git-path", "logs/HEAD"]).map(|log| package.join(log));
    Some((format!("{commit:WIDTH$}"), log.filter(|log| log.is_file())))
}

/// What git says in a folder; `None` if it fails.
fn git<const N: usize>(folder: &Path, words: [&str; N]) -> Option<String> {
    let mut command = Command::new("git");
    // Only to look: the index of whoever is at work here stays as it is.
    command.arg("-C").arg(folder).args(words.map(OsStr::new)).env("GIT_OPTIONAL_LOCKS", "0");
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
