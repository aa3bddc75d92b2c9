use genre_bench_api::{Card, Family, Param, Representation, Value};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a card is made of, and what of it is too much.
const MOST_PARAMETERS: usize = 256;
const LONGEST_NAME: usize = 64;
const LONGEST_TEXT: usize = 400;
const MOST_ENTRIES: usize = 1000;

/// What a model says of itself: in its answer to `describe`, or in a TOML file.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Description {
    /// One line on what it is.
    pub about: String,
    /// `table` or inputs such as `mel-128`, the first being the default; with `table` in front both. Nothing is the table.
    pub reads: Vec<String>,
    /// Whether a fit draws nothing at random.
    pub deterministic: bool,
    /// Hyper-parameters by name.
    pub parameters: BTreeMap<String, Declared>,
    /// Files that decide its numbers, with hashes.
    pub sources: BTreeMap<String, String>,
    /// Versions of programs that do.
    pub versions: BTreeMap<String, String>,
}

/// A hyper-parameter: its default value, or more.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Declared {
    /// The default, whose kind is the parameter's.
    Default(Value),
    /// With what is allowed.
    Full(Full),
}

/// A hyper-parameter in full.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Full {
    default: Value,
    #[serde(default)]
    help: String,
    /// Words of which it is one; the default is put first.
    #[serde(default)]
    choices: Vec<String>,
    at_least: Option<f64>,
    at_most: Option<f64>,
    /// Values that `bench tune` tries.
    #[serde(default)]
    tries: Vec<String>,
}

impl Description {
    /// The card of a model of this name.
    ///
    /// # Errors
    ///
    /// What of it makes no sense, as a sentence about the model.
    pub fn card(&self, name: &str) -> Result<Card, String> {
        let about = match shortened(&self.about) {
            about if about.is_empty() => "a model in another process".to_owned(),
            about => about,
        };
        let mut card = Card::new(name, Family::Other, about).only_by_name();
        card.deterministic = self.deterministic;
        let kinds: Vec<&str> =
            self.reads.iter().map(String::as_str).filter(|kind| *kind != "table").collect();
        if kinds.len() > MOST_PARAMETERS {
            return Err("reads too many inputs".to_owned());
        }
        for kind in &kinds {
            kind.parse::<Representation>().map_err(|why| format!("reads `{}`: {why}", shortened(kind)))?;
        }
        if !kinds.is_empty() {
            card = card.reading_spectrograms(&kinds);
            if kinds.len() < self.reads.len() {
                card = card.and_table();
            }
        }
        if self.parameters.len() > MOST_PARAMETERS {
            return Err(format!("has more than {MOST_PARAMETERS} parameters"));
        }
        for (name, declared) in &self.parameters {
            // Which of the spectrograms it reads is declared already.
            if card.params.iter().any(|param| param.name == *name) {
                return Err(format!("has a parameter `{}`, which is what it reads", shortened(name)));
            }
            card = card.param(param(name, declared)?);
        }
        Ok(card)
    }

    /// What decides its numbers beside its parameters, in a line.
    pub fn content(&self) -> String {
        let entries = self.sources.iter().chain(&self.versions).take(MOST_ENTRIES);
        let entries = entries.map(|(name, value)| format!("{} {}", shortened(name), shortened(value)));
        entries.collect::<Vec<_>>().join("; ")
    }
}

fn param(name: &str, declared: &Declared) -> Result<Param, String> {
    let is_typed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_typed) {
        let shown = shortened(name);
        return Err(format!(
            "has a parameter `{shown}`: a name has letters, digits, hyphens and underscores"
        ));
    }
    let full = match declared {
        Declared::Default(default) => Full {
            default: default.clone(),
            help: String::new(),
            choices: Vec::new(),
            at_least: None,
            at_most: None,
            tries: Vec::new(),
        },
        Declared::Full(full) => full.clone(),
    };
    let help = shortened(&full.help);
    let of_kind = |what| format!("has a parameter `{name}` with {what}");
    let param = match &full.default {
        Value::Bool(default) => Param::bool(name, *default, &help),
        Value::Int(default) => Param::int(name, *default, &help),
        Value::Float(default) if default.is_finite() => Param::float(name, *default, &help),
        Value::Float(_) => return Err(of_kind("a default that is no finite number")),
        Value::File(_) => return Err(of_kind("a file as its default")),
        Value::Text(default) if full.choices.is_empty() => Param::text(name, &shortened(default), &help),
        Value::Text(default) => {
            let others = full.choices.iter().filter(|choice| *choice != default);
            let choices: Vec<&str> = std::iter::once(default).chain(others).map(String::as_str).collect();
            Param::choice(name, &choices, &help)
        }
    };
    let is_number = matches!(full.default, Value::Int(_) | Value::Float(_));
    if !is_number && (full.at_least.is_some() || full.at_most.is_some()) {
        return Err(of_kind("limits, and no number as its default"));
    }
    let param = match (full.at_least, full.at_most) {
        (Some(low), Some(high)) => param.between(low, high),
        (Some(low), None) => param.at_least(low),
        (None, Some(high)) => param.between(f64::MIN, high),
        (None, None) => param,
    };
    let tries: Vec<&str> = full.tries.iter().map(String::as_str).collect();
    Ok(param.tries(&tries))
}

/// A text without what a terminal would obey, and not without end.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(LONGEST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use genre_bench_api::Reads;

    fn card(json: &str) -> Result<Card, String> {
        serde_json::from_str::<Description>(json).unwrap().card("external:m.toml")
    }

    #[test]
    fn a_description_becomes_a_card() {
        let described = card(
            r#"{"about": "a\u001bforest", "reads": ["table", "mel-128", "mfcc-20"], "deterministic": true,
                "parameters": {"trees": 100, "rate": {"default": 0.1, "at-least": 0, "help": "step"}, "bag": true,
                               "depth": "None", "loss": {"default": "b", "choices": ["a", "b"]}}}"#,
        );
        let described = described.unwrap();
        assert_eq!((described.summary.as_str(), described.deterministic), ("aforest", true));
        assert_eq!(described.reads, Reads::TableAndSpectrograms("mel-128".parse().unwrap()));
        let params = described.resolve([("trees", "3"), ("depth", "7"), ("loss", "a")]).unwrap();
        assert_eq!(params.to_string(), "input=mel-128 bag=true depth=7 loss=a rate=0.1 trees=3");
        assert!(described.resolve([("rate", "-1")]).is_err());
        assert!(described.resolve([("loss", "c")]).is_err());
        assert!(!card("{}").unwrap().is_default, "it runs when it is named");
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        for (json, told) in [
            (r#"{"reads": ["melody"]}"#, "reads `melody`"),
            (r#"{"parameters": {"a b": 1}}"#, "has a parameter `a b`"),
            (r#"{"parameters": {"a": {"default": "x", "at-least": 1}}}"#, "has a parameter `a` with limits"),
            (r#"{"reads": ["mel-8"], "parameters": {"input": 1}}"#, "has a parameter `input`"),
        ] {
            let refused = card(json).unwrap_err();
            assert!(refused.starts_with(told), "{refused}");
        }
        let many: Vec<String> = (0..257).map(|n| format!("\"p{n}\": 1")).collect();
        assert!(card(&format!("{{\"parameters\": {{{}}}}}", many.join(","))).is_err());
    }
}
