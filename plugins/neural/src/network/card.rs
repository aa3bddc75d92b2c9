use crate::layers::Framework;
use crate::train::Defaults;
use genre_bench_api::{Card, Family, Param};

/// The hyper-parameter of networks with batch normalization that says how far a batch moves its running statistics.
pub(super) const NORM_MOMENTUM: &str = "norm-momentum";

/// The hyper-parameter of networks with convolutions that says whether every product of them is computed.
pub(super) const EXACT: &str = "exact";

/// The hyper-parameter [`NORM_MOMENTUM`], by default the framework's.
pub fn norm_momentum(framework: Framework) -> Param {
    let help = "how far a batch moves the running statistics of batch normalization";
    // In single precision 0.1 is not 0.1.
    let default = (f64::from(framework.norm_momentum()) * 1e6).round() / 1e6;
    Param::float(NORM_MOMENTUM, default, help).between(0.0, 1.0)
}

/// The card of a network that reads the feature table, with the hyper-parameters that all networks have.
pub fn card(name: &str, summary: &str, recipe: Defaults) -> Card {
    let card = Card::new(name, Family::Neural, summary);
    recipe.params().into_iter().fold(card, Card::param).param(Param::choice(
        "precision",
        &["f32", "bf16"],
        "floating-point type; bf16 is for CUDA devices",
    ))
}

/// The card of a network that reads spectrograms, of the first kind unless another is chosen.
pub fn spectrogram_card(name: &str, summary: &str, kinds: &[&str], recipe: Defaults) -> Card {
    card(name, summary, recipe).param(Defaults::spec_augment()).reading_spectrograms(kinds)
}

/// The card of a network with convolutions over such spectrograms.
pub fn convolving_card(name: &str, summary: &str, kinds: &[&str], recipe: Defaults) -> Card {
    let help = "convolve on the CPU with every product, not with Winograd's fewer ones";
    spectrogram_card(name, summary, kinds, recipe).param(Param::bool(EXACT, false, help))
}
