//! The solver of two-class support vector machines.

use crate::pair_kernel::PairKernel;
use crate::product::GoOn;
use genre_bench_api::{Result, wide};

/// How far a solution may violate the optimality conditions; libsvm's default.
pub(crate) const TOLERANCE: f64 = 1e-3;

/// Where a quadratic is flat, its curvature counts as this; as in libsvm.
const LEAST_CURVATURE: f32 = 1e-12;

/// Most steps; libsvm's limit. A problem of a few hundred rows takes about a thousand.
const MOST_STEPS: usize = 10_000_000;

/// Steps between two looks at whether to go on.
const STRETCH: usize = 1000;

/// Rows are compared in this many groups, by index modulo it: the groups' best are found without a
/// branch, several at once, and then the best in the best group.
const GROUPS: usize = 32;

/// A solved two-class problem.
pub(crate) struct Solution {
    /// Weight of each row in the decision: 0 to C for rows of the first class, -C to 0 for the
    /// others.
    pub weights: Vec<f64>,
    /// Subtracted from the weighted sum of kernel values.
    pub offset: f64,
}

/// Separates the rows of two classes, given the kernel between all of them.
///
/// Maximises `Σ yᵢwᵢ - ½ Σ wᵢwⱼkᵢⱼ`, where y is 1 for rows of the first class and -1 for the others,
/// with every weight within its bounds and their sum 0, by sequential minimal optimisation: two
/// weights at a time, chosen by second-order information, as libsvm does without shrinking.
/// `go_on` is called every now and then.
///
/// Reference: R.-E. Fan, P.-H. Chen and C.-J. Lin, "Working set selection using second order
/// information for training support vector machines", Journal of Machine Learning Research 6,
/// 2005, algorithm 2.
///
/// # Errors
///
/// Whatever `go_on` returns, such as a cancellation.
pub(crate) fn separate(kernel: &PairKernel, c: f64, go_on: GoOn) -> Result<Solution> {
    let [first, second] = kernel.sizes();
    let mut state = State { halves: [Half::new(first, 1.0, (0.0, c)), Half::new(second, -1.0, (-c, 0.0))] };
    let mut grows = Some(0); // all slopes of the first class are 1, all others -1
    for step in 0..MOST_STEPS {
        if step % STRETCH == 0 {
            go_on()?;
        }
        let Some(grown) = grows else { break };
        let grown_row = kernel.row(grown, go_on)?;
        let Some(shrunk) = state.partner(grown, grown_row.halves()) else { break };
        let shrunk_row = kernel.row(shrunk, go_on)?;
        grows = state.step([grown, shrunk], [grown_row.halves(), shrunk_row.halves()]);
    }
    Ok(Solution {
        offset: state.offset(),
        weights: state.halves.into_iter().flat_map(|half| half.weights).collect(),
    })
}

struct State {
    halves: [Half; 2],
}

impl State {
    /// Which half a row is in, and where there.
    fn place(&self, row: usize) -> (usize, usize) {
        let first = self.halves[0].weights.len();
        if row < first { (0, row) } else { (1, row - first) }
    }

    /// The row whose weight had best shrink for that of `grown` to grow, given the kernel of
    /// `grown`; none at the optimum.
    fn partner(&self, grown: usize, kernel: [&[f32]; 2]) -> Option<usize> {
        let (half, at) = self.place(grown);
        let slope = self.halves[half].slopes[at];
        let [first, second] = [0, 1].map(|half| {
            let (half, kernel) = (&self.halves[half], kernel[half]);
            wide(
                #[inline(always)]
                || half.partner(slope, kernel),
            )
        });
        if f64::from(greater(first.0, second.0)) < TOLERANCE {
            return None;
        }
        let ((first_gain, first), (second_gain, second)) = (first.1, second.1);
        Some(if first_gain >= second_gain { first } else { self.halves[0].weights.len() + second })
    }

    /// Moves weight from one row to another, as much as pays and their bounds allow, given their
    /// kernels. Returns the row whose weight gains most by growing next, if any may grow.
    fn step(&mut self, [grown, shrunk]: [usize; 2], [up, down]: [[&[f32]; 2]; 2]) -> Option<usize> {
        let ((grown_half, grown), (shrunk_half, shrunk)) = (self.place(grown), self.place(shrunk));
        let curvature = greater(2.0 - 2.0 * up[shrunk_half][shrunk], LEAST_CURVATURE);
        let [grows, shrinks] = [&self.halves[grown_half], &self.halves[shrunk_half]];
        let best = (grows.slopes[grown] - shrinks.slopes[shrunk]) / f64::from(curvature);
        let room_above = grows.upper - grows.weights[grown];
        let room_below = shrinks.weights[shrunk] - shrinks.lower;
        let moved = best.min(room_above).min(room_below);

        // At a bound exactly, whatever the rounding.
        let high = if moved == room_above { grows.upper } else { grows.weights[grown] + moved };
        let low = if moved == room_below { shrinks.lower } else { shrinks.weights[shrunk] - moved };
        self.halves[grown_half].set(grown, high);
        self.halves[shrunk_half].set(shrunk, low);
        let [first, second] = [0, 1].map(|half| {
            let (half, kernels) = (&mut self.halves[half], [up[half], down[half]]);
            wide(
                #[inline(always)]
                || half.slide(moved, kernels),
            )
        });
        let (slope, row) =
            if first.0 >= second.0 { first } else { (second.0, self.halves[0].weights.len() + second.1) };
        (slope > f64::NEG_INFINITY).then_some(row)
    }

    /// The decision's offset: what the optimality conditions say at weights strictly between their
    /// bounds, on average, or else the middle of what they allow.
    fn offset(&self) -> f64 {
        let slopes_where = |wanted: fn(f64, f64) -> bool| {
            self.halves.iter().flat_map(move |half| {
                let bars = half.ceiling.iter().zip(&half.floor);
                half.slopes
                    .iter()
                    .zip(bars)
                    .filter(move |(_, (c, f))| wanted(**c, **f))
                    .map(|(&slope, _)| slope)
            })
        };
        let free: Vec<f64> = slopes_where(|ceiling, floor| ceiling == 0.0 && floor == 0.0).collect();
        if !free.is_empty() {
            return -free.iter().sum::<f64>() / free.len() as f64;
        }
        let highest = slopes_where(|ceiling, _| ceiling == 0.0).fold(f64::NEG_INFINITY, f64::max);
        let lowest = slopes_where(|_, floor| floor == 0.0).fold(f64::INFINITY, f64::min);
        -(highest + lowest) / 2.0
    }
}

/// The rows of one class.
struct Half {
    lower: f64,
    upper: f64,
    weights: Vec<f64>,
    /// Derivative of the objective by each weight.
    slopes: Vec<f64>,
    /// Added to the slope of a weight that may grow: 0, or -∞ at its upper bound.
    ceiling: Vec<f64>,
    /// Added to the slope of a weight that may shrink: 0, or ∞ at its lower bound.
    floor: Vec<f64>,
}

impl Half {
    fn new(rows: usize, slope: f64, (lower, upper): (f64, f64)) -> Self {
        let mut half = Self {
            lower,
            upper,
            weights: vec![0.0; rows],
            slopes: vec![slope; rows],
            ceiling: vec![0.0; rows],
            floor: vec![0.0; rows],
        };
        (0..rows).for_each(|row| half.set(row, 0.0));
        half
    }

    fn set(&mut self, row: usize, weight: f64) {
        self.weights[row] = weight;
        self.ceiling[row] = if weight < self.upper { 0.0 } else { f64::NEG_INFINITY };
        self.floor[row] = if weight > self.lower { 0.0 } else { f64::INFINITY };
    }

    /// The largest violation that a row with this slope has with a row of this class, and the row
    /// with which a step gains most and how much.
    #[inline(always)]
    fn partner(&self, slope: f64, kernel: &[f32]) -> (f32, (f32, usize)) {
        let mut violations = [0.0_f32; GROUPS];
        let mut gains = [0.0_f32; GROUPS];
        let gap_and_gain = |((&own_slope, &floor), &kernel): ((&f64, &f64), &f32)| {
            let gap = greater((slope - (own_slope + floor)) as f32, 0.0);
            (gap, gap * gap / greater(2.0 - 2.0 * kernel, LEAST_CURVATURE))
        };
        let chunks = self.slopes.chunks(GROUPS).zip(self.floor.chunks(GROUPS)).zip(kernel.chunks(GROUPS));
        for ((slopes, floor), kernel) in chunks {
            let best = violations.iter_mut().zip(&mut gains);
            for ((most_violation, most_gain), row) in best.zip(slopes.iter().zip(floor).zip(kernel)) {
                let (gap, gain) = gap_and_gain(row);
                *most_violation = greater(gap, *most_violation);
                *most_gain = greater(gain, *most_gain);
            }
        }
        let gain_of = |row: usize| gap_and_gain(((&self.slopes[row], &self.floor[row]), &kernel[row])).1;
        let violation = violations.into_iter().fold(0.0, greater);
        (violation, best(&gains, self.slopes.len(), gain_of))
    }

    /// Changes the slopes for weight moved from one row to another, given their kernels, and returns
    /// the steepest slope of a weight that may grow, and the row.
    #[inline(always)]
    fn slide(&mut self, moved: f64, [grown, shrunk]: [&[f32]; 2]) -> (f64, usize) {
        let mut steepest = [f64::NEG_INFINITY; GROUPS];
        let kernels = grown.chunks(GROUPS).zip(shrunk.chunks(GROUPS));
        for ((slopes, ceiling), (grown, shrunk)) in
            self.slopes.chunks_mut(GROUPS).zip(self.ceiling.chunks(GROUPS)).zip(kernels)
        {
            let kernels = grown.iter().zip(shrunk);
            for ((most, (slope, ceiling)), (grown, shrunk)) in
                steepest.iter_mut().zip(slopes.iter_mut().zip(ceiling)).zip(kernels)
            {
                *slope -= moved * (f64::from(*grown) - f64::from(*shrunk));
                *most = greater(*slope + ceiling, *most);
            }
        }
        best(&steepest, self.slopes.len(), |row| self.slopes[row] + self.ceiling[row])
    }
}

/// The greater of two numbers, as one instruction: nothing here is undefined.
#[inline(always)]
fn greater<T: PartialOrd>(a: T, b: T) -> T {
    if a > b { a } else { b }
}

/// The largest value and its row, given each group's largest and how to get one row's. Of equal
/// values one in the first group.
fn best<T: PartialOrd + Copy>(groups: &[T; GROUPS], rows: usize, value: impl Fn(usize) -> T) -> (T, usize) {
    let group = (1..GROUPS).fold(0, |best, group| if groups[group] > groups[best] { group } else { best });
    let most = groups[group];
    let row = (group..rows).step_by(GROUPS).find(|&row| value(row) == most);
    (most, row.unwrap_or(0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::kernel::RadialBasis;
    use crate::pair_kernel::Tile;
    use genre_bench_api::random_stream;
    use ndarray::{Array2, ArrayView2, Axis, array};
    use rand::Rng;

    const ON: GoOn = &|| Ok(());

    fn solve(kernel: &Array2<f32>, first: usize, c: f64) -> Solution {
        let (top, bottom) = kernel.view().split_at(Axis(0), first);
        let tiles = [top, bottom].map(|half| {
            let (left, right) = half.split_at(Axis(1), first);
            [left, right].map(|tile| Tile::new(tile.to_owned()))
        });
        let [[a, across], [transposed, b]] = tiles;
        separate(&PairKernel::Whole { within: [&a, &b], across: [across, transposed] }, c, ON).unwrap()
    }

    #[test]
    fn two_points_are_separated_half_way() {
        // The points 1 and -1 under the linear kernel: the margin is reached by weights of 1/2.
        let kernel = array![[1.0, -1.0], [-1.0, 1.0]];
        let solution = solve(&kernel, 1, 10.0);
        assert_eq!(solution.weights, [0.5, -0.5]);
        assert_eq!(solution.offset, 0.0);
    }

    #[test]
    fn weights_stay_within_the_penalty() {
        let kernel = array![[1.0, -1.0], [-1.0, 1.0]];
        assert_eq!(solve(&kernel, 1, 0.125).weights, [0.125, -0.125]);
    }

    #[test]
    fn equal_points_of_different_classes_end_at_the_penalty() {
        let solution = solve(&Array2::ones((4, 4)), 3, 2.0);
        assert!((solution.weights.iter().sum::<f64>()).abs() < 1e-12, "what one class has the other has");
        assert_eq!(solution.weights[3], -2.0);
        assert!((solution.offset + 1.0).abs() < 1e-12, "the larger class is decided for");
    }

    /// Two overlapping clouds, of 90 and 70 rows.
    fn clouds() -> [Array2<f64>; 2] {
        let mut rng = random_stream(0, "clouds");
        [(90, 0.0), (70, 0.7)]
            .map(|(rows, centre)| Array2::from_shape_fn((rows, 4), |_| centre + rng.gen_range(-1.0..1.0)))
    }

    #[test]
    fn the_solution_is_optimal() {
        let clouds = clouds();
        let kernel = RadialBasis { gamma: 0.5 };
        let within = clouds
            .each_ref()
            .map(|cloud| Tile::new(kernel.rounded_between(cloud.view(), cloud.view(), ON).unwrap()));
        let tables = clouds.each_ref().map(Array2::view);
        let whole = PairKernel::whole(&kernel, within.each_ref(), tables, ON).unwrap();
        for c in [0.1, 1.0, 100.0] {
            let solution = separate(&whole, c, ON).unwrap();
            assert!(solution.weights.iter().sum::<f64>().abs() < 1e-9 * c, "the weights' sum is 0");
            for (row, &weight) in solution.weights.iter().enumerate() {
                let sign = if row < 90 { 1.0 } else { -1.0 };
                assert!((0.0..=c).contains(&(sign * weight)));
                let kernels = whole.row(row, ON).unwrap();
                let [first, second] = kernels.halves();
                let margin = sign * decision(&solution, first.iter().chain(second));
                // Free weights lie on the margin, weights of 0 beyond it, weights of c before it.
                assert!(sign * weight == 0.0 || margin < 1.0 + 2.0 * TOLERANCE, "row {row}: {margin}");
                assert!(sign * weight == c || margin > 1.0 - 2.0 * TOLERANCE, "row {row}: {margin}");
            }
        }
    }

    fn decision<'k>(solution: &Solution, kernel: impl Iterator<Item = &'k f32>) -> f64 {
        kernel.zip(&solution.weights).map(|(&kernel, weight)| f64::from(kernel) * weight).sum::<f64>()
            - solution.offset
    }

    #[test]
    fn a_kernel_too_large_to_hold_gives_the_same_solution() {
        let clouds = clouds();
        let kernel = RadialBasis { gamma: 0.5 };
        let within = clouds
            .each_ref()
            .map(|cloud| Tile::new(kernel.rounded_between(cloud.view(), cloud.view(), ON).unwrap()));
        let tables: [ArrayView2<f64>; 2] = clouds.each_ref().map(Array2::view);
        let whole =
            separate(&PairKernel::whole(&kernel, within.each_ref(), tables, ON).unwrap(), 3.0, ON).unwrap();
        // Room for everything, for seven rows, and for none.
        for memory in [160 * 160 * 4, 7 * 160 * 4, 0] {
            let solution = separate(&PairKernel::on_demand(&kernel, tables, memory), 3.0, ON).unwrap();
            assert!((solution.offset - whole.offset).abs() < TOLERANCE);
            let kernels = kernel
                .rounded_between(tables[0], ndarray::concatenate![Axis(0), tables[0], tables[1]].view(), ON)
                .unwrap();
            for row in kernels.rows() {
                let [ours, theirs] = [&solution, &whole].map(|solution| decision(solution, row.iter()));
                assert!((ours - theirs).abs() < TOLERANCE, "{ours} for {theirs}");
            }
        }
    }
}
