/// What a model takes, whatever it is run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Numbers that the fit finds.
    pub parameters: u64,
    /// Multiplications, each with an addition, that the scores of one example take; learning from it takes about
    /// three times as many.
    pub macs: u64,
}
