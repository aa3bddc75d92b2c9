use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What Python is given to run.
const WORKER: &str = include_str!("worker.py");

/// A command that answers for a model in Python, and what to try where it does not.
pub(crate) fn command(kind: &str, arguments: &[&str]) -> (Vec<OsString>, String) {
    let (python, why) = interpreter();
    let hint = format!(
        "models in Python run with {} ({why}), which needs numpy and pyarrow; {} names another",
        python.display(),
        crate::PYTHON
    );
    let mut command = vec![python, "-c".into(), WORKER.into(), kind.into()];
    command.extend(arguments.iter().map(OsString::from));
    (command, hint)
}

/// The Python to use, and why that.
pub(crate) fn interpreter() -> (OsString, String) {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(python) = set(crate::PYTHON) {
        return (python, format!("which {} names", crate::PYTHON));
    }
    if let Some(folder) = set("VIRTUAL_ENV") {
        return (Path::new(&folder).join("bin/python").into(), "of the active VIRTUAL_ENV".to_owned());
    }
    match std::env::current_exe().ok().and_then(|program| of_environment(&program)) {
        Some(python) => (python.into(), "of the environment that this program is installed in".to_owned()),
        None => ("python3".into(), "the first on PATH".to_owned()),
    }
}

/// The Python of the virtual environment that pip has installed a program into.
fn of_environment(program: &Path) -> Option<PathBuf> {
    let scripts = program.parent()?;
    let python = scripts.join("python");
    (scripts.parent()?.join("pyvenv.cfg").is_file() && python.exists()).then_some(python)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn a_program_in_a_virtual_environment_has_its_python() {
        let folder = tempfile::tempdir().unwrap();
        let scripts = folder.path().join("bin");
        std::fs::create_dir(&scripts).unwrap();
        std::fs::write(scripts.join("python"), "").unwrap();
        assert_eq!(of_environment(&scripts.join("bench")), None);
        std::fs::write(folder.path().join("pyvenv.cfg"), "").unwrap();
        assert_eq!(of_environment(&scripts.join("bench")), Some(scripts.join("python")));
    }
}
