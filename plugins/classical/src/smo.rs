//! The solver of two-class support vector machines.

use ndarray::{Array1, Array2};

/// How far a solution may violate the optimality conditions; libsvm's default.
pub(crate) const TOLERANCE: f64 = 1e-3;

/// Where a quadratic is flat, its curvature counts as this; as in libsvm.
const LEAST_CURVATURE: f64 = 1e-12;

/// Most steps; libsvm's limit. A problem of a few hundred rows takes about a thousand.
const MOST_STEPS: usize = 10_000_000;

/// A solved two-class problem.
pub(crate) struct Solution {
    /// Weight of each row in the decision: 0 to C for rows of the first class, -C to 0 for the
    /// others.
    pub weights: Array1<f64>,
    /// Subtracted from the weighted sum of kernel values.
    pub offset: f64,
}

/// Separates the first `first` rows from the others, given the kernel between all of them, shape
/// `(rows, rows)`.
///
/// Maximises `Σ yᵢwᵢ - ½ Σ wᵢwⱼkᵢⱼ`, where y is 1 for the first rows and -1 for the others, with
/// every weight within its bounds and their sum 0, by sequential minimal optimisation: two weights
/// at a time, chosen by second-order information, as libsvm does without shrinking.
///
/// Reference: R.-E. Fan, P.-H. Chen and C.-J. Lin, "Working set selection using second order
/// information for training support vector machines", Journal of Machine Learning Research 6,
/// 2005, algorithm 2.
pub(crate) fn separate(kernel: &Array2<f64>, first: usize, c: f64) -> Solution {
    let rows = kernel.nrows();
    let target = |row| if row < first { 1.0 } else { -1.0 };
    let mut state = State {
        lower: Array1::from_shape_fn(rows, |row| if row < first { 0.0 } else { -c }),
        upper: Array1::from_shape_fn(rows, |row| if row < first { c } else { 0.0 }),
        weights: Array1::zeros(rows),
        slopes: Array1::from_shape_fn(rows, target),
        diagonal: kernel.diag().to_owned(),
    };
    for _ in 0..MOST_STEPS {
        let Some(pair) = state.most_violating(kernel) else { break };
        state.step(kernel, pair);
    }
    Solution { offset: state.offset(), weights: state.weights }
}

struct State {
    lower: Array1<f64>,
    upper: Array1<f64>,
    weights: Array1<f64>,
    /// Derivative of the objective by each weight.
    slopes: Array1<f64>,
    /// The kernel of each row with itself.
    diagonal: Array1<f64>,
}

impl State {
    fn can_grow(&self, row: usize) -> bool {
        self.weights[row] < self.upper[row]
    }

    fn can_shrink(&self, row: usize) -> bool {
        self.weights[row] > self.lower[row]
    }

    /// The row whose weight gains most by growing, and the one that had best shrink for it; none at
    /// the optimum.
    fn most_violating(&self, kernel: &Array2<f64>) -> Option<(usize, usize)> {
        let rows = 0..self.weights.len();
        let grows = rows
            .clone()
            .filter(|&row| self.can_grow(row))
            .reduce(|best, row| if self.slopes[row] > self.slopes[best] { row } else { best })?;

        let to_grow = kernel.row(grows);
        let mut violation = 0.0_f64;
        let mut best: Option<(usize, f64)> = None;
        for row in rows.filter(|&row| self.can_shrink(row)) {
            let gap = self.slopes[grows] - self.slopes[row];
            if gap > 0.0 {
                violation = violation.max(gap);
                let curvature = self.diagonal[grows] + self.diagonal[row] - 2.0 * to_grow[row];
                let gain = gap * gap / curvature.max(LEAST_CURVATURE);
                if best.is_none_or(|(_, most)| gain > most) {
                    best = Some((row, gain));
                }
            }
        }
        if violation < TOLERANCE { None } else { best.map(|(shrinks, _)| (grows, shrinks)) }
    }

    /// Moves weight from one row to the other, as much as pays and their bounds allow.
    fn step(&mut self, kernel: &Array2<f64>, (grows, shrinks): (usize, usize)) {
        let curvature = self.diagonal[grows] + self.diagonal[shrinks] - 2.0 * kernel[[grows, shrinks]];
        let best = (self.slopes[grows] - self.slopes[shrinks]) / curvature.max(LEAST_CURVATURE);
        let room_above = self.upper[grows] - self.weights[grows];
        let room_below = self.weights[shrinks] - self.lower[shrinks];
        let moved = best.min(room_above).min(room_below);

        // At a bound exactly, whatever the rounding.
        self.weights[grows] =
            if moved == room_above { self.upper[grows] } else { self.weights[grows] + moved };
        self.weights[shrinks] =
            if moved == room_below { self.lower[shrinks] } else { self.weights[shrinks] - moved };
        self.slopes.scaled_add(-moved, &kernel.row(grows));
        self.slopes.scaled_add(moved, &kernel.row(shrinks));
    }

    /// The decision's offset: what the optimality conditions say at weights strictly between their
    /// bounds, on average, or else the middle of what they allow.
    fn offset(&self) -> f64 {
        let slopes_where = |wanted: &dyn Fn(usize) -> bool| {
            (0..self.weights.len()).filter(|&row| wanted(row)).map(|row| self.slopes[row]).collect::<Vec<_>>()
        };
        let free = slopes_where(&|row| self.can_grow(row) && self.can_shrink(row));
        if !free.is_empty() {
            return -free.iter().sum::<f64>() / free.len() as f64;
        }
        let highest = slopes_where(&|row| self.can_grow(row)).into_iter().fold(f64::NEG_INFINITY, f64::max);
        let lowest = slopes_where(&|row| self.can_shrink(row)).into_iter().fold(f64::INFINITY, f64::min);
        -(highest + lowest) / 2.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn two_points_are_separated_half_way() {
        // The points 1 and -1 under the linear kernel: the margin is reached by weights of 1/2.
        let kernel = array![[1.0, -1.0], [-1.0, 1.0]];
        let solution = separate(&kernel, 1, 10.0);
        assert_eq!(solution.weights, array![0.5, -0.5]);
        assert_eq!(solution.offset, 0.0);
    }

    #[test]
    fn weights_stay_within_the_penalty() {
        let kernel = array![[1.0, -1.0], [-1.0, 1.0]];
        assert_eq!(separate(&kernel, 1, 0.125).weights, array![0.125, -0.125]);
    }

    #[test]
    fn equal_points_of_different_classes_end_at_the_penalty() {
        let solution = separate(&Array2::ones((4, 4)), 3, 2.0);
        assert!((solution.weights.sum()).abs() < 1e-12, "what one class has the other has");
        assert_eq!(solution.weights[3], -2.0);
        assert!((solution.offset + 1.0).abs() < 1e-12, "the larger class is decided for");
    }
}
