use super::{Scheme, Winograd};
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
        let weight: Shape = (filters, channels, window.kernel.0, window.kernel.1).into();
        let sizes = ConvolutionSizes::new(window, 1, &input, &weight, None).unwrap();
        Self {
            sizes,
            input: numbers(input.elem_count(), 1),
            weight: numbers(weight.elem_count(), 2),
            bias: numbers(filters, 3),
            gradient: numbers(sizes.output_shape().elem_count(), 4),
        }
    }

    fn winograd(&self, scheme: Scheme) -> [Vec<f32>; 3] {
        let ConvolutionSizes { batch, filters, unfolding, .. } = self.sizes;
        let sizes = (batch, unfolding.channels, filters);
        let ours = Winograd::new(sizes, unfolding.rows, unfolding.columns, scheme);
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
    let windows = |kernel: usize| {
        let window = Window::new((kernel, kernel));
        [
            window,
            window.padding((kernel / 2, kernel / 2)),
            window.padding((kernel - 1, kernel - 1)),
            window.padding((0, kernel - 1)),
            window.padding((2, 1)),
            window.same(),
        ]
    };
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
    let mut cases = Vec::new();
    for kernel in [3, 4, 5, 7, 9] {
        for (batch, channels, filters, (rows, columns)) in shapes {
            let plane = (rows + kernel - 3, columns + kernel - 3);
            cases.extend(windows(kernel).map(|window| Case::new(window, batch, channels, filters, plane)));
        }
    }
    cases
}

#[test]
fn numbers_are_those_of_the_direct_sums() {
    for case in cases() {
        let (shape, kernel) = (case.sizes.output_shape(), case.sizes.unfolding.rows.kernel);
        let direct = case.direct();
        for scheme in Scheme::ALL {
            for (part, (ours, direct)) in case.winograd(scheme).iter().zip(&direct).enumerate() {
                let apart = difference(ours, direct);
                assert!(apart < 2e-5, "{scheme:?}, part {part} of {shape:?}, kernel {kernel}: {apart}");
            }
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
    assert!(taken(Window::new((5, 5)), 1) && taken(Window::new((7, 7)), 1));
    assert!(!taken(window.padding((3, 0)), 1));
    assert!(!taken(window.stride((1, 2)), 1));
    assert!(!taken(window.dilation((2, 1)), 1));
    assert!(!taken(Window::new((3, 1)), 1));
    assert!(!taken(Window::new((1, 1)), 1));
}

#[test]
fn the_maps_that_take_least_are_used() {
    let scheme = |kernel: usize| {
        let case = Case::new(Window::new((kernel, kernel)), 2, 64, 64, (60, 60));
        Winograd::of(&case.sizes).unwrap().scheme
    };
    assert_eq!([3, 4, 5, 7].map(scheme), [Scheme::F4x3, Scheme::F5x4, Scheme::F4x3, Scheme::F5x4]);
}

#[test]
fn it_pays_for_many_channels_only() {
    let pays = |kernel: usize, channels: usize, filters: usize, side: usize| {
        let case = Case::new(Window::new((kernel, kernel)).same(), 1, channels, filters, (side, side));
        Winograd::of(&case.sizes).unwrap().pays()
    };
    assert!(pays(3, 64, 64, 56) && pays(3, 512, 512, 7) && pays(3, 8, 16, 24) && pays(7, 16, 32, 20));
    assert!(!pays(3, 1, 64, 128) && !pays(3, 256, 256, 1) && !pays(7, 64, 64, 2));
}

#[test]
fn numbers_do_not_depend_on_the_threads() {
    let case = Case::new(Window::new((3, 3)).padding((1, 1)), 5, 18, 20, (17, 30));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Scheme::ALL.map(|scheme| case.winograd(scheme)))
    };
    let alone = with(1);
    assert!(alone == with(2) && alone == with(5));
}
