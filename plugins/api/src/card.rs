use crate::params::{admitted, resolve};
use crate::{Error, Param, Params, Representation, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A model's description of itself: what `bench list` prints and what the harness goes by.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// Unique name on the command line and in every table: lower case, digits and hyphens.
    pub name: String,
    /// Which group the model belongs to; `--models classical` runs all of one family.
    pub family: Family,
    /// One line on what the model is, without its name.
    pub summary: String,
    /// Which inputs the harness must prepare.
    pub reads: Reads,
    /// Columns of the table that the model is not given, where there are such.
    pub leaves_out: Vec<String>,
    /// Hyper-parameters with their defaults.
    pub params: Vec<Param>,
    /// Figures others published for this system.
    pub published: Vec<Published>,
    /// Whether `bench all` runs the model when none is named.
    pub is_default: bool,
    /// The model that this one is a variant of, by name; variants are listed with it.
    pub variant_of: Option<String>,
    /// Hyper-parameters, with values as a user would type them, that make a reduced configuration of the model:
    /// what runs on the built-in data, and elsewhere with `--reduced`.
    pub reduced: Vec<(String, String)>,
    /// Whether it reads the columns of a spectrogram one after the other. Where they are resized, it gets fewer steps
    /// than it was published for, and tables say so.
    pub recurrent: bool,
    /// Whether a fit draws nothing at random, so that it is the same for every seed. Where each fold is fitted with several
    /// seeds, one fit is enough.
    pub deterministic: bool,
    /// What decides the model's numbers beside its name, its hyper-parameters and the program: hashes of files that it is
    /// read from, versions of what else computes it. Where it changes, the model is fitted again.
    pub content: Option<String>,
}

impl Card {
    /// A card of a model that reads the feature table, has no hyper-parameters and belongs to the
    /// default models.
    pub fn new(name: impl Into<String>, family: Family, summary: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            family,
            summary: summary.into(),
            reads: Reads::Table,
            leaves_out: Vec::new(),
            params: Vec::new(),
            published: Vec::new(),
            is_default: true,
            variant_of: None,
            reduced: Vec::new(),
            recurrent: false,
            deterministic: false,
            content: None,
        }
    }

    /// Reads spectrograms instead of the table. Which of `kinds` is the hyper-parameter `input`, the first
    /// being the default.
    ///
    /// # Panics
    ///
    /// Without any, or with one that is no [`Representation`], which is a mistake in the plugin.
    pub fn reading_spectrograms(mut self, kinds: &[&str]) -> Self {
        let parsed: Vec<Representation> =
            kinds.iter().map(|kind| kind.parse().unwrap_or_else(|e| panic!("{}: {e}", self.name))).collect();
        self.reads = Reads::Spectrograms(parsed[0]);
        self.param(Param::choice("input", kinds, "what the spectrograms show; images are taken as they are"))
    }

    /// Reads the table beside the spectrograms that [`Card::reading_spectrograms`] asked for.
    pub fn and_table(mut self) -> Self {
        if let Reads::Spectrograms(spectrogram) = self.reads {
            self.reads = Reads::TableAndSpectrograms(spectrogram);
        }
        self
    }

    /// Reads the table without some of its columns: the harness leaves them out.
    pub fn without_columns(mut self, names: &[&str]) -> Self {
        self.leaves_out.extend(names.iter().map(|name| (*name).to_owned()));
        self
    }

    /// What the model reads with some of its hyper-parameters.
    ///
    /// # Errors
    ///
    /// The parameters are not this card's.
    pub fn reads_with(&self, params: &Params) -> Result<Reads> {
        let spectrogram =
            || -> Result<Representation> { params.choice("input")?.parse().map_err(Error::failed) };
        Ok(match self.reads {
            Reads::Table => Reads::Table,
            Reads::Spectrograms(_) => Reads::Spectrograms(spectrogram()?),
            Reads::TableAndSpectrograms(_) => Reads::TableAndSpectrograms(spectrogram()?),
        })
    }

    /// Sets a hyper-parameter of the reduced configuration.
    pub fn reduced(mut self, name: &str, value: &str) -> Self {
        self.reduced.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Says that the model reads the columns of a spectrogram as steps, see [`Card::recurrent`].
    pub fn reading_steps(mut self) -> Self {
        self.recurrent = true;
        self
    }

    /// Says that a fit draws nothing, see [`Card::deterministic`].
    pub fn deterministic(mut self) -> Self {
        self.deterministic = true;
        self
    }

    /// Adds a hyper-parameter.
    pub fn param(mut self, param: Param) -> Self {
        self.params.push(param);
        self
    }

    /// Adds a published figure.
    pub fn published(mut self, figure: Published) -> Self {
        self.published.push(figure);
        self
    }

    /// Runs the model only when it is named.
    pub fn only_by_name(mut self) -> Self {
        self.is_default = false;
        self
    }

    /// Lists the model as a variant of another, which runs only when it is named.
    pub fn variant_of(mut self, model: &str) -> Self {
        self.variant_of = Some(model.to_owned());
        self.only_by_name()
    }

    /// The declared defaults with `changes` (name, text as the user typed it) applied.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] where a name is not declared, a value is not allowed or a file is not there.
    pub fn resolve<'a>(&self, changes: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Params> {
        resolve(&format!("model `{}`", self.name), &self.params, changes)
    }

    /// Hyper-parameters that were stored, if they are such as the card declares; files need not be there any more.
    ///
    /// # Errors
    ///
    /// [`Error::Parameter`] where one is missing, unknown, of another kind, or has a value that is not allowed.
    pub fn admits(&self, stored: &Params) -> Result<Params> {
        admitted(&self.params, stored)
    }
}

/// The group a model belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    /// Floors that ignore the features.
    Baseline,
    /// Classical machine learning on feature tables.
    Classical,
    /// Networks trained by gradient descent.
    Neural,
    /// Anything a plugin's author does not want to put elsewhere.
    Other,
}

impl Family {
    /// All families, in the order `bench list` shows them.
    pub const ALL: [Self; 4] = [Self::Baseline, Self::Classical, Self::Neural, Self::Other];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Classical => "classical",
            Self::Neural => "neural",
            Self::Other => "other",
        }
    }
}

/// The inputs a model wants prepared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Reads {
    /// The feature table: one row of numbers an example.
    #[default]
    Table,
    /// A spectrogram of each example.
    Spectrograms(Representation),
    /// Both.
    TableAndSpectrograms(Representation),
}

impl Reads {
    /// Whether the feature table is among it.
    pub fn table(self) -> bool {
        matches!(self, Self::Table | Self::TableAndSpectrograms(_))
    }

    /// The spectrograms among it.
    pub fn spectrograms(self) -> Option<Representation> {
        match self {
            Self::Table => None,
            Self::Spectrograms(spectrogram) | Self::TableAndSpectrograms(spectrogram) => Some(spectrogram),
        }
    }
}

impl From<Reads> for String {
    fn from(reads: Reads) -> Self {
        reads.to_string()
    }
}

impl TryFrom<String> for Reads {
    type Error = String;

    fn try_from(text: String) -> std::result::Result<Self, String> {
        match text.strip_prefix("table") {
            Some("") => Ok(Self::Table),
            Some(rest) => rest.trim_start_matches(" + ").parse().map(Self::TableAndSpectrograms),
            None => text.parse().map(Self::Spectrograms),
        }
    }
}

/// `table`, `mel-128` or `table + mel-128`.
impl fmt::Display for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table => f.write_str("table"),
            Self::Spectrograms(spectrogram) => spectrogram.fmt(f),
            Self::TableAndSpectrograms(spectrogram) => write!(f, "table + {spectrogram}"),
        }
    }
}

/// A figure from a publication, shown beside ours where table and protocol match.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Published {
    /// Who published it, and where.
    pub source: String,
    /// What the system read, such as `table` or `mel-128`.
    pub input: String,
    /// Length of an example in seconds.
    pub seconds: u32,
    /// The protocol as `bench` names it, `segment` or `track`.
    pub protocol: String,
    /// What was measured: `f1` or `accuracy`.
    pub metric: String,
    /// The hyper-parameters that were not the model's defaults, with values as a user would type them.
    pub settings: Vec<(String, String)>,
    /// The figure on the training part, 0–1, where it was given.
    pub train: Option<f64>,
    /// The figure on the validation part, 0–1, where it was given.
    pub valid: Option<f64>,
    /// The figure on the test (or, where the source has no other, validation) part, 0–1.
    pub test: f64,
    /// What the source prints instead of one number, such as `about 60–64`; [`Published::test`] is the middle then.
    pub printed: Option<String>,
}
