//! Every architecture on pictures that are easy to tell apart: the shapes fit together, it learns, and it keeps the
//! contract.
#![allow(clippy::unwrap_used)]

use genre_bench_api::{Examples, Inputs, Model, Pictures, Reads, Run, random_stream};
use ndarray::{Array2, Array3};
use rand::Rng;

/// Parameters that make a model small enough to be tried.
const SMALL: [(&str, &str); 6] = [
    ("epochs", "12"),
    ("batch", "8"),
    ("width", "0.25"),
    ("size", "32"),
    ("lr", "0.003"),
    ("patience", "12"),
];

/// Pictures with a bright band whose height says the class, in noise, and a table that says it too.
fn examples(count: usize, (rows, columns): (usize, usize), seed: u64) -> Examples {
    let mut rng = random_stream(seed, "pictures");
    let labels: Vec<usize> = (0..count).map(|example| example % 3).collect();
    let pool = Array3::from_shape_fn((count, rows, columns), |(example, row, _)| {
        let inside = row * 3 / rows == labels[example];
        rng.r#gen::<f32>() - if inside { 0.0 } else { 1.0 }
    });
    let table = Array2::from_shape_fn((count, 6), |(example, column)| {
        rng.r#gen::<f32>() + if column % 3 == labels[example] { 1.0 } else { 0.0 }
    });
    let pictures = Pictures::new(pool);
    Examples {
        inputs: Inputs { table, pictures: pictures.standardised_on(&pictures), ..Inputs::default() },
        clips: (0..count).collect(),
        groups: (0..count).collect(),
        classes: ["a", "b", "c"].into_iter().map(String::from).collect(),
        labels,
    }
}

fn run(model: &dyn Model, changes: &[(&str, &str)], seed: u64) -> Run<'static> {
    let card = model.card();
    let declared = changes.iter().filter(|(name, _)| card.params.iter().any(|param| param.name == *name));
    Run::with(card.resolve(declared.copied()).unwrap(), seed)
}

fn reading_pictures() -> Vec<Box<dyn Model>> {
    let models = genre_bench_neural::models().into_iter();
    models.filter(|model| model.card().reads != Reads::Table).collect()
}

#[test]
fn every_model_learns_what_can_be_told_apart() {
    let (train, test) = (examples(96, (64, 60), 0), examples(60, (64, 60), 1));
    for model in reading_pictures() {
        let name = model.card().name;
        let fitted = model.fit(&train, &Examples::default(), &run(model.as_ref(), &SMALL, 0)).unwrap();
        let scores = fitted.scores(&test.inputs).unwrap();
        let right = |(row, &label): (ndarray::ArrayView1<f32>, &usize)| row.iter().all(|s| *s <= row[label]);
        let right = scores.rows().into_iter().zip(&test.labels).filter(|pair| right(*pair)).count();
        assert!(right >= 50, "{name}: {right} of 60");
        let alone = fitted.scores(&test.inputs.select(&[17])).unwrap();
        assert_eq!(alone.row(0), scores.row(17), "{name}: an example alone");
        assert_eq!(fitted.insights().history.len(), fitted.insights().numbers[1].1 as usize, "{name}");
        assert!(fitted.scores(&examples(3, (64, 52), 0).inputs).is_err(), "{name}: pictures of another size");
    }
}

#[test]
fn the_seed_decides_every_bit_and_the_threads_none() {
    let (train, test) = (examples(40, (64, 60), 0), examples(20, (64, 60), 1));
    let quick = [&[("epochs", "2")][..], &SMALL[1..]].concat();
    for model in reading_pictures() {
        let fit = |seed, threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let run = run(model.as_ref(), &quick, seed);
            pool.install(|| {
                model.fit(&train, &Examples::default(), &run).unwrap().scores(&test.inputs).unwrap()
            })
        };
        let (name, once) = (model.card().name, fit(1, 1));
        assert_eq!(once, fit(1, 3), "{name}: three threads");
        assert_ne!(once, fit(2, 1), "{name}: another seed");
    }
}

#[test]
fn a_validation_part_is_set_aside_where_the_recipe_needs_one() {
    let train = examples(60, (32, 32), 0);
    for (name, has) in [("ann", false), ("choi-fcn5", true), ("cnn-5block", true)] {
        let models = genre_bench_neural::models();
        let model = models.iter().find(|model| model.card().name == name).unwrap();
        let fitted = model.fit(&train, &Examples::default(), &run(model.as_ref(), &SMALL, 0)).unwrap();
        assert!(fitted.insights().history.iter().all(|epoch| epoch.valid.is_some() == has), "{name}");
    }
}

/// By hand from the sizes that the sources give.
#[test]
fn parameters_are_as_many_as_the_sources_imply() {
    let dense = |from: usize, to: usize| from * to + to;
    let convolution = |kernel: usize, from: usize, to: usize| kernel * from * to + to;
    let norm = |channels: usize| 2 * channels;
    let fcn5 = norm(1)
        + convolution(9, 1, 32)
        + norm(32)
        + convolution(9, 32, 128)
        + norm(128)
        + convolution(9, 128, 128)
        + norm(128)
        + convolution(9, 128, 192)
        + norm(192)
        + convolution(9, 192, 256)
        + norm(256)
        + dense(256, 3);
    let cnn_7x7 = norm(1)
        + convolution(49, 1, 64) + norm(64)
        + convolution(49, 64, 128) + norm(128)
        + convolution(49, 128, 256) + norm(256)
        // 128 × 130, three times less 6 and halved.
        + dense(256 * 10 * 11, 32) + norm(32) + dense(32, 3);
    let hidden = dense(512, 256) + dense(256, 128) + dense(128, 64) + dense(64, 3);
    let five_blocks: usize = [1, 16, 32, 64, 128, 256]
        .windows(2)
        .map(|pair| convolution(9, pair[0], pair[1]) + norm(pair[1]))
        .sum::<usize>()
        + dense(256 * 7 * 7, 3);
    let expected = [
        ("ann-table", dense(6, 512) + hidden),
        ("ann", dense(128 * 130, 512) + hidden),
        ("cnn-7x7", cnn_7x7),
        ("choi-fcn5", fcn5),
        ("choi-fcn5-dropout", fcn5),
        ("cnn-5block", five_blocks),
    ];
    let train = examples(2, (128, 130), 0);
    for (name, expected) in expected {
        let models = genre_bench_neural::models();
        let model = models.iter().find(|model| model.card().name == name).unwrap();
        let once = run(model.as_ref(), &[("epochs", "1")], 0);
        let fitted = model.fit(&train, &train, &once).unwrap();
        let (what, parameters) = &fitted.insights().numbers[0];
        assert_eq!((what.as_str(), *parameters as usize), ("parameters", expected), "{name}");
    }
}
