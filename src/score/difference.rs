use super::interval::{Interval, IntervalMethod, quantile};
use super::metric::Statistic;
use rand::Rng;

/// How many times a difference is drawn.
const RESAMPLES: usize = 4000;

/// A figure of a run whose tested tracks are drawn in units: single tracks, or all tracks of an artist.
pub struct Resampled<'p> {
    /// The figure of any of the tracks.
    pub statistic: Statistic<'p>,
    /// For each unit its tracks, by their numbers in [`Resampled::statistic`].
    pub units: Vec<Vec<usize>>,
}

impl Resampled<'_> {
    /// Of the units at some places, which may repeat.
    fn of(&self, places: &[usize]) -> f64 {
        let tracks: Vec<usize> = places.iter().flat_map(|&place| &self.units[place]).copied().collect();
        (self.statistic.of)(&tracks)
    }

    fn whole(&self) -> f64 {
        self.of(&(0..self.units.len()).collect::<Vec<_>>())
    }
}

/// By how much `a` is above `b`, both of the same units in the same order: every draw takes the same units of both, so
/// what is hard for both does not widen the interval.
///
/// The 95 % percentile bootstrap of 4000 draws, as `scipy.stats.bootstrap(paired=True, method="percentile")`. Draws that
/// do not define a figure are left out.
///
/// B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap", chapters 8 and 13, 1993.
///
/// # Panics
///
/// Where the units are not as many.
pub fn paired_difference(a: &Resampled, b: &Resampled, rng: &mut impl Rng) -> Interval {
    assert_eq!(a.units.len(), b.units.len(), "both of the same units");
    let draw = || {
        let places = draw(a.units.len(), rng);
        a.of(&places) - b.of(&places)
    };
    interval(a.whole() - b.whole(), draw, IntervalMethod::PairedBootstrap)
}

/// The same of figures whose units have nothing to do with each other: each side's are drawn by themselves.
pub fn independent_difference(a: &Resampled, b: &Resampled, rng: &mut impl Rng) -> Interval {
    let draw = || a.of(&draw(a.units.len(), rng)) - b.of(&draw(b.units.len(), rng));
    interval(a.whole() - b.whole(), draw, IntervalMethod::IndependentBootstrap)
}

fn draw(units: usize, rng: &mut impl Rng) -> Vec<usize> {
    (0..units).map(|_| rng.gen_range(0..units)).collect()
}

fn interval(mean: f64, draw: impl FnMut() -> f64, method: IntervalMethod) -> Interval {
    let mut drawn: Vec<f64> = std::iter::repeat_with(draw).take(RESAMPLES).collect();
    drawn.retain(|difference| !difference.is_nan());
    drawn.sort_by(f64::total_cmp);
    Interval { mean, low: quantile(&drawn, 0.025), high: quantile(&drawn, 0.975), method }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;
    use genre_bench_api::random_stream;
    use serde_json::Value;

    /// The share of tracks that are right, drawn in units of `size` tracks.
    fn share(right: Vec<bool>, size: usize) -> Resampled<'static> {
        let (tracks, numbers) = (right.len(), (0..right.len()).collect::<Vec<_>>());
        let of = move |drawn: &[usize]| {
            drawn.iter().filter(|&&track| right[track]).count() as f64 / drawn.len() as f64
        };
        let units = numbers.chunks(size).map(<[usize]>::to_vec).collect();
        Resampled { statistic: Statistic { tracks, of: Box::new(of) }, units }
    }

    fn rng() -> impl Rng {
        random_stream(1, "difference")
    }

    #[track_caller]
    fn assert_near(interval: &Interval, mean: f64, half: f64) {
        assert!((interval.mean - mean).abs() < 1e-12, "{interval:?}");
        for (end, wanted) in [(interval.low, mean - half), (interval.high, mean + half)] {
            assert!((end - wanted).abs() < 0.1 * half, "{interval:?}, not {mean} ± {half}");
        }
    }

    #[test]
    fn intervals_are_those_of_the_closed_forms() {
        // Of 400 tracks both get 200, a another 60 and b another 20.
        let right = |from: usize, to: usize| (0..400).map(|at| (from..to).contains(&at)).collect::<Vec<_>>();
        let (a, b) = (share(right(0, 260), 1), share(right(60, 280), 1));
        let (p, q) = (0.65_f64, 0.55_f64);
        // Differences of single tracks are 1 for 60 and −1 for 20 of them.
        let paired = 1.96 * ((80.0 / 400.0 - 0.1_f64.powi(2)) / 400.0).sqrt();
        assert_near(&paired_difference(&a, &b, &mut rng()), 0.1, paired);
        let independent = 1.96 * ((p * (1.0 - p) + q * (1.0 - q)) / 400.0).sqrt();
        assert_near(&independent_difference(&a, &b, &mut rng()), 0.1, independent);
    }

    #[test]
    fn units_are_drawn_whole() {
        // Ten tracks of a unit are all right or all wrong: 400 units tell as much as 400 tracks.
        let of_units: Vec<bool> = (0..400).map(|unit| unit % 4 != 0).collect();
        let of_tracks: Vec<bool> = of_units.iter().flat_map(|&right| [right; 10]).collect();
        let (all, none) = (|size| share(of_tracks.clone(), size), |size| share(vec![false; 4000], size));
        let by_unit = paired_difference(&all(10), &none(10), &mut rng());
        assert_near(&by_unit, 0.75, 1.96 * (0.75 * 0.25 / 400.0_f64).sqrt());
        assert_eq!(by_unit, paired_difference(&share(of_units, 1), &share(vec![false; 400], 1), &mut rng()));
        let by_track = paired_difference(&all(1), &none(1), &mut rng());
        assert!(by_track.high - by_track.low < 0.5 * (by_unit.high - by_unit.low));
    }

    #[test]
    fn a_run_does_not_differ_from_itself() {
        let run = || share((0..30).map(|at| at % 3 == 0).collect(), 1);
        let difference = paired_difference(&run(), &run(), &mut rng());
        assert_eq!((difference.low, difference.mean, difference.high), (0.0, 0.0, 0.0));
        let other = independent_difference(&run(), &run(), &mut rng());
        assert!(other.low < 0.0 && other.high > 0.0);
    }

    #[test]
    fn differences_are_scipys() {
        let text =
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/score/differences.json"));
        let cases: Value = serde_json::from_str(text).unwrap();
        for case in cases.as_array().unwrap() {
            let read = |key: &str| serde_json::from_value::<Vec<bool>>(case[key].clone()).unwrap();
            let (a, b) = (share(read("a"), 1), share(read("b"), 1));
            let ours = match case["paired"].as_bool().unwrap() {
                true => paired_difference(&a, &b, &mut rng()),
                false => independent_difference(&a, &b, &mut rng()),
            };
            // Both draw at random; ends are multiples of a track.
            for (own, key) in [(ours.mean, "mean"), (ours.low, "low"), (ours.high, "high")] {
                let wanted = case[key].as_f64().unwrap();
                let most = if key == "mean" { 1e-12 } else { 0.012 };
                assert!((own - wanted).abs() < most, "{key}: {own} instead of {wanted}");
            }
        }
    }
}
