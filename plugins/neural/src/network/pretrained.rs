use crate::layers::{Framework, Weights};
use crate::weights::{Transfer, Transferred, WeightsFile, known_files, names, read};
use genre_bench_api::{Card, Error, Param, Params, Result};

/// The hyper-parameters of networks that start from weights of others.
const WEIGHTS: &str = "weights";
const TRAINABLE: &str = "trainable";
const MAY_LACK: &str = "weights-may-lack";
const LAST_STAGE: &str = "last-stage";
/// The word of a known file.
const IMAGENET: &str = "imagenet";

/// What of an architecture the weights of others are, by starts of our names of its weights.
#[derive(Debug, Clone, Copy)]
pub struct Pretrained {
    /// The architecture whose weights they are, as in [`names::of`].
    pub of: &'static str,
    /// What always starts fresh where it is for other classes than the file: the last layer.
    pub head: &'static [&'static str],
    /// What such files do not have at all, because it was put on top.
    pub on_top: &'static [&'static str],
    /// The last stage.
    pub last_stage: &'static [&'static str],
    /// What is trained with `trainable=last-stages`.
    pub last_stages: &'static [&'static str],
    /// What is trained with `trainable=last100`, the last 100 layers of Keras's network; empty where that is no choice.
    pub last_100: &'static [&'static str],
    /// What is trained with `trainable=head`.
    pub trained_head: &'static [&'static str],
    /// The same where the file may lack the last stage: what starts fresh is never frozen.
    pub trained_head_and_last_stage: &'static [&'static str],
}

impl Pretrained {
    /// Adds the hyper-parameters to a card of a network that is trained from scratch as well; `trainable` is the default of
    /// what is trained.
    pub(crate) fn declare(&self, card: Card, trainable: &str) -> Card {
        let weights = "trained weights to start from; three channels are read then, as in ImageNet";
        self.declare_with(card, Param::file(WEIGHTS, known_files(self.of), weights), trainable)
    }

    /// Adds them to a card of a network that is nothing without weights: by default those of ImageNet.
    pub(crate) fn declare_needed(&self, card: Card) -> Card {
        let weights = "trained weights to start from, in three channels; none trains from scratch";
        let file = Param::file(WEIGHTS, known_files(self.of), weights).by_default(IMAGENET);
        self.declare_with(card, file, "all")
    }

    fn declare_with(&self, card: Card, file: Param, trainable: &str) -> Card {
        let last_100 = if self.last_100.is_empty() { &[][..] } else { &["last100"] };
        let others =
            ["all", "head", "last-stages"].iter().chain(last_100).filter(|other| **other != trainable);
        let choices: Vec<&str> = std::iter::once(&trainable).chain(others).copied().collect();
        let trained = "what is trained where weights are given; the rest is frozen";
        let may_lack = "what the file of weights may lack; it starts fresh";
        card.param(file.keeping(&["width"]))
            .param(Param::choice(TRAINABLE, &choices, trained))
            .param(Param::choice(MAY_LACK, &["nothing", LAST_STAGE], may_lack))
    }

    /// The file alone, as a parameter of an encoder.
    pub(crate) fn needed_file(&self) -> Param {
        Param::file(WEIGHTS, known_files(self.of), "trained weights").by_default(IMAGENET)
    }

    /// Whether the hyper-parameters name a file.
    ///
    /// # Errors
    ///
    /// The card does not declare them.
    pub(super) fn is_asked(params: &Params) -> Result<bool> {
        Ok(params.file(WEIGHTS)?.is_some())
    }

    /// Starts of the names of what is trained; None where that is everything.
    ///
    /// # Errors
    ///
    /// The card does not declare them.
    pub(super) fn trained(&self, params: &Params) -> Result<Option<&'static [&'static str]>> {
        Ok(match params.choice(TRAINABLE)? {
            "head" if params.choice(MAY_LACK)? == LAST_STAGE => Some(self.trained_head_and_last_stage),
            "head" => Some(self.trained_head),
            "last-stages" => Some(self.last_stages),
            "last100" => Some(self.last_100),
            _ => None,
        })
    }

    /// Reads the file that was hashed when the run was planned.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is another by now.
    pub(crate) fn read(params: &Params) -> Result<Option<WeightsFile>> {
        let Some(given) = params.file(WEIGHTS)? else { return Ok(None) };
        let Some(path) = &given.path else {
            return Err(Error::failed(format!("weights {given}: their place is not known any more")));
        };
        let file = read(path)?;
        if file.sha256 != given.sha256 {
            let path = path.display();
            return Err(Error::failed(format!(
                "{path}: changed after the run had begun; give the command again"
            )));
        }
        Ok(Some(file))
    }

    /// Whose layers a file's weights are of, as its names tell; none where they are our own.
    pub(crate) fn framework(&self, file: &WeightsFile) -> Option<Framework> {
        names::likely(names::of(self.of), file.arrays.keys()).map(|naming| naming.framework)
    }

    /// Puts a file into the weights of the network.
    ///
    /// # Errors
    ///
    /// It is not of this architecture.
    pub(super) fn transfer(
        &self,
        file: WeightsFile,
        weights: &Weights,
        params: &Params,
    ) -> Result<Transferred> {
        let mut may_lack = self.on_top.to_vec();
        if params.choice(MAY_LACK)? == LAST_STAGE {
            may_lack.extend(self.last_stage);
        }
        // Keras's `notop` files and feature extractors have no last layer.
        may_lack.extend(self.head);
        Transfer { namings: names::of(self.of), head: self.head, may_lack: &may_lack }.apply(file, weights)
    }
}
