//! What of the published recipes a run changed: hyper-parameters, and the size of what networks read.

use crate::run::PlannedModel;
use genre_bench_api::Value;

/// What differs from a model's published recipe, for people; `None` if nothing does. `settings` are the hyper-parameters
/// that the figure it is held against was published for, where they are not the model's defaults.
pub fn text(model: &PlannedModel, settings: &[(String, String)]) -> Option<String> {
    let of_figure =
        |name: &str| settings.iter().find(|(of_figure, _)| of_figure == name).map(|(_, value)| value.clone());
    let of_recipe =
        |name: &str| model.changes.iter().find(|change| change.name == name).map(|c| c.published.to_string());
    let change = |(name, value): (&str, &Value)| {
        let value = value.to_string();
        let published =
            of_figure(name).or_else(|| of_recipe(name)).filter(|published| *published != value)?;
        Some(format!("{name} {value} instead of {published}"))
    };
    let mut said: Vec<String> = model.params.iter().filter_map(change).collect();
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
