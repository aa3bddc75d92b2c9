use super::tracks::{Scratch, TOGETHER, Track};
use super::{Fall, Robustness, RobustnessOptions};
use crate::error::{Error, Result};
use crate::experiment::Session;
use crate::experiment::outside::weights_of;
use crate::experiment::predict::{PredictOptions, Predictor};
use crate::report::{Evaluation, Results};
use crate::run::{Cell, CellOutcome, Store};
use genre_bench_api::Device;

/// The kept models of a run on the test tracks of their own folds, so that no model hears a track that it was fitted to.
pub(super) fn robustness(
    session: &Session,
    run: &str,
    options: &RobustnessOptions,
    progress: &dyn Fn(usize, usize),
) -> Result<Option<Robustness>> {
    let store = Store::open(&session.out)?;
    let clean = Results::load(&store, run)?;
    let plan = &clean.plan;
    let subject = format!("run `{}`", plan.id);
    if options.data.is_some() {
        let reason = "is asked about its own test tracks";
        return Err(Error::new(subject, reason, "--data goes with the folder of a saved model"));
    }
    let prepared = session.prepare_again(&store, &clean, |experiment| experiment)?;
    let asked = match &options.models[..] {
        [] => (0..plan.models.len()).collect(),
        names => names.iter().map(|name| clean.model(name)).collect::<Result<Vec<_>>>()?,
    };
    let kept = session.kept_models(&plan.id);
    let folder = |cell: Cell| kept.join(plan.key(cell));
    let is_kept =
        |model: usize| plan.cells().filter(|cell| cell.model == model).all(|cell| folder(cell).is_dir());
    let (asked, lost): (Vec<usize>, Vec<usize>) = asked.into_iter().partition(|&model| is_kept(model));
    if asked.is_empty() {
        let reason = format!("its models were not kept in {}", kept.display());
        return Err(Error::new(subject, reason, "give its command again with --keep-models"));
    }
    for model in lost {
        session.observer.warns(&format!("{} was not kept, and is left out", plan.models[model].name));
    }
    let scratch = Scratch::new()?;
    let deformations = &options.deformations;
    let mut deformed: Vec<Results> = vec![clean.clone(); deformations.len()];
    let tracks: Vec<Vec<Track>> = clean
        .folds
        .iter()
        .map(|fold| Track::all(&prepared.dataset, &fold.test, &subject))
        .collect::<Result<_>>()?;
    let all = tracks.iter().map(Vec::len).sum::<usize>() * deformations.len();
    let mut done = 0;
    progress(done, all);
    let cells: Vec<Cell> = plan.cells().collect();
    for (fold, tracks) in tracks.iter().enumerate() {
        let of_fold =
            cells.iter().enumerate().filter(|(_, cell)| cell.fold == fold && asked.contains(&cell.model));
        let open = |(number, cell): (usize, &Cell)| {
            let encoder = plan.models[cell.model].encoder.as_ref();
            // A stored plan does not say where files are; what was prepared again does.
            let found = prepared.models.iter().filter_map(|planned| planned.encoder.as_ref());
            let found = encoder.and_then(|own| found.into_iter().find(|other| other.name == own.name));
            let options = PredictOptions {
                device: Device::Cpu,
                limits: *prepared.dataset.limits(),
                cache: Some(scratch.cache()),
                encoder: found.map_or_else(Vec::new, weights_of),
            };
            Ok((number, Predictor::open(&folder(*cell), &prepared.registry, options)?))
        };
        let predictors: Vec<(usize, Predictor)> = of_fold.map(open).collect::<Result<_>>()?;
        for some in tracks.chunks(TOGETHER) {
            let samples =
                |track: &Track| track.samples(prepared.dataset.limits(), plan.conditions.seed, &subject);
            let samples = some.iter().map(samples).collect::<Result<Vec<_>>>()?;
            for (deformation, results) in deformations.iter().zip(&mut deformed) {
                if session.observer.cancelled() {
                    return Ok(None);
                }
                let deformed = scratch.deformed(&samples, *deformation)?;
                for (cell, predictor) in &predictors {
                    for (track, said) in some.iter().zip(deformed.asked(predictor)?) {
                        let outcome = &mut results.outcomes[*cell];
                        let CellOutcome::Done(record) = outcome else { continue };
                        match track.scores(said) {
                            Ok(found) => {
                                found
                                    .into_iter()
                                    .for_each(|(place, scores)| record.test_scores[place] = scores);
                            }
                            Err(reason) => *outcome = CellOutcome::Failed(reason),
                        }
                    }
                }
                done += some.len();
                progress(done, all);
            }
        }
    }
    let fall = |&model: &usize| {
        let deformed: Vec<Option<Evaluation>> =
            deformed.iter().map(|results| evaluation(results, model)).collect();
        Fall::of(&plan.models[model].name, evaluation(&clean, model).as_ref(), &deformed, options.metric)
    };
    let failures = deformations.iter().zip(&deformed).flat_map(|(deformation, results)| {
        results.failures().map(move |(_, reason)| format!("{deformation}: {reason}"))
    });
    Ok(Some(Robustness {
        data: plan.dataset.describe(),
        run: Some(plan.id.clone()),
        deformations: deformations.clone(),
        failures: failures.collect(),
        models: asked.iter().map(fall).collect(),
    }))
}

/// A model on the test parts of all folds, if it has scores for all.
fn evaluation(results: &Results, model: usize) -> Option<Evaluation<'_>> {
    Some(Evaluation::of(results, &results.complete(model)?))
}
