use crate::error::Error;

/// A setting of an experiment that cannot be, by its key: the caller knows whether that was a flag or a line of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Key of the setting, such as `split.holdout` or `parameters.svm.c`.
    pub key: String,
    /// Why it cannot be.
    pub reason: String,
    /// What to try.
    pub hint: String,
}

impl Invalid {
    /// An impossible setting.
    pub fn new(key: impl Into<String>, reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { key: key.into(), reason: reason.into(), hint: hint.into() }
    }

    /// The flag that sets the key.
    fn flag(&self) -> String {
        let words: Vec<&str> = self.key.splitn(3, '.').collect();
        match words[..] {
            ["data", "path"] => "--data".to_owned(),
            ["parameters", model] => format!("--set {model}"),
            ["parameters", model, parameter] => format!("--set {model}.{parameter}"),
            ["tune", "grid", parameter] => format!("--grid {parameter}"),
            ["encoders", name] => format!("--encoder {name}"),
            ["ablate", "groups", group] => format!("--leave-out {group}"),
            ["networks", "configuration"] => "--reduced".to_owned(),
            [.., last] => format!("--{last}"),
            [] => String::new(),
        }
    }
}

/// As the error of a flag.
impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::new(invalid.flag(), invalid.reason, invalid.hint)
    }
}
