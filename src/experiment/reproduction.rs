//! Published figures as experiments: with the data divided as the authors did, and without leakage.

use super::{Configuration, Evaluated, Experiment, Registered, Registry, Session};
use crate::dataset::Info;
use crate::error::{Error, Result};
use crate::protocol::Protocol;
use crate::report::change::{Change, Unit};
use crate::report::published::{
    Division, IMAGE, PartitionFigure, division, metric_of, on_partition, shipped, system_of,
};
use crate::report::reproduction::{NotMeasured, PartFigure, Reproduction, Reproductions, Score};
use crate::report::{Results, changed};
use crate::score::few_folds;
use genre_bench_api::{Param, Published, Reads};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The letter of what others published for the fault-filtered partition.
const PARTITION: &str = "G";

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
    /// A model has one value of a hyper-parameter in a run.
    settings: Vec<(String, String)>,
    division: Option<Division>,
    place: Option<PathBuf>,
}

/// Figures that are measured in the same experiments.
pub struct FigureGroup<'r> {
    conditions: FigureConditions,
    targets: Vec<Target<'r>>,
    /// Whether networks run in their reduced configuration.
    reduced: bool,
}

/// What was asked for.
pub struct Selection<'r> {
    /// Figures that can be measured.
    pub groups: Vec<FigureGroup<'r>>,
    /// Figures that cannot, because the suite lacks the model or the input, or because there is no number.
    pub not_measured: Vec<NotMeasured>,
    /// What others published for the fault-filtered partition.
    pub on_partition: Vec<PartitionFigure>,
}

/// What measuring a group of figures came to.
pub struct Reproduced {
    /// The figures, published and measured.
    pub reproductions: Reproductions,
    /// Whether every fit went well and is stored.
    pub complete: bool,
}

/// The figures of some models or systems (by their letters), or all there are. `base` has what all their experiments
/// share, its `data.path` being the folder that holds all inputs, and its `data.segment` the length of which figures are wanted, if
/// not of all.
///
/// # Errors
///
/// A name that is no model and no system, a model for which nothing was published, also of that length, or settings that none of
/// the models has.
pub fn select<'r>(registry: &'r Registry, systems: &[String], base: &Experiment) -> Result<Selection<'r>> {
    let wanted = |name: &str, model: &str, figure: &Published| {
        name == model || system_of(figure).is_some_and(|of| of.eq_ignore_ascii_case(name))
    };
    let is_wanted = |model: &str, figure: &Published| {
        systems.is_empty() || systems.iter().any(|name| wanted(name, model, figure))
    };
    let (mut targets, mut not_measured) = (Vec::new(), Vec::new());
    for entrant in registry.iter() {
        for figure in &entrant.card.published {
            if is_wanted(&entrant.card.name, figure) && can_read(entrant, figure) {
                targets.push(Target { entrant, figure });
            }
        }
    }
    let mut known = Vec::new();
    for shipped in shipped()? {
        let why = match registry.find(&shipped.model) {
            _ if !shipped.figure.test.is_finite() => "no figure to compare with".to_owned(),
            Err(_) => "no model yet".to_owned(),
            Ok(entrant) if !can_read(entrant, &shipped.figure) => {
                "the model has no such input yet".to_owned()
            }
            Ok(_) => continue,
        };
        known.push(NotMeasured { model: shipped.model, figure: shipped.figure, why });
    }
    for name in systems {
        let is_target =
            targets.iter().any(|target: &Target| wanted(name, &target.entrant.card.name, target.figure));
        let is_known = known.iter().any(|figure| wanted(name, &figure.model, &figure.figure));
        if !is_target && !is_known && !name.eq_ignore_ascii_case(PARTITION) {
            return Err(match registry.find(name) {
                Ok(_) => {
                    let hint = "`bench list models`";
                    Error::new(format!("model `{name}`"), "nothing was published for it", hint)
                }
                Err(_) => {
                    let reason = "is no model and no letter from A to G";
                    Error::new(format!("system `{name}`"), reason, registry.closest(name))
                }
            });
        }
    }
    not_measured.extend(known.into_iter().filter(|figure| is_wanted(&figure.model, &figure.figure)));
    if let Some(seconds) = base.data.segment {
        let lengths: BTreeSet<u32> = targets.iter().map(|target| target.figure.seconds).collect();
        if !lengths.is_empty() && !lengths.contains(&seconds) {
            let reason = "nothing that was asked for was published for it";
            let lengths: Vec<String> = lengths.iter().map(u32::to_string).collect();
            return Err(Error::new(format!("--segment {seconds}"), reason, lengths.join(", ")));
        }
        targets.retain(|target| target.figure.seconds == seconds);
        not_measured.retain(|figure| figure.figure.seconds == seconds);
    }
    let entrants: Vec<&Registered> = targets.iter().map(|target| target.entrant).collect();
    if !entrants.is_empty() {
        base.parameters.check(&entrants, registry)?;
        base.networks.check(&entrants)?;
    }
    let mut groups: BTreeMap<FigureConditions, Vec<Target>> = BTreeMap::new();
    for target in targets {
        groups.entry(target.conditions(base.data.path.as_deref())?).or_default().push(target);
    }
    let asked = systems.is_empty() || systems.iter().any(|name| name.eq_ignore_ascii_case(PARTITION));
    let device = base.device.resolve(&registry.cuda_devices)?;
    let reduced = base.networks.configuration.on(device) == Configuration::Reduced;
    let group = |(conditions, targets)| FigureGroup { conditions, targets, reduced };
    Ok(Selection {
        groups: groups.into_iter().map(group).collect(),
        not_measured,
        on_partition: if asked { on_partition()? } else { Vec::new() },
    })
}

/// Whether a model reads what a figure was published for.
fn can_read(entrant: &Registered, figure: &Published) -> bool {
    let input = input_of(figure);
    match entrant.card.reads {
        Reads::Table => input == "table",
        Reads::Spectrograms(_) if input == IMAGE => true,
        _ => entrant.card.params.iter().any(|param| param.name == "input" && param.parse(input).is_ok()),
    }
}

/// The spectrogram of a figure's input, which names the table, too, where both are read.
fn input_of(figure: &Published) -> &str {
    figure.input.trim_start_matches("table + ")
}

impl Target<'_> {
    fn conditions(&self, data: Option<&Path>) -> Result<FigureConditions> {
        let figure = self.figure;
        Ok(FigureConditions {
            input: figure.input.clone(),
            seconds: figure.seconds,
            protocol: figure.protocol.clone(),
            settings: figure.settings.clone(),
            division: division(figure)?,
            place: data.map(|data| place(data, self.entrant.card.reads, &figure.input)),
        })
    }
}

/// Whether a setting is a file that is not there.
fn lacks_file(entrant: &Registered, name: &str, value: &str) -> bool {
    let param = entrant.card.params.iter().find(|param| param.name == name);
    param.is_some_and(|param| {
        param.is_file() && param.known_files().iter().all(|file| file.word != value || file.find().is_none())
    })
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
        experiment.split.per_class = division.and_then(|division| division.per_class);
        experiment.split.validate_on_test = division.is_some_and(|division| division.validate_on_test);
        experiment.models = self.targets.iter().map(|target| target.entrant.card.name.clone()).collect();
        experiment.models.dedup();
        for Target { entrant, figure } in &self.targets {
            let model = &entrant.card.name;
            let has_input = entrant.card.reads != Reads::Table && figure.input != IMAGE;
            if has_input && !experiment.parameters.has(model, "input") {
                experiment.parameters.set(model, "input", input_of(figure));
            }
            // What the user asks for wins, and what the reduced configuration reduces; and what starts from a file that is
            // not there starts from nothing. The table says what was not as published.
            for (name, value) in &figure.settings {
                let is_asked = base.networks.parameters().any(|(asked, _)| asked == name);
                let is_reduced =
                    self.reduced && entrant.card.reduced.iter().any(|(reduced, _)| reduced == name);
                if !is_asked
                    && !is_reduced
                    && !lacks_file(entrant, name, value)
                    && !experiment.parameters.has(model, name)
                {
                    experiment.parameters.set(model, name, value);
                }
            }
        }
        let entrants: Vec<&Registered> = self.targets.iter().map(|target| target.entrant).collect();
        for entrant in &entrants {
            let model = &entrant.card.name;
            for param in &entrant.card.params {
                if let Some(word) = param.default_word()
                    && lacks_file(entrant, &param.name, word)
                    && !experiment.parameters.has(model, &param.name)
                {
                    experiment.parameters.set(model, &param.name, Param::NO_FILE);
                }
            }
        }
        experiment.parameters.only_of(&entrants);
        Ok(experiment)
    }

    /// The experiments that measure the figures: with the data divided as the authors did, with tracks kept together
    /// and with artists kept apart, the latter two with a validation part of their own.
    ///
    /// # Errors
    ///
    /// Only if the shipped tables are broken, which a test rules out.
    pub fn experiments(&self, base: &Experiment) -> Result<Vec<Experiment>> {
        let as_published = self.as_published(base)?;
        let honest = [Protocol::Track, Protocol::Artist].map(|protocol| {
            let mut experiment = as_published.clone();
            experiment.split.protocol = protocol;
            experiment.split.validate_on_test = false;
            experiment
        });
        Ok(std::iter::once(as_published).chain(honest).collect())
    }

    /// Whether one of [`Self::experiments`] divides some data as the authors did. Where every track is one example,
    /// drawing segments and drawing tracks are the same thing.
    pub fn is_as_published(&self, experiment: &Experiment, data: &Info) -> bool {
        let theirs = self.conditions.protocol.as_str();
        let by_track = theirs == "track" || (theirs == "segment" && data.whole_tracks());
        let same = match experiment.split.protocol {
            Protocol::Track => by_track,
            ref protocol => protocol.name() == theirs,
        };
        let on_test = self.conditions.division.as_ref().is_some_and(|division| division.validate_on_test);
        same && experiment.split.validate_on_test == on_test
    }

    /// Its figures, as not measured for a reason.
    pub fn not_measured(&self, why: &str) -> Vec<NotMeasured> {
        let figure = |Target { entrant, figure }: &Target| NotMeasured {
            model: entrant.card.name.clone(),
            figure: (*figure).clone(),
            why: why.to_owned(),
        };
        self.targets.iter().map(figure).collect()
    }

    /// The models it is about with the letters of their systems.
    pub fn models(&self) -> impl Iterator<Item = (&str, &str)> {
        let system = |figure| system_of(figure).unwrap_or_default();
        self.targets.iter().map(move |target| (system(target.figure), target.entrant.card.name.as_str()))
    }

    /// Measures the figures; `None` if the user stopped it.
    ///
    /// # Errors
    ///
    /// The data is not there or cannot be divided as the authors did.
    pub fn run(&self, base: &Experiment, session: &Session) -> Result<Option<Reproduced>> {
        let mut experiments = self.experiments(base)?.into_iter();
        let Some(as_published) = experiments.next() else { return Ok(None) };
        let prepared = session.prepare(&as_published)?;
        let Some(theirs) = session.run(&prepared)? else { return Ok(None) };
        let scores = self.scores(&theirs.results);
        let mut complete = theirs.is_complete();
        let info = &theirs.results.plan.dataset;
        let (mut honest, mut by_track) = (Vec::new(), false);
        for experiment in experiments {
            let (protocol, unit) = match experiment.split.protocol {
                Protocol::Artist => ("artist", Unit::Artists),
                _ => ("track", Unit::Tracks),
            };
            if self.is_as_published(&experiment, info) {
                by_track |= unit == Unit::Tracks;
                honest.push(scores.iter().map(|score| (score.clone(), None)).collect());
                continue;
            }
            honest.push(match session.prepare(&experiment) {
                // The data may have no artists, or too few for so many parts.
                Err(error) => {
                    let why = format!("not under {protocol}: {}", error.in_one_line());
                    self.targets.iter().map(|_| (Score::Missing(why.clone()), None)).collect::<Vec<_>>()
                }
                Ok(prepared) => {
                    let Some(evaluated) = session.run(&prepared)? else { return Ok(None) };
                    complete &= evaluated.is_complete();
                    let changes = self.changes(&evaluated, &theirs, unit);
                    self.scores(&evaluated.results).into_iter().zip(changes).collect()
                }
            });
        }
        let results = &theirs.results;
        let rows = self.targets.iter().enumerate().map(|(at, Target { entrant, figure })| {
            let (track, track_change) = honest[0][at].clone();
            let (artist, artist_change) = honest[1][at].clone();
            let place = place_of(results, &entrant.card.name);
            Reproduction {
                model: entrant.card.name.clone(),
                figure: (*figure).clone(),
                theirs: scores[at].clone(),
                track,
                track_change,
                artist,
                artist_change,
                parts: place.map(|place| PartFigure::all(results, place, figure)).unwrap_or_default(),
                changed: place.and_then(|place| {
                    let own = [("input".to_owned(), input_of(figure).to_owned())];
                    changed::text(&results.plan.models[place], &[&figure.settings[..], &own].concat())
                }),
            }
        });
        let plan = &results.plan;
        let mut notes = plan.notes.clone();
        notes.extend(prepared.split.gaps.iter().cloned());
        notes.extend(changed::cautions(plan.models.iter()));
        notes.extend(few_folds(results.folds.len()));
        let settings = self.conditions.settings.iter().map(|(name, value)| format!(", {name}={value}"));
        let reproductions = Reproductions {
            data: plan.dataset.describe(),
            synthetic: plan.dataset.synthetic,
            input: format!("{}, {} s", self.conditions.input, self.conditions.seconds)
                + &settings.collect::<String>(),
            division: format!("{}, {}", self.conditions.protocol, plan.scheme),
            optimistic: plan.validated_on_test,
            by_track,
            rows: rows.collect(),
            notes,
        };
        Ok(Some(Reproduced { reproductions, complete }))
    }

    fn scores(&self, results: &Results) -> Vec<Score> {
        let score = |Target { entrant, figure }: &Target| match place_of(results, &entrant.card.name) {
            Some(at) => Score::of(results, at, &figure.metric),
            None => Score::Missing("it did not take part".to_owned()),
        };
        self.targets.iter().map(score).collect()
    }

    /// What changes where nothing leaks, one a figure.
    fn changes(&self, honest: &Evaluated, theirs: &Evaluated, unit: Unit) -> Vec<Option<Change>> {
        let (honest, theirs) = (&honest.results, &theirs.results);
        let of_target = |Target { entrant, figure }: &Target| {
            let place = |results| place_of(results, &entrant.card.name);
            let metric = metric_of(&figure.metric)?;
            Change::between((honest, place(honest)?), (theirs, place(theirs)?), metric, unit)
        };
        self.targets.iter().map(of_target).collect()
    }
}

/// Where a model stands among those of a run.
fn place_of(results: &Results, model: &str) -> Option<usize> {
    results.plan.models.iter().position(|planned| planned.model == model)
}
