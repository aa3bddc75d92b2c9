//! Beats: the onsets that a listener would tap to.

/// How dearly a beat off the tempo is paid for.
const TIGHTNESS: f64 = 100.0;

/// Frames of the beats, given the onset strength of all frames and the tempo in beats a minute.
///
/// Dynamic programming finds the series of frames with the strongest onsets whose distances stray
/// least from the tempo; weak beats at either end are dropped. None where the tempo is not above 0 or
/// nothing ever begins.
///
/// Reference: D. Ellis, *Beat tracking by dynamic programming*, J. New Music Research 36 (2007);
/// `librosa.beat.beat_track`.
pub fn beats(onset: &[f32], tempo: f64, rate: u32, hop: usize) -> Vec<usize> {
    if tempo.is_nan() || tempo <= 0.0 || onset.len() < 2 || onset.iter().all(|&x| x == 0.0) {
        return Vec::new();
    }
    let distance = (f64::from(rate) / hop as f64 * 60.0 / tempo).round_ties_even().max(1.0);
    let local = local_score(onset, distance);
    let (total, before) = best_series(&local, distance);
    let mut beats = Vec::new();
    let mut at = Some(last_beat(&total));
    while let Some(frame) = at {
        beats.push(frame);
        at = before[frame];
    }
    beats.reverse();
    trim(&local, beats)
}

/// Onset strength, scaled to a standard deviation of 1, smoothed by a bell a 32nd of a beat wide.
fn local_score(onset: &[f32], distance: f64) -> Vec<f64> {
    let n = onset.len();
    let mean = onset.iter().map(|&x| f64::from(x)).sum::<f64>() / n as f64;
    let squares: f64 = onset.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum();
    let deviation = (squares / (n - 1) as f64).sqrt() + f64::from(f32::MIN_POSITIVE);
    let reach = distance as usize;
    let bell = |offset: usize| (-0.5 * (offset as f64 * 32.0 / distance).powi(2)).exp();
    let bell: Vec<f64> = (0..=reach).map(bell).collect();
    let score = |i: usize| {
        let near = i.saturating_sub(reach)..=(i + reach).min(n - 1);
        near.map(|j| bell[j.abs_diff(i)] * f64::from(onset[j])).sum::<f64>() / deviation
    };
    (0..n).map(score).collect()
}

/// For each frame the score of the best series of beats that ends there, and the beat before.
fn best_series(local: &[f64], distance: f64) -> (Vec<f64>, Vec<Option<usize>>) {
    let threshold = 0.01 * local.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (nearest, farthest) = ((distance / 2.0).round_ties_even() as usize, 2 * distance as usize);
    let cost = |gap: usize| TIGHTNESS * ((gap as f64).ln() - distance.ln()).powi(2);
    let costs: Vec<f64> = (0..=farthest).map(|gap| cost(gap.max(1))).collect();
    let mut total: Vec<f64> = Vec::with_capacity(local.len());
    let mut before = Vec::with_capacity(local.len());
    let mut begun = false;
    for (i, &score) in local.iter().enumerate() {
        let mut best: Option<(f64, usize)> = None;
        for gap in nearest.max(1)..=farthest.min(i) {
            let candidate = total[i - gap] - costs[gap];
            if best.is_none_or(|(most, _)| candidate > most) {
                best = Some((candidate, i - gap));
            }
        }
        total.push(score + best.map_or(0.0, |(most, _)| most));
        begun |= score >= threshold;
        before.push(best.filter(|_| begun).map(|(_, place)| place));
    }
    (total, before)
}

/// The last local maximum that is at least half the median of all local maxima; else the last frame.
fn last_beat(total: &[f64]) -> usize {
    let n = total.len();
    let is_peak = |i: usize| total[i] > total[i - 1] && (i + 1 == n || total[i] >= total[i + 1]);
    let peaks: Vec<usize> = (1..n).filter(|&i| is_peak(i)).collect();
    let mut heights: Vec<f64> = peaks.iter().map(|&i| total[i]).collect();
    heights.sort_unstable_by(f64::total_cmp);
    let half = heights.len() / 2;
    let median = match heights.len() {
        0 => return n - 1,
        count if count.is_multiple_of(2) => (heights[half - 1] + heights[half]) / 2.0,
        _ => heights[half],
    };
    peaks.into_iter().rfind(|&i| total[i] >= median / 2.0).unwrap_or(n - 1)
}

/// Drops beats before the first and after the last frame that is above half the mean strength of the
/// beats, which is smoothed over three of them.
fn trim(local: &[f64], beats: Vec<usize>) -> Vec<usize> {
    let at = |i: isize| usize::try_from(i).ok().and_then(|i| beats.get(i)).map_or(0.0, |&frame| local[frame]);
    // A convolution with ½ 1 ½ that keeps one value beyond either end... of which librosa keeps the later two.
    let count = beats.len() as isize;
    let smooth = (0..count + 2).map(|i| 0.5 * at(i - 1) + at(i) + 0.5 * at(i + 1));
    let smooth: Vec<f64> = smooth.take(local.len()).collect();
    let squares: f64 = smooth.iter().map(|x| x * x).sum();
    let threshold = 0.5 * (squares / smooth.len() as f64).sqrt();
    let first = local.iter().position(|&x| x > threshold).unwrap_or(local.len());
    let last = local.iter().rposition(|&x| x > threshold).unwrap_or(0);
    beats.into_iter().filter(|frame| (first..=last).contains(frame)).collect()
}
