//! Same seed, same numbers: again, at any thread count, and in any order of the training part.
#![allow(clippy::unwrap_used)]

mod common;

use common::{examples, fit, fixture, inputs, labels, model};
use genre_bench_api::Insights;
use genre_bench_classical::models;
use ndarray::{Array2, Axis};
use rayon::ThreadPoolBuilder;

/// What a model fitted to a problem large enough to work in several blocks says of other examples,
/// and of itself.
fn fit_with(name: &str, threads: usize, seed: u64) -> (Array2<f32>, Insights) {
    let train = Array2::from_shape_fn((700, 6), |(i, j)| {
        ((i * 7919 + j * 104_729 + i * i * 31) % 1009) as f32 / 300.0 + (i % 4 * j) as f32 / 5.0
    });
    // Not to be told from the table, so that trees are deep and have equally good splits.
    let classes: Vec<usize> = (0..700).map(|i| i * i % 13 % 4).collect();
    let train = examples(train, &classes, 4);
    let asked = inputs(&train.inputs.table + 0.05);
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let fitted = fit(&*model(name), &train, seed);
        (fitted.scores(&asked).unwrap(), fitted.insights())
    })
}

#[test]
fn neither_scores_nor_insights_depend_on_the_threads() {
    for model in models() {
        let name = model.card().name;
        let once = fit_with(&name, 1, 3);
        assert_eq!(once, fit_with(&name, 1, 3), "{name}, again");
        assert_eq!(once, fit_with(&name, 2, 3), "{name}, two threads");
        assert_eq!(once, fit_with(&name, 5, 3), "{name}, five threads");
    }
}

/// Large enough for products, factors and eigenvalues in several blocks.
#[test]
fn scores_on_many_columns_do_not_depend_on_the_threads() {
    let train = Array2::from_shape_fn((320, 1100), |(i, j)| {
        ((i * 7919 + j * 104_729 + i * i * 31 + i * j * 13) % 1009) as f32 / 300.0 - 1.7
    });
    let classes: Vec<usize> = (0..320).map(|i| i * i % 13 % 4).collect();
    let train = examples(train, &classes, 4);
    for name in ["lda", "ridge", "logistic", "svm-linear", "svm"] {
        let scores = |threads| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| fit(&*model(name), &train, 0).scores(&train.inputs).unwrap())
        };
        assert_eq!(scores(1), scores(3), "{name}");
    }
}

#[test]
fn only_models_with_chance_in_them_heed_the_seed() {
    for model in models() {
        let card = model.card();
        let heeds = fit_with(&card.name, 1, 1) != fit_with(&card.name, 1, 2);
        assert_eq!(heeds, !card.deterministic, "{}", card.name);
    }
}

#[test]
fn the_order_of_the_training_part_does_not_matter() {
    let fixture = fixture("overlapping");
    let (train, test) = (fixture.train.examples(), fixture.test.examples());
    let order: Vec<usize> = (0..train.len()).map(|i| (i * 67 + 11) % train.len()).collect();
    let shuffled_labels: Vec<usize> = order.iter().map(|&row| train.labels[row]).collect();
    let shuffled = examples(train.inputs.table.select(Axis(0), &order), &shuffled_labels, 4);
    for (name, tolerance) in [
        ("majority", 0.0),
        ("random", 0.0),
        ("knn-1", 0.0),
        ("knn-5", 0.0),
        ("naive-bayes", 1e-5),
        ("lda", 1e-5),
        ("ridge", 1e-5),
        ("logistic", 1e-4),
        ("svm-linear", 1e-4),
        ("boosting", 0.0),
        ("svm", 2e-3),
        ("svm-c10", 2e-3),
    ] {
        let scores = |train| fit(&*model(name), train, 0).scores(&test.inputs).unwrap();
        let (straight, shuffled) = (scores(&train), scores(&shuffled));
        assert_eq!(labels(&straight), labels(&shuffled), "{name}");
        let furthest = (straight - shuffled).fold(0.0_f32, |most, d| most.max(d.abs()));
        assert!(furthest <= tolerance, "{name}: scores differ by up to {furthest}");
    }
}
