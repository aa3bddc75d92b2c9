//! What others published for these systems.

use genre_bench_api::{Card, Published};

/// Train and test F1 in percent, as printed in the source.
pub(crate) type Percent = (f64, f64);

/// Adds the figures of Ghaemi, Leclercq and Capobianco for 30 s and 3 s examples of GTZAN.
///
/// They split the rows of the published feature tables 80/20, so that at 3 s pieces of one
/// recording are on both sides.
pub(crate) fn with_ghaemi(card: Card, whole_clips: Percent, pieces: Percent) -> Card {
    let figure = |seconds, (train, test): Percent| Published {
        source: "Ghaemi, Leclercq, Capobianco: CRNN and transfer learning on GTZAN".to_owned(),
        input: "table".to_owned(),
        seconds,
        protocol: "segment".to_owned(),
        metric: "f1".to_owned(),
        train: Some(train / 100.0),
        test: test / 100.0,
    };
    card.published(figure(30, whole_clips)).published(figure(3, pieces))
}
