//! The contract between `genre-bench` and a classifier.
//!
//! A model is two things. A [`Model`] is the recipe: it describes itself with a [`Card`] and can be
//! fitted to examples. A [`Fitted`] is what comes out: it gives one score per example and class.
//! Everything else is the harness's business: it reads the data, draws the splits, standardises the
//! features on the training part, measures time and memory, and computes every metric from the
//! scores. So a model cannot leak test data into training, and cannot flatter itself.
//!
//! # What a model sees
//!
//! | call | gets | shape |
//! |---|---|---|
//! | [`Model::fit`] | training [`Examples`], validation [`Examples`] (may be empty), a [`Run`] | table `(examples, columns)` |
//! | [`Fitted::scores`] | [`Inputs`] without labels | table `(examples, columns)` |
//! | … and returns | scores, higher is likelier | `(examples, classes)` |
//!
//! A model whose card [asks for spectrograms](Card::reading_spectrograms) finds [`Spectrograms`] of the examples
//! in its inputs: spectrograms or cepstral coefficients of
//! `(rows, columns)` each, or colour pictures of `(3, rows, columns)`.
//!
//! The predicted label of an example is the class with the highest score, the lowest class index
//! where several are equal. Scores need not be probabilities, but they are averaged over the
//! segments of a track, so they should be on one scale for all examples.
//!
//! # A whole model
//!
//! ```
//! use genre_bench_api::{Card, Examples, Family, Fitted, Inputs, Loading, Model, Result, Run, State};
//! use ndarray::{Array1, Array2};
//!
//! /// Predicts every class with its frequency in the training part.
//! struct Prior;
//!
//! impl Model for Prior {
//!     fn card(&self) -> Card {
//!         Card::new("prior", Family::Baseline, "the class frequencies of the training part")
//!     }
//!     fn fit(&self, train: &Examples, _valid: &Examples, _run: &Run) -> Result<Box<dyn Fitted>> {
//!         let mut share = vec![0.0; train.classes.len()];
//!         for &label in &train.labels {
//!             share[label] += 1.0 / train.labels.len() as f32;
//!         }
//!         Ok(Box::new(Share(share)))
//!     }
//!     /// For `bench train` and `bench predict`; a model that is not saved can do without.
//!     fn load(&self, mut state: State, loading: &Loading) -> Result<Box<dyn Fitted>> {
//!         let share = state.take("share", [loading.classes])?;
//!         state.end()?;
//!         Ok(Box::new(Share(share.to_vec())))
//!     }
//! }
//!
//! struct Share(Vec<f32>);
//!
//! impl Fitted for Share {
//!     fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>> {
//!         Ok(Array2::from_shape_fn((inputs.len(), self.0.len()), |(_, class)| self.0[class]))
//!     }
//!     fn save(&self) -> Result<State> {
//!         Ok(State::default().with("share", Array1::from(self.0.clone())))
//!     }
//! }
//! ```
//!
//! The crate `plugins/example` holds a complete plugin (nearest centroid) with its own `bench`
//! program.

mod calibration;
mod card;
mod cost;
mod encoder;
mod error;
mod examples;
mod given_file;
mod insights;
mod memory;
mod params;
pub mod partition;
mod recycling;
mod representation;
mod run;
mod spectrograms;
mod state;
mod wide;

pub use calibration::{Calibration, CalibrationMethod};
pub use card::{Card, Family, Published, Reads};
pub use cost::Cost;
pub use encoder::{
    Compression, Encoder, EncoderCard, EncoderInput, LoadedEncoder, MelScale, MelSettings, Padding,
    PictureSettings, Pooling, Windows,
};
pub use error::{Error, Result};
pub use examples::{Examples, Inputs};
pub use given_file::{GivenFile, KnownFile, WEIGHTS_FOLDER};
pub use insights::{Epoch, Insights, Quality};
pub use memory::{FitShape, size_text, try_zeros};
pub use params::{Param, Params, Value};
pub use recycling::Recycling;
pub use representation::{Representation, Spectrum};
pub use run::{Device, Observer, Run, Silent, random_stream};
pub use spectrograms::Spectrograms;
pub use state::{Loading, Number, Numbers, State};
pub use wide::wide;

use ndarray::Array2;

/// A classifier that can be fitted.
///
/// One value is shared by all folds, so it holds no state of a fit. Hyper-parameters come from the
/// card's defaults, overridden by `--set name.parameter=value`, and are read from [`Run::params`].
pub trait Model: Send + Sync {
    /// What the model is called, reads and can be told.
    ///
    /// Called often; it must always return the same card.
    fn card(&self) -> Card;

    /// Fits the model to `train`.
    ///
    /// `train` has at least one example of every class in the usual case, but a split read from a
    /// file may leave a class out: [`Examples::classes`] always lists all classes of the dataset.
    /// `valid` is for early stopping and calibration; it is empty unless the protocol sets a
    /// validation part aside. Tables and spectrograms were standardised with the training part's mean
    /// and standard deviation.
    ///
    /// All randomness must come from [`Run::rng`], and the result must not depend on
    /// [`Run::threads`]: same seed, same numbers.
    ///
    /// # Errors
    ///
    /// Whatever keeps the model from being fitted. The harness reports it in the model's row and
    /// goes on with the next model; a panic is caught and treated the same.
    fn fit(&self, train: &Examples, valid: &Examples, run: &Run) -> Result<Box<dyn Fitted>>;

    /// A fitted model from what [`Fitted::save`] gave: its scores must be equal to the last bit on the same machine.
    ///
    /// The state comes from a file, which a stranger may have made: whatever is in it, loading ends with a model that can be asked
    /// for scores, or with an error. [`State::take`] checks shapes and numbers; that places lie inside what they point into, and
    /// that everything was [taken](State::end), is the model's to check.
    ///
    /// # Errors
    ///
    /// A state that does not fit; a model that cannot be loaded, as is the case unless it says otherwise.
    fn load(&self, _state: State, _loading: &Loading) -> Result<Box<dyn Fitted>> {
        Err(Error::failed(format!("{} cannot be loaded: it has no `load`", self.card().name)))
    }

    /// What the model takes with these hyper-parameters, for spectrograms of so many rows and columns, tables of so many
    /// columns (whatever of it it reads) and so many classes; None where that depends on the examples.
    ///
    /// # Errors
    ///
    /// Parameters that are not the card's, or sizes that the model does not take.
    fn cost(
        &self,
        _params: &Params,
        _spectrogram: (usize, usize),
        _columns: usize,
        _classes: usize,
    ) -> Result<Option<Cost>> {
        Ok(None)
    }

    /// How many bytes fitting and scoring take at most, beside the examples themselves and the scores that are
    /// returned; None if that is not known.
    ///
    /// The harness asks before every fit. Where there is not as much memory it waits for others to end, or says so in
    /// the model's row instead of letting the whole program end. Rather too much than too little, but less than twice.
    fn memory(&self, _params: &Params, _shape: &FitShape) -> Option<u64> {
        None
    }
}

/// Examples of the smallest block that the harness has scored at once, but for the last of a part.
pub const BLOCK: usize = 32;

/// A fitted classifier.
pub trait Fitted: Send + Sync {
    /// One score per example and class, shape `(examples, classes)`; higher is likelier.
    ///
    /// The score of an example must not depend on which other examples are in `inputs`. All
    /// scores must be finite: the harness reports a NaN or an infinite score as a failure.
    ///
    /// # Errors
    ///
    /// Whatever keeps the scores from being computed.
    fn scores(&self, inputs: &Inputs) -> Result<Array2<f32>>;

    /// As [`Fitted::scores`], for a user who may ask to stop: what the harness calls, with blocks of examples.
    ///
    /// A model that takes more than about half a second for [a block](BLOCK) should ask
    /// [`Observer::cancelled`] in between.
    ///
    /// # Errors
    ///
    /// As [`Fitted::scores`], and [`Error::Cancelled`].
    fn scores_unless_cancelled(&self, inputs: &Inputs, observer: &dyn Observer) -> Result<Array2<f32>> {
        if observer.cancelled() { Err(Error::Cancelled) } else { self.scores(inputs) }
    }

    /// The model in numbers, for [`Model::load`].
    ///
    /// # Errors
    ///
    /// A model that cannot be saved, as is the case unless it says otherwise.
    fn save(&self) -> Result<State> {
        Err(Error::failed("this model cannot be saved: it has no `save`"))
    }

    /// What the fit found out besides: importances of columns, an out-of-bag score, …
    fn insights(&self) -> Insights {
        Insights::default()
    }
}
