//! By what and where the fits of a run were made.

use super::{FoldResult, Results};
use crate::run::Made;
use crate::util::shown::counted;
use serde::Serialize;

/// Fits that were made by the same program on the same machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MadeFits {
    /// How; `None` of fits by a version that did not record it.
    pub made: Option<Made>,
    /// How many.
    pub fits: usize,
}

impl MadeFits {
    /// Of all finished fits of a run, the most first.
    pub fn of(results: &Results) -> Vec<Self> {
        let models = 0..results.plan.models.len();
        Self::grouped(models.flat_map(|model| results.fits(model)))
    }

    /// Of one model.
    pub fn of_model(results: &Results, model: usize) -> Vec<Self> {
        Self::grouped(results.fits(model))
    }

    fn grouped<'r>(fits: impl Iterator<Item = FoldResult<'r>>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for fit in fits {
            match all.iter_mut().find(|other| other.made.as_ref() == fit.record.made.as_deref()) {
                Some(other) => other.fits += 1,
                None => all.push(Self { made: fit.record.made.as_deref().cloned(), fits: 1 }),
            }
        }
        all.sort_by_key(|made| std::cmp::Reverse(made.fits));
        all
    }

    /// The commits, each once, for people.
    pub fn commits(all: &[Self]) -> String {
        let commit =
            |made: &Made| made.commit.clone().unwrap_or_else(|| "built outside of a checkout".to_owned());
        Self::said(all, commit)
    }

    /// The machines, each once, with the fits that they made at a time, for people.
    pub fn machines(all: &[Self]) -> String {
        Self::said(all, |made| {
            let Made { jobs, threads, machine, .. } = made;
            format!("{machine}; {} at a time, {} each", counted(*jobs, "fit"), counted(*threads, "thread"))
        })
    }

    fn said(all: &[Self], of: impl Fn(&Made) -> String) -> String {
        let mut said: Vec<(String, usize)> = Vec::new();
        for Self { made, fits } in all {
            let text = made.as_ref().map_or_else(|| "not recorded".to_owned(), &of);
            match said.iter_mut().find(|(other, _)| *other == text) {
                Some((_, count)) => *count += fits,
                None => said.push((text, *fits)),
            }
        }
        match &said[..] {
            [(text, _)] => text.clone(),
            several => {
                let each = several.iter().map(|(text, fits)| format!("{text} ({fits} fits)"));
                each.collect::<Vec<_>>().join("; ")
            }
        }
    }
}
