//! From values to places.

/// From values to places on an axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    values: (f64, f64),
    places: (f64, f64),
    is_log: bool,
}

impl Scale {
    /// Equal steps for equal differences.
    pub fn linear(values: (f64, f64), places: (f64, f64)) -> Self {
        let values = if values.1 > values.0 { values } else { (values.0 - 0.5, values.0 + 0.5) };
        Self { values, places, is_log: false }
    }

    /// Equal steps for equal ratios; both ends above 0.
    pub fn log(values: (f64, f64), places: (f64, f64)) -> Self {
        let low = values.0.max(f64::MIN_POSITIVE);
        let high = if values.1 > low { values.1 } else { 10.0 * low };
        Self { values: (low, high), places, is_log: true }
    }

    /// The same with its ends at ticks, so that no mark stands beyond the last of them.
    pub fn nice(self, wanted: usize) -> Self {
        if self.is_log {
            let ends = (self.values.0.log10().floor(), self.values.1.log10().ceil());
            return Self { values: (10_f64.powf(ends.0), 10_f64.powf(ends.1)), ..self };
        }
        let step = step(self.values, wanted);
        let ends = ((self.values.0 / step).floor() * step, (self.values.1 / step).ceil() * step);
        Self { values: ends, ..self }
    }

    /// Where a value stands; what is outside stands at the nearer end.
    pub fn at(&self, value: f64) -> f64 {
        let share = if self.is_log {
            (value.max(self.values.0) / self.values.0).ln() / (self.values.1 / self.values.0).ln()
        } else {
            (value - self.values.0) / (self.values.1 - self.values.0)
        };
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        self.places.0 + share * (self.places.1 - self.places.0)
    }

    /// The ends in pixels.
    pub fn places(&self) -> (f64, f64) {
        self.places
    }

    /// Values of about so many ticks, at 1, 2 or 5 times a power of ten; of a logarithmic scale at powers of ten, where
    /// these are few with what is between.
    pub fn ticks(&self, wanted: usize) -> Vec<f64> {
        let (low, high) = self.values;
        if !self.is_log {
            let step = step(self.values, wanted);
            let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
            return (first..=last).map(|at| at as f64 * step).collect();
        }
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let within = |value: &f64| *value >= low * 0.999 && *value <= high * 1.001;
        let decades = (first..=last).map(|power| 10_f64.powi(power)).filter(within).count();
        let between: &[f64] = if decades <= 2 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let wanted = wanted.max(1);
        let every = ((decades + wanted / 2) / wanted).max(1) as i32;
        let powers = (first..=last).filter(|power| power.rem_euclid(every) == 0);
        powers.flat_map(|power| between.iter().map(move |b| b * 10_f64.powi(power))).filter(within).collect()
    }
}

/// The step of about so many ticks: of 1, 2, 5 and 10 the one whose ratio to the wanted step is nearest to 1.
fn step((low, high): (f64, f64), wanted: usize) -> f64 {
    let rough = (high - low) / wanted.max(1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    // The geometric means of neighbours are where the next one is as near.
    let nearest = [(2_f64.sqrt(), 1.0), (10_f64.sqrt(), 2.0), (50_f64.sqrt(), 5.0)];
    let found = nearest.into_iter().find(|(end, _)| rough / power < *end);
    found.map_or(10.0, |(_, factor)| factor) * power
}

/// The value of a tick, with as many decimals as its neighbours need.
pub fn tick_text(value: f64) -> String {
    let size = value.abs();
    if size >= 1e6 {
        return format!("{value:.0e}");
    }
    let text = if size < 0.001 && size > 0.0 { format!("{value:.0e}") } else { format!("{value:.4}") };
    if text.contains('e') {
        return text;
    }
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.replace('-', "−") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_about_as_many_as_wanted() {
        let of = |low, high, wanted| Scale::linear((low, high), (0.0, 1.0)).ticks(wanted);
        assert_eq!(of(0.0, 100.0, 5), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(of(41.0, 92.0, 5), [50.0, 60.0, 70.0, 80.0, 90.0]);
        assert_eq!(of(0.0, 1.5, 3), [0.0, 0.5, 1.0, 1.5]);
        let logs = |low, high| Scale::log((low, high), (0.0, 1.0)).ticks(5);
        assert_eq!(logs(0.01, 1000.0), [0.01, 0.1, 1.0, 10.0, 100.0, 1000.0]);
        assert_eq!(logs(1.0, 10.0), [1.0, 2.0, 5.0, 10.0]);
    }

    #[test]
    fn places_are_in_proportion_and_never_outside() {
        let scale = Scale::linear((0.0, 10.0), (100.0, 0.0));
        assert_eq!([0.0, 5.0, 10.0, 12.0].map(|value| scale.at(value)), [100.0, 50.0, 0.0, 0.0]);
        let scale = Scale::log((1.0, 100.0), (0.0, 2.0));
        assert!((scale.at(10.0) - 1.0).abs() < 1e-12);
        assert_eq!(scale.at(f64::NAN), 0.0);
        assert_eq!(Scale::linear((1.0, 98.0), (0.0, 1.0)).nice(5).ticks(5).len(), 6);
    }
}
