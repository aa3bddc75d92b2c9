use super::*;
use genre_bench_api::random_stream;
use ndarray::{Array2, array, s};
use serde_json::Value;
use std::cell::Cell;

/// What scikit-learn and scipy answered; see `make_fixtures.py` beside the file.
fn oracle(part: &str) -> Vec<Value> {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/score/metrics.json"));
    let cases: Value = serde_json::from_str(text).unwrap();
    cases[part].as_array().unwrap().clone()
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap()
}

#[track_caller]
fn assert_close(ours: f64, theirs: &Value) {
    let theirs: f64 = read(theirs);
    assert!((ours - theirs).abs() < 1e-9, "{ours} instead of {theirs}");
}

#[test]
fn label_metrics_are_scikit_learns() {
    for case in oracle("labels") {
        let (truth, predicted): (Vec<usize>, Vec<usize>) = (read(&case["truth"]), read(&case["predicted"]));
        let confusion = Confusion::new(&truth, &predicted, read(&case["classes"]));
        assert_eq!(confusion.counts, read::<Vec<Vec<u64>>>(&case["confusion"]));
        assert_close(confusion.accuracy(), &case["accuracy"]);
        assert_close(confusion.macro_f1(), &case["macro_f1"]);
        assert_close(confusion.balanced_accuracy(), &case["balanced_accuracy"]);
        assert_close(confusion.matthews_correlation(), &case["matthews_correlation"]);
        assert_close(confusion.cohens_kappa(), &case["cohens_kappa"]);
        for (c, class) in confusion.per_class().iter().enumerate() {
            assert_close(class.precision, &case["precision"][c]);
            assert_close(class.recall, &case["recall"][c]);
            assert_close(class.f1, &case["f1"][c]);
            assert_eq!(class.support, read::<u64>(&case["support"][c]));
        }
    }
}

#[test]
fn confusions_add_up() {
    let (truth, predicted) = ([0, 1, 2, 2], [0, 2, 2, 1]);
    let mut sum = Confusion::new(&truth[..2], &predicted[..2], 3);
    sum += &Confusion::new(&truth[2..], &predicted[2..], 3);
    assert_eq!(sum, Confusion::new(&truth, &predicted, 3));
}

#[test]
fn nothing_scores_zero_and_has_no_metrics() {
    let nothing = Confusion::new(&[], &[], 3);
    let metrics = [Confusion::accuracy, Confusion::macro_f1, Confusion::balanced_accuracy];
    metrics.iter().for_each(|metric| assert_eq!(metric(&nothing), 0.0));
    assert_eq!((nothing.matthews_correlation(), nothing.cohens_kappa()), (0.0, 0.0));
    let fold = FoldPredictions::new(3, Vec::new(), Array2::zeros((0, 3)));
    for metric in METRICS.iter().filter(|metric| metric.is_of_test()) {
        assert!(metric.of_fold(&fold).is_none() && metric.statistic(&fold).is_none(), "{}", metric.key);
    }
}

#[test]
fn score_metrics_are_scikit_learns() {
    for case in oracle("scores") {
        let rows: Vec<Vec<f32>> = read(&case["scores"]);
        let truth: Vec<usize> = read(&case["truth"]);
        let scores = Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap();
        assert_eq!(labels_of(scores.view()), read::<Vec<usize>>(&case["labels"]));
        for k in 1..=3 {
            // Scikit-learn lets the higher index win among equal scores: with the classes in reverse order, the lower.
            let rows = scores.rows().into_iter().zip(&truth);
            let last = scores.ncols() - 1;
            let hits = rows.filter(|(row, class)| in_top_k(last - **class, row.slice(s![..;-1]), k)).count();
            assert_close(hits as f64 / truth.len() as f64, &case["top"][k - 1]);
        }
    }
}

/// The metrics of the table, by their keys, are scikit-learn's.
#[test]
fn probability_metrics_are_scikit_learns() {
    for case in oracle("probabilities") {
        let rows: Vec<Vec<f32>> = read(&case["scores"]);
        let scores = Array2::from_shape_vec((rows.len(), rows[0].len()), rows.concat()).unwrap();
        let fold = FoldPredictions::new(rows[0].len(), read(&case["truth"]), scores);
        for key in ["log_loss", "brier_score", "roc_auc"] {
            match metric(key).of_fold(&fold) {
                Some(value) => assert_close(value, &case[key]),
                None => assert!(case[key].is_null(), "{key} is missing, should be {}", case[key]),
            }
        }
    }
}

#[track_caller]
fn metric(key: &str) -> &'static Metric {
    Metric::of_key(key).unwrap_or_else(|| panic!("no metric {key}"))
}

#[test]
fn a_metric_is_found_by_its_key_and_by_nothing_else() {
    for (at, metric) in METRICS.iter().enumerate() {
        assert!(
            std::ptr::eq(Metric::of_key(metric.key).unwrap(), &METRICS[at]),
            "{} stands twice",
            metric.key
        );
        assert!(!metric.header.is_empty() && metric.description.ends_with('.'), "{}", metric.key);
    }
    assert_eq!(Metric::of_key("log-loss").unwrap().key, "log_loss");
    assert_eq!(Metric::macro_f1().key, "macro_f1");
    assert!(Metric::of_key("f1").is_none() && Metric::of_key("").is_none());
}

#[test]
fn decision_values_have_no_probability_metrics() {
    let truth = vec![0, 1, 2];
    let fold = |scores: Array2<f32>| FoldPredictions::new(3, truth.clone(), scores);
    let probabilities = array![[0.5, 0.3, 0.2], [0.0, 1.0, 0.0], [0.2, 0.3, 0.5]];
    let distances = array![[-1.0, 1.0, 1.0], [0.0, 1.0, 0.0], [0.2, 0.3, 0.5]];
    let votes = array![[2.0, 1.0, 0.0], [0.0, 3.0, 0.0], [1.0, 1.0, 1.0]];
    for key in ["log_loss", "brier_score", "roc_auc"] {
        assert!(metric(key).of_fold(&fold(probabilities.clone())).is_some(), "{key}");
        for scores in [&distances, &votes] {
            assert_eq!(metric(key).of_fold(&fold(scores.clone())), None, "{key}");
            assert!(metric(key).statistic(&fold(scores.clone())).is_none(), "{key}");
        }
    }
    assert!(metric("accuracy").of_fold(&fold(votes)).is_some());
}

/// Drawing every example once is the metric itself, drawing some is the metric of those alone.
#[test]
fn a_statistic_is_its_metric_on_the_positions_drawn() {
    let case = oracle("probabilities").swap_remove(4);
    let (rows, truth): (Vec<Vec<f32>>, Vec<usize>) = (read(&case["scores"]), read(&case["truth"]));
    let table = |at: &[usize]| Array2::from_shape_fn((at.len(), rows[0].len()), |(e, c)| rows[at[e]][c]);
    let fold =
        |at: &[usize]| FoldPredictions::new(rows[0].len(), at.iter().map(|&e| truth[e]).collect(), table(at));
    let (all, some): (Vec<usize>, Vec<usize>) = ((0..rows.len()).collect(), vec![3, 3, 8, 1, 40, 21, 5, 8]);
    let whole = fold(&all);
    for metric in METRICS.iter().filter(|metric| metric.is_of_test()) {
        let statistic = metric.statistic(&whole).unwrap();
        assert_eq!(statistic.tracks, rows.len(), "every example is a track");
        for at in [&all, &some] {
            let value = metric.of_fold(&fold(at)).unwrap();
            assert!(((statistic.of)(at) - value).abs() < 1e-12, "{}", metric.key);
            assert!((metric.range.0..=metric.range.1).contains(&value), "{}", metric.key);
        }
    }
    let undefined = (metric("roc_auc").statistic(&whole).unwrap().of)(&[3, 3]);
    assert!(undefined.is_nan(), "one class has no area under the curve");
}

#[test]
fn votes_training_and_costs_are_computed_from_what_a_fold_has() {
    let scores = array![[0.6, 0.4], [0.6, 0.4], [0.0, 1.0], [0.0, 1.0]];
    let bare = FoldPredictions::new(2, vec![1, 1, 1, 0], scores);
    let value = |fold: &FoldPredictions, key: &str| metric(key).of_fold(fold);
    assert_eq!(value(&bare, "clip_vote_accuracy"), value(&bare, "accuracy"));
    for key in ["train_accuracy", "calibration_error", "fit_seconds", "peak_bytes"] {
        assert_eq!(value(&bare, key), None, "{key}");
        assert!(metric(key).statistic(&bare).is_none(), "{key}");
    }
    let measured = Measured { fit_seconds: 2.0, predict_seconds: 1.0, peak_bytes: 5, reliability: None };
    let full =
        bare.with_tracks(vec![7, 7, 7, 8]).with_training(vec![0, 1], vec![0, 0]).with_measured(measured);
    assert_eq!(value(&full, "accuracy"), Some(0.25));
    assert_eq!(value(&full, "clip_vote_accuracy"), Some(0.0), "two of three segments are wrong");
    assert_eq!(value(&full, "clip_mean_accuracy"), Some(0.5), "the third is sure");
    assert_eq!(value(&full, "train_accuracy"), Some(0.5));
    // Of whole tracks: the first has three segments, one of them predicted correctly, the second one that is not.
    for (key, first, second) in
        [("accuracy", 1.0 / 3.0, 0.0), ("clip_vote_accuracy", 0.0, 0.0), ("clip_mean_accuracy", 1.0, 0.0)]
    {
        let Statistic { tracks, of } = metric(key).statistic(&full).unwrap();
        assert_eq!((tracks, of(&[0]), of(&[1, 1])), (2, first, second), "{key}");
    }
    for key in ["log_loss", "roc_auc"] {
        let Statistic { tracks, of } = metric(key).statistic(&full).unwrap();
        assert_eq!((tracks, of(&[0, 1])), (2, metric(key).of_fold(&full).unwrap()), "{key}");
    }
    assert_eq!(metric("accuracy").of_folds(&[0.5, 1.0]), 0.75);
    assert_eq!(metric("fit_seconds").of_folds(&[2.0, 3.0]), 5.0);
    assert_eq!(metric("peak_bytes").of_folds(&[7.0, 5.0]), 7.0);
}

#[test]
fn the_better_of_two_values_is_the_greater_in_the_metrics_order() {
    use std::cmp::Ordering;
    assert_eq!(metric("macro_f1").compare(0.9, 0.8), Ordering::Greater);
    assert_eq!(metric("log_loss").compare(0.9, 0.8), Ordering::Less);
}

#[test]
fn people_read_percent_seconds_and_megabytes() {
    let shown = |key: &str, value| metric(key).show(value);
    assert_eq!(shown("macro_f1", 0.71449), "71.4");
    assert_eq!(shown("matthews_correlation", -0.5), "-0.500");
    assert_eq!((shown("fit_seconds", 9.994), shown("fit_seconds", 9.996)), ("9.99".into(), "10".into()));
    assert_eq!((shown("peak_bytes", 1_239_340.0), shown("peak_bytes", 2e8)), ("1.2".into(), "200".into()));
}

#[test]
fn draws_without_a_figure_are_left_out() {
    let of_mixed = |drawn: &[usize], _: &[usize]| if drawn[0] == drawn[1] { f64::NAN } else { 0.5 };
    let interval = Bootstrap::new(2, 1, &mut random_stream(1, "bootstrap")).interval(of_mixed);
    assert_eq!((interval.low, interval.mean, interval.high), (0.5, 0.5, 0.5));
    let never = Bootstrap::new(2, 1, &mut random_stream(1, "bootstrap")).interval(|_, _| f64::NAN);
    assert!(never.low.is_nan() && never.high.is_nan());
}

/// A nearest neighbour gives one class everything and all others nothing.
#[test]
fn one_rule_for_ties_the_lower_index_comes_first() {
    let scores = array![[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]];
    assert_eq!(labels_of(scores.view()), [0, 1, 0]);
    for (row, label) in scores.rows().into_iter().zip(labels_of(scores.view())) {
        let first: Vec<usize> = (0..3).filter(|&class| in_top_k(class, row, 1)).collect();
        assert_eq!(first, [label], "the first of the ranking is the prediction");
        assert!((0..3).all(|class| in_top_k(class, row, 3)));
    }
    assert!(in_top_k(0, scores.row(1), 2) && !in_top_k(2, scores.row(1), 2));
}

#[test]
fn intervals_of_few_folds_are_not_passed_over() {
    assert!([1, 5, 10].iter().all(|&folds| few_folds(folds).is_none()));
    assert!([2, 3, 4].iter().all(|&folds| few_folds(folds).unwrap().contains(&format!("{folds} folds"))));
}

#[test]
fn majority_and_mean_can_disagree() {
    // Track 7: two narrow votes for class 0 against one clear vote for class 1.
    // Track 3: one vote each for 1 and 2; class 0 has no vote but the highest mean.
    let tracks = [7, 3, 7, 3, 7];
    let truth = [1, 0, 1, 0, 1];
    let scores = array![
        [0.5, 0.4, 0.1],
        [0.45, 0.5, 0.05],
        [0.5, 0.4, 0.1],
        [0.45, 0.0, 0.55],
        [0.0, 1.0, 0.0], //
    ];
    let voted = by_track(&tracks, &truth, scores.view());
    let expected =
        Tracks { ids: vec![3, 7], truth: vec![0, 1], by_majority: vec![2, 0], by_mean: vec![0, 1] };
    assert_eq!(voted, expected);
}

#[test]
fn full_ties_between_classes_go_to_the_lower_index() {
    let voted = by_track(&[0, 0], &[2, 2], array![[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]].view());
    assert_eq!((voted.by_majority, voted.by_mean), (vec![1], vec![1]));
}

#[test]
fn a_vote_ignores_the_order_of_the_segments() {
    let tracks: Vec<usize> = (0..60).map(|i| i * 7 % 12).collect();
    let truth: Vec<usize> = tracks.iter().map(|track| track % 4).collect();
    let scores = Array2::from_shape_fn((60, 4), |(i, c)| ((i * 31 + c * 17) % 10) as f32 / 8.0);
    let voted = by_track(&tracks, &truth, scores.view());
    let backwards = |values: &[usize]| values.iter().rev().copied().collect::<Vec<_>>();
    let reversed = scores.slice(ndarray::s![..;-1, ..]);
    assert_eq!(by_track(&backwards(&tracks), &backwards(&truth), reversed), voted);
    assert_eq!(voted.ids, (0..12).collect::<Vec<_>>());
}

#[test]
fn t_intervals_are_scipys() {
    for case in oracle("intervals") {
        let values: Vec<f64> = read(&case["values"]);
        let interval = corrected_t(&values, read(&case["test_to_train"])).unwrap().within((0.0, 1.0));
        assert_close(interval.mean, &case["mean"]);
        assert_close(interval.low, &case["low"]);
        assert_close(interval.high, &case["high"]);
    }
    assert_eq!(corrected_t(&[0.8], 0.1), None);
    assert_eq!(corrected_t(&[], 0.1), None);
}

/// `tracks` tracks of `segments` segments; every third track is mistaken as a whole.
fn bootstrapped_accuracy(tracks: usize, segments: usize) -> Interval {
    let ids: Vec<usize> = (0..tracks * segments).map(|i| i / segments).collect();
    let positions: Vec<_> = positions_by_track(&ids).into_values().collect();
    Bootstrap::new(tracks, 1, &mut random_stream(1, "bootstrap")).interval(|drawn, _| {
        assert_eq!(drawn.len(), tracks, "as many tracks are drawn as there are");
        let examples: Vec<usize> = drawn.iter().flat_map(|&track| &positions[track]).copied().collect();
        examples.iter().filter(|&&i| !ids[i].is_multiple_of(3)).count() as f64 / examples.len() as f64
    })
}

#[test]
fn the_bootstrap_draws_tracks() {
    // With all segments of a track alike, only the number of tracks counts.
    let interval = bootstrapped_accuracy(150, 1);
    assert_eq!(bootstrapped_accuracy(150, 10), interval);
    // And the interval is that of a share: mean ± 1.96 · √(p (1 − p) / n).
    let half = 1.96 * (2.0 / 9.0 / 150.0_f64).sqrt();
    assert_eq!(interval.mean, 2.0 / 3.0);
    assert!((interval.low - (interval.mean - half)).abs() < 0.01, "{interval:?}");
    assert!((interval.high - (interval.mean + half)).abs() < 0.01, "{interval:?}");
}

#[test]
fn the_bootstrap_narrows_with_more_tracks() {
    let width = |tracks| {
        let Interval { mean, low, high, .. } = bootstrapped_accuracy(tracks, 2);
        assert!(low < mean && mean < high);
        high - low
    };
    assert!(width(30) > width(120) && width(120) > width(480));
}

#[test]
fn the_bootstrap_takes_macro_f1() {
    let truth: Vec<usize> = (0..200).map(|i| i / 50).collect();
    let predicted: Vec<usize> =
        (0..200_usize).map(|i| if i.is_multiple_of(5) { i % 4 } else { truth[i] }).collect();
    let tracks: Vec<Vec<usize>> = (0..40).map(|track| (track * 5..track * 5 + 5).collect()).collect();
    let macro_f1 = |drawn: &[usize], _: &[usize]| {
        let pick = |labels: &[usize]| -> Vec<usize> {
            drawn.iter().flat_map(|&track| &tracks[track]).map(|&i| labels[i]).collect()
        };
        Confusion::new(&pick(&truth), &pick(&predicted), 4).macro_f1()
    };
    let interval = Bootstrap::new(tracks.len(), 1, &mut random_stream(1, "bootstrap")).interval(macro_f1);
    assert_eq!(interval.mean, Confusion::new(&truth, &predicted, 4).macro_f1());
    assert!(interval.low < interval.mean && interval.mean < interval.high && interval.high <= 1.0);
    assert_eq!(
        Bootstrap::new(tracks.len(), 1, &mut random_stream(1, "bootstrap")).interval(macro_f1),
        interval
    );
    assert_ne!(
        Bootstrap::new(tracks.len(), 1, &mut random_stream(2, "bootstrap")).interval(macro_f1),
        interval
    );
}

#[test]
fn the_bootstrap_takes_seeds_along() {
    // All tracks alike, two seeds 0.2 apart: means of two draws of them are 0.4, 0.5, 0.5 or 0.6.
    let of_seeds = |_: &[usize], seeds: &[usize]| {
        seeds.iter().map(|&seed| [0.4, 0.6][seed]).sum::<f64>() / seeds.len() as f64
    };
    let interval = Bootstrap::new(9, 2, &mut random_stream(1, "bootstrap")).interval(of_seeds);
    assert_eq!((interval.low, interval.mean, interval.high), (0.4, 0.5, 0.6));
    // Tracks are drawn as they are without several seeds.
    let of_tracks = |tracks: &[usize], _: &[usize]| tracks.iter().sum::<usize>() as f64;
    let of = |seeds| Bootstrap::new(9, seeds, &mut random_stream(1, "bootstrap")).interval(of_tracks);
    assert_eq!(of(1), of(5));
}

#[test]
fn one_track_gives_no_width() {
    let interval = Bootstrap::new(1, 1, &mut random_stream(1, "bootstrap")).interval(|_, _| 0.5);
    assert_eq!((interval.low, interval.mean, interval.high), (0.5, 0.5, 0.5));
}

#[test]
fn the_ends_are_the_outer_quantiles() {
    // The draws give 0, 0.001, …, 0.999 and the tracks themselves 1; compare
    // numpy.quantile(numpy.arange(1000) / 1000, [0.025, 0.975]).
    let calls = Cell::new(0.0);
    let interval = Bootstrap::new(1, 1, &mut random_stream(1, "bootstrap"))
        .interval(|_, _| calls.replace(calls.get() + 1.0) / 1000.0);
    assert_close(interval.low, &0.024975.into());
    assert_close(interval.high, &0.974025.into());
    assert_close(interval.mean, &1.0.into());
}
