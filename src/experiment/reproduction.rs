//! Published figures as experiments: with the data divided as the authors did, and without leakage.

use super::{Evaluated, Experiment, Registered, Registry, Session};
use crate::error::{Error, Result};
use crate::protocol::Protocol;
use crate::report::published::{Division, IMAGE, division, system_of};
use crate::report::reproduction::{Reproduction, Reproductions, Score};
use crate::score::few_folds;
use genre_bench_api::{Published, Reads};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A published figure to be measured again.
pub struct Target<'r> {
    entrant: &'r Registered,
    figure: &'r Published,
}

/// What figures must share to be measured in one experiment.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FigureConditions {
    input: String,
    seconds: u32,
    protocol: String,
    division: Option<Division>,
    place: Option<PathBuf>,
}

/// Figures that are measured in the same experiments.
pub struct FigureGroup<'r> {
    conditions: FigureConditions,
    targets: Vec<Target<'r>>,
}

/// What measuring a group of figures came to.
pub struct Reproduced {
    /// The figures, published and measured.
    pub reproductions: Reproductions,
    /// Whether every fit went well and is stored.
    pub complete: bool,
}

/// The figures of some models or systems (by their letters), or all there are, in groups. `base` has what all their
/// experiments share, its `data.path` being the folder that holds all inputs.
///
/// # Errors
///
/// A name that is no model and no system, a model for which nothing was published, or settings that none of the models
/// has.
pub fn groups<'r>(
    registry: &'r Registry,
    systems: &[String],
    base: &Experiment,
) -> Result<Vec<FigureGroup<'r>>> {
    let targets = targets(registry, systems)?;
    let entrants: Vec<&Registered> = targets.iter().map(|target| target.entrant).collect();
    base.parameters.check(&entrants, registry)?;
    base.networks.check(&entrants)?;
    let mut groups: BTreeMap<FigureConditions, Vec<Target>> = BTreeMap::new();
    for target in targets {
        groups.entry(target.conditions(base.data.path.as_deref())?).or_default().push(target);
    }
    Ok(groups.into_iter().map(|(conditions, targets)| FigureGroup { conditions, targets }).collect())
}

fn targets<'r>(registry: &'r Registry, systems: &[String]) -> Result<Vec<Target<'r>>> {
    let of_system =
        |name: &str, figure: &Published| system_of(figure).is_some_and(|of| of.eq_ignore_ascii_case(name));
    let mut targets = Vec::new();
    for entrant in registry.iter() {
        for figure in &entrant.card.published {
            let named = |name: &String| *name == entrant.card.name || of_system(name, figure);
            if systems.is_empty() || systems.iter().any(named) {
                targets.push(Target { entrant, figure });
            }
        }
    }
    for name in systems {
        if !targets.iter().any(|target| target.entrant.card.name == *name || of_system(name, target.figure)) {
            return Err(match registry.find(name) {
                Ok(_) => {
                    let hint = "`bench list models`";
                    Error::new(format!("model `{name}`"), "nothing was published for it", hint)
                }
                Err(_) => {
                    let reason = "is no model and no letter from A to F";
                    Error::new(format!("system `{name}`"), reason, registry.closest(name))
                }
            });
        }
    }
    Ok(targets)
}

impl Target<'_> {
    fn conditions(&self, data: Option<&Path>) -> Result<FigureConditions> {
        let figure = self.figure;
        Ok(FigureConditions {
            input: figure.input.clone(),
            seconds: figure.seconds,
            protocol: figure.protocol.clone(),
            division: system_of(figure).map(division).transpose()?.flatten(),
            place: data.map(|data| place(data, self.entrant.card.reads, &figure.input)),
        })
    }
}

/// Where in a folder the input lies that a figure was published for.
fn place(data: &Path, reads: Reads, input: &str) -> PathBuf {
    let within = |name: &str| Some(data.join(name)).filter(|folder| folder.is_dir());
    let images = || within("images_original");
    match reads {
        Reads::Table => None,
        Reads::Spectrograms(_) if input == IMAGE => images().or_else(|| within("genres_original")),
        _ => within("genres_original").or_else(images),
    }
    .unwrap_or_else(|| data.to_owned())
}

impl FigureGroup<'_> {
    /// The experiment with the data divided as the authors did.
    fn as_published(&self, base: &Experiment) -> Result<Experiment> {
        let wrong = |e: String| Error::bug("data/systems.csv", e);
        let division = self.conditions.division.as_ref();
        let holdout = division.and_then(|division| division.holdout.as_deref());
        let mut experiment = base.clone();
        experiment.data.path = self.conditions.place.clone();
        experiment.data.segment = Some(self.conditions.seconds);
        experiment.split.protocol = self.conditions.protocol.parse().map_err(wrong)?;
        experiment.split.folds = division.and_then(|division| division.folds);
        experiment.split.holdout = holdout.map(str::parse).transpose().map_err(wrong)?;
        experiment.split.valid = division.and_then(|division| division.valid);
        experiment.models = self.targets.iter().map(|target| target.entrant.card.name.clone()).collect();
        experiment.models.dedup();
        for Target { entrant, figure } in &self.targets {
            // Of both, the figure's input names the table, too.
            let input = figure.input.trim_start_matches("table + ");
            let has_input = entrant.card.reads != Reads::Table && figure.input != IMAGE;
            if has_input && !experiment.parameters.has(&entrant.card.name, "input") {
                experiment.parameters.set(&entrant.card.name, "input", input);
            }
        }
        let models = experiment.models.clone();
        experiment.parameters.only_of(&models);
        Ok(experiment)
    }

    /// The experiments that measure the figures: with the data divided as the authors did, with tracks kept together
    /// and with artists kept apart; two where the authors did one of the latter.
    ///
    /// # Errors
    ///
    /// Only if the shipped tables are broken, which a test rules out.
    pub fn experiments(&self, base: &Experiment) -> Result<Vec<Experiment>> {
        let as_published = self.as_published(base)?;
        let mut experiments = vec![as_published.clone()];
        for protocol in [Protocol::Track, Protocol::Artist] {
            if protocol != as_published.split.protocol {
                let mut experiment = as_published.clone();
                experiment.split.protocol = protocol;
                experiments.push(experiment);
            }
        }
        Ok(experiments)
    }

    /// Measures the figures; `None` if the user stopped it.
    ///
    /// # Errors
    ///
    /// The data is not there or cannot be divided as the authors did.
    pub fn run(&self, base: &Experiment, session: &Session) -> Result<Option<Reproduced>> {
        let mut measured: BTreeMap<String, Vec<Score>> = BTreeMap::new();
        let (mut complete, mut first) = (true, None);
        for experiment in self.experiments(base)? {
            let protocol = experiment.split.protocol.name();
            let scores = match session.prepare(&experiment) {
                // The data may have no artists, or too few for so many parts.
                Err(error) if first.is_some() => {
                    let why = format!("not under {protocol}: {}", error.in_one_line());
                    self.targets.iter().map(|_| Score::Missing(why.clone())).collect()
                }
                prepared => {
                    let prepared = prepared?;
                    let Some(evaluated) = session.run(&prepared)? else { return Ok(None) };
                    complete &= evaluated.is_complete();
                    let scores = self.scores(&evaluated);
                    first.get_or_insert(evaluated);
                    scores
                }
            };
            measured.insert(protocol, scores);
        }
        let Some(Evaluated { results, .. }) = first else { return Ok(None) };
        let theirs = self.conditions.protocol.as_str();
        let score = |protocol: &str, at: usize| measured[protocol][at].clone();
        let rows = self.targets.iter().enumerate().map(|(at, target)| Reproduction {
            model: target.entrant.card.name.clone(),
            figure: target.figure.clone(),
            theirs: score(theirs, at),
            track: score("track", at),
            artist: score("artist", at),
        });
        let mut notes = results.plan.notes.clone();
        notes.extend(few_folds(results.folds.len()));
        let reproductions = Reproductions {
            data: results.plan.dataset.describe(),
            synthetic: results.plan.dataset.synthetic,
            input: format!("{}, {} s", self.conditions.input, self.conditions.seconds),
            division: format!("{theirs}, {}", results.plan.scheme),
            notes,
            rows: rows.collect(),
        };
        Ok(Some(Reproduced { reproductions, complete }))
    }

    fn scores(&self, evaluated: &Evaluated) -> Vec<Score> {
        let models = &evaluated.results.plan.models;
        let score = |Target { entrant, figure }: &Target| match models
            .iter()
            .position(|m| m.model == entrant.card.name)
        {
            Some(at) => Score::of(&evaluated.results, at, &figure.metric),
            None => Score::Missing("it did not take part".to_owned()),
        };
        self.targets.iter().map(score).collect()
    }
}
