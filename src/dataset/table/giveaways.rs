//! Columns that measure nothing but tell the class: row numbers, ids, and the label in other words.
//!
//! They are found by what they hold. Every rule asks for more than a column could do by chance, judged by the number of
//! tracks and not of rows, since segments of a track share much, and by the number of columns that had a chance.

use std::collections::HashMap;

/// What a table says is true of its rows.
#[derive(Debug)]
pub struct Truth {
    /// Class of each row, numbered by first appearance.
    labels: Vec<usize>,
    /// Names of the classes.
    classes: Vec<String>,
    /// Track of each row, numbered by first appearance.
    tracks: Vec<usize>,
    /// The first row of each track.
    firsts: Vec<usize>,
    /// Tracks of each class.
    tracks_of_class: Vec<usize>,
    /// Logarithm of the chance that tracks in random order stand by class.
    chance_of_order: f64,
}

/// What a column is thought to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// No measurement, for this reason.
    LeaveOut(String),
    /// It looks like none, but may be one.
    Doubt(String),
}

/// A rule holds if less than this is expected by chance over all columns.
const CHANCE: f64 = 1e-4;

/// Fewer rows or tracks show no order.
const FEWEST: usize = 10;

/// With so many tracks an order is no luck.
const MANY: usize = 100;

/// Up to this share of rows may be at odds with a rule.
const IMPURE: f64 = 0.01;

/// Rows that are looked at first.
const SAMPLE: usize = 256;

impl Truth {
    /// From the label and, where it is known, the track of each row; rows without one are tracks of their own.
    pub fn of<'a>(labels: &[String], tracks: impl Iterator<Item = Option<&'a str>>) -> Self {
        let mut number_of: HashMap<&str, usize> = HashMap::new();
        let mut classes = Vec::new();
        let labels: Vec<usize> = labels
            .iter()
            .map(|label| {
                *number_of.entry(label).or_insert_with(|| {
                    classes.push(label.clone());
                    classes.len() - 1
                })
            })
            .collect();
        let mut track_of: HashMap<&str, usize> = HashMap::new();
        let mut firsts = Vec::new();
        let mut number = |(row, track): (usize, Option<&'a str>)| {
            let mut new = || {
                firsts.push(row);
                firsts.len() - 1
            };
            match track {
                Some(track) => *track_of.entry(track).or_insert_with(new),
                None => new(),
            }
        };
        let tracks = tracks.enumerate().map(&mut number).collect();
        let mut tracks_of_class = vec![0; classes.len()];
        firsts.iter().for_each(|&row| tracks_of_class[labels[row]] += 1);
        let arrangements: f64 = tracks_of_class.iter().map(|&count| ln_factorial(count)).sum();
        let chance_of_order = ln_factorial(classes.len()) + arrangements - ln_factorial(firsts.len());
        Self { labels, classes, tracks, firsts, tracks_of_class, chance_of_order }
    }

    /// Whether the values count rows, or anything else that grows from row to row by the same.
    pub fn numbers_rows(&self, values: &[f64]) -> bool {
        let step = values.get(1).map_or(1.0, |second| second - values[0]);
        step != 0.0 && values.windows(2).all(|pair| pair[1] - pair[0] == step)
    }

    fn constant_in_tracks(&self, values: &[f64]) -> bool {
        values.iter().zip(&self.tracks).all(|(value, &track)| *value == values[self.firsts[track]])
    }

    /// Rows that may be at odds with a rule.
    fn exceptions(&self, rows: usize) -> usize {
        (IMPURE * rows as f64) as usize
    }
}

/// What to think of a column of numbers that is one of `columns`. The 57 published features are given the benefit of
/// the doubt where a real feature might look the same.
pub fn judge(name: &str, values: &[f64], truth: &Truth, columns: usize, published: bool) -> Option<Verdict> {
    if values.iter().all(|value| *value == values[0]) {
        return None;
    }
    let leave_out = |why: &str| Some(Verdict::LeaveOut(why.to_owned()));
    let unlikely = |ln_chance: f64| ln_chance + (columns as f64).ln() < CHANCE.ln();
    if let Some(why) = one_value_a_class(name, values, truth, &unlikely) {
        return Some(Verdict::LeaveOut(why));
    }
    let whole = values.iter().all(|value| value.fract() == 0.0);
    let (rows, tracks) = (values.len(), truth.firsts.len());
    if rows >= FEWEST && truth.numbers_rows(values) {
        return leave_out("a row number");
    }
    if rows >= FEWEST && whole && is_sorted_strictly(values) {
        return leave_out("counts up from row to row");
    }
    let distinct = || Distinct::of(values);
    let of_tracks = whole && tracks < rows && truth.constant_in_tracks(values);
    if of_tracks && tracks >= FEWEST {
        let firsts: Vec<f64> = truth.firsts.iter().map(|&row| values[row]).collect();
        if is_sorted_strictly(&firsts) || distinct().is_even(tracks) {
            return leave_out("numbers the tracks");
        }
    }
    if tracks >= FEWEST && unlikely(truth.chance_of_order) && in_order_of_class(values, truth) {
        let distinct = distinct();
        if distinct.is_even(rows) || distinct.is_even(tracks) {
            return leave_out("numbers rows or tracks, which stand by class");
        }
        // Real features do so for two or three genres that differ much, so there it takes more to be sure.
        let why = "its values alone tell the classes apart";
        let sure = match whole {
            true => truth.classes.len() > 2,
            false => truth.classes.len() > 3 && tracks >= MANY,
        };
        return if sure && !published { leave_out(why) } else { Some(Verdict::Doubt(why.to_owned())) };
    }
    if whole && truth.constant_in_tracks(values) {
        let firsts: Vec<f64> = truth.firsts.iter().map(|&row| values[row]).collect();
        if is_lookup(&firsts, truth, &unlikely) {
            return leave_out("an id: each of its values has one class");
        }
        if is_named_id(name) && Distinct::of(&firsts).0.len() == tracks {
            return leave_out("an id by its name, of another value everywhere");
        }
    }
    None
}

/// Whether all rows of a class have one value, and not all classes the same: the label as a number, a column that is 1
/// for one class, a coarser label.
fn one_value_a_class(
    name: &str,
    values: &[f64],
    truth: &Truth,
    unlikely: &impl Fn(f64) -> bool,
) -> Option<String> {
    // The majority's value, by Boyer and Moore.
    let mut majority = vec![(0.0, 0_usize); truth.classes.len()];
    for (value, &label) in values.iter().zip(&truth.labels) {
        let (of_class, count) = &mut majority[label];
        match (*count, *of_class == *value) {
            (0, _) => (*of_class, *count) = (*value, 1),
            (_, true) => *count += 1,
            (_, false) => *count -= 1,
        }
    }
    let mut exceptions = 0;
    for (value, &label) in values.iter().zip(&truth.labels) {
        exceptions += usize::from(*value != majority[label].0);
        if exceptions > truth.exceptions(values.len()) {
            return None;
        }
    }
    let mut classes_of: HashMap<u64, Vec<usize>> = HashMap::new();
    for (class, (value, _)) in majority.iter().enumerate() {
        classes_of.entry((value + 0.0).to_bits()).or_default().push(class);
    }
    let (classes, distinct) = (truth.classes.len(), classes_of.len());
    if distinct < 2 {
        return None;
    }
    let alone = classes_of.values().find(|of_value| of_value.len() == 1).filter(|_| distinct == 2);
    let ways = match (distinct == classes, alone) {
        (true, _) => ln_factorial(classes),
        (false, Some(_)) => (classes as f64).ln(),
        (false, None) => classes as f64 * (distinct as f64).ln(),
    };
    let tracks = |of_value: &Vec<usize>| of_value.iter().map(|&class| truth.tracks_of_class[class]).sum();
    let arrangements: f64 = classes_of.values().map(|of_value| ln_factorial(tracks(of_value))).sum();
    let chance = ways + arrangements - ln_factorial(truth.firsts.len());
    let said = exceptions == 0 && is_named_label(name, &truth.classes);
    if !said && !unlikely(chance) {
        return None;
    }
    Some(match alone {
        Some(class) if classes > 2 => format!("is `{}` or not", truth.classes[class[0]]),
        _ if distinct == classes => "one number a class".to_owned(),
        _ => "the same number all through each class".to_owned(),
    })
}

/// Whether rows sorted by the value stand by class, but for a few.
fn in_order_of_class(values: &[f64], truth: &Truth) -> bool {
    let classes = truth.classes.len();
    let changes = |rows: &mut Vec<(f64, usize)>| {
        rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        rows.windows(2).filter(|pair| pair[0].1 != pair[1].1).count()
    };
    let step = values.len().div_ceil(SAMPLE);
    if step > 1 {
        // Hardly any column passes, so most are not sorted whole.
        let mut sample: Vec<(f64, usize)> =
            (0..values.len()).step_by(step).map(|row| (values[row], truth.labels[row])).collect();
        if changes(&mut sample) > classes - 1 + SAMPLE / 8 {
            return false;
        }
    }
    let mut rows: Vec<(f64, usize)> = values.iter().copied().zip(truth.labels.iter().copied()).collect();
    // A row out of place makes two changes.
    changes(&mut rows) < classes + 2 * truth.exceptions(values.len())
}

/// Whether most tracks share their value with another, and those that do share the class.
fn is_lookup(firsts: &[f64], truth: &Truth, unlikely: &impl Fn(f64) -> bool) -> bool {
    let mut rows: Vec<(f64, usize)> =
        firsts.iter().zip(&truth.firsts).map(|(value, &row)| (*value, truth.labels[row])).collect();
    rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let (mut shared, mut repeats, mut impure) = (0, 0, 0);
    for same in rows.chunk_by(|a, b| a.0 == b.0) {
        let most = same.chunk_by(|a, b| a.1 == b.1).map(<[_]>::len).max().unwrap_or(0);
        impure += same.len() - most;
        repeats += same.len() - 1;
        shared += if same.len() > 1 { same.len() } else { 0 };
    }
    let largest = truth.tracks_of_class.iter().max().copied().unwrap_or(0) as f64 / firsts.len() as f64;
    2 * shared >= firsts.len()
        && impure <= truth.exceptions(firsts.len())
        && unlikely(repeats as f64 * largest.ln())
}

/// Values without repetition, ascending.
struct Distinct(Vec<f64>);

impl Distinct {
    fn of(values: &[f64]) -> Self {
        let mut values = values.to_vec();
        values.sort_unstable_by(f64::total_cmp);
        values.dedup();
        Self(values)
    }

    /// Whether there are so many, one as far from the next as all others, but for what rounding leaves.
    fn is_even(&self, count: usize) -> bool {
        let (Some(first), Some(last)) = (self.0.first(), self.0.last()) else { return false };
        let step = (last - first) / (self.0.len() - 1).max(1) as f64;
        self.0.len() == count
            && count >= FEWEST
            && self.0.windows(2).all(|pair| (pair[1] - pair[0] - step).abs() <= 1e-3 * step)
    }
}

fn is_sorted_strictly(values: &[f64]) -> bool {
    values.windows(2).all(|pair| pair[0] < pair[1]) || values.windows(2).all(|pair| pair[0] > pair[1])
}

/// Whether a name is one that ids have.
fn is_named_id(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["id", "idx", "no", "nr", "row", "rowid", "rownum", "row_number"].contains(&name.as_str())
        || name.ends_with("_id")
}

/// Whether a name speaks of the label.
fn is_named_label(name: &str, classes: &[String]) -> bool {
    let name = name.to_lowercase();
    name == "y"
        || ["label", "genre", "class", "target"].iter().any(|word| name.contains(word))
        || classes.iter().any(|class| name.contains(&class.to_lowercase()))
}

fn ln_factorial(n: usize) -> f64 {
    (2..=n).map(|factor| (factor as f64).ln()).sum()
}
