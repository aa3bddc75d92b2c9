//! What must be said of the encoders that a run's models stand on.

use crate::dataset::PlannedEncoder;
use crate::run::{Plan, PlannedModel};
use serde_json::{Value, json};

/// What the weights of a model's encoder were trained on, and that recordings of the dataset may be among it: then its
/// scores may be too high. `None` of a model without an encoder, or whose encoder has no weights. The built-in music is
/// nowhere else.
pub fn caution(plan: &Plan, model: &PlannedModel) -> Option<String> {
    let encoder = model.encoder.as_ref().filter(|_| !plan.dataset.synthetic)?;
    let data = encoder.trained_on.as_ref()?;
    // Nobody trains on recordings to look at pictures of things.
    encoder.rate()?;
    Some(format!("the encoder {} may know recordings of the dataset: it was trained on {data}", encoder.name))
}

/// The same of all models of a run, each once.
pub fn cautions(plan: &Plan) -> Vec<String> {
    once(plan.models.iter().filter_map(|model| caution(plan, model)))
}

/// What the weights of other encoders of a run were trained on, a sentence without its point each.
pub fn trained(plan: &Plan) -> Vec<String> {
    let others = plan.models.iter().filter(|model| caution(plan, model).is_none());
    once(others.filter_map(|model| {
        let encoder = model.encoder.as_ref()?;
        let data = encoder.trained_on.as_ref()?;
        Some(format!("the encoder {} was trained on {data}", encoder.name))
    }))
}

fn once(said: impl Iterator<Item = String>) -> Vec<String> {
    let mut once: Vec<String> = Vec::new();
    for line in said {
        if !once.contains(&line) {
            once.push(line);
        }
    }
    once
}

/// An encoder for programs.
pub fn json(encoder: &PlannedEncoder) -> Value {
    let params: serde_json::Map<String, Value> =
        encoder.params.iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    json!({
        "name": encoder.name,
        "identity": encoder.identity(),
        "trained_on": encoder.trained_on,
        "input": encoder.input,
        "pooling": encoder.pooling,
        "params": params,
    })
}
