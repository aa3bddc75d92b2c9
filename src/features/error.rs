/// A parameter that makes no sense, such as a hop of 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct FeatureError {
    /// The parameter.
    pub name: &'static str,
    /// What is wrong with it and what would be right.
    pub reason: String,
}

impl FeatureError {
    /// An [`FeatureError`] unless `holds`.
    pub(crate) fn unless(holds: bool, name: &'static str, reason: impl Into<String>) -> Result<(), Self> {
        if holds { Ok(()) } else { Err(Self { name, reason: reason.into() }) }
    }
}
