use super::metric::{Better, Combine, Compute, Format, Intervals, Metric, When};
use super::predictions::LabelsOf;
use super::{Confusion, brier_score, in_top_k, log_loss, roc_auc};

/// What most metrics have in common: a share of 0–1, the more the better, averaged over the folds.
const SHARE: Metric = Metric {
    key: "",
    header: "",
    description: "",
    footnote: "",
    format: Format::Percent,
    better: Better::Higher,
    range: (0.0, 1.0),
    is_default: false,
    when: When::Always,
    compute: Compute::Measured(|_| None),
    combine: Combine::Mean,
    intervals: Intervals::Never,
};

/// What a fit costs, the less the better.
const COST: Metric = Metric {
    format: Format::Seconds,
    better: Better::Lower,
    range: (0.0, f64::INFINITY),
    is_default: true,
    combine: Combine::Sum,
    ..SHARE
};

/// All metrics, in the order of the columns of tables. Macro-averaged F1 is the first, by which models are compared.
pub static METRICS: &[Metric] = &[
    Metric {
        key: "macro_f1",
        header: "F1",
        description: "Macro-averaged F1 on the test parts, 0–1: scikit-learn's f1_score(average=\"macro\").",
        footnote: "F1: macro-averaged, on the test parts",
        is_default: true,
        compute: Compute::Labels(LabelsOf::Test, Confusion::macro_f1),
        intervals: Intervals::Always,
        ..SHARE
    },
    Metric {
        key: "accuracy",
        header: "acc.",
        description: "Share of test examples predicted correctly, 0–1: scikit-learn's accuracy_score.",
        is_default: true,
        compute: Compute::Labels(LabelsOf::Test, Confusion::accuracy),
        intervals: Intervals::Always,
        ..SHARE
    },
    Metric {
        key: "train_macro_f1",
        header: "train",
        description: "Macro-averaged F1 on the training parts, 0–1: far above that on the test parts where a model overfits.",
        footnote: "train: F1 on the training parts",
        is_default: true,
        compute: Compute::Labels(LabelsOf::Training, Confusion::macro_f1),
        ..SHARE
    },
    Metric {
        key: "train_accuracy",
        header: "train acc.",
        description: "Share of training examples predicted correctly, 0–1.",
        compute: Compute::Labels(LabelsOf::Training, Confusion::accuracy),
        ..SHARE
    },
    Metric {
        key: "top3_accuracy",
        header: "top-3",
        description: "Share of test examples whose class is among the three with the highest scores, 0–1: scikit-learn's \
                      top_k_accuracy_score(k=3), but among equal scores the class that comes first in the alphabet wins, as \
                      it does where one class is predicted.",
        footnote: "top-3: accuracy of the three highest scores",
        is_default: true,
        compute: Compute::EachExample(|class, scores| f64::from(u8::from(in_top_k(class, scores, 3)))),
        ..SHARE
    },
    Metric {
        key: "clip_vote_macro_f1",
        header: "vote",
        description: "Macro-averaged F1 over tracks, 0–1, each labelled by the majority of its segments; none where every \
                      track is one example.",
        footnote: "vote: F1 of whole tracks by majority of their segments",
        is_default: true,
        when: When::Segments,
        compute: Compute::Labels(LabelsOf::TrackVotes, Confusion::macro_f1),
        ..SHARE
    },
    Metric {
        key: "clip_vote_accuracy",
        header: "vote acc.",
        description: "Share of tracks that the majority of their segments labels correctly, 0–1.",
        footnote: "vote acc.: accuracy over whole tracks by majority of their segments",
        when: When::Segments,
        compute: Compute::Labels(LabelsOf::TrackVotes, Confusion::accuracy),
        ..SHARE
    },
    Metric {
        key: "clip_mean_macro_f1",
        header: "mean",
        description: "Macro-averaged F1 over tracks, 0–1, each labelled by the mean scores of its segments.",
        footnote: "mean: the same by mean scores",
        is_default: true,
        when: When::Segments,
        compute: Compute::Labels(LabelsOf::TrackMeans, Confusion::macro_f1),
        ..SHARE
    },
    Metric {
        key: "clip_mean_accuracy",
        header: "mean acc.",
        description: "Share of tracks that the mean scores of their segments label correctly, 0–1.",
        footnote: "mean acc.: accuracy over whole tracks by mean scores",
        when: When::Segments,
        compute: Compute::Labels(LabelsOf::TrackMeans, Confusion::accuracy),
        ..SHARE
    },
    Metric {
        key: "calibration_error",
        header: "ECE",
        description: "Expected calibration error on the test parts in 15 bins, 0–1, of the calibrated probabilities, mean \
                      over the folds (`bench show RUN --reliability` pools the test parts); none where they were not \
                      calibrated.",
        footnote: "ECE: expected calibration error of the calibrated probabilities, in points, mean over folds (`bench \
                   show last --reliability MODEL` pools the test parts)",
        better: Better::Lower,
        is_default: true,
        when: When::Calibrated,
        compute: Compute::Measured(|m| m.reliability.map(|(_, after)| after.expected_calibration_error())),
        ..SHARE
    },
    Metric {
        key: "calibration_error_before",
        header: "ECE before",
        description: "Expected calibration error before calibration, 0–1, mean over the folds.",
        footnote: "ECE before: expected calibration error before calibration, in points, mean over folds",
        better: Better::Lower,
        when: When::Calibrated,
        compute: Compute::Measured(|m| m.reliability.map(|(before, _)| before.expected_calibration_error())),
        ..SHARE
    },
    Metric {
        key: "balanced_accuracy",
        header: "bal. acc.",
        description: "Mean recall over the classes that occur in the test part, 0–1: scikit-learn's balanced_accuracy_score.",
        footnote: "bal. acc.: mean recall over the classes",
        compute: Compute::Labels(LabelsOf::Test, Confusion::balanced_accuracy),
        intervals: Intervals::Always,
        ..SHARE
    },
    Metric {
        key: "matthews_correlation",
        header: "MCC",
        description: "Matthews correlation coefficient of true and predicted class, −1 to 1, 0 for guessing: scikit-learn's \
                      matthews_corrcoef.",
        footnote: "MCC: Matthews correlation coefficient, −1 to 1",
        format: Format::Plain,
        range: (-1.0, 1.0),
        compute: Compute::Labels(LabelsOf::Test, Confusion::matthews_correlation),
        intervals: Intervals::Always,
        ..SHARE
    },
    Metric {
        key: "cohens_kappa",
        header: "kappa",
        description: "Cohen's kappa, agreement beyond chance, −1 to 1, 0 for guessing: scikit-learn's cohen_kappa_score.",
        footnote: "kappa: Cohen's, −1 to 1",
        format: Format::Plain,
        range: (-1.0, 1.0),
        compute: Compute::Labels(LabelsOf::Test, Confusion::cohens_kappa),
        intervals: Intervals::Always,
        ..SHARE
    },
    Metric {
        key: "log_loss",
        header: "log loss",
        description: "Mean negative logarithm of the true class's probability, at least 0, ln(classes) for guessing: \
                      scikit-learn's log_loss; none where scores are no probabilities.",
        footnote: "log loss: only where scores are probabilities",
        format: Format::Plain,
        better: Better::Lower,
        range: (0.0, f64::INFINITY),
        when: When::Probabilities,
        compute: Compute::EachExample(log_loss),
        intervals: Intervals::Always,
        ..SHARE
    },
    Metric {
        key: "brier_score",
        header: "Brier",
        description: "Squared distance of probabilities from the truth, summed over the classes, 0–2: scikit-learn's \
                      brier_score_loss(scale_by_half=False); none where scores are no probabilities.",
        footnote: "Brier: score, 0–2, only where scores are probabilities",
        format: Format::Plain,
        better: Better::Lower,
        range: (0.0, 2.0),
        when: When::Probabilities,
        compute: Compute::EachExample(brier_score),
        intervals: Intervals::Always,
        ..SHARE
    },
    Metric {
        key: "roc_auc",
        header: "ROC AUC",
        description: "Area under the ROC curve of each class against the rest, averaged over the classes, 0–1, 0.5 for \
                      guessing: scikit-learn's roc_auc_score(multi_class=\"ovr\"); none where scores are no probabilities.",
        footnote: "ROC AUC: one class against the rest, only where scores are probabilities",
        format: Format::Plain,
        when: When::Probabilities,
        compute: Compute::AllExamples(roc_auc),
        intervals: Intervals::OverFolds,
        ..SHARE
    },
    Metric {
        key: "fit_seconds",
        header: "fit s",
        description: "Seconds of wall clock to fit, summed over the folds.",
        compute: Compute::Measured(|m| Some(m.fit_seconds)),
        ..COST
    },
    Metric {
        key: "predict_seconds",
        header: "pred. s",
        description: "Seconds of wall clock to score the test parts, summed over the folds.",
        compute: Compute::Measured(|m| Some(m.predict_seconds)),
        ..COST
    },
    Metric {
        key: "peak_bytes",
        header: "MB",
        description: "The most bytes of main memory that fitting and scoring one fold held.",
        format: Format::Megabytes,
        compute: Compute::Measured(|m| Some(m.peak_bytes as f64)),
        combine: Combine::Max,
        ..COST
    },
];
