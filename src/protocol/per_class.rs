//! So many tracks of each class, where a publication used a part of a dataset.

use super::SplitRequest;
use crate::dataset::Dataset;
use genre_bench_api::random_stream;
use rand::seq::SliceRandom;

/// The examples of some tracks of each class.
pub(super) struct PerClass {
    /// For each example of the dataset whether its track was drawn.
    pub used: Vec<bool>,
    /// Which classes have fewer tracks than wanted, if some do.
    pub shortage: Option<String>,
}

impl PerClass {
    /// Draws the tracks that a request asks for: all there are where it says nothing. The draw depends on the seed alone,
    /// so that all protocols and repeats divide the same tracks.
    pub fn draw(dataset: &Dataset, request: &SplitRequest) -> Self {
        let catalogue = &dataset.catalogue;
        let Some(wanted) = request.per_class.map(|wanted| wanted as usize) else {
            return Self { used: vec![true; catalogue.examples.len()], shortage: None };
        };
        let mut rng = random_stream(request.seed, "tracks of each class");
        let (mut is_drawn, mut short) = (vec![false; catalogue.tracks.len()], Vec::new());
        for (class, name) in catalogue.classes.iter().enumerate() {
            let of_class = catalogue.examples.iter().filter(|example| example.label == class);
            let mut tracks: Vec<usize> = of_class.map(|example| example.track).collect();
            tracks.sort_unstable();
            tracks.dedup();
            if tracks.len() < wanted {
                short.push(format!("{name} {}", tracks.len()));
            }
            tracks.shuffle(&mut rng);
            tracks.into_iter().take(wanted).for_each(|track| is_drawn[track] = true);
        }
        let used = catalogue.examples.iter().map(|example| is_drawn[example.track]).collect();
        let shortage = (!short.is_empty())
            .then(|| format!("fewer than {wanted} tracks, of which all are used: {}", short.join(", ")));
        Self { used, shortage }
    }
}
