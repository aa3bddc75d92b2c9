#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use super::Indirect;
use crate::geometry::Window;
use crate::ops::convolution::cases::{Case, cases, strided};
use crate::ops::convolution::{Convolution, Way};

fn of(case: &Case) -> [Vec<f32>; 3] {
    let ours = Indirect(case.sizes);
    [
        ours.forward(&case.input, &case.weight, Some(&case.bias)),
        ours.input_gradient(&case.weight, &case.gradient),
        ours.weight_gradient(&case.input, &case.gradient),
    ]
}

#[test]
fn numbers_are_those_of_the_unfolded_input() {
    for case in cases().into_iter().chain(strided()) {
        case.assert_is_unfolded(&of(&case));
    }
}

#[test]
fn numbers_do_not_depend_on_the_threads() {
    let window = Window::new((3, 3)).padding((1, 1)).stride((2, 2));
    let case = Case::new(window, 9, 5, 70, (17, 30));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| of(&case))
    };
    let alone = with(1);
    assert!(alone == with(2) && alone == with(5));
}

#[test]
fn strided_layers_are_not_unfolded_where_it_would_take_longer() {
    let is_indirect = |kernel: usize, channels: usize, filters: usize, side: usize| {
        let window = Window::new((kernel, kernel)).stride((2, 2)).padding((kernel / 2, kernel / 2));
        let case = Case::new(window, 1, channels, filters, (side, side));
        matches!((Convolution { window, groups: 1, exact: false }).way(&case.sizes), Way::Indirect(_))
    };
    assert!(is_indirect(7, 3, 64, 224) && is_indirect(3, 64, 128, 56) && is_indirect(3, 256, 512, 14));
    // One tap is hardly worth laying out what it sees; and of few pixels, neither are weights.
    assert!(!is_indirect(1, 64, 128, 56) && !is_indirect(3, 512, 512, 2));
}
