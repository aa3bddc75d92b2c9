use std::ffi::OsString;
use std::path::Path;

/// What Python is given to run: the same file as in the package of `python/`.
const WORKER: &str = include_str!("../../../python/genre_bench/worker.py");

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
fn interpreter() -> (OsString, String) {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(python) = set(crate::PYTHON) {
        return (python, format!("which {} names", crate::PYTHON));
    }
    match set("VIRTUAL_ENV") {
        Some(folder) => {
            (Path::new(&folder).join("bin/python").into(), "of the active VIRTUAL_ENV".to_owned())
        }
        None => ("python3".into(), "the first on PATH".to_owned()),
    }
}
