//! How the fitted models of a run do on their own test tracks, deformed.

use super::Session;
use super::predict::{PredictOptions, Predicted, Predictor};
use crate::audio::RATE;
use crate::audio::deform::Deformation;
use crate::audio::wav::{Sample, head};
use crate::dataset::{Dataset, SourceFile};
use crate::error::{Error, Result};
use crate::features::cache::Cache;
use crate::recordings::find;
use crate::report::Results;
use crate::run::{Cell, CellOutcome, Store};
use crate::util::write_whole;
use genre_bench_api::{Device, Silent};
use std::path::PathBuf;

/// Tracks that are deformed and asked about together: memory holds their features.
const TRACKS: usize = 32;

/// What the models of a run made of its test tracks.
pub struct Robustness {
    /// As they are.
    pub clean: Results,
    /// The numbers of the models that were asked.
    pub models: Vec<usize>,
    /// Deformed: the same results, with the scores of the deformed tracks in the place of the clean ones'.
    pub deformed: Vec<(Deformation, Results)>,
}

/// A tested track of a fold.
struct Track {
    file: SourceFile,
    /// Where its examples are in the test part, and where they start in seconds.
    examples: Vec<(usize, f64)>,
}

impl Robustness {
    /// Asks the kept models of a run. `progress` is told how many of how many tracks and deformations are done; `None` if the user
    /// stopped it.
    ///
    /// # Errors
    ///
    /// The run's models were not kept, its data has changed or is no audio, or a recording cannot be read.
    pub fn of(
        session: &Session,
        run: &str,
        models: &[String],
        deformations: &[Deformation],
        progress: &dyn Fn(usize, usize),
    ) -> Result<Option<Self>> {
        let store = Store::open(&session.out)?;
        let clean = Results::load(&store, run)?;
        let plan = &clean.plan;
        let subject = format!("run `{}`", plan.id);
        if plan.conditions.seeds() > 1 {
            let reason = "its folds are fitted with several seeds each, which is not told apart here";
            return Err(Error::new(subject, reason, "run it again with --seeds 1"));
        }
        let prepared = session.prepare_again(&store, &clean, |experiment| experiment)?;
        let asked = match models {
            [] => (0..plan.models.len()).collect(),
            names => names.iter().map(|name| clean.model(name)).collect::<Result<Vec<_>>>()?,
        };
        let kept = session.out.join("models").join(&plan.id);
        let folder = |model, fold| kept.join(plan.key(Cell { model, fold, seed: 0 }));
        let (asked, lost): (Vec<usize>, Vec<usize>) = asked
            .into_iter()
            .partition(|&model| (0..plan.folds.len()).all(|fold| folder(model, fold).is_dir()));
        if asked.is_empty() {
            let reason = format!("its models were not kept in {}", kept.display());
            return Err(Error::new(subject, reason, "give its command again with --keep-models"));
        }
        for model in lost {
            session.observer.warns(&format!("{} was not kept, and is left out", plan.models[model].name));
        }
        let scratch = tempfile::tempdir().map_err(|e| Error::new("the temporary folder", e, "set TMPDIR"))?;
        let mut deformed: Vec<(Deformation, Results)> =
            deformations.iter().map(|&deformation| (deformation, clean.clone())).collect();
        let tracks: Vec<Vec<Track>> = clean
            .folds
            .iter()
            .map(|fold| tracks(&prepared.dataset, &fold.test, &subject))
            .collect::<Result<_>>()?;
        let all = tracks.iter().map(Vec::len).sum::<usize>() * deformations.len();
        let mut done = 0;
        progress(done, all);
        for (fold, tracks) in tracks.iter().enumerate() {
            let open = |&model: &usize| {
                let options = PredictOptions {
                    device: Device::Cpu,
                    limits: *prepared.dataset.limits(),
                    // Features of a deformed track are computed once for all models.
                    cache: Some(Cache::within(&scratch.path().join("cache"))),
                };
                Predictor::open(&folder(model, fold), session.registry, options)
            };
            let predictors: Vec<Predictor> = asked.iter().map(open).collect::<Result<_>>()?;
            for (number, some) in tracks.chunks(TRACKS).enumerate() {
                let samples = some
                    .iter()
                    .map(|track| {
                        let hint = "is the data still where it was?";
                        let samples = track.file.samples(RATE, prepared.dataset.limits());
                        samples.map_err(|reason| Error::new(&subject, reason, hint))
                    })
                    .collect::<Result<Vec<_>>>()?;
                for (deformation, results) in &mut deformed {
                    if session.observer.cancelled() {
                        return Ok(None);
                    }
                    let seed = |place: usize| plan.conditions.seed ^ ((number * TRACKS + place) as u64) << 20;
                    let cell = |model: usize| model * plan.folds.len() + fold;
                    let (mut files, mut heard): (Vec<PathBuf>, Vec<&Track>) = Default::default();
                    for (place, (track, samples)) in some.iter().zip(&samples).enumerate() {
                        let path = scratch.path().join(format!("{place:03}.wav"));
                        match deformation.apply(samples, seed(place)) {
                            Ok(samples) => {
                                write_whole(&path, &wav(&samples)).map_err(|e| {
                                    Error::new("the temporary folder", e, "make room, or set TMPDIR")
                                })?;
                                files.push(path);
                                heard.push(track);
                            }
                            Err(reason) => {
                                for &model in &asked {
                                    put(&mut results.outcomes[cell(model)], track, Err(reason.to_string()));
                                }
                            }
                        }
                    }
                    let recordings = find(&files)?;
                    for (predictor, &model) in predictors.iter().zip(&asked) {
                        let outcomes = predictor.predict(&recordings, &Silent)?;
                        for (track, (_, outcome)) in heard.iter().zip(outcomes) {
                            put(&mut results.outcomes[cell(model)], track, outcome);
                        }
                    }
                    done += some.len();
                    progress(done, all);
                }
            }
        }
        Ok(Some(Self { models: asked, deformed, clean }))
    }
}

/// The tracks of a test part.
fn tracks(dataset: &Dataset, test: &[usize], subject: &str) -> Result<Vec<Track>> {
    let mut tracks: Vec<Track> = Vec::new();
    for (place, &example) in test.iter().enumerate() {
        let file = dataset.source_of(example).map(|source| &source.file);
        let Some(file) = file.filter(|file| !matches!(file, SourceFile::Image(_))) else {
            let reason = "there are no recordings of its examples to deform";
            return Err(Error::new(subject, reason, "a run on audio: --data with a folder of GENRE/file"));
        };
        let example = (place, dataset.seconds_of(example).0);
        match tracks.iter_mut().find(|track| track.file == *file) {
            Some(track) => track.examples.push(example),
            None => tracks.push(Track { file: file.clone(), examples: vec![example] }),
        }
    }
    Ok(tracks)
}

/// Puts what is said of a deformed track in the place of what was said of the clean one; what failed is a failed cell.
fn put(outcome: &mut CellOutcome, track: &Track, said: std::result::Result<Predicted, String>) {
    let CellOutcome::Done(record) = outcome else { return };
    let found = said.and_then(|said| {
        let scores_at = |start: f64| {
            let segment = said.segments.iter().find(|segment| (segment.start - start).abs() < 1e-3);
            segment
                .map(|segment| segment.scores.clone())
                .ok_or_else(|| format!("nothing is left at {start} s"))
        };
        track
            .examples
            .iter()
            .map(|&(place, start)| Ok((place, scores_at(start)?)))
            .collect::<std::result::Result<Vec<_>, _>>()
    });
    match found {
        Ok(found) => found.into_iter().for_each(|(place, scores)| record.test_scores[place] = scores),
        Err(reason) => *outcome = CellOutcome::Failed(reason),
    }
}

/// Samples as a WAV file: single precision, one channel, so that nothing of a deformation is rounded or cut off.
fn wav(samples: &[f32]) -> Vec<u8> {
    let mut file = head(Sample::Float32, RATE, 4 * samples.len() as u32).to_vec();
    file.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    file
}
