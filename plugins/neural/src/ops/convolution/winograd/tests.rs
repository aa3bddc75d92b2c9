use super::Winograd;
use crate::geometry::{ConvolutionSizes, Window};
use candle_core::Shape;

/// Numbers without a pattern, between -1 and 1.
fn numbers(count: usize, salt: u64) -> Vec<f32> {
    let number = |at: usize| {
        let mixed = (at as u64 + salt * 7919).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(number).collect()
}

/// Norm of the difference over the norm.
fn difference(ours: &[f32], direct: &[f32]) -> f64 {
    assert_eq!(ours.len(), direct.len());
    let norm = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|n| n * n).sum::<f64>().sqrt();
    let mut apart = ours.iter().zip(direct).map(|(a, b)| f64::from(*a) - f64::from(*b));
    norm(&mut apart) / norm(&mut direct.iter().map(|b| f64::from(*b)))
}

struct Case {
    sizes: ConvolutionSizes,
    input: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    gradient: Vec<f32>,
}

impl Case {
    fn new(window: Window, batch: usize, channels: usize, filters: usize, plane: (usize, usize)) -> Self {
        let input: Shape = (batch, channels, plane.0, plane.1).into();
        let weight: Shape = (filters, channels, 3, 3).into();
        let sizes = ConvolutionSizes::new(window, 1, &input, &weight, None).unwrap();
        Self {
            sizes,
            input: numbers(input.elem_count(), 1),
            weight: numbers(weight.elem_count(), 2),
            bias: numbers(filters, 3),
            gradient: numbers(sizes.output_shape().elem_count(), 4),
        }
    }

    fn winograd(&self) -> [Vec<f32>; 3] {
        let ours = Winograd::of(&self.sizes).unwrap();
        [
            ours.forward(&self.input, &self.weight, Some(&self.bias)),
            ours.input_gradient(&self.weight, &self.gradient),
            ours.weight_gradient(&self.input, &self.gradient),
        ]
    }

    fn direct(&self) -> [Vec<f32>; 3] {
        [
            self.sizes.forward(&self.input, &self.weight, Some(&self.bias)),
            self.sizes.input_gradient(&self.weight, &self.gradient),
            self.sizes.weight_gradient(&self.input, &self.gradient),
        ]
    }
}

/// Windows, and shapes that tiles, lanes, blocks of filters and of tiles do not divide.
fn cases() -> Vec<Case> {
    let window = Window::new((3, 3));
    let windows = [
        window,
        window.padding((1, 1)),
        window.padding((2, 2)),
        window.padding((0, 2)),
        window.padding((2, 1)),
        window.same(),
    ];
    let shapes = [
        (1, 1, 1, (3, 3)),
        (2, 3, 5, (4, 9)),
        (3, 16, 16, (8, 8)),
        (5, 17, 50, (7, 6)),
        (2, 20, 100, (3, 31)),
        (1, 270, 7, (13, 5)),
        (1, 4, 3, (70, 67)),
        (40, 9, 6, (5, 11)),
    ];
    let of_shape = |(batch, channels, filters, plane)| {
        windows.map(|window| Case::new(window, batch, channels, filters, plane))
    };
    shapes.into_iter().flat_map(of_shape).collect()
}

#[test]
fn numbers_are_those_of_the_direct_sums() {
    for case in cases() {
        let shape = case.sizes.output_shape();
        for (part, (ours, direct)) in case.winograd().iter().zip(&case.direct()).enumerate() {
            let apart = difference(ours, direct);
            assert!(apart < 1e-5, "part {part} of {shape:?}: {apart}");
        }
    }
}

#[test]
fn other_convolutions_are_not_taken() {
    let taken = |window: Window, groups: usize| {
        let (rows, columns) = window.kernel;
        let (input, weight) = ((2, 6, 9, 9).into(), (4, 6 / groups, rows, columns).into());
        Winograd::of(&ConvolutionSizes::new(window, groups, &input, &weight, None).unwrap()).is_some()
    };
    let window = Window::new((3, 3));
    assert!(taken(window, 1) && taken(window.padding((2, 2)), 1));
    assert!(!taken(window, 2));
    assert!(!taken(window.padding((3, 0)), 1));
    assert!(!taken(window.stride((1, 2)), 1));
    assert!(!taken(window.dilation((2, 1)), 1));
    assert!(!taken(Window::new((3, 1)), 1));
    assert!(!taken(Window::new((5, 5)), 1));
}

#[test]
fn numbers_do_not_depend_on_the_threads() {
    let case = Case::new(Window::new((3, 3)).padding((1, 1)), 5, 18, 20, (17, 30));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| case.winograd())
    };
    let alone = with(1);
    assert!(alone == with(2) && alone == with(5));
}
