use crate::given_file::find;
use crate::{Error, GivenFile, KnownFile, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::Path;

/// A hyper-parameter's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A real number.
    Float(f64),
    /// A file.
    File(GivenFile),
    /// One of a few words.
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(v) => v.fmt(f),
            Self::Int(v) => v.fmt(f),
            // 0.000000001 is hard to count.
            Self::Float(v) if *v != 0.0 && v.abs() < 1e-4 => write!(f, "{v:e}"),
            Self::Float(v) => v.fmt(f),
            Self::File(v) => v.fmt(f),
            Self::Text(v) => v.fmt(f),
        }
    }
}

impl Value {
    /// The value as a user would type it.
    pub fn typed(&self) -> String {
        match self {
            Self::File(file) => file.typed().to_owned(),
            other => other.to_string(),
        }
    }
}

/// One declared hyper-parameter: name, default, allowed values and a line of help.
///
/// Values are checked against the declaration before a run starts, so a model never sees one that
/// its card does not allow.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// Name in `--set model.name=value`.
    pub name: String,
    /// The value used when nobody sets another; its kind is the parameter's kind.
    pub default: Value,
    /// One line on what it does.
    pub help: String,
    /// Values worth trying, as a user would type them: what `bench tune` searches by default.
    pub tries: Vec<String>,
    /// Hyper-parameters that the reduced configuration leaves as they are where this one is a file.
    pub keeps: Vec<String>,
    allowed: Allowed,
}

#[derive(Debug, Clone, PartialEq)]
enum Allowed {
    Any,
    Above(f64),
    AtLeast(f64),
    Range { low: f64, high: f64 },
    Choices(Vec<String>),
    File(Vec<KnownFile>),
}

impl Param {
    /// The value of a file where there is none.
    pub const NO_FILE: &str = "none";

    fn new(name: &str, default: Value, help: &str) -> Self {
        Self {
            name: name.to_owned(),
            default,
            help: help.to_owned(),
            tries: Vec::new(),
            keeps: Vec::new(),
            allowed: Allowed::Any,
        }
    }

    /// A real number.
    pub fn float(name: &str, default: f64, help: &str) -> Self {
        Self::new(name, Value::Float(default), help)
    }

    /// A whole number.
    pub fn int(name: &str, default: i64, help: &str) -> Self {
        Self::new(name, Value::Int(default), help)
    }

    /// `true` or `false`.
    pub fn bool(name: &str, default: bool, help: &str) -> Self {
        Self::new(name, Value::Bool(default), help)
    }

    /// One of `choices`, the first being the default.
    ///
    /// # Panics
    ///
    /// Without any choice, which is a mistake in the plugin.
    pub fn choice(name: &str, choices: &[&str], help: &str) -> Self {
        let mut param = Self::new(name, Value::Text(choices[0].to_owned()), help);
        param.allowed = Allowed::Choices(choices.iter().map(|&c| c.to_owned()).collect());
        param
    }

    /// Any text.
    pub fn text(name: &str, default: &str, help: &str) -> Self {
        Self::new(name, Value::Text(default.to_owned()), help)
    }

    /// A file, by default none. A user gives its path, or the word of a known one, which is then looked for in the folder
    /// [`WEIGHTS_FOLDER`](crate::WEIGHTS_FOLDER).
    pub fn file(name: &str, known: Vec<KnownFile>, help: &str) -> Self {
        let mut param = Self::new(name, Value::Text(Param::NO_FILE.to_owned()), help);
        param.allowed = Allowed::File(known);
        param
    }

    /// Says that the reduced configuration must not change these where this is a file, which fits nothing else.
    pub fn keeping(mut self, names: &[&str]) -> Self {
        self.keeps = names.iter().map(|&name| name.to_owned()).collect();
        self
    }

    /// Says which of the known files is taken where the user gives none. It must be there then, or the run is refused with
    /// what to get; `none` trains from scratch.
    pub fn by_default(mut self, word: &str) -> Self {
        self.default = Value::Text(word.to_owned());
        self
    }

    /// The word of the known file that is the default, if one is.
    pub fn default_word(&self) -> Option<&str> {
        match (&self.allowed, &self.default) {
            (Allowed::File(_), Value::Text(word)) if word != Param::NO_FILE => Some(word),
            _ => None,
        }
    }

    /// Whether what a user typed is a file, which need not be there.
    pub fn names_file(&self, text: &str) -> bool {
        self.is_file() && text != Param::NO_FILE
    }

    /// Whether its values are files.
    pub fn is_file(&self) -> bool {
        matches!(self.allowed, Allowed::File(_))
    }

    /// Files that are known to be its values; none of a parameter of another kind.
    pub fn known_files(&self) -> &[KnownFile] {
        match &self.allowed {
            Allowed::File(known) => known,
            _ => &[],
        }
    }

    /// Allows only numbers greater than `low`.
    pub fn above(mut self, low: f64) -> Self {
        self.allowed = Allowed::Above(low);
        self
    }

    /// Allows only numbers from `low` on.
    pub fn at_least(mut self, low: f64) -> Self {
        self.allowed = Allowed::AtLeast(low);
        self
    }

    /// Allows only numbers from `low` to `high`, both included.
    pub fn between(mut self, low: f64, high: f64) -> Self {
        self.allowed = Allowed::Range { low, high };
        self
    }

    /// Says which values `bench tune` tries when the user names none, as a user would type them.
    pub fn tries(mut self, values: &[&str]) -> Self {
        self.tries = values.iter().map(|&value| value.to_owned()).collect();
        self
    }

    /// What may be given, in words, such as `a number > 0`.
    pub fn allows(&self) -> String {
        let kind = match self.default {
            Value::Bool(_) => "true or false",
            Value::Int(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::File(_) | Value::Text(_) => "one of",
        };
        match &self.allowed {
            Allowed::Any if matches!(self.default, Value::Text(_)) => "any text".to_owned(),
            Allowed::Any => kind.to_owned(),
            Allowed::Above(low) => format!("{kind} > {low}"),
            Allowed::AtLeast(low) => format!("{kind} ≥ {low}"),
            Allowed::Range { low, high } => format!("{kind} from {low} to {high}"),
            Allowed::Choices(choices) => format!("{kind} {}", choices.join(", ")),
            Allowed::File(known) => {
                let mut words: Vec<&str> = known.iter().map(|file| file.word.as_str()).collect();
                words.dedup();
                let words: String = words.into_iter().map(|word| format!("{word}, ")).collect();
                format!("{}, {words}or the path of a file", Param::NO_FILE)
            }
        }
    }

    /// Reads a value as the user typed it.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] if it is of another kind or out of range.
    pub fn parse(&self, text: &str) -> Result<Value> {
        if let Allowed::File(known) = &self.allowed {
            return self.parse_file(text, known);
        }
        let value = match self.default {
            Value::Bool(_) => text.parse().ok().map(Value::Bool),
            Value::Int(_) => text.parse().ok().map(Value::Int),
            Value::Float(_) => text.parse().ok().filter(|v: &f64| v.is_finite()).map(Value::Float),
            Value::File(_) | Value::Text(_) => Some(Value::Text(text.to_owned())),
        };
        value.filter(|value| self.is_allowed(value)).ok_or_else(|| Error::Parameter {
            name: self.name.clone(),
            reason: format!("`{text}` is not {}", self.allows()),
        })
    }

    fn parse_file(&self, text: &str, known: &[KnownFile]) -> Result<Value> {
        let file = match text {
            Param::NO_FILE => return Ok(Value::Text(text.to_owned())),
            word if known.iter().any(|file| file.word == word) => find(word, known),
            _ => GivenFile::of(Path::new(text))
                .map_err(|why| format!("`{text}` {why} (it may be {})", self.allows())),
        };
        file.map(Value::File).map_err(|reason| Error::Parameter { name: self.name.clone(), reason })
    }

    fn is_allowed(&self, value: &Value) -> bool {
        let number = match value {
            Value::Int(v) => *v as f64,
            Value::Float(v) => *v,
            Value::Bool(_) | Value::File(_) | Value::Text(_) => f64::NAN,
        };
        match &self.allowed {
            Allowed::Any | Allowed::File(_) => true,
            Allowed::Above(low) => number > *low,
            Allowed::AtLeast(low) => number >= *low,
            Allowed::Range { low, high } => (*low..=*high).contains(&number),
            Allowed::Choices(choices) => matches!(value, Value::Text(v) if choices.contains(v)),
        }
    }
}

/// The defaults of `params`, which `owner` declares, with `changes` (name, text as the user typed it) applied.
pub(crate) fn resolve<'a>(
    owner: &str,
    params: &[Param],
    changes: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<Params> {
    let mut values: Vec<(String, Value)> =
        params.iter().map(|param| (param.name.clone(), param.default.clone())).collect();
    let mut given = vec![false; params.len()];
    for (name, text) in changes {
        let at = params.iter().position(|param| param.name == name).ok_or_else(|| Error::Parameter {
            name: name.to_owned(),
            reason: match params {
                [] => format!("{owner} has no parameters"),
                params => {
                    let known: Vec<_> = params.iter().map(|param| param.name.as_str()).collect();
                    format!("{owner} has only {}", known.join(", "))
                }
            },
        })?;
        values[at].1 = params[at].parse(text)?;
        given[at] = true;
    }
    for ((param, value), _) in params.iter().zip(&mut values).zip(given).filter(|(_, given)| !given) {
        // A known file that is the default is looked for only where nobody gives another.
        if let Some(word) = param.default_word() {
            value.1 = param.parse(word)?;
        }
    }
    Ok(Params::new(values))
}

/// Stored values, held against their declarations.
pub(crate) fn admitted(params: &[Param], stored: &Params) -> Result<Params> {
    let refused =
        |name: &str, reason: &str| Error::Parameter { name: name.to_owned(), reason: reason.to_owned() };
    if let Some((name, _)) = stored.iter().find(|(name, _)| params.iter().all(|param| param.name != *name)) {
        return Err(refused(name, "this program's model has no such parameter"));
    }
    let value = |param: &Param| {
        let (_, value) = stored
            .iter()
            .find(|(name, _)| *name == param.name)
            .ok_or_else(|| refused(&param.name, "it was not stored"))?;
        let value = match value {
            Value::File(file) if param.is_file() => Value::File(file.clone()),
            Value::File(_) => return Err(refused(&param.name, "a file was stored for it")),
            value => param.parse(&value.typed())?,
        };
        Ok((param.name.clone(), value))
    };
    params.iter().map(value).collect::<Result<_>>().map(Params::new)
}

/// The hyper-parameters of one fit: a value for every parameter the card declares.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Params(Vec<(String, Value)>);

/// `c=1 gamma=0.01`.
impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.iter().map(|(name, value)| format!("{name}={value}")).collect();
        f.write_str(&pairs.join(" "))
    }
}

impl Params {
    pub(crate) fn new(values: Vec<(String, Value)>) -> Self {
        Self(values)
    }

    /// Names and values, in the card's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// A real number.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] if the card declares no real number of that name.
    pub fn float(&self, name: &str) -> Result<f64> {
        self.get(name, "real number", |value| match value {
            Value::Float(v) => Some(*v),
            _ => None,
        })
    }

    /// A whole number.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] if the card declares no whole number of that name.
    pub fn int(&self, name: &str) -> Result<i64> {
        self.get(name, "whole number", |value| match value {
            Value::Int(v) => Some(*v),
            _ => None,
        })
    }

    /// A whole number that is not negative, such as a count.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] if the card declares no whole number of that name or it is negative.
    pub fn count(&self, name: &str) -> Result<usize> {
        self.get(name, "whole number, 0 or more,", |value| match value {
            Value::Int(v) => usize::try_from(*v).ok(),
            _ => None,
        })
    }

    /// A yes or no.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] if the card declares no such switch.
    pub fn bool(&self, name: &str) -> Result<bool> {
        self.get(name, "switch", |value| match value {
            Value::Bool(v) => Some(*v),
            _ => None,
        })
    }

    /// One of the declared choices.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] if the card declares no choice of that name.
    pub fn choice(&self, name: &str) -> Result<&str> {
        self.get(name, "choice", |value| match value {
            Value::Text(v) => Some(v.as_str()),
            _ => None,
        })
    }

    /// A file; None where there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] if the card declares no file of that name.
    pub fn file(&self, name: &str) -> Result<Option<&GivenFile>> {
        self.get(name, "file", |value| match value {
            Value::File(file) => Some(Some(file)),
            Value::Text(text) if text == Param::NO_FILE => Some(None),
            _ => None,
        })
    }

    /// The same with files by what is in them alone: what decides the results of a fit.
    pub fn without_names(&self) -> Self {
        let unnamed = |value: &Value| match value {
            Value::File(file) => Value::File(file.unnamed()),
            other => other.clone(),
        };
        Self(self.0.iter().map(|(name, value)| (name.clone(), unnamed(value))).collect())
    }

    fn get<'a, T>(&'a self, name: &str, kind: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<T> {
        self.iter().find(|(n, _)| *n == name).and_then(|(_, value)| read(value)).ok_or_else(|| {
            Error::Parameter {
                name: name.to_owned(),
                reason: format!("the model's card declares no {kind} of this name"),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{Card, Family, Param};

    fn card() -> Card {
        Card::new("m", Family::Other, "")
            .param(Param::float("c", 1.0, "").above(0.0))
            .param(Param::int("k", 5, "").between(1.0, 9.0))
            .param(Param::choice("kernel", &["rbf", "linear"], ""))
    }

    #[test]
    fn defaults_hold_until_changed() {
        let params = card().resolve([("k", "3")]).expect("allowed");
        assert_eq!(params.float("c").expect("declared"), 1.0);
        assert_eq!(params.count("k").expect("declared"), 3);
        assert_eq!(params.choice("kernel").expect("declared"), "rbf");
        assert!(params.count("c").is_err(), "c is not a whole number");
    }

    #[test]
    fn wrong_names_and_values_say_what_is_right() {
        let told = |name, text| card().resolve([(name, text)]).expect_err("not allowed").to_string();
        assert_eq!(told("c", "0"), "parameter `c`: `0` is not a number > 0");
        assert_eq!(told("c", "NaN"), "parameter `c`: `NaN` is not a number > 0");
        assert_eq!(told("k", "1.5"), "parameter `k`: `1.5` is not a whole number from 1 to 9");
        assert_eq!(told("kernel", "x"), "parameter `kernel`: `x` is not one of rbf, linear");
        assert_eq!(told("gamma", "1"), "parameter `gamma`: model `m` has only c, k, kernel");
    }
}
