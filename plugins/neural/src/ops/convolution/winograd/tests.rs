use super::{Scheme, Winograd};
use crate::geometry::{ConvolutionSizes, Window};
use crate::ops::convolution::cases::{Case, cases, difference, small};

fn of(case: &Case, scheme: Scheme) -> [Vec<f32>; 3] {
    let ConvolutionSizes { batch, filters, unfolding, .. } = case.sizes;
    let sizes = (batch, unfolding.channels, filters);
    let ours = Winograd::new(sizes, unfolding.rows, unfolding.columns, scheme);
    [
        ours.forward(&case.input, &case.weight, Some(&case.bias)),
        ours.input_gradient(&case.weight, &case.gradient),
        ours.weight_gradient(&case.input, &case.gradient),
    ]
}

#[test]
fn numbers_are_those_of_the_direct_sums() {
    for case in cases() {
        let (shape, kernel) = (case.sizes.output_shape(), case.sizes.unfolding.rows.kernel);
        let direct = case.unfolded();
        for scheme in Scheme::ALL {
            for (part, (ours, direct)) in of(&case, scheme).iter().zip(&direct).enumerate() {
                let apart = difference(ours, direct);
                assert!(apart < 2e-5, "{scheme:?}, part {part} of {shape:?}, kernel {kernel}: {apart}");
            }
        }
    }
}

#[test]
fn other_convolutions_are_not_taken() {
    let taken = |window: Window, groups: usize| Winograd::of(&small(window, groups)).is_some();
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
fn numbers_do_not_depend_on_the_threads() {
    let case = Case::new(Window::new((3, 3)).padding((1, 1)), 5, 18, 20, (17, 30));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Scheme::ALL.map(|scheme| of(&case, scheme)))
    };
    let alone = with(1);
    assert!(alone == with(2) && alone == with(5));
}
