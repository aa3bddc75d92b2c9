use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// How a weight starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    /// All the same number.
    Constant(f32),
    /// Evenly between `-bound` and `bound`.
    Uniform(f32),
    /// From a normal distribution of mean 0 and this standard deviation.
    Normal(f32),
    /// An orthogonal matrix of so many columns, which are no more than its rows, drawn evenly among all (A. Saxe, J.
    /// McClelland and S. Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
    /// networks", ICLR 2014).
    Orthogonal {
        /// Columns of the weight.
        columns: usize,
    },
    /// Ones for one of several gates, each of which has as many numbers as the others, and zeros for the rest.
    Gate {
        /// Which gate, from 0.
        gate: usize,
        /// How many gates there are.
        of: usize,
    },
}

impl Init {
    /// PyTorch's for the weights and biases of linear and convolutional layers: evenly within `1 / √fan_in`.
    pub fn torch(fan_in: usize) -> Self {
        Self::Uniform(1.0 / (fan_in as f32).sqrt())
    }

    /// Keras's for the weights of linear and convolutional layers (X. Glorot and Y. Bengio, "Understanding the
    /// difficulty of training deep feedforward neural networks", AISTATS 2010): evenly within `√(6 / (fan_in + fan_out))`.
    pub fn glorot(fan_in: usize, fan_out: usize) -> Self {
        Self::Uniform((6.0 / (fan_in + fan_out) as f32).sqrt())
    }

    /// He's for layers before ReLU (K. He, X. Zhang, S. Ren and J. Sun, "Delving deep into rectifiers", ICCV 2015),
    /// which torchvision's networks start their convolutions by: normally by `√(2 / fan_out)`.
    pub fn he(fan_out: usize) -> Self {
        Self::Normal((2.0 / fan_out as f32).sqrt())
    }

    /// Draws `count` numbers.
    pub fn draw(self, count: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
        match self {
            Self::Constant(value) => vec![value; count],
            Self::Uniform(bound) => (0..count).map(|_| bound * (2.0 * rng.r#gen::<f32>() - 1.0)).collect(),
            Self::Normal(deviation) => (0..count.div_ceil(2))
                .flat_map(|_| normal_pair(rng).map(|number| deviation * number))
                .take(count)
                .collect(),
            Self::Orthogonal { columns } => orthogonal(count / columns.max(1), columns, rng),
            Self::Gate { gate, of } => {
                (0..count).map(|at| if at * of / count == gate { 1.0 } else { 0.0 }).collect()
            }
        }
    }
}

/// A matrix in row-major order whose columns are orthonormal: those of a matrix of normal numbers, each less what the ones
/// before have of it (Gram and Schmidt, twice for the sake of rounding).
fn orthogonal(rows: usize, columns: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let normal = Init::Normal(1.0).draw(rows * columns, rng);
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(columns);
    for column in normal.chunks_exact(rows.max(1)) {
        let mut column: Vec<f64> = column.iter().map(|&number| f64::from(number)).collect();
        for _ in 0..2 {
            for before in &basis {
                let shared: f64 = before.iter().zip(&column).map(|(a, b)| a * b).sum();
                column.iter_mut().zip(before).for_each(|(number, before)| *number -= shared * before);
            }
        }
        let length = column.iter().map(|number| number * number).sum::<f64>().sqrt();
        column.iter_mut().for_each(|number| *number /= length);
        basis.push(column);
    }
    (0..rows).flat_map(|row| basis.iter().map(move |column| column[row] as f32)).collect()
}

/// Two independent numbers of mean 0 and variance 1 (G. Box and M. Muller, "A note on the generation of random normal
/// deviates", 1958).
fn normal_pair(rng: &mut ChaCha8Rng) -> [f32; 2] {
    // From above 0 to 1: the logarithm of 0 is no number.
    let radius = (-2.0 * (1.0 - rng.r#gen::<f32>()).ln()).sqrt();
    let (sin, cos) = (std::f32::consts::TAU * rng.r#gen::<f32>()).sin_cos();
    [radius * cos, radius * sin]
}

#[cfg(test)]
mod tests {
    use super::*;
    use genre_bench_api::random_stream;

    #[test]
    fn columns_of_an_orthogonal_matrix_are_orthonormal() {
        let (rows, columns) = (24, 6);
        let matrix = Init::Orthogonal { columns }.draw(rows * columns, &mut random_stream(0, "orthogonal"));
        for one in 0..columns {
            for other in 0..columns {
                let product: f32 =
                    (0..rows).map(|row| matrix[row * columns + one] * matrix[row * columns + other]).sum();
                let expected = if one == other { 1.0 } else { 0.0 };
                assert!((product - expected).abs() < 1e-6, "{one}, {other}: {product}");
            }
        }
    }

    #[test]
    fn one_gate_of_several_starts_at_one() {
        let bias = Init::Gate { gate: 1, of: 4 }.draw(8, &mut random_stream(0, "gate"));
        assert_eq!(bias, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn normal_numbers_have_the_moments_of_the_normal_distribution() {
        let numbers = Init::Normal(0.5).draw(99_999, &mut random_stream(0, "normal"));
        assert_eq!(numbers.len(), 99_999);
        let moment = |power: i32| {
            numbers.iter().map(|&number| f64::from(number / 0.5).powi(power)).sum::<f64>() / 99_999.0
        };
        let errors =
            [(1, 0.0), (2, 1.0), (3, 0.0), (4, 3.0)].map(|(power, expected)| moment(power) - expected);
        assert!(errors.iter().all(|error| error.abs() < 0.06), "{errors:?}");
        let covariance: f32 = numbers.chunks_exact(2).map(|pair| pair[0] * pair[1]).sum::<f32>() / 49_999.0;
        assert!(covariance.abs() < 0.01, "{covariance}");
    }
}
