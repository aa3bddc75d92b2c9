//! Two models of a run, track by track.

use super::paired::p_value;
use super::{Grid, Results, classes, width};
use crate::score::by_track;
use crate::score::comparison::mcnemar;
use crate::util::shown::one_line;
use console::style;
use serde::Serialize;
use textwrap::fill;

/// Tracks that are named.
const SHOWN: usize = 20;

/// Which tracks two models get right; a track's label is the majority vote of its segments.
#[derive(Debug, Serialize)]
pub struct Duel {
    /// The models.
    pub models: [String; 2],
    /// Tracks that both get right.
    pub both_right: u64,
    /// Tracks that both get wrong.
    pub both_wrong: u64,
    /// Tracks that the one alone gets right, and those that the other alone does.
    pub only: [Vec<Track>; 2],
    /// That the one is right as often as the other where they differ: McNemar's test.
    pub p_value: f64,
}

/// A track that one of two models gets right.
#[derive(Debug, Serialize)]
pub struct Track {
    /// Its name.
    pub track: String,
    /// Its genre.
    pub truth: String,
    /// What the other model takes it for.
    pub taken_for: String,
}

impl Duel {
    /// Of two models that finished their folds, on those of the first repeat and seed; `None` where one did not.
    pub fn of(results: &Results, models: [usize; 2]) -> Option<Self> {
        let [a, b] = models.map(|model| results.complete(model));
        let (a, b) = (a?, b?);
        let catalogue = &results.catalogue;
        let mut duel = Self {
            models: models.map(|model| results.plan.models[model].name.clone()),
            both_right: 0,
            both_wrong: 0,
            only: [Vec::new(), Vec::new()],
            p_value: 1.0,
        };
        // A track that is tested again is no new evidence.
        for (a, b) in a.iter().zip(&b).filter(|(a, _)| a.fold.repeat == 0 && a.seed == 0) {
            let (tracks, truth) = (results.tracks(&a.fold.test), results.truth(&a.fold.test));
            let voted = [a, b].map(|cell| by_track(&tracks, &truth, cell.record.scores().view()));
            for (at, &id) in voted[0].ids.iter().enumerate() {
                let (truth, labels) =
                    (voted[0].truth[at], [0, 1].map(|side: usize| voted[side].by_majority[at]));
                let track = |other: usize| Track {
                    track: catalogue.tracks[id].clone(),
                    truth: catalogue.classes[truth].clone(),
                    taken_for: catalogue.classes[labels[other]].clone(),
                };
                match labels.map(|label| label == truth) {
                    [true, true] => duel.both_right += 1,
                    [false, false] => duel.both_wrong += 1,
                    [true, false] => duel.only[0].push(track(1)),
                    [false, true] => duel.only[1].push(track(0)),
                }
            }
        }
        let [first, second] = [0, 1].map(|side: usize| duel.only[side].len() as u64);
        duel.p_value = mcnemar(first, second);
        Some(duel)
    }

    /// For people: the table of agreement, the tracks that one alone gets right, and both confusion matrices.
    pub fn text(&self, results: &Results, models: [usize; 2]) -> String {
        let [a, b] = &self.models;
        let mut grid = Grid::new(1, [String::new(), format!("{b} right"), format!("{b} wrong")]);
        let only = [0, 1].map(|side: usize| self.only[side].len().to_string());
        grid.row([format!("{a} right"), self.both_right.to_string(), only[0].clone()]);
        grid.row([format!("{a} wrong"), only[1].clone(), self.both_wrong.to_string()]);
        let mut out = format!("{}\n{grid}", style("Tracks, by majority of their segments").bold());
        let test = "that each is right as often as the other where they differ: McNemar's test";
        out += &format!("{}\n\n", fill(&format!("p = {} ({test}).", p_value(self.p_value)), width()));
        for (side, right) in self.models.iter().enumerate() {
            let tracks = &self.only[side];
            if tracks.is_empty() {
                continue;
            }
            out += &format!("{}\n", style(format!("Only {right} gets right: {}", tracks.len())).bold());
            for Track { track, truth, taken_for } in tracks.iter().take(SHOWN) {
                out += &format!(
                    "  {} is {}, taken for {}\n",
                    one_line(track),
                    one_line(truth),
                    one_line(taken_for)
                );
            }
            if tracks.len() > SHOWN {
                out += &format!("  and {} more (--json has all)\n", tracks.len() - SHOWN);
            }
            out.push('\n');
        }
        out + &models.map(|model| classes::confusion(results, model)).join("\n")
    }
}
