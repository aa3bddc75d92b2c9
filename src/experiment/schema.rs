//! What an experiment file may hold, as a JSON Schema and as a list for people: both come from the doc comments of
//! [`Experiment`] and its sections.

use super::Experiment;
use serde_json::{Map, Value, json};

/// Sections whose keys have one value in an experiment. In a file such a key, and a key outside of any section, may
/// hold a list, which makes a run for each of its values.
const MULTIPLYING: [&str; 6] = ["seed", "calibrate", "device", "data", "split", "networks"];

/// The key that holds several datasets, and the sections that each may have of its own.
pub(super) const DATASETS: &str = "datasets";
/// See [`DATASETS`].
pub(super) const OF_DATASETS: [&str; 2] = ["data", "split"];
const ABOUT_DATASETS: &str = "Several datasets, a [[datasets]] for each: keys of data and split that are its own, over those of \
                              [data] and [split]; there is a run for each";

/// A key of an experiment file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its path, such as `split.folds`; `*` stands for a name that a user chooses.
    pub path: String,
    /// What its value is, such as `integer`.
    pub kind: String,
    /// One line on what it says.
    pub description: String,
}

/// The JSON Schema of an experiment file.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(Experiment).to_value();
    let root = schema.clone();
    let or_list = |property: &mut Value| {
        let description = property["description"].take();
        let one = std::mem::take(property);
        let listed = json!({ "type": "array", "items": one, "minItems": 1 });
        *property = json!({ "anyOf": [one, listed], "description": description });
    };
    let of_dataset: Map<String, Value> = OF_DATASETS
        .into_iter()
        .map(|section| (section.to_owned(), root["properties"][section].clone()))
        .collect();
    schema["properties"][DATASETS] = json!({
        "type": "array",
        "minItems": 1,
        "items": { "type": "object", "properties": of_dataset, "additionalProperties": false },
        "description": ABOUT_DATASETS,
    });
    for section in MULTIPLYING {
        let name = root["properties"][section]["$ref"].as_str().and_then(|link| link.rsplit('/').next());
        let of_section = name.map(|name| schema["$defs"][name]["properties"].clone());
        match (name, of_section) {
            (Some(name), Some(Value::Object(mut properties))) => {
                properties.values_mut().for_each(or_list);
                schema["$defs"][name]["properties"] = properties.into();
            }
            _ => or_list(&mut schema["properties"][section]),
        }
    }
    schema
}

/// Whether a list at this path makes several runs.
pub(super) fn multiplies(path: &[&str]) -> bool {
    path.first().is_some_and(|section| MULTIPLYING.contains(section))
}

/// All keys, those outside of any section first.
pub fn keys() -> Vec<Key> {
    let root = schemars::schema_for!(Experiment).to_value();
    let mut keys = Vec::new();
    list(&root, &root, "", &mut keys);
    let description = ABOUT_DATASETS.to_owned();
    keys.push(Key { path: DATASETS.to_owned(), kind: "list of tables".to_owned(), description });
    keys.sort_by_key(|key| key.path.contains('.'));
    keys
}

fn list(root: &Value, schema: &Value, path: &str, keys: &mut Vec<Key>) {
    for (name, property) in properties(root, schema).into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match inner(root, property) {
            Some(section) => list(root, section, &path, keys),
            None => {
                let kind = kind(root, property);
                let description = property["description"].as_str().unwrap_or_default().replace('\n', " ");
                let path = if kind == "values by name" { format!("{path}.*") } else { path };
                keys.push(Key { path, kind, description });
            }
        }
    }
}

/// The names that are allowed at a place of the file, if it is not one where the user chooses them.
pub(super) fn names_at(root: &Value, path: &[&str]) -> Option<Vec<String>> {
    let mut place = root;
    for name in path {
        place = inner(root, properties(root, place)?.get(*name)?)?;
    }
    properties(root, place).map(|properties| properties.keys().cloned().collect())
}

/// The section that a property is, if it is one.
fn inner<'a>(root: &'a Value, property: &'a Value) -> Option<&'a Value> {
    let section = target(root, property);
    properties(root, section).is_some().then_some(section)
}

fn properties<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a Map<String, Value>> {
    target(root, schema)["properties"].as_object()
}

/// What a reference, or something optional, refers to.
fn target<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|link| link.strip_prefix("#/$defs/")) {
        return target(root, &root["$defs"][name]);
    }
    let not_null = |options: &'a Vec<Value>| options.iter().find(|option| option["type"] != "null");
    match schema["anyOf"].as_array() {
        Some(options) if options.len() == 2 => {
            not_null(options).map_or(schema, |option| target(root, option))
        }
        _ => schema,
    }
}

fn kind(root: &Value, property: &Value) -> String {
    let target = target(root, property);
    let of_type = |value: &Value| match value["type"].as_str().or_else(|| value["type"][0].as_str()) {
        Some("object") => "values by name",
        Some("array") => "list",
        Some("integer") => "whole number",
        Some("number") => "number",
        Some("boolean") => "true or false",
        _ => "text",
    };
    let words = |options: &Vec<Value>| {
        let words: Vec<&str> = options.iter().filter_map(Value::as_str).collect();
        words.join(", ")
    };
    match (target["enum"].as_array(), target["oneOf"].as_array()) {
        (Some(options), _) => words(options),
        (None, Some(options)) => words(&options.iter().map(|option| option["const"].clone()).collect()),
        (None, None) => of_type(target).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn every_key_is_described() {
        let keys = keys();
        for path in
            ["models", "seed", "data.path", "split.protocol", "parameters.*", "tune.grid.*", "tune.by"]
        {
            assert!(keys.iter().any(|key| key.path == path), "{path} is missing in {keys:?}");
        }
        assert!(keys.iter().all(|key| !key.description.is_empty()), "{keys:?}");
    }

    #[test]
    fn names_are_known_where_the_user_does_not_choose_them() {
        let root = schema_for_names();
        let names = |path: &[&str]| names_at(&root, path);
        assert!(names(&[]).unwrap().contains(&"split".to_owned()));
        assert!(names(&["split"]).unwrap().contains(&"holdout".to_owned()));
        assert_eq!(names(&["parameters"]), None);
        assert_eq!(names(&["tune", "grid"]), None);
    }

    fn schema_for_names() -> Value {
        schemars::schema_for!(Experiment).to_value()
    }

    #[test]
    fn a_list_is_allowed_where_it_makes_several_runs() {
        let schema = schema();
        assert_eq!(schema["properties"]["seed"]["anyOf"][1]["type"], "array");
        assert_eq!(schema["$defs"]["SplitOptions"]["properties"]["protocol"]["anyOf"][1]["type"], "array");
        assert_eq!(schema["properties"]["models"]["type"], "array");
    }
}
