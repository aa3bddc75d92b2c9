//! Classifiers of linfa and smartcore as models.
#![allow(clippy::unwrap_used)]

mod common;

use common::{FIXTURES, fit, fixture, inputs, labels, model};
use genre_bench_api::{Card, Examples, Family, Model, Run};
use genre_bench_classical::{
    linfa_model, linfa_model_with_scores, smartcore_model, smartcore_model_with_scores,
};
use linfa_bayes::GaussianNb;
use linfa_logistic::MultiLogisticRegression;
use linfa_trees::DecisionTree;
use ndarray::{Array2, ArrayView1};
use rand::RngCore;
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::metrics::distance::euclidian::Euclidian;
use smartcore::naive_bayes::gaussian::{GaussianNB, GaussianNBParameters};
use smartcore::neighbors::knn_classifier::{KNNClassifier, KNNClassifierParameters};
use smartcore::tree::decision_tree_classifier::{DecisionTreeClassifier, DecisionTreeClassifierParameters};

type Table = DenseMatrix<f64>;

fn card(name: &str) -> Card {
    Card::new(name, Family::Classical, "of a library")
}

fn linfa_bayes() -> impl Model {
    linfa_model(card("bayes-linfa"), |_run, _shape| Ok(GaussianNb::<f64, usize>::params()))
}

fn linfa_tree() -> impl Model {
    linfa_model(card("tree-linfa"), |_run, _shape| Ok(DecisionTree::<f64, usize>::params()))
}

fn smartcore_bayes() -> impl Model {
    smartcore_model::<GaussianNB<f64, u32, Table, Vec<u32>>, _>(card("bayes-smartcore"), |_run, _shape| {
        Ok(GaussianNBParameters::default())
    })
}

fn smartcore_tree() -> impl Model {
    smartcore_model::<DecisionTreeClassifier<f64, u32, Table, Vec<u32>>, _>(
        card("tree-smartcore"),
        |_run, _shape| Ok(DecisionTreeClassifierParameters::default()),
    )
}

/// The share of a problem's test examples to which two models give the same label.
fn agreement(problem: &str, one: &dyn Model, other: &dyn Model) -> f64 {
    let fixture = fixture(problem);
    let (train, test) = (fixture.train.examples(), fixture.test.examples());
    let labels = |model: &dyn Model| labels(&fit(model, &train, 0).scores(&test.inputs).unwrap());
    let (one, other) = (labels(one), labels(other));
    one.iter().zip(&other).filter(|(one, other)| one == other).count() as f64 / one.len() as f64
}

#[test]
fn what_has_one_answer_has_it_through_every_library() {
    for problem in FIXTURES {
        // Where an example is far from every class, smartcore's probabilities are not numbers.
        if ["overlapping", "three_classes"].contains(&problem) {
            assert!(agreement(problem, &smartcore_bayes(), &*model("naive-bayes")) >= 0.98, "{problem}");
        }
        for (library, ours) in [
            (Box::new(linfa_bayes()) as Box<dyn Model>, "naive-bayes"),
            (model("knn-5-smartcore"), "knn-5"),
            (model("svm-linfa"), "svm"),
            (model("logistic-linfa"), "logistic"),
        ] {
            let name = library.card().name;
            assert!(agreement(problem, &*library, &*model(ours)) >= 0.98, "{name} on {problem}");
        }
    }
}

/// Those models of a library whose arrays are asked here, as the library itself is asked.
#[test]
fn what_is_asked_here_says_what_its_library_says() {
    type Forest = RandomForestClassifier<f64, u32, Table, Vec<u32>>;
    type Knn = KNNClassifier<f64, u32, Table, Vec<u32>, Euclidian<f64>>;
    let logistic = linfa_model_with_scores(
        card("logistic-linfa"),
        |_run, shape| {
            let alpha = if shape.classes == 2 { 2.0 } else { 1.0 };
            Ok(MultiLogisticRegression::default().alpha(alpha).gradient_tolerance(5e-4).max_iterations(1000))
        },
        |fitted, table| fitted.predict_probabilities(table),
    );
    let forest = smartcore_model::<Forest, _>(card("forest-smartcore"), |run, shape| {
        Ok(RandomForestClassifierParameters::default()
            .with_n_trees(100)
            .with_m(shape.columns.isqrt())
            .with_seed(run.rng("forest").next_u64()))
    });
    let knn = smartcore_model_with_scores::<Knn, _>(
        card("knn-5-smartcore"),
        |_run, _shape| Ok(KNNClassifierParameters::default().with_k(5)),
        |fitted, table| fitted.predict_proba(table),
    );
    for problem in FIXTURES {
        let fixture = fixture(problem);
        let (train, test) = (fixture.train.examples(), fixture.test.examples());
        for library in [&logistic as &dyn Model, &forest, &knn] {
            let name = library.card().name;
            let scores = |model: &dyn Model| fit(model, &train, 0).scores(&test.inputs).unwrap();
            assert_eq!(scores(library), scores(&*model(&name)), "{name} on {problem}");
        }
    }
}

#[test]
fn what_of_a_library_is_not_known_inside_is_not_saved() {
    let train = fixture("two_classes").train.examples();
    for library in [Box::new(linfa_tree()) as Box<dyn Model>, Box::new(smartcore_tree())] {
        let told = fit(&*library, &train, 0).save().unwrap_err().to_string();
        assert_eq!(told, "what this library fitted cannot be saved");
    }
}

#[test]
fn trees_and_forests_learn_and_are_better_than_chance() {
    let fixture = fixture("overlapping");
    let (train, test) = (fixture.train.examples(), fixture.test.examples());
    let right = |model: &dyn Model, examples: &Examples| {
        let given = labels(&fit(model, &train, 0).scores(&examples.inputs).unwrap());
        let right = given.iter().zip(&examples.labels).filter(|(given, label)| given == label).count();
        right as f64 / given.len() as f64
    };
    for library in
        [Box::new(linfa_tree()) as Box<dyn Model>, Box::new(smartcore_tree()), model("forest-smartcore")]
    {
        let name = library.card().name;
        assert!(right(&*library, &train) > 0.95, "{name} knows the training part");
        assert!(right(&*library, &test) > 0.5, "{name}: chance is a quarter");
    }
}

#[test]
fn scores_are_shares_of_all_classes_and_none_goes_to_a_class_without_examples() {
    let mut train = fixture("three_classes").train.examples();
    train.classes = ["a", "b", "c", "d", "e"].map(str::to_owned).into();
    train.labels.iter_mut().for_each(|label| *label += 1);
    for library in [
        Box::new(linfa_tree()) as Box<dyn Model>,
        Box::new(smartcore_tree()),
        model("logistic-linfa"),
        model("knn-5-smartcore"),
        model("forest-smartcore"),
    ] {
        let scores = fit(&*library, &train, 0).scores(&train.inputs).unwrap();
        let name = library.card().name;
        assert_eq!(scores.dim(), (train.len(), 5), "{name}");
        let is_share =
            |row: ArrayView1<f32>| (row.sum() - 1.0).abs() < 1e-5 && row[0] == 0.0 && row[4] == 0.0;
        assert!(scores.rows().into_iter().all(is_share), "{name}");
    }
}

#[test]
fn what_a_library_refuses_is_told_in_its_words() {
    let train = common::examples(Array2::zeros((4, 2)), &[0, 1, 0, 1], 2);
    let refused = linfa_model(card("refused"), |_run, _shape| {
        Ok(GaussianNb::<f64, usize>::params().var_smoothing(-1.0))
    });
    let run = Run::with(refused.card().resolve([]).unwrap(), 0);
    let told = refused.fit(&train, &Examples::default(), &run).err().unwrap().to_string();
    assert!(told.contains("smoothing"), "{told}");
    assert_eq!(fit(&linfa_tree(), &train, 0).scores(&inputs(Array2::zeros((0, 2)))).unwrap().dim(), (0, 2));
}
