//! Every model can be saved and loaded, and what a stranger made of a saved one does no harm.
#![allow(clippy::unwrap_used)]

mod common;

use common::{cases, examples, inputs, is_of_a_library};
use genre_bench_api::{
    Device, Error, Examples, Fitted, Inputs, Loading, Model, Numbers, Params, Result, Run, State,
    random_stream,
};
use genre_bench_classical::models;
use ndarray::{Array2, ArrayD, Axis, IxDyn, ShapeBuilder, array, concatenate};
use rand::Rng;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Four classes of which one is missing, in clouds that overlap; one of six columns is constant.
fn train() -> Examples {
    let mut rng = random_stream(0, "training part");
    let labels: Vec<usize> = (0..90).map(|row| [0, 1, 3][row % 3]).collect();
    let mut table = Array2::from_shape_fn((labels.len(), 6), |(row, column)| {
        (labels[row] * (column + 1) % 4) as f32 * 0.4 + rng.gen_range(-1.0..1.0)
    });
    table.column_mut(2).fill(0.0);
    examples(table, &labels, 4)
}

/// Examples that no model was fitted to, some of them far away.
fn unseen(columns: usize) -> Inputs {
    let mut rng = random_stream(0, "unseen");
    let near = Array2::from_shape_simple_fn((37, columns), || rng.gen_range(-2.0..2.0));
    let far = Array2::from_shape_fn((2, columns), |(row, _)| [1e6, -1e6][row]);
    inputs(concatenate![Axis(0), near, far])
}

/// Parameters with which a model is fitted quickly.
fn params(model: &dyn Model) -> Params {
    let card = model.card();
    let few = [("trees", "7"), ("rounds", "5"), ("max-iterations", "50")];
    card.resolve(few.into_iter().filter(|(name, _)| card.params.iter().any(|param| param.name == *name)))
        .unwrap()
}

fn fit(model: &dyn Model, train: &Examples) -> Result<Box<dyn Fitted>> {
    model.fit(train, &Examples::default(), &Run::with(params(model), 3))
}

fn loading(model: &dyn Model, train: &Examples) -> Loading {
    Loading {
        params: params(model),
        columns: train.inputs.table.ncols(),
        spectrogram: (0, 0),
        classes: train.classes.len(),
        threads: 2,
        device: Device::Cpu,
    }
}

/// As from a file, which may have arrays in either order.
fn laid_out(state: &State, column_major: bool) -> State {
    let turn = |numbers: &Numbers| match numbers {
        Numbers::F64(array) => {
            let mut turned = ArrayD::zeros(array.raw_dim().set_f(column_major));
            turned.assign(array);
            Numbers::F64(turned)
        }
        other => other.clone(),
    };
    state.arrays().map(|(name, numbers)| (name.to_owned(), turn(numbers))).collect()
}

fn bits(scores: &Array2<f32>) -> Vec<u32> {
    scores.iter().map(|score| score.to_bits()).collect()
}

fn assert_comes_back(model: &dyn Model, train: &Examples, case: &str) {
    let name = model.card().name;
    let fitted = match fit(model, train) {
        // A library may refuse, in words.
        Err(Error::Failed(_)) if is_of_a_library(&name) => return,
        fitted => fitted.unwrap(),
    };
    let state = fitted.save().unwrap_or_else(|error| panic!("{name}, {case}: {error}"));
    let loading = loading(model, train);
    for state in [laid_out(&state, true), laid_out(&state, false), state.clone()] {
        let loaded = model.load(state, &loading).unwrap_or_else(|error| panic!("{name}, {case}: {error}"));
        for asked in [&unseen(loading.columns), &train.inputs, &inputs(Array2::zeros((0, loading.columns)))] {
            let (expected, scores) = (fitted.scores(asked).unwrap(), loaded.scores(asked).unwrap());
            assert_eq!(expected.dim(), scores.dim(), "{name}, {case}");
            assert_eq!(bits(&expected), bits(&scores), "{name}, {case}");
        }
        assert_eq!(loaded.save().unwrap(), fitted.save().unwrap(), "{name}, {case}: saved again");
    }
}

#[test]
fn what_is_loaded_scores_as_what_was_saved() {
    let train = train();
    for model in models() {
        assert_comes_back(&*model, &train, "real-like");
    }
    // Of one column all orders look alike, and sums of so many classes depend on the order.
    let column = Array2::from_shape_fn((60, 1), |(row, _)| (row * row % 47) as f32 / 9.0 - 2.5);
    let one_column = examples(column, &(0..60).map(|row| row % 15).collect::<Vec<_>>(), 15);
    let more = cases().into_iter().chain([("one column of many classes", one_column, vec![])]);
    for (case, train, _) in more {
        for model in models().iter().filter(|model| model.card().name != "stack") {
            assert_comes_back(&**model, &train, case);
        }
    }
}

#[test]
fn a_stack_without_inner_folds_and_of_one_class_comes_back() {
    for (case, train, _) in cases() {
        if ["one class only", "one example", "a class missing"].contains(&case) {
            assert_comes_back(&genre_bench_classical::Stack, &train, case);
        }
    }
}

/// What a stranger may make of an array; none of a way that is not for it.
fn mutated(numbers: &Numbers, way: usize, rng: &mut impl Rng) -> Option<Numbers> {
    let shape = numbers.shape().to_vec();
    let length = shape.iter().product::<usize>();
    Some(match (way, numbers) {
        // Another shape: one longer, one shorter, without numbers but long, with an axis more.
        (0 | 1, _) => {
            let mut longer = shape.clone();
            let axis = longer.iter().position(|&length| length > 0)?;
            longer[axis] = if way == 0 { longer[axis] + 1 } else { longer[axis] - 1 };
            of_shape(numbers, &longer)
        }
        (2, _) => of_shape(numbers, &[1 << 40, 0]),
        (3, _) => of_shape(numbers, &[shape.clone(), vec![1]].concat()),
        (4, _) => of_shape(numbers, &[length]),
        (5, _) => of_shape(numbers, &shape.iter().map(|_| 0).collect::<Vec<_>>()),
        (6, Numbers::F64(array)) => Numbers::F64(array * 0.0),
        (6, Numbers::F32(array)) => Numbers::F32(array * 0.0),
        (6, Numbers::U64(array)) => Numbers::U64(ArrayD::zeros(array.raw_dim())),
        (7, Numbers::U64(array)) => Numbers::F64(array.mapv(|number| number as f64)),
        (7, _) => Numbers::U64(ArrayD::ones(IxDyn(&shape))),
        // One number changed, or all of them.
        (8..24, Numbers::F64(array)) => {
            let mut array = array.clone();
            let bad = [f64::NAN, f64::INFINITY, f64::MAX, f64::MIN, -0.0, 1e-320, -1.0, 1e200][way % 8];
            match array.as_slice_mut()? {
                [] => return None,
                all if way < 16 => all[rng.gen_range(0..length)] = bad,
                all => all.fill(bad),
            }
            Numbers::F64(array)
        }
        (8..24, Numbers::F32(array)) => {
            let mut array = array.clone();
            let bad = [f32::NAN, f32::INFINITY, f32::MAX, f32::MIN, -0.0, 1e-45, -1.0, 1e30][way % 8];
            match array.as_slice_mut()? {
                [] => return None,
                all if way < 16 => all[rng.gen_range(0..length)] = bad,
                all => all.fill(bad),
            }
            Numbers::F32(array)
        }
        (8..40, Numbers::U64(array)) => {
            let mut array = array.clone();
            let all = array.as_slice_mut()?;
            if all.is_empty() {
                return None;
            }
            let at = rng.gen_range(0..length);
            match way % 12 {
                0 => all[at] = u64::MAX,
                1 => all[at] = u64::from(u32::MAX),
                2 => all[at] = all[at].wrapping_add(1),
                3 => all[at] = all[at].wrapping_sub(1),
                4 => all[at] = 0,
                5 => all[at] = at as u64,
                6 => all.fill(u64::MAX / length as u64),
                7 => all.fill(1),
                8 => all.reverse(),
                9 => all.rotate_left(1),
                // Two numbers changed so that their sum stays.
                10 => {
                    let other = rng.gen_range(0..length);
                    all[at] = all[at].wrapping_add(1);
                    all[other] = all[other].wrapping_sub(1);
                }
                _ => all.iter_mut().for_each(|number| *number = rng.gen_range(0..=length as u64)),
            }
            Numbers::U64(array)
        }
        _ => return None,
    })
}

/// The numbers of an array, and ones after them, in another shape.
fn of_shape(numbers: &Numbers, shape: &[usize]) -> Numbers {
    fn filled<T: Clone>(array: &ArrayD<T>, one: T, shape: &[usize]) -> ArrayD<T> {
        let numbers = array.iter().cloned().chain(std::iter::repeat(one));
        let count = shape.iter().product();
        ArrayD::from_shape_vec(IxDyn(shape), numbers.take(count).collect()).unwrap()
    }
    match numbers {
        Numbers::F64(array) => Numbers::F64(filled(array, 1.0, shape)),
        Numbers::F32(array) => Numbers::F32(filled(array, 1.0, shape)),
        Numbers::U64(array) => Numbers::U64(filled(array, 1, shape)),
    }
}

/// Whether a state is loaded; panics where it is and the model panics, or gives scores of another shape.
fn is_taken(model: &dyn Model, state: State, loading: &Loading, what: &str) -> bool {
    let harmless = catch_unwind(AssertUnwindSafe(|| {
        let Ok(loaded) = model.load(state, loading) else { return false };
        for asked in [unseen(loading.columns), inputs(Array2::zeros((0, loading.columns)))] {
            if let Ok(scores) = loaded.scores(&asked) {
                assert_eq!(scores.dim(), (asked.len(), loading.classes));
            }
        }
        true
    }));
    harmless.unwrap_or_else(|_| panic!("{}: {what}", model.card().name))
}

#[test]
fn what_a_stranger_made_of_it_is_refused_or_scores() {
    const WAYS: usize = 40;
    let train = train();
    let mut rng = random_stream(0, "strangers");
    for model in models() {
        let name = model.card().name;
        let loading = loading(&*model, &train);
        let state = fit(&*model, &train).unwrap().save().unwrap();
        let arrays: Vec<(String, Numbers)> =
            state.arrays().map(|(name, numbers)| (name.to_owned(), numbers.clone())).collect();
        let with = |at: usize, numbers: Option<Numbers>| -> State {
            let mut arrays = arrays.clone();
            match numbers {
                Some(numbers) => arrays[at].1 = numbers,
                None => drop(arrays.remove(at)),
            }
            arrays.into_iter().collect()
        };
        assert!(is_taken(&*model, state.clone(), &loading, "as it is"));
        assert!(!is_taken(&*model, State::default(), &loading, "nothing"));
        assert!(!is_taken(&*model, state.clone().with_number("more", 1.0), &loading, "one array more"));
        let (mut tried, mut taken) = (0, 0);
        for (at, (array, numbers)) in arrays.iter().enumerate() {
            assert!(!is_taken(&*model, with(at, None), &loading, &format!("without {array}")));
            // Often, as a place is drawn in some ways. The many arrays of a stack are its members', tried by themselves.
            for round in 0..if name == "stack" { 2 } else { 10 } {
                for way in 0..WAYS {
                    if round > 0 && way < 8 {
                        continue;
                    }
                    if let Some(numbers) = mutated(numbers, way, &mut rng) {
                        let what = format!("{array}, way {way}, round {round}");
                        tried += 1;
                        taken += usize::from(is_taken(&*model, with(at, Some(numbers)), &loading, &what));
                    }
                }
            }
        }
        // And two at once, which may be made to fit each other.
        for round in 0..200 {
            let mut changed = arrays.clone();
            let what: Vec<String> = (0..2)
                .map(|_| {
                    let (at, way) = (rng.gen_range(0..arrays.len()), rng.gen_range(0..WAYS));
                    if let Some(numbers) = mutated(&changed[at].1, way, &mut rng) {
                        changed[at].1 = numbers;
                    }
                    format!("{}, way {way}", changed[at].0)
                })
                .collect();
            tried += 1;
            let state = changed.into_iter().collect();
            taken += usize::from(is_taken(&*model, state, &loading, &format!("{what:?}, round {round}")));
        }
        println!("{name}: {} arrays, {tried} changes, of which {taken} were taken", arrays.len());
        assert!(tried >= 20, "{name}");
        for (columns, classes) in [(0, 4), (5, 4), (7, 4), (6, 0), (6, 1), (6, 3), (6, 5), (0, 0), (1, 1)] {
            let other = Loading { columns, classes, ..loading.clone() };
            let what = format!("for {columns} columns and {classes} classes");
            is_taken(&*model, state.clone(), &other, &what);
        }
    }
}

/// A tree whose way does not end, or leads out of it.
#[test]
fn children_come_after_their_parents() {
    let model = common::model("decision-tree");
    let train = examples(array![[0.0], [1.0], [2.0]], &[0, 1, 0], 2);
    let loading = loading(&*model, &train);
    let state = fit(&*model, &train).unwrap().save().unwrap();
    let of = |state: &State, left: [usize; 5]| model.load(state.clone().with_places("left", left), &loading);
    let mut own = state.clone();
    let left = own.take_places("left", 5, 5).unwrap();
    assert!(left == [1, 0, 3, 0, 0] || left == [1, 3, 0, 0, 0]);
    let second = if left[1] == 3 { 1 } else { 2 };
    assert!(of(&state, left.clone().try_into().unwrap()).is_ok());
    for child in [1, second, 4, 5, usize::MAX] {
        let mut left = left.clone();
        left[second] = child;
        assert!(of(&state, left.try_into().unwrap()).is_err(), "node {second} with a child {child}");
    }
}
