use crate::description::{Declared, Description};
use crate::python;
use genre_bench_api::{Error, GivenFile, Result};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Most bytes of a TOML file.
const MOST_BYTES: u64 = 1 << 20;

/// How a model of some name is started.
#[derive(Debug, Default)]
pub(crate) struct Launch {
    /// Name of its card: what was typed, without folders.
    pub name: String,
    /// Program and arguments.
    pub command: Vec<OsString>,
    /// The folder that it runs in, if not that of the program.
    pub folder: Option<PathBuf>,
    /// Files that decide its numbers.
    pub files: Vec<GivenFile>,
    /// What it is, if it need not be asked.
    pub description: Option<Description>,
    /// After how long it is ended where it does not answer.
    pub timeout: Option<Duration>,
    /// How many processes it may be, if not as many as is usual.
    pub processes: Option<usize>,
    /// What to try where it cannot be started.
    pub hint: String,
}

/// How the model of a name is started; None if it is no name of ours.
///
/// # Errors
///
/// A file that is not there, or a TOML file that makes no sense.
pub(crate) fn launch(name: &str) -> Result<Option<Launch>> {
    match name.split_once(':') {
        Some(("python", file)) => python_file(file).map(Some),
        Some(("sklearn", estimator)) => scikit_learn(estimator).map(Some),
        Some(("external", file)) => declared(Path::new(file)).map(Some),
        _ => Ok(None),
    }
}

/// The last part of a path.
fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn given(path: &Path) -> Result<GivenFile> {
    let refused = |why| Error::failed(format!("{} {why}", path.display()));
    if path.is_dir() {
        return Err(refused("is a folder".to_owned()));
    }
    GivenFile::of(path).map_err(refused)
}

fn python_file(text: &str) -> Result<Launch> {
    let is_class = |class: &str| class.chars().all(|c| c.is_alphanumeric() || c == '_');
    let (file, class) = match text.rsplit_once(':') {
        Some((file, class)) if !Path::new(text).exists() && is_class(class) => (file, Some(class)),
        _ => (text, None),
    };
    let path = Path::new(file);
    let files = vec![given(path)?];
    let (command, hint) = python::command("python", &[file, class.unwrap_or_default()]);
    let class = class.map(|class| format!(":{class}")).unwrap_or_default();
    let name = format!("python:{}{class}", file_name(path));
    Ok(Launch { name, command, files, hint, ..Launch::default() })
}

fn scikit_learn(estimator: &str) -> Result<Launch> {
    let is_name =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !estimator.split('.').all(is_name) || !estimator.contains('.') {
        let reason = format!("`{estimator}` is no name of an estimator, such as svm.SVC");
        return Err(Error::failed(reason));
    }
    let (command, hint) = python::command("sklearn", &[estimator]);
    let name = format!("sklearn:{estimator}");
    Ok(Launch { name, command, hint, ..Launch::default() })
}

/// A TOML file that declares a command.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declaration {
    command: Vec<String>,
    #[serde(default)]
    about: String,
    #[serde(default)]
    reads: Vec<String>,
    #[serde(default)]
    deterministic: bool,
    #[serde(default)]
    files: Vec<PathBuf>,
    timeout: Option<f64>,
    processes: Option<usize>,
    #[serde(default)]
    parameters: BTreeMap<String, Declared>,
}

fn declared(path: &Path) -> Result<Launch> {
    let toml = given(path)?;
    let of_file = |why: String| Error::failed(format!("{} {why}", path.display()));
    let text = String::from_utf8(toml.read(MOST_BYTES).map_err(of_file)?);
    let text = text.map_err(|_| of_file("is no text".to_owned()))?;
    let declaration: Declaration = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
        of_file(format!("line {line}: {}", error.message()))
    })?;
    let Declaration { command, about, reads, deterministic, files, timeout, processes, parameters } =
        declaration;
    if command.first().is_none_or(String::is_empty) {
        return Err(of_file("has an empty `command`: write the program and its arguments".to_owned()));
    }
    let timeout =
        timeout.map(seconds).transpose().map_err(|why| of_file(format!("has a `timeout` that {why}")))?;
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new(".")).to_owned();
    let mut of_model = vec![toml];
    // Scripts are among the words of a command.
    let scripts = command[1..].iter().map(|word| folder.join(word)).filter(|path| path.is_file());
    let named = files.iter().map(|file| folder.join(file));
    for path in named.chain(scripts) {
        of_model.push(given(&path)?);
    }
    let description = Description { about, reads, deterministic, parameters, ..Description::default() };
    Ok(Launch {
        name: format!("external:{}", file_name(path)),
        command: command.into_iter().map(OsString::from).collect(),
        folder: Some(folder),
        files: of_model,
        description: Some(description),
        timeout,
        processes,
        hint: format!("`command` in {} says what is started, in the folder of the file", path.display()),
    })
}

/// A number of seconds that makes sense.
pub(crate) fn seconds(seconds: f64) -> std::result::Result<Duration, String> {
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(format!("is {seconds}, where a number of seconds above 0 is expected")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    fn refused(name: &str) -> String {
        launch(name).unwrap_err().to_string()
    }

    #[test]
    fn names_of_others_are_none_of_ours() {
        for name in ["svm", "musicnn+svm", "http://a", "pythonic:a", ""] {
            assert!(launch(name).unwrap().is_none(), "{name}");
        }
    }

    #[test]
    fn a_name_has_no_folders_and_the_class_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("my.py");
        std::fs::write(&file, "").unwrap();
        let typed = format!("python:{}", file.display());
        assert_eq!(launch(&typed).unwrap().unwrap().name, "python:my.py");
        let of_class = launch(&format!("{typed}:Forest")).unwrap().unwrap();
        assert_eq!(of_class.name, "python:my.py:Forest");
        assert_eq!(of_class.command[4..], [file.as_os_str(), "Forest".as_ref()]);
        assert!(refused("python:gone.py").contains("gone.py cannot be read"));
        assert!(refused(&format!("python:{}", folder.path().display())).contains("is a folder"));
        for name in ["sklearn:SVC", "sklearn:svm.", "sklearn:svm.SVC()", "sklearn:os;x.y"] {
            assert!(refused(name).contains("no name of an estimator"), "{name}");
        }
    }

    #[test]
    fn a_file_declares_a_command_and_what_is_wrong_with_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("m.toml");
        let name = format!("external:{}", path.display());
        std::fs::write(folder.path().join("m.R"), "").unwrap();
        std::fs::write(&path, "command = [\"Rscript\", \"m.R\"]\ntimeout = 5\n[parameters]\ntrees = 7")
            .unwrap();
        let declared = launch(&name).unwrap().unwrap();
        assert_eq!((declared.name.as_str(), declared.files.len()), ("external:m.toml", 2));
        assert_eq!(declared.timeout, Some(Duration::from_secs(5)));
        for (text, told) in [
            ("command = []", "has an empty `command`"),
            ("\ncommad = []", "line 2: unknown field `commad`"),
            ("command = [\"a\"]\ntimeout = 0", "has a `timeout` that is 0"),
            ("command = [\"a\"]\nfiles = [\"b\"]", "b cannot be read"),
        ] {
            std::fs::write(&path, text).unwrap();
            assert!(refused(&name).contains(told), "{}", refused(&name));
        }
    }
}
