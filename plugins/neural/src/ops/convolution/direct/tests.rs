#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use super::Direct;
use crate::geometry::Window;
use crate::ops::convolution::cases::{Case, cases, small};
use crate::ops::convolution::{Convolution, Way};

fn of(case: &Case) -> Option<[Vec<f32>; 3]> {
    let ours = Direct::of(&case.sizes)?;
    Some([
        ours.forward(&case.input, &case.weight, Some(&case.bias)),
        ours.input_gradient(&case.weight, &case.gradient),
        ours.weight_gradient(&case.input, &case.gradient),
    ])
}

#[test]
fn numbers_are_those_of_the_unfolded_input() {
    let oblong =
        [(1, 4), (3, 1), (2, 5)].map(|kernel| Case::new(Window::new(kernel).same(), 3, 5, 7, (9, 21)));
    for case in cases().into_iter().chain(oblong) {
        case.assert_is_unfolded(&of(&case).unwrap());
    }
}

#[test]
fn other_convolutions_are_not_taken() {
    let taken = |window: Window, groups: usize| Direct::of(&small(window, groups)).is_some();
    let window = Window::new((3, 3));
    assert!(taken(window, 1) && taken(window.padding((2, 2)), 1) && taken(Window::new((3, 1)), 1));
    assert!(!taken(window, 2));
    assert!(!taken(window.padding((3, 0)), 1));
    assert!(!taken(window.stride((1, 2)), 1));
    assert!(!taken(window.dilation((2, 1)), 1));
    assert!(!taken(Window::new((1, 1)), 1));
}

#[test]
fn the_way_is_that_of_the_shape() {
    let way = |kernel: usize, channels: usize, filters: usize, side: usize, exact: bool| {
        let window = Window::new((kernel, kernel)).same();
        let case = Case::new(window, 1, channels, filters, (side, side));
        match (Convolution { window, groups: 1, exact }).way(&case.sizes) {
            Way::Depthwise => "depthwise",
            Way::Winograd(_) => "Winograd",
            Way::Direct(_) => "direct",
            Way::Indirect(_) => "indirect",
            Way::Unfolded => "unfolded",
        }
    };
    // Many channels; few; and planes that are all padding.
    assert_eq!(way(3, 64, 64, 56, false), "Winograd");
    assert_eq!(way(3, 512, 512, 7, false), "Winograd");
    assert_eq!(way(7, 64, 128, 56, false), "Winograd");
    assert_eq!(way(7, 16, 32, 20, false), "Winograd");
    assert_eq!(way(3, 1, 64, 128, false), "direct");
    assert_eq!(way(3, 8, 16, 24, false), "direct");
    assert_eq!(way(7, 1, 64, 128, false), "direct");
    assert_eq!(way(3, 256, 256, 1, false), "unfolded");
    assert_eq!(way(7, 64, 64, 2, false), "unfolded");
    assert_eq!(way(3, 64, 64, 56, true), "direct");
}

#[test]
fn numbers_do_not_depend_on_the_threads() {
    let case = Case::new(Window::new((3, 3)).padding((1, 1)), 9, 5, 7, (17, 30));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| of(&case))
    };
    let alone = with(1);
    assert!(alone == with(2) && alone == with(5));
}
