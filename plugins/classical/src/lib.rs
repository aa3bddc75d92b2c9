//! Classical music-genre classifiers for `genre-bench`: models that read the feature table.
//!
//! One file a model. What a field library does well is left to it; what it lacks, or does too
//! slowly or too loosely for a benchmark, is written here. Every file says which, and names the
//! scikit-learn estimator whose numbers it reproduces.
//!
//! | model | what it is | built on |
//! |---|---|---|
//! | `majority`, `random` | floors | – |
//! | `knn-1`, `knn-5` | [k nearest neighbours](NearestNeighbours) | own |
//! | `naive-bayes` | [Gaussian naive Bayes](NaiveBayes) | own |
//! | `lda` | [linear discriminant analysis](Lda) | own, over smartcore's eigenvalues |
//! | `ridge` | [ridge classifier](Ridge) | own |
//! | `logistic` | [multinomial logistic regression](Logistic) | own |
//! | `probe` | [the same, C chosen on the validation part](Probe) | own |
//! | `svm-linear` | [linear support vector machine](SvmLinear) | own |
//! | `decision-tree`, `forest` | [one CART tree](DecisionTree), [a random forest](Forest) | own |
//! | `extra-trees` | [extremely randomised trees](ExtraTrees) | own |
//! | `boosting` | [gradient-boosted trees](Boosting) over histograms | own |
//! | `svm`, `svm-c10` | [support vector machine](Svm), radial basis functions | own |
//! | `svm-linfa` | the same, solved by a library | linfa-svm |
//! | `logistic-linfa` | `logistic`, solved by a library | linfa-logistic |
//! | `knn-5-smartcore`, `forest-smartcore` | `knn-5` and `forest` of a library | smartcore |
//! | `stack` | [a soft vote](Stack) of the best of the others | own |
//!
//! [`linfa_model`] and [`smartcore_model`] make any classifier of those libraries a model.
//!
//! Every model of the table can be [saved](genre_bench_api::Fitted::save) and [loaded](genre_bench_api::Model::load): as the arrays
//! that determine its scores, without the insights of the fit.

mod adapter;
mod affine;
mod baseline;
mod bins;
mod boosting;
mod cart;
mod cholesky;
mod coarse;
mod decision_tree;
mod eight_bits;
mod ensemble;
mod extra_trees;
mod few;
mod float_order;
mod forest;
mod forest_smartcore;
mod gradient_tree;
mod histogram;
mod importances;
mod kernel;
mod knn_smartcore;
mod lda;
mod least_squares;
mod linear;
mod logistic;
mod logistic_linfa;
mod naive_bayes;
mod nearest;
mod need;
mod newton;
mod node;
mod one_vs_rest;
mod pair_kernel;
mod panels;
mod probe;
mod product;
mod pulls;
mod quantiles;
mod radix;
mod random_cut;
mod ranked_table;
mod ridge;
mod rough_gram;
mod smo;
mod softmax;
mod spectrum;
mod split;
mod stack;
mod svm;
mod svm_linear;
mod sweep;
mod training;
mod tree;
mod tree_table;
mod value_table;
mod votes;

pub use adapter::{
    Shape, linfa_model, linfa_model_with_scores, smartcore_model, smartcore_model_with_scores,
};
pub use baseline::{Majority, Random};
pub use boosting::Boosting;
pub use decision_tree::DecisionTree;
pub use extra_trees::ExtraTrees;
pub use forest::Forest;
pub use lda::Lda;
pub use logistic::Logistic;
pub use naive_bayes::NaiveBayes;
pub use nearest::NearestNeighbours;
pub use probe::Probe;
pub use ridge::Ridge;
pub use stack::Stack;
pub use svm::Svm;
pub use svm_linear::SvmLinear;

use genre_bench_api::Model;

/// All models of this crate, the simplest first.
pub fn models() -> Vec<Box<dyn Model>> {
    vec![
        Box::new(Majority),
        Box::new(Random),
        Box::new(NearestNeighbours::ONE),
        Box::new(NearestNeighbours::FIVE),
        Box::new(NaiveBayes),
        Box::new(Lda),
        Box::new(Ridge),
        Box::new(Logistic),
        Box::new(Probe),
        Box::new(SvmLinear),
        Box::new(DecisionTree),
        Box::new(Forest),
        Box::new(ExtraTrees),
        Box::new(Boosting),
        Box::new(Svm::DEFAULT),
        Box::new(Svm::C10),
        Box::new(Stack),
        Box::new(Svm::LINFA),
        Box::new(logistic_linfa::logistic_linfa()),
        Box::new(knn_smartcore::knn_5_smartcore()),
        Box::new(forest_smartcore::forest_smartcore()),
    ]
}
