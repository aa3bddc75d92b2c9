use super::tracks::{Scratch, TOGETHER, Track};
use super::{Fall, Robustness, RobustnessOptions};
use crate::audio::Limits;
use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::experiment::Session;
use crate::experiment::outside::{ClassMap, Outside};
use crate::experiment::predict::{PredictOptions, Predictor};
use crate::report::Evaluation;
use genre_bench_api::{Device, Silent};
use ndarray::{Array2, ArrayView1};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A saved model on data from outside, as it is and deformed.
pub(super) fn robustness(
    session: &Session,
    folder: &Path,
    options: &RobustnessOptions,
    progress: &dyn Fn(usize, usize),
) -> Result<Option<Robustness>> {
    let subject = folder.display().to_string();
    let Some(data) = &options.data else {
        let reason = "a saved model has no test tracks of its own";
        return Err(Error::new(subject, reason, "--data DIR with labelled tracks that it was not fitted to"));
    };
    let scratch = Scratch::new()?;
    let limits = Limits::default();
    let predict =
        PredictOptions { device: Device::Cpu, limits, cache: Some(scratch.cache()), encoder: Vec::new() };
    let predictor = Predictor::open(folder, session.registry, predict)?;
    let source = crate::dataset::Source { data: Some(data.clone()), ..predictor.source() };
    let dataset = Dataset::load(&source, &|done, total| session.observer.reading(done, total))?;
    if dataset.info.fingerprint == predictor.about().fitted_to.dataset.fingerprint {
        let reason = "the model was fitted to this very data";
        return Err(Error::at(
            data,
            reason,
            "name tracks that it does not know, or a run: `bench robust RUN`",
        ));
    }
    let outside = Outside::of(&dataset, &predictor.about().classes, &ClassMap::default(), &BTreeSet::new())?;
    let (dataset, inputs) = predictor.embedded(dataset)?;
    let clean = predictor.scores(&inputs, &Silent)?;
    let everything: Vec<usize> = (0..dataset.catalogue.examples.len()).collect();
    let tracks = Track::all(&dataset, &everything, &subject)?;
    let all = tracks.len() * options.deformations.len();
    progress(0, all);
    let mut deformed: Vec<std::result::Result<Array2<f32>, String>> =
        vec![Ok(clean.clone()); options.deformations.len()];
    let mut done = 0;
    for some in tracks.chunks(TOGETHER) {
        let samples =
            some.iter().map(|track| track.samples(&limits, 0, &subject)).collect::<Result<Vec<_>>>()?;
        for (deformation, scores) in options.deformations.iter().zip(&mut deformed) {
            if session.observer.cancelled() {
                return Ok(None);
            }
            let asked = scratch.deformed(&samples, *deformation)?.asked(&predictor)?;
            let found: std::result::Result<Vec<BTreeMap<usize, Vec<f32>>>, String> = some
                .iter()
                .zip(asked)
                .map(|(track, said)| Ok(track.scores(said)?.into_iter().collect()))
                .collect();
            match (found, scores) {
                (Ok(found), Ok(scores)) => {
                    found.iter().flatten().for_each(|(&place, own)| {
                        scores.row_mut(place).assign(&ArrayView1::from(own));
                    });
                }
                (Err(reason), scores) => *scores = Err(reason),
                (Ok(_), Err(_)) => (),
            }
            done += some.len();
            progress(done, all);
        }
    }
    let evaluation = |scores: &Array2<f32>| outside.evaluation(vec![outside.predictions(scores)]);
    let evaluations: Vec<Option<Evaluation>> =
        deformed.iter().map(|scores| scores.as_ref().ok().map(evaluation)).collect();
    let failed = options.deformations.iter().zip(&deformed).filter_map(|(deformation, scores)| {
        scores.as_ref().err().map(|reason| format!("{deformation}: {reason}"))
    });
    let model = &predictor.about().model;
    Ok(Some(Robustness {
        data: dataset.info.describe(),
        run: None,
        deformations: options.deformations.clone(),
        models: vec![Fall::of(model, Some(&evaluation(&clean)), &evaluations, options.metric)],
        failures: failed.collect(),
    }))
}
