//! Classical classifiers.
