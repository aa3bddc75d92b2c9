//! Every hyper-parameter of training on the cards: its default is the network's own recipe, every other value trains
//! otherwise, and what is no value is refused.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use genre_bench_api::{Epoch, Examples, Inputs, Model, Reads, Run, Spectrograms, random_stream};
use ndarray::{Array2, Array3};
use rand::Rng;

/// Three classes of which one is rare, on spectrograms of 16 × 12 and tables of 6 columns.
fn examples(count: usize, seed: u64) -> Examples {
    let mut rng = random_stream(seed, "hyper-parameters");
    let labels: Vec<usize> = (0..count).map(|example| [0, 1, 0, 1, 0, 1, 2][example % 7]).collect();
    let spectrograms = Array3::from_shape_fn((count, 16, 12), |(example, row, _)| {
        rng.r#gen::<f32>() + if row % 3 == labels[example] { 0.5 } else { 0.0 }
    });
    let table = Array2::from_shape_fn((count, 6), |(example, column)| {
        rng.r#gen::<f32>() + if column % 3 == labels[example] { 0.5 } else { 0.0 }
    });
    Examples {
        inputs: Inputs { table, spectrograms: Spectrograms::new(spectrograms), ..Inputs::default() },
        tracks: (0..count).collect(),
        groups: (0..count).collect(),
        classes: ["a", "b", "c"].map(String::from).to_vec().into(),
        labels,
    }
}

fn model(name: &str) -> Box<dyn Model> {
    genre_bench_neural::models().into_iter().find(|model| model.card().name == name).unwrap()
}

/// What a fit comes to: every epoch without its seconds, and the scores.
fn fit(name: &str, changes: &[(&str, &str)]) -> (Vec<Epoch>, Array2<f32>) {
    let (model, train) = (model(name), examples(40, 0));
    let run = Run::with(model.card().resolve(changes.iter().copied()).unwrap(), 1);
    let fitted = model.fit(&train, &examples(20, 1), &run).unwrap();
    let mut history = fitted.insights().history;
    history.iter_mut().for_each(|epoch| epoch.seconds = 0.0);
    (history, fitted.scores(&examples(10, 2).inputs).unwrap())
}

/// A change of a network that already has others.
type Change = (&'static str, &'static [(&'static str, &'static str)], (&'static str, &'static str));

const SMALL: [(&str, &str); 3] = [("epochs", "6"), ("batch", "8"), ("lr", "0.01")];

#[test]
fn every_value_trains_otherwise() {
    let changes: [Change; 27] = [
        ("ann-table", &[], ("optimizer", "adamw")),
        ("ann-table", &[], ("optimizer", "sgd")),
        ("ann-table", &[("optimizer", "sgd")], ("optimizer", "nesterov")),
        ("ann-table", &[("optimizer", "sgd")], ("momentum", "0.5")),
        ("ann-table", &[], ("weight-decay", "0.1")),
        ("ann-table", &[("optimizer", "adamw")], ("weight-decay", "0.1")),
        ("ann-table", &[("optimizer", "sgd")], ("weight-decay", "0.1")),
        ("ann-table", &[], ("schedule", "cosine")),
        ("ann-table", &[], ("schedule", "step")),
        ("ann-table", &[("schedule", "inverse-time")], ("schedule-decay", "0.1")),
        ("ann-table", &[("schedule", "step")], ("schedule-epochs", "2")),
        ("ann-table", &[("schedule", "step")], ("schedule-factor", "0.5")),
        ("ann-table", &[("schedule", "cosine")], ("min-lr", "0.005")),
        // With what is no lower loss, so that one comes soon.
        ("ann-table", &[("schedule-epochs", "0"), ("lr", "0.1")], ("schedule", "plateau")),
        ("ann-table", &[], ("warm-up", "9")),
        ("ann-table", &[], ("clip-norm", "0.05")),
        ("ann-table", &[("optimizer", "sgd")], ("clip-norm", "0.05")),
        ("ann-table", &[], ("label-smoothing", "0.1")),
        ("ann-table", &[], ("class-weights", "balanced")),
        ("ann-table", &[], ("mixup", "0.4")),
        ("ann", &[], ("spec-augment", "true")),
        ("mlfi", &[], ("spec-augment", "true")),
        ("lstm-64", &[], ("mixup", "0.4")),
        ("mlfi", &[("schedule-epochs", "0")], ("schedule", "constant")),
        ("mlfi", &[], ("exact", "true")),
        ("cnn-7x7", &[("width", "0.02")], ("optimizer", "adam")),
        ("ann-table", &[("lr", "0.1")], ("keep", "last")),
    ];
    for (name, others, change) in changes {
        let before = [&SMALL, others].concat();
        let after = [&before[..], &[change]].concat();
        assert_ne!(fit(name, &before), fit(name, &after), "{name}: {change:?} after {others:?}");
    }
}

/// Convolutions with fewer products differ by rounding. Not with Adam, whose first steps are as long for a gradient that is nothing but
/// rounding, as that of a bias before batch normalization, as for any other.
#[test]
fn exact_convolutions_train_the_same_but_for_rounding() {
    let with = |exact: &str| {
        let sizes = [("size", "32"), ("width", "0.5"), ("epochs", "3"), ("batch", "8"), ("optimizer", "sgd")];
        fit("cnn-5block", &[sizes.as_slice(), &[("exact", exact)]].concat())
    };
    let ((fast, fast_scores), (exact, exact_scores)) = (with("false"), with("true"));
    for (fast, exact) in fast.iter().zip(&exact) {
        let apart = (fast.train_loss - exact.train_loss).abs();
        assert!(apart < 0.01 * exact.train_loss, "{} and {}", fast.train_loss, exact.train_loss);
    }
    let apart = (fast_scores - exact_scores).iter().map(|score| score.abs()).fold(0.0, f32::max);
    assert!(apart > 0.0 && apart < 0.01, "scores are {apart} apart");
}

#[test]
fn patience_ends_a_fit() {
    let epochs = |patience| {
        let changes = [("epochs", "40"), ("batch", "8"), ("lr", "0.3"), ("patience", patience)];
        fit("lstm-64", &changes).0.len()
    };
    assert!(epochs("1") < epochs("40"));
}

#[test]
fn warm_up_and_schedules_are_seen_in_the_learning_rates() {
    let rates = |changes: &[(&str, &str)]| -> Vec<f64> {
        fit("ann-table", &[&SMALL, changes].concat()).0.iter().map(|epoch| epoch.learning_rate).collect()
    };
    assert_eq!(rates(&[]), [0.01; 6]);
    assert_eq!(rates(&[("schedule", "step"), ("schedule-epochs", "4")])[3..], [0.01, 0.001, 0.001]);
    // Five steps an epoch.
    assert_eq!(rates(&[("warm-up", "10")])[..2], [0.005, 0.01]);
    let cosine = rates(&[("schedule", "cosine"), ("min-lr", "0.002")]);
    assert!(cosine[0] == 0.01 && (cosine[3] - 0.006).abs() < 1e-12, "{cosine:?}");
}

#[test]
fn every_network_has_them_and_refuses_what_is_no_value() {
    for model in genre_bench_neural::models() {
        let card = model.card();
        let wrong = [
            ("optimizer", "rmsprop"),
            ("momentum", "1"),
            ("momentum", "-0.1"),
            ("weight-decay", "-1"),
            ("schedule", "linear"),
            ("schedule-epochs", "-1"),
            ("schedule-factor", "2"),
            ("schedule-decay", "-1"),
            ("min-lr", "-1"),
            ("warm-up", "-1"),
            ("warm-up", "0.5"),
            ("clip-norm", "-1"),
            ("clip-norm", "NaN"),
            ("label-smoothing", "1.1"),
            ("class-weights", "heavy"),
            ("mixup", "-0.1"),
            ("mixup", "5"),
            ("keep", "first"),
        ];
        for (name, value) in wrong {
            let refused = card.resolve([(name, value)]).unwrap_err().to_string();
            assert!(refused.contains(name) && refused.contains("is not"), "{}: {refused}", card.name);
        }
        let reads_spectrograms = card.reads != Reads::Table;
        let has = card.params.iter().any(|param| param.name == "spec-augment");
        assert_eq!(has, reads_spectrograms, "{}", card.name);
        assert!(
            card.params.iter().all(|param| param.help.chars().count() <= 80),
            "{}: a long help",
            card.name
        );
    }
}

/// The recipes that the architectures are documented with.
#[test]
fn defaults_are_the_networks_own_recipes() {
    for model in genre_bench_neural::models() {
        let card = model.card();
        let scratch = [("weights", "none")].into_iter();
        let params = card
            .resolve(scratch.filter(|(name, _)| card.params.iter().any(|param| param.name == *name)))
            .unwrap();
        // Those of system E, and MLFI.
        let plateau = ["choi-", "mlfi", "mobilenet", "efficientnet", "inception", "resnet152"]
            .iter()
            .any(|start| card.name.starts_with(start));
        let keras = card.name == "cnn-7x7";
        let schedule = if keras {
            "inverse-time"
        } else if plateau {
            "plateau"
        } else {
            "constant"
        };
        assert_eq!(params.choice("schedule").unwrap(), schedule, "{}", card.name);
        assert_eq!(
            params.choice("optimizer").unwrap(),
            if keras { "nesterov" } else { "adam" },
            "{}",
            card.name
        );
        let off = ["weight-decay", "min-lr", "clip-norm", "label-smoothing", "mixup"];
        assert!(off.iter().all(|name| params.float(name).unwrap() == 0.0), "{}", card.name);
        assert_eq!(params.count("warm-up").unwrap(), 0);
    }
}

#[test]
fn a_diverging_fit_names_parameters_that_there_are() {
    let model = model("ann-table");
    let run = Run::with(model.card().resolve([("lr", "1e30")]).unwrap(), 0);
    let said = model.fit(&examples(40, 0), &Examples::default(), &run).err().unwrap().to_string();
    for name in ["lr", "clip-norm"] {
        assert!(said.contains(&format!("({name})")), "{said}");
        assert!(model.card().params.iter().any(|param| param.name == name), "{name}");
    }
}
