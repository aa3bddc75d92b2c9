//! Checks of what is compared with what.

use super::{Check, Found, Subject, of_models, said};
use genre_bench_api::Family;

/// What a note of a search says where the best value is the least or the greatest that was tried.
pub const AT_GRID_END: &str = "is the end of its grid: values beyond may be better";

pub(super) static UNTUNED: Check = Check {
    code: "C101",
    name: "untuned-beside-tuned",
    summary: "models with their defaults beside one whose hyper-parameters were chosen",
    find: untuned,
};

pub(super) static REDUCED: Check = Check {
    code: "C102",
    name: "reduced-configuration",
    summary: "networks that were not trained as published",
    find: reduced,
};

pub(super) static GRID_END: Check = Check {
    code: "C103",
    name: "grid-end",
    summary: "a hyper-parameter that was chosen at the end of its grid",
    find: |subject| said(&subject.results.plan.notes, AT_GRID_END),
};

fn untuned(subject: &Subject) -> Vec<Found> {
    let models = &subject.results.plan.models;
    let tuned: Vec<&str> =
        models.iter().filter(|m| !m.choices.is_empty()).map(|m| m.model.as_str()).collect();
    if tuned.is_empty() {
        return Vec::new();
    }
    // The tuned model with its defaults is there to be compared with.
    let is_untuned = |family, model: &str| family != Family::Baseline && !tuned.contains(&model);
    let others = models.iter().filter(|m| m.choices.is_empty() && is_untuned(m.family, &m.model));
    let others = others.map(|model| (model.name.clone(), String::new())).collect();
    of_models(others, |others| format!("{} was tuned, these were not: {others}", tuned.join(", ")))
}

fn reduced(subject: &Subject) -> Vec<Found> {
    let rows =
        subject.leaderboard.rows.iter().filter(|row| row.family == Family::Neural && row.changed.is_some());
    let rows = rows.map(|row| (row.model.clone(), String::new())).collect();
    of_models(rows, |models| {
        format!("not trained as published, so no verdict on the published systems: {models}")
    })
}
