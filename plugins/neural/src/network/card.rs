use crate::train::Defaults;
use genre_bench_api::{Card, Family, Param};

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
