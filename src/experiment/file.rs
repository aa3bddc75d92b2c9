use super::file_datasets::FileDataset;
use super::registry::nearest;
use super::{Experiment, Invalid, Registry, schema};
use crate::error::{Error, Result};
use crate::util::read_regular;
use serde::Deserialize;
use serde_json::Value;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

/// Largest file that is taken for an experiment.
const MOST_BYTES: u64 = 1 << 20;
/// Most runs that the lists of a file may make.
const MOST_RUNS: usize = 10_000;

/// The experiments of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct File {
    /// Where it was read from.
    pub path: PathBuf,
    /// The experiments, in the order of the lists: the first list in the file changes slowest.
    pub experiments: Vec<Experiment>,
    /// For each of them what tells it from the others: keys with values, such as `protocol = track`; nothing if it is
    /// the only one.
    pub labels: Vec<String>,
}

/// Reads a TOML file of one experiment or, where keys hold lists, of several. Paths in it are relative to the folder in
/// which the program runs, as on the command line.
///
/// # Errors
///
/// A file that cannot be read or is no TOML; a key that is unknown, of the wrong type or impossible beside another. Each
/// names the file, the line and what to write instead.
pub fn read(path: &Path, registry: &Registry) -> Result<File> {
    let source = TomlSource { path, text: &text(path)? };
    let mut root = DeTable::parse(source.text).map_err(|e| source.refuses(&e))?;
    let schema = schemars::schema_for!(Experiment).to_value();
    let datasets = FileDataset::taken_from(root.get_mut(), &source, &schema)?;
    source.check_keys(&schema, root.get_ref(), &mut Vec::new())?;
    let (mut experiments, mut labels) = (Vec::new(), Vec::new());
    for dataset in &datasets {
        let mut root = root.clone();
        dataset.lay_over(root.get_mut());
        let lists = lists(root.get_ref());
        let runs: usize = lists.iter().map(|list| list.values.len()).fold(1, usize::saturating_mul);
        if experiments.len().saturating_add(runs) > MOST_RUNS {
            let reason = format!("its lists make {runs} runs");
            return Err(Error::at(path, reason, format!("at most {MOST_RUNS} in a file")));
        }
        for run in 0..runs {
            let (mut table, mut label, mut rest) = (root.clone(), Vec::new(), run);
            for list in lists.iter().rev() {
                let value = list.values[rest % list.values.len()].clone();
                rest /= list.values.len();
                if list.values.len() > 1 {
                    label.push(format!("{} {}", list.path.last().unwrap_or(&""), shown(value.get_ref())));
                }
                put(table.get_mut(), &list.path, value);
            }
            let experiment =
                Experiment::deserialize(Deserializer::from(table)).map_err(|e| source.refuses(&e))?;
            experiment.check(registry).map_err(|invalid| source.places(invalid, root.get_ref()))?;
            experiments.push(experiment);
            if datasets.len() > 1 {
                label.push(format!("data {}", dataset.label));
            }
            label.reverse();
            labels.push(label.join(", "));
        }
    }
    Ok(File { path: path.to_owned(), experiments, labels })
}

/// A file's text, if it is a file of a size that an experiment may have.
fn text(path: &Path) -> Result<String> {
    let hint = "name a TOML file; `bench list experiment` shows what to write in it";
    let bytes = read_regular(path, MOST_BYTES).map_err(|e| Error::at(path, e, hint))?;
    String::from_utf8(bytes).map_err(|_| Error::at(path, "the text is not UTF-8", hint))
}

/// A key that holds a list, for each value of which there is a run.
struct List<'t> {
    path: Vec<&'t str>,
    values: Vec<Spanned<DeValue<'t>>>,
}

/// The lists that multiply, in the order of the file.
fn lists<'t>(root: &'t DeTable<'t>) -> Vec<List<'t>> {
    fn collect<'t>(table: &'t DeTable<'t>, path: &[&'t str], lists: &mut Vec<(usize, List<'t>)>) {
        for (key, value) in table {
            let path = [path, &[key.get_ref().as_ref()]].concat();
            match value.get_ref() {
                _ if !schema::multiplies(&path) => {}
                DeValue::Table(section) => collect(section, &path, lists),
                DeValue::Array(values) if !values.is_empty() => {
                    lists.push((value.span().start, List { path, values: values.iter().cloned().collect() }));
                }
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    collect(root, &[], &mut found);
    found.sort_by_key(|(start, _)| *start);
    found.into_iter().map(|(_, list)| list).collect()
}

/// Puts a value where a list was.
fn put<'t>(table: &mut DeTable<'t>, path: &[&str], value: Spanned<DeValue<'t>>) {
    match path {
        [] => {}
        [name] => {
            if let Some(place) = table.get_mut(*name) {
                *place = value;
            }
        }
        [name, rest @ ..] => {
            if let Some(DeValue::Table(section)) = table.get_mut(*name).map(Spanned::get_mut) {
                put(section, rest, value);
            }
        }
    }
}

pub(super) fn shown(value: &DeValue) -> String {
    match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(switch) => switch.to_string(),
        other => other.type_str().to_owned(),
    }
}

/// A file that errors are about.
pub(super) struct TomlSource<'a> {
    pub(super) path: &'a Path,
    text: &'a str,
}

impl TomlSource<'_> {
    pub(super) fn line(&self, at: usize) -> u64 {
        self.text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() as u64 + 1
    }

    /// What the parser found.
    fn refuses(&self, error: &toml::de::Error) -> Error {
        let hint = "`bench list experiment` shows all keys and their types";
        // For people who know TOML and not Rust.
        let types = [
            ("u64", "a whole number"),
            ("u32", "a whole number"),
            ("u16", "a whole number from 0 to 65535"),
            ("usize", "a whole number"),
            ("f64", "a number"),
        ];
        let reason = types.iter().fold(error.message().to_owned(), |reason, (rust, said)| {
            reason.replace(&format!("expected {rust}"), &format!("expected {said}"))
        });
        match error.span() {
            Some(span) => Error::at_line(self.path, self.line(span.start), reason, hint),
            None => Error::at(self.path, reason, hint),
        }
    }

    /// Refuses names that mean nothing, with the one that may have been meant.
    pub(super) fn check_keys<'t>(
        &self,
        schema: &Value,
        table: &'t DeTable<'t>,
        path: &mut Vec<&'t str>,
    ) -> Result<()> {
        let known = schema::names_at(schema, path);
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if let Some(known) = &known
                && !known.iter().any(|other| other == name)
            {
                let place = if path.is_empty() { String::new() } else { format!(" in [{}]", path.join(".")) };
                let hint = match nearest(name, known.iter().map(String::as_str)) {
                    Some(meant) => format!("did you mean `{meant}`? `bench list experiment` shows all keys"),
                    None => format!("one of {}", known.join(", ")),
                };
                let reason = format!("there is no key `{name}`{place}");
                return Err(Error::at_line(self.path, self.line(key.span().start), reason, hint));
            }
            if let DeValue::Table(section) = value.get_ref() {
                path.push(name);
                self.check_keys(schema, section, path)?;
                path.pop();
            }
        }
        Ok(())
    }

    /// An impossible setting, at its line.
    fn places(&self, invalid: Invalid, root: &DeTable) -> Error {
        let (mut table, mut line) = (Some(root), None);
        for name in invalid.key.split('.') {
            let Some((key, value)) = table.and_then(|table| table.get_key_value(name)) else { break };
            line = Some(self.line(key.span().start));
            table = value.get_ref().as_table();
        }
        let reason = format!("`{}`: {}", invalid.key, invalid.reason);
        match line {
            Some(line) => Error::at_line(self.path, line, reason, invalid.hint),
            None => Error::at(self.path, reason, invalid.hint),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use crate::experiment::registry::Nothing;
    use genre_bench_api::{Card, Family, Model, Param};

    fn model(name: &str) -> Box<dyn Model> {
        let card = Card::new(name, Family::Classical, "").param(Param::float("c", 1.0, "").above(0.0));
        Box::new(Nothing(card))
    }

    fn read_text(text: &str) -> Result<File> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("e.toml");
        std::fs::write(&path, text).unwrap();
        let models: Vec<Box<dyn Model>> = vec![model("svm"), model("forest")];
        read(&path, &Registry::new(models, None).unwrap())
    }

    #[test]
    fn an_experiment_comes_back_from_its_file() {
        let text = "models = [\"svm\"]\nseed = 3\ncalibrate = \"platt\"\n[data]\npath = \"a.csv\"\nsegment = 10\n\
                    [split]\nprotocol = \"artist\"\nholdout = \"80/10/10\"\n[parameters.svm]\nc = [1, 2.5]\n\
                    [networks]\nspectrogram-size = \"40x30\"\n";
        let file = read_text(text).unwrap();
        let again = read_text(&file.experiments[0].to_toml().unwrap()).unwrap();
        assert_eq!(file.experiments, again.experiments);
        assert_eq!(file.experiments[0].hash(), again.experiments[0].hash());
        assert_eq!(read_text("").unwrap().experiments, [Experiment::default()]);
    }

    #[test]
    fn lists_multiply_the_first_one_slowest() {
        let file =
            read_text("seed = [0, 1]\n[split]\nprotocol = [\"segment\", \"track\"]\nfolds = [5]").unwrap();
        let labels = [
            "seed 0, protocol segment",
            "seed 0, protocol track",
            "seed 1, protocol segment",
            "seed 1, protocol track",
        ];
        assert_eq!(file.labels, labels);
        assert_eq!(file.experiments[3].seed, 1);
        assert_eq!(file.experiments[3].split.folds, Some(5));
    }

    #[test]
    fn several_datasets_have_settings_of_their_own() {
        let text = "seed = [0, 1]\n[data]\nsegment = 10\n[split]\nfolds = 3\n[[datasets]]\ndata.path = \"a\"\n\
                    split.protocol = \"artist\"\n[[datasets]]\ndata = { path = \"b\", segment = 3 }\n";
        let file = read_text(text).unwrap();
        let labels = ["data a, seed 0", "data a, seed 1", "data b, seed 0", "data b, seed 1"];
        assert_eq!(file.labels, labels);
        let told: Vec<_> = (file.experiments.iter())
            .map(|e| (e.data.path.clone().unwrap(), e.data.segment, e.split.protocol.name(), e.split.folds))
            .collect();
        assert_eq!(told[1], ("a".into(), Some(10), "artist".to_owned(), Some(3)));
        assert_eq!(told[2], ("b".into(), Some(3), "track".to_owned(), Some(3)));
        assert_eq!(read_text("[[datasets]]\ndata.path = \"a\"").unwrap().labels, [""]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let told = |text: &str| {
            let error = read_text(text).unwrap_err().to_string();
            error.split_once("e.toml").unwrap().1.to_owned()
        };
        for (text, wanted) in [
            ("seed = 1\nmodls = []", ", line 2: there is no key `modls`\n  try: did you mean `models`"),
            ("[splt]\nfolds = 3", ", line 1: there is no key `splt`\n  try: did you mean `split`"),
            ("[split]\n\nprotocl = \"track\"", ", line 3: there is no key `protocl` in [split]"),
            ("[split]\nfolds = \"five\"", ", line 2: invalid type: string \"five\", expected a whole number"),
            ("[split]\nprotocol = \"tracks\"", ", line 2: `tracks`: expected segment, track"),
            ("[split]\nfolds = 5\nholdout = \"80/20\"", ", line 3: `split.holdout`: a hold-out has no folds"),
            ("models = [\"svn\"]", ", line 1: `models`: `svn` is no model and no family"),
            (
                "[parameters.forst]\nc = 1",
                ", line 1: `parameters.forst`: is not a model of this run\n  try: did you mean forest",
            ),
            ("[parameters.svm]\nd = 1", ", line 2: `parameters.svm.d`"),
            ("[parameters.svm]\nc = -1", ", line 2: `parameters.svm.c`: `-1` is not a number > 0"),
            ("seed = [0", ", line 1"),
            ("models = [\"svm\"]\n[tune]\nby = \"f2\"", ", line 3: `tune.by`: `f2` is no metric"),
            ("[tune]", ": `models`: one model is tuned at a time, not 2"),
            ("seed = -1", ", line 1: "),
            ("datasets = []", ", line 1: `datasets`: is empty"),
            ("datasets = 3", ", line 1: `datasets`: is no list of tables"),
            (
                "[[datasets]]\nseed = 3",
                ", line 2: `datasets`: a dataset has settings of data and split alone, not `seed`",
            ),
            ("[[datasets]]\ndata.pth = \"a\"", ", line 2: there is no key `pth` in [data]"),
            ("[[datasets]]\ndata.path = \"a\"\nsplit.folds = 1", ", line 3: `split.folds`: "),
        ] {
            assert!(told(text).starts_with(wanted), "{text}\n{}", told(text));
        }
    }
}
