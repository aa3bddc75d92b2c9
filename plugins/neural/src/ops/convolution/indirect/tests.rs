#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use super::Indirect;
use crate::geometry::Window;
use crate::ops::convolution::cases::{Case, cases, difference, strided};

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
        let (shape, window) = (case.sizes.output_shape(), case.sizes.unfolding);
        for (part, (ours, unfolded)) in of(&case).iter().zip(&case.unfolded()).enumerate() {
            let apart = difference(ours, unfolded);
            assert!(
                apart < 1e-5,
                "part {part} of {shape:?}, {:?}, {:?}: {apart}",
                window.rows,
                window.columns
            );
        }
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
