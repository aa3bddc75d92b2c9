use crate::report::LeaderboardOptions;
use crate::score::{METRICS, Metric};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// Flags of commands that print or write a leaderboard.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct LeaderboardFlags {
    /// Metric to sort by, the best model first [default: the first of --columns, else macro_f1]
    #[arg(long, value_name = "METRIC", value_parser = metric_parser(), hide_possible_values = true)]
    sort: Option<&'static Metric>,
    /// Metrics to show, separated by commas; `bench list metrics` shows all
    #[arg(long, value_name = "METRICS", value_parser = metric_parser(), value_delimiter = ',', hide_possible_values = true)]
    columns: Vec<&'static Metric>,
}

impl LeaderboardFlags {
    /// The metric that models are sorted by.
    pub fn metric(&self) -> &'static Metric {
        self.sort.or(self.columns.first().copied()).unwrap_or(Metric::macro_f1())
    }

    /// As plain values.
    pub fn options(&self) -> LeaderboardOptions {
        LeaderboardOptions { sort: self.sort, columns: self.columns.clone() }
    }
}

/// Reads the key of a metric, hyphens or underscores, and suggests the nearest key if there is none such.
pub(super) fn metric_parser() -> impl TypedValueParser<Value = &'static Metric> {
    let keys = METRICS.iter().map(|metric| {
        PossibleValue::new(metric.key).alias(metric.key.replace('_', "-")).help(metric.description)
    });
    PossibleValuesParser::new(keys).try_map(|key| Metric::of_key(&key).ok_or("no such metric"))
}
