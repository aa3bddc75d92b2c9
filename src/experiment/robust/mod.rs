//! How fitted models do on tracks that they were not fitted to, deformed.

mod folder;
mod of_run;
mod tracks;

use super::Session;
use crate::audio::deform::Deformation;
use crate::error::Result;
use crate::report::Evaluation;
use crate::score::{Interval, Metric};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// What is left of the scores of some models.
pub struct Robustness {
    /// The data, in a line.
    pub data: String,
    /// Name of the run whose models were asked; none of a model in a folder.
    pub run: Option<String>,
    /// How its tracks were deformed.
    pub deformations: Vec<Deformation>,
    /// The most robust model first.
    pub models: Vec<Fall>,
    /// What went wrong, each once.
    pub failures: BTreeSet<String>,
}

/// How a model falls.
pub struct Fall {
    /// Its name.
    pub model: String,
    /// Its score on the tracks as they are.
    pub clean: Option<f64>,
    /// For each deformation the score, and its difference to the clean one.
    pub deformed: Vec<(Option<f64>, Option<Interval>)>,
}

/// What is asked of a [`Robustness`].
pub struct RobustnessOptions {
    /// How tracks are deformed.
    pub deformations: Vec<Deformation>,
    /// What counts.
    pub metric: &'static Metric,
    /// These models of a run alone, if any is named.
    pub models: Vec<String>,
    /// The data of a model in a folder.
    pub data: Option<PathBuf>,
}

impl Robustness {
    /// Asks the kept models of a run about the test tracks of their own folds or, where there is a folder of this name with a
    /// saved model, that one about data from outside. `progress` is told how many of how many deformed tracks are done; `None` if
    /// the user stopped it.
    ///
    /// # Errors
    ///
    /// The run's models were not kept, the data has changed or is no audio, or a recording cannot be read.
    pub fn of(
        session: &Session,
        name: &str,
        options: &RobustnessOptions,
        progress: &dyn Fn(usize, usize),
    ) -> Result<Option<Self>> {
        let mut found = match PathBuf::from(name) {
            folder if folder.join("model.json").is_file() => {
                folder::robustness(session, &folder, options, progress)?
            }
            _ => of_run::robustness(session, name, options, progress)?,
        };
        if let Some(found) = &mut found {
            let mean = |fall: &Fall| fall.mean().unwrap_or(f64::MIN);
            found.models.sort_by(|a, b| mean(b).total_cmp(&mean(a)));
        }
        Ok(found)
    }
}

impl Fall {
    /// Of a model's evaluation on the tracks as they are, and deformed; none where it could not be asked.
    fn of(model: &str, clean: Option<&Evaluation>, deformed: &[Option<Evaluation>], metric: &Metric) -> Self {
        let one = |deformed: &Option<Evaluation>| {
            let difference = deformed.as_ref().zip(clean).and_then(|(a, b)| a.difference(b, metric));
            (deformed.as_ref().and_then(|deformed| deformed.value(metric)), difference)
        };
        Self {
            model: model.to_owned(),
            clean: clean.and_then(|clean| clean.value(metric)),
            deformed: deformed.iter().map(one).collect(),
        }
    }

    /// The mean over deformations; `None` where one has no value.
    pub fn mean(&self) -> Option<f64> {
        let values: Option<Vec<f64>> = self.deformed.iter().map(|(value, _)| *value).collect();
        values
            .filter(|values| !values.is_empty())
            .map(|values| values.iter().sum::<f64>() / values.len() as f64)
    }
}
