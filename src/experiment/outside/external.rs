use super::super::predict::{EncoderChange, PredictOptions, Predictor};
use super::super::session::Wanted;
use super::super::{Data, Experiment, Prepared, Session};
use super::{ClassMap, Outside, recordings_of};
use crate::dataset::{Info, PlannedEncoder};
use crate::error::{Error, Result};
use crate::recordings::audit::{AuditObserver, SeenRecording, seen};
use crate::report::{Evaluation, Results};
use crate::run::Cell;
use genre_bench_api::{Silent, Value};
use std::path::PathBuf;

/// The kept models of a run on tracks from outside its data.
pub struct External {
    /// The data from outside.
    pub info: Info,
    /// What of it was scored.
    pub outside: Outside,
    /// Its recordings that are in the run's data, too; none where one of both has no recordings to compare.
    pub seen: Option<Vec<SeenRecording>>,
    /// Tracks that the models know all the same, by their features: of the model that knows most.
    pub known: usize,
    /// The models, in the order of the run's.
    pub models: Vec<ExternalModel>,
}

/// A model's fits on tracks from outside.
pub struct ExternalModel {
    /// Its name.
    pub name: String,
    /// All its fits together, or why there are none.
    pub evaluation: std::result::Result<Evaluation<'static>, String>,
}

impl External {
    /// Asks the models of all folds of a run that was just made with [`Session::keep_models`].
    ///
    /// None of them was fitted to a track from outside: those that are in the run's data too are found by their fingerprints, and
    /// left out. `None` if the user stopped it.
    ///
    /// # Errors
    ///
    /// Data that cannot be read, or that has not what the models read.
    pub fn of(
        session: &Session,
        prepared: &Prepared,
        results: &Results,
        data: PathBuf,
        map: &ClassMap,
        observer: &dyn AuditObserver,
    ) -> Result<Option<Self>> {
        let (plan, own) = (&results.plan, &prepared.experiment);
        let inside = recordings_of(&prepared.dataset)?;
        let limits = *prepared.dataset.limits();
        let experiment = Experiment {
            data: Data {
                path: Some(data),
                segment: plan.dataset.seconds,
                max_seconds: own.data.max_seconds,
                image_size: own.data.image_size,
                ..Data::default()
            },
            ..Experiment::default()
        };
        let size = plan.conditions.spectrogram_size;
        let wanted = Wanted::of(plan.models.iter(), &prepared.registry, size, true)?;
        let dataset = session.dataset(&experiment, wanted)?;
        let found = match (inside.is_empty(), recordings_of(&dataset)?) {
            (false, outside) if !outside.is_empty() => {
                let Some(found) = seen(&inside, &outside, &limits, observer)? else { return Ok(None) };
                Some(found)
            }
            _ => None,
        };
        let files = found.iter().flatten().map(|seen| seen.outside.clone()).collect();
        let outside = Outside::of(&dataset, &results.catalogue.classes, map, &files)?;
        let kept = session.kept_models(&plan.id);
        let (mut models, mut known) = (Vec::new(), 0);
        for (model, planned) in plan.models.iter().enumerate() {
            let one = |cell: Cell| -> Result<_> {
                let options = PredictOptions {
                    device: plan.conditions.device,
                    limits,
                    cache: session.cache.clone(),
                    encoder: planned.encoder.as_ref().map_or_else(Vec::new, weights_of),
                };
                let predictor = Predictor::open(&kept.join(plan.key(cell)), &prepared.registry, options)?;
                predictor.outside(&dataset, &outside, &Silent)
            };
            let mut fits = Ok(Vec::new());
            for cell in plan.cells().filter(|cell| cell.model == model) {
                if session.observer.cancelled() {
                    return Ok(None);
                }
                fits = fits.and_then(|mut fits| {
                    let answer = one(cell).map_err(|e: Error| e.reason)?;
                    known = known.max(answer.known);
                    fits.push(answer.predictions);
                    Ok(fits)
                });
            }
            let evaluation = fits.map(|fits| outside.evaluation(fits));
            models.push(ExternalModel { name: planned.name.clone(), evaluation });
        }
        Ok(Some(Self { info: dataset.info.clone(), outside, seen: found, known, models }))
    }
}

/// Where the files of an encoder are, for who has its saved model.
pub(in crate::experiment) fn weights_of(planned: &PlannedEncoder) -> Vec<EncoderChange> {
    let file = |(parameter, value): (&str, &Value)| match value {
        Value::File(file) => Some(EncoderChange {
            encoder: planned.name.clone(),
            parameter: parameter.to_owned(),
            value: file.path.as_ref()?.display().to_string(),
        }),
        _ => None,
    };
    planned.params.iter().filter_map(file).collect()
}
