//! What of the published recipes a run changed: hyper-parameters, and the size of what networks read.

use crate::run::PlannedModel;

/// What differs from a model's published recipe, for people; `None` if nothing does. `settings` are the hyper-parameters
/// that belong to the figure it is held against.
pub fn text(model: &PlannedModel, settings: &[(String, String)]) -> Option<String> {
    let belongs = |name: &str, value: &str| settings.iter().any(|(n, v)| n == name && v == value);
    let changes = model.changes.iter().filter(|change| !belongs(&change.name, &change.value.to_string()));
    let mut said: Vec<String> = changes.map(ToString::to_string).collect();
    said.extend(model.resized.map(|resized| format!("spectrograms {resized}")));
    (!said.is_empty()).then(|| said.join(", "))
}

/// The same of several models, a line for all that were changed alike.
pub fn lines<'a>(models: impl Iterator<Item = (&'a str, String)>) -> Vec<String> {
    let mut alike: Vec<(String, Vec<&str>)> = Vec::new();
    for (name, text) in models {
        match alike.iter_mut().find(|(known, _)| *known == text) {
            Some((_, names)) if names.contains(&name) => {}
            Some((_, names)) => names.push(name),
            None => alike.push((text, vec![name])),
        }
    }
    alike.into_iter().map(|(text, names)| format!("{}: {text}", names.join(", "))).collect()
}

/// Why the order of recurrent networks says nothing, if some read fewer steps than there are.
pub fn caution(model: &PlannedModel) -> Option<String> {
    let resized = model.resized.filter(|_| model.recurrent)?;
    let steps = match resized.from {
        Some((_, columns)) if columns == resized.to.1 => return None,
        Some((_, columns)) => format!("{} of {columns} time steps", resized.to.1),
        None => format!("{} time steps of larger images", resized.to.1),
    };
    Some(format!("recurrent networks read {steps}: their order says nothing about the published one"))
}

/// All that must be said of some models, each once.
pub fn cautions<'a>(models: impl Iterator<Item = &'a PlannedModel>) -> Vec<String> {
    let mut cautions: Vec<String> = models.filter_map(caution).collect();
    cautions.sort();
    cautions.dedup();
    cautions
}
