//! Who trains and who is tested.
//!
//! A [`Split`] is drawn once for a dataset and a [`SplitRequest`] and then handed to every model, so that
//! all of them are fitted and scored on the same examples. Its table, written by [`table`], is what
//! the split's hash is taken of.

mod column;
mod fault_filtered;
mod inner;
pub mod leakage;
mod per_class;
mod shots;
pub mod table;

pub use leakage::Leakage;

use crate::dataset::Dataset;
use crate::error::{Error, Result};
use crate::util::as_text;
use crate::util::shown::counted;
use genre_bench_api::partition::{Group, partition};
use genre_bench_api::random_stream;
use per_class::PerClass;
use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Folds of a cross-validation when nobody asks for another number.
pub const DEFAULT_FOLDS: usize = 5;

/// What must not stand on both sides of a split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protocol {
    /// Nothing: examples are drawn one by one. Segments of one track leak.
    Segment,
    /// Tracks.
    Track,
    /// Artists.
    Artist,
    /// The fixed lists of Kereliuk, Sturm and Larsen (2015).
    FaultFiltered,
    /// The split that the dataset's makers published.
    Official,
    /// Whatever a table says.
    File(PathBuf),
    /// Whatever a column of the feature table says.
    Column(String),
}

impl Protocol {
    /// The protocols without a file, with what `bench list` says of them.
    pub const NAMED: [(Self, &'static str); 5] = [
        (
            Self::Segment,
            "examples drawn one by one, stratified by genre, as most published figures: segments of one track \
             stand on both sides, so scores are too high",
        ),
        (Self::Track, "whole tracks kept together, stratified by genre (the default)"),
        (
            Self::Artist,
            "all tracks of an artist kept together, stratified by genre as far as that goes; needs a list of \
             artists (--artists CSV, or splits/artist_folds.csv beside the table). If the list has a column \
             test_fold and --folds is not given, its folds are used",
        ),
        (
            Self::FaultFiltered,
            "one fixed train/valid/test partition of GTZAN without its known faults (Kereliuk, Sturm and Larsen 2015); \
             artists apart, but for one: the tested disco.00069 is by the artist of disco.00049 and disco.00073, which \
             train (1 of 290 tested tracks, 3 of 869 segments of 10 s)",
        ),
        (
            Self::Official,
            "the train/valid/test partition that a dataset's makers published beside it: FMA, ISMIR04 and MTG-Jamendo have one \
             (`bench list datasets NAME` says what it is)",
        ),
    ];

    /// The name on the command line and in tables.
    pub fn name(&self) -> String {
        match self {
            Self::Segment => "segment".to_owned(),
            Self::Track => "track".to_owned(),
            Self::Artist => "artist".to_owned(),
            Self::FaultFiltered => "fault-filtered".to_owned(),
            Self::Official => "official".to_owned(),
            Self::File(path) => format!("file:{}", path.display()),
            Self::Column(name) => format!("column:{name}"),
        }
    }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if let Some(path) = text.strip_prefix("file:").filter(|path| !path.is_empty()) {
            return Ok(Self::File(path.into()));
        }
        if let Some(name) = text.strip_prefix("column:").filter(|name| !name.is_empty()) {
            return Ok(Self::Column(name.to_owned()));
        }
        Self::NAMED.into_iter().map(|(protocol, _)| protocol).find(|p| p.name() == text).ok_or_else(|| {
            "expected segment, track, artist, fault-filtered, official, file:PATH or column:NAME (see `bench list protocols`)"
                .to_owned()
        })
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

as_text!(Protocol: "track", Resampling: "80/10/10");

/// How many parts, and how large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resampling {
    /// Cross-validation: each of so many equal parts is the test part once.
    Folds(usize),
    /// One split into training, validation and test part, in percent.
    HoldOut {
        /// Percent to fit on.
        train: u32,
        /// Percent for early stopping and calibration; may be 0.
        valid: u32,
        /// Percent to score on.
        test: u32,
    },
}

impl FromStr for Resampling {
    type Err = String;

    /// Reads a hold-out such as `80/20` or `80/10/10`.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let parts: Vec<u32> =
            text.split('/').map(str::parse).collect::<std::result::Result<_, _>>().unwrap_or_default();
        match parts.as_slice() {
            [train, test] if *train > 0 && *test > 0 && train + test == 100 => {
                Ok(Self::HoldOut { train: *train, valid: 0, test: *test })
            }
            [train, valid, test] if *train > 0 && *test > 0 && train + valid + test == 100 => {
                Ok(Self::HoldOut { train: *train, valid: *valid, test: *test })
            }
            _ => Err("expected percentages that add up to 100, such as 80/20 or 80/10/10".to_owned()),
        }
    }
}

impl fmt::Display for Resampling {
    /// A hold-out as [`Resampling::from_str`] reads it; `5 folds`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folds(folds) => write!(f, "{folds} folds"),
            Self::HoldOut { train, valid: 0, test } => write!(f, "{train}/{test}"),
            Self::HoldOut { train, valid, test } => write!(f, "{train}/{valid}/{test}"),
        }
    }
}

/// What is asked of a protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitRequest {
    /// What must not stand on both sides.
    pub protocol: Protocol,
    /// Parts; the protocol's own choice without it.
    pub resampling: Option<Resampling>,
    /// How often to draw anew with another seed.
    pub repeats: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// Percent of a training part to set aside for validation where the scheme has no such part; 0 for none.
    pub valid: u32,
    /// Tracks of each class to draw first; all there are without it.
    pub per_class: Option<u32>,
    /// Tracks of each class to train on; all there are without it.
    pub shots: Option<u32>,
    /// Whether the test part is the validation part, too: scores are optimistic then.
    pub validate_on_test: bool,
}

/// One division of the examples. Parts are lists of example numbers, ascending; disjoint, unless validation looks at the
/// test part ([`SplitRequest::validate_on_test`]).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fold {
    /// Which draw it belongs to, from 0.
    pub repeat: usize,
    /// Which part of the draw is tested, from 0.
    pub fold: usize,
    /// Examples to fit on.
    pub train: Vec<usize>,
    /// Examples for early stopping and calibration; often none.
    pub valid: Vec<usize>,
    /// Examples to score on.
    pub test: Vec<usize>,
}

impl Fold {
    /// Whether an example is in the test part.
    pub fn tests(&self, example: usize) -> bool {
        self.test.binary_search(&example).is_ok()
    }

    /// What it is called wherever people read: `fold 0` or, of a later draw, `fold 0 of repeat 1`. Both count from 0, as in
    /// all files.
    pub fn name(&self) -> String {
        match self.repeat {
            0 => format!("fold {}", self.fold),
            repeat => format!("fold {} of repeat {repeat}", self.fold),
        }
    }
}

/// All divisions of a run, the same for every model.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Name of the protocol.
    pub protocol: String,
    /// How it was divided, for people: `5 folds`.
    pub scheme: String,
    /// The divisions, by repeat and then fold.
    pub folds: Vec<Fold>,
    /// SHA-256 of the split's table, 64 hexadecimal digits.
    pub hash: String,
    /// Examples of the dataset that stand in no part.
    pub unused: usize,
    /// What leaks from the training and validation parts to the test parts.
    pub leaks: Leakage,
    /// Which classes some part lacks, a sentence each, and which have fewer tracks than were to be drawn.
    pub gaps: Vec<String>,
    /// Tracks that were drawn of each class, if not all are used.
    pub per_class: Option<u32>,
    /// Tracks of each class that train, if not all of the training part do.
    pub shots: Option<u32>,
    /// Whether examples that are tested stand in the validation part, too.
    pub validated_on_test: bool,
    /// One number an example of the dataset; equal ones must stay together where a training part is divided again.
    pub groups: Vec<usize>,
}

impl Split {
    /// Draws or reads the split that `request` asks for.
    ///
    /// # Errors
    ///
    /// A class with too few tracks (artists) for the parts, artists that are not known, tracks that a
    /// fixed list does not name, a broken split file, or a request that makes no sense.
    pub fn build(dataset: &Dataset, request: &SplitRequest) -> Result<Self> {
        let PerClass { used: chosen, shortage } = PerClass::draw(dataset, request);
        let (mut folds, scheme) = match &request.protocol {
            Protocol::Segment | Protocol::Track => drawn(dataset, request, &chosen)?,
            Protocol::Artist => match published_artist_folds(dataset, request, &chosen)? {
                Some(folds) => folds,
                None => drawn(dataset, request, &chosen)?,
            },
            Protocol::FaultFiltered => {
                let only = fixed(request, "the fault-filtered lists are one fixed partition")?;
                (fault_filtered::folds(dataset)?, only)
            }
            Protocol::Official => {
                let only = fixed(request, "the official split is one fixed partition")?;
                (column::official(dataset)?, only)
            }
            Protocol::File(path) => {
                let only = fixed(request, "the split file says what the folds are")?;
                (table::read(path, &dataset.catalogue)?, only)
            }
            Protocol::Column(name) => {
                let only = fixed(request, "the column says what the folds are")?;
                (column::folds(dataset, name)?, only)
            }
        };
        let mut scheme = scheme.unwrap_or_else(|| match folds.len() {
            1 => "fixed partition".to_owned(),
            n => format!("{n} fixed folds"),
        });
        if let Some(tracks) = request.per_class {
            scheme += &format!(", {tracks} tracks a class");
        }
        if let Some(shots) = request.shots {
            scheme += &format!(", {}", counted(shots as usize, "shot"));
        }
        if request.validate_on_test {
            validate_on_test(&mut folds)?;
            scheme += ", validated on the test part";
        }
        let mut used = vec![false; dataset.catalogue.examples.len()];
        for &example in folds.iter().flat_map(|f| f.train.iter().chain(&f.valid).chain(&f.test)) {
            used[example] = true;
        }
        let leaks = Leakage::count(dataset, &folds);
        let mut split = Self {
            protocol: request.protocol.name(),
            scheme,
            hash: String::new(),
            unused: used.iter().filter(|&&u| !u).count(),
            groups: inner::groups(dataset, &request.protocol, &leaks),
            gaps: Vec::new(),
            per_class: request.per_class,
            shots: request.shots,
            validated_on_test: folds.iter().any(|fold| fold.valid.iter().any(|&e| fold.tests(e))),
            leaks,
            folds,
        };
        if request.valid > 0 {
            split.set_validation_aside(dataset, request.valid, request.seed);
        }
        if let Some(shots) = request.shots {
            shots::cut_training(&mut split.folds, dataset, shots, request.seed)?;
            split.leaks = Leakage::count(dataset, &split.folds);
        }
        split.gaps = shortage.into_iter().collect();
        split.gaps.extend(gaps(dataset, &split.folds));
        split.hash = table::hash(&table::csv(&dataset.catalogue, &split.folds));
        Ok(split)
    }
}

impl Split {
    /// All that the first division has as one training part, and nothing to test: for a model that is to be used. A validation part
    /// is the protocol's own or, where one was asked for, drawn of everything.
    pub fn everything(&self, dataset: &Dataset, request: &SplitRequest) -> Self {
        let Fold { mut train, valid, test, .. } = self.folds.first().cloned().unwrap_or_default();
        let is_drawn = matches!(request.protocol, Protocol::Segment | Protocol::Track | Protocol::Artist)
            && !matches!(request.resampling, Some(Resampling::HoldOut { valid: 1.., .. }));
        train.extend(test.into_iter().filter(|example| valid.binary_search(example).is_err()));
        let valid = match is_drawn {
            true => {
                train.extend(valid);
                Vec::new()
            }
            false => valid,
        };
        train.sort_unstable();
        let folds = vec![Fold { train, valid, ..Fold::default() }];
        let mut whole = Self { scheme: "everything".to_owned(), folds, ..self.clone() };
        if request.valid > 0 {
            whole.set_validation_aside(dataset, request.valid, request.seed);
        }
        whole.measured(dataset)
    }

    /// One of the divisions alone, by its place; `None` if there are fewer.
    pub fn only(&self, dataset: &Dataset, place: usize) -> Option<Self> {
        let folds = vec![self.folds.get(place)?.clone()];
        Some(Self { folds, ..self.clone() }.measured(dataset))
    }

    /// With what follows from its folds.
    fn measured(self, dataset: &Dataset) -> Self {
        Self {
            hash: table::hash(&table::csv(&dataset.catalogue, &self.folds)),
            leaks: Leakage::count(dataset, &self.folds),
            gaps: gaps(dataset, &self.folds),
            ..self
        }
    }
}

/// Makes every test part the validation part, too.
fn validate_on_test(folds: &mut [Fold]) -> Result<()> {
    for fold in folds {
        if !fold.valid.is_empty() {
            let reason = "the split has a validation part of its own";
            return Err(Error::new(
                "--validate-on-test",
                reason,
                "leave it out, or --folds K, --holdout 80/20",
            ));
        }
        fold.valid.clone_from(&fold.test);
    }
    Ok(())
}

/// Folds and how they were made, for people; without the latter it is a fixed number of fixed folds.
type FoldsAndScheme = (Vec<Fold>, Option<String>);

/// Refuses `--folds`, `--holdout`, `--repeats` and `--per-class` where there is nothing to draw.
fn fixed(request: &SplitRequest, reason: &str) -> Result<Option<String>> {
    if request.resampling.is_some() || request.repeats > 1 || request.per_class.is_some() {
        let subject = format!("--protocol {}", request.protocol.name());
        return Err(Error::new(subject, reason, "leave out --folds, --holdout, --repeats and --per-class"));
    }
    Ok(None)
}

/// The folds that the list of artists prescribes, unless the user wants others or it prescribes none.
fn published_artist_folds(
    dataset: &Dataset,
    request: &SplitRequest,
    chosen: &[bool],
) -> Result<Option<FoldsAndScheme>> {
    if request.resampling.is_some() || dataset.artists.test_fold.is_empty() {
        return Ok(None);
    }
    if request.repeats > 1 {
        return Err(Error::new(
            "--repeats",
            "the list of artists prescribes the folds, so there is nothing to draw again",
            "--folds 3 --repeats N draws folds of its own",
        ));
    }
    let fold_of = |example: usize| dataset.artists.test_fold[dataset.catalogue.examples[example].track];
    let mut parts: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for example in (0..chosen.len()).filter(|&example| chosen[example]) {
        if let Some(fold) = fold_of(example) {
            parts.entry(fold).or_default().push(example);
        }
    }
    if parts.len() < 2 {
        return Ok(None);
    }
    let scheme = format!("the list's own {} folds", parts.len());
    Ok(Some((cross_validation(0, &parts.into_values().collect::<Vec<_>>()), Some(scheme))))
}

/// Draws groups at random into equal folds or hold-out parts, as often as asked.
fn drawn(dataset: &Dataset, request: &SplitRequest, chosen: &[bool]) -> Result<FoldsAndScheme> {
    let scheme = request.resampling.unwrap_or(Resampling::Folds(DEFAULT_FOLDS));
    let (shares, mut text) = match scheme {
        Resampling::Folds(folds) => {
            if folds < 2 {
                return Err(Error::new(
                    "--folds",
                    "cross-validation needs at least 2 folds",
                    "--holdout 80/20",
                ));
            }
            (vec![1.0 / folds as f64; folds], scheme.to_string())
        }
        Resampling::HoldOut { train, valid, test } => {
            let shares = [train, valid, test].into_iter().filter(|&p| p > 0).map(|p| f64::from(p) / 100.0);
            (shares.collect(), format!("hold-out {scheme}"))
        }
    };
    if request.repeats > 1 {
        text = format!("{text} × {} repeats", request.repeats);
    }
    let groups = groups(dataset, &request.protocol, chosen)?;
    enough_groups(dataset, &groups, &request.protocol, shares.len())?;
    let mut folds = Vec::new();
    for repeat in 0..request.repeats {
        let purpose = format!("protocol/{}/{repeat}", request.protocol.name());
        let parts = partition(&groups, &shares, &mut random_stream(request.seed, &purpose));
        match scheme {
            Resampling::Folds(_) => folds.extend(cross_validation(repeat, &parts)),
            Resampling::HoldOut { .. } => folds.push(hold_out(repeat, parts)),
        }
    }
    every_class_on_both_sides(dataset, &folds)?;
    Ok((folds, Some(text)))
}

/// What is kept together under a protocol. Examples whose artist is not known, or that were not chosen, belong to no group.
fn groups(dataset: &Dataset, protocol: &Protocol, chosen: &[bool]) -> Result<Vec<Group>> {
    if *protocol == Protocol::Artist && dataset.artists.is_empty() {
        return Err(Error::new(
            "--protocol artist",
            format!("the artists of {} are not known", dataset.info.name),
            "--artists CSV with the columns filename and artist, or --protocol track",
        ));
    }
    let mut groups: BTreeMap<usize, Group> = BTreeMap::new();
    for (number, example) in dataset.catalogue.examples.iter().enumerate() {
        let key = match protocol {
            Protocol::Segment => Some(number),
            Protocol::Artist => dataset.artists.of_track[example.track],
            _ => Some(example.track),
        };
        if let Some(key) = key.filter(|_| chosen[number]) {
            let group = groups.entry(key).or_insert_with(|| Group::new(dataset.catalogue.classes.len()));
            group.add(number, example.label);
        }
    }
    Ok(groups.into_values().collect())
}

fn enough_groups(dataset: &Dataset, groups: &[Group], protocol: &Protocol, parts: usize) -> Result<()> {
    let unit = match protocol {
        Protocol::Segment => "example",
        Protocol::Artist => "artist",
        _ => "track",
    };
    for (class, name) in dataset.catalogue.classes.iter().enumerate() {
        let count = groups.iter().filter(|g| g.counts[class] > 0).count();
        if count < parts {
            return Err(Error::new(
                format!("class `{name}`"),
                format!("has {}, too few for {parts} parts", counted(count, unit)),
                match count {
                    0 | 1 => format!("add {unit}s of this class, or leave it out of the table"),
                    _ => format!("--folds {count} or fewer"),
                },
            ));
        }
    }
    Ok(())
}

/// Small hold-out parts can miss a class even if it has enough groups.
fn every_class_on_both_sides(dataset: &Dataset, folds: &[Fold]) -> Result<()> {
    for fold in folds {
        for (part, examples) in [("training", &fold.train), ("test", &fold.test)] {
            let has = |class| examples.iter().any(|&e| dataset.catalogue.examples[e].label == class);
            if let Some(class) = (0..dataset.catalogue.classes.len()).find(|&class| !has(class)) {
                return Err(Error::new(
                    format!("class `{}`", dataset.catalogue.classes[class]),
                    format!("none of it would be in the {part} part"),
                    "larger parts, such as --holdout 60/20/20, or --folds 2",
                ));
            }
        }
    }
    Ok(())
}

/// Parts that a warning names one by one.
const MOST_GAPS: usize = 6;

/// Says for every part which classes it has no example of. Lists and files may do that to a class, and small validation
/// parts; what is drawn is refused where training or test part lack one.
fn gaps(dataset: &Dataset, folds: &[Fold]) -> Vec<String> {
    let classes = &dataset.catalogue.classes;
    let mut gaps = Vec::new();
    for fold in folds {
        for (part, examples) in [("training", &fold.train), ("validation", &fold.valid), ("test", &fold.test)]
        {
            let mut there = vec![false; classes.len()];
            examples.iter().for_each(|&example| there[dataset.catalogue.examples[example].label] = true);
            let missing = classes.iter().zip(there).filter(|(_, there)| !there);
            let missing: Vec<&str> = missing.map(|(class, _)| class.as_str()).collect();
            if !missing.is_empty() && !examples.is_empty() {
                let what = match part {
                    "training" => "no model can learn it",
                    "validation" => "early stopping and calibration do not see it",
                    _ => "the scores of that fold say nothing about it",
                };
                let plural = if missing.len() == 1 { "class" } else { "classes" };
                let missing = missing.join(", ");
                gaps.push(format!(
                    "the {part} part of {} has no example of the {plural} {missing}: {what}",
                    fold.name()
                ));
            }
        }
    }
    if gaps.len() > MOST_GAPS {
        let more = gaps.len() - (MOST_GAPS - 1);
        gaps.truncate(MOST_GAPS - 1);
        gaps.push(format!("and {more} more parts have no example of some class"));
    }
    gaps
}

fn cross_validation(repeat: usize, parts: &[Vec<usize>]) -> Vec<Fold> {
    (0..parts.len())
        .map(|fold| {
            let mut train: Vec<usize> = parts
                .iter()
                .enumerate()
                .filter(|(part, _)| *part != fold)
                .flat_map(|(_, p)| p.clone())
                .collect();
            train.sort_unstable();
            Fold { repeat, fold, train, valid: Vec::new(), test: parts[fold].clone() }
        })
        .collect()
}

fn hold_out(repeat: usize, parts: Vec<Vec<usize>>) -> Fold {
    let mut parts = parts.into_iter();
    let train = parts.next().unwrap_or_default();
    let (second, third) = (parts.next().unwrap_or_default(), parts.next());
    let (valid, test) = match third {
        Some(test) => (second, test),
        None => (Vec::new(), second),
    };
    Fold { repeat, fold: 0, train, valid, test }
}

impl fmt::Display for Split {
    /// `track, 5 folds, split 1a2b3c4d5e6f`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, split {}", self.protocol, self.scheme, &self.hash[..12])
    }
}
