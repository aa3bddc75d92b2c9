use genre_bench_api::{Error, Inputs, Reads, Result};

/// What goes into a network and comes out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkShape {
    /// Rows and columns of a spectrogram; 0 where none is read.
    pub spectrogram: (usize, usize),
    /// Columns of the table; 0 where it is not read.
    pub columns: usize,
    /// Scores that come out.
    pub classes: usize,
}

impl NetworkShape {
    /// What a network reads of these inputs.
    pub(super) fn of(inputs: &Inputs, reads: Reads, classes: usize) -> Result<Self> {
        Self::new(inputs.spectrograms.shape(), inputs.table.ncols(), reads, classes)
    }

    /// What a network reads of spectrograms and tables of these sizes.
    pub(super) fn new(
        spectrogram: (usize, usize),
        columns: usize,
        reads: Reads,
        classes: usize,
    ) -> Result<Self> {
        let (spectrogram, columns) = match reads {
            Reads::Table => ((0, 0), columns),
            Reads::Spectrograms(_) => (spectrogram, 0),
            Reads::TableAndSpectrograms(_) => (spectrogram, columns),
        };
        if reads != Reads::Table && spectrogram.0 * spectrogram.1 == 0 {
            return Err(Error::failed("there are no spectrograms of the examples"));
        }
        if !matches!(reads, Reads::Spectrograms(_)) && columns == 0 {
            return Err(Error::failed("the feature table has no columns"));
        }
        Ok(Self { spectrogram, columns, classes })
    }
}
