use crate::dataset::{PlannedEncoder, WantedEncoder};
use crate::error::{Error, Result};
use crate::experiment::Registry;
use genre_bench_api::Value;
use std::path::Path;

/// A parameter of an encoder, as `--set ENCODER.PARAMETER=VALUE` has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncoderChange {
    /// Name of the encoder.
    pub encoder: String,
    /// Name of the parameter.
    pub parameter: String,
    /// As the user typed it.
    pub value: String,
}

impl EncoderChange {
    /// Of name, parameter and value.
    pub fn of((encoder, parameter, value): &(String, String, String)) -> Self {
        Self { encoder: encoder.clone(), parameter: parameter.clone(), value: value.clone() }
    }
}

/// The program's encoder that a saved model in a folder stands on, with its weights where it has some. A folder says which they
/// are, not where: they are looked for under the word that they were given by, and where `changes` say.
///
/// # Errors
///
/// The program has no such encoder, or it or its weights are others than those that the model was fitted to.
pub(super) fn wanted<'r>(
    folder: &Path,
    registry: &'r Registry,
    planned: &PlannedEncoder,
    changes: &[EncoderChange],
) -> Result<WantedEncoder<'r>> {
    let name = &planned.name;
    let encoder = registry.encoder(name).map_err(|e| {
        let reason = format!("the model reads embeddings of `{name}`, and {}", e.reason);
        Error::at(folder, reason, format!("--encoder {name}=FILE with the file that it was trained on"))
    })?;
    if encoder.card.content != planned.content {
        let reason = format!("the encoder `{name}` is another than the one that the model was fitted to");
        return Err(Error::at(folder, reason, "give the file that it was trained on"));
    }
    let own = || changes.iter().filter(|change| change.encoder == *name);
    if let Some(other) = changes.iter().find(|change| change.encoder != *name) {
        let reason = format!("the model stands on the encoder `{name}`");
        return Err(Error::new(
            format!("--set {}.{}", other.encoder, other.parameter),
            reason,
            "change that",
        ));
    }
    let is_changed = |parameter: &str| own().any(|change| change.parameter == parameter);
    let kept: Vec<(&str, String)> = planned
        .params
        .iter()
        .filter(|(parameter, _)| !is_changed(parameter))
        .map(|(parameter, value)| (parameter, value.typed()))
        .collect();
    let kept = kept.iter().map(|(parameter, value)| (*parameter, value.as_str()));
    let given = own().map(|change| (change.parameter.as_str(), change.value.as_str()));
    let file = planned.params.iter().find(|(_, value)| matches!(value, Value::File(_)));
    let hint = match file {
        Some((parameter, file)) => {
            format!("--set {name}.{parameter}=FILE with `{file}`, the weights that it was trained on")
        }
        None => format!("see `bench list encoders {name}`"),
    };
    let found = PlannedEncoder::new(&encoder.card, kept.chain(given)).map_err(|e| {
        Error::at(folder, format!("the model reads embeddings of `{name}`: {e}"), hint.as_str())
    })?;
    if found.identity() != planned.identity() {
        let reason = format!("the weights of `{name}` are not those that the model was fitted to");
        return Err(Error::at(folder, reason, hint));
    }
    Ok(WantedEncoder { planned: found, encoder: encoder.encoder.as_ref() })
}
