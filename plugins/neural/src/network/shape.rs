use genre_bench_api::{Error, Inputs, Reads, Result};

/// What goes into a network and comes out of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkShape {
    /// Rows and columns of a spectrogram; 0 where none is read.
    pub spectrogram: (usize, usize),
    /// Channels of a spectrogram: 3 of a colour picture, else 1.
    pub channels: usize,
    /// Columns of the table; 0 where it is not read.
    pub columns: usize,
    /// Scores that come out.
    pub classes: usize,
}

impl NetworkShape {
    /// What a network reads of these inputs.
    pub(super) fn of(inputs: &Inputs, reads: Reads, classes: usize) -> Result<Self> {
        let shape = Self::new(inputs.spectrograms.shape(), inputs.table.ncols(), reads, classes)?;
        let given = inputs.spectrograms.channels();
        if reads != Reads::Table && given != shape.channels {
            let wanted = shape.channels;
            return Err(Error::failed(format!(
                "spectrograms of {given} channels, where {reads} has {wanted}"
            )));
        }
        Ok(shape)
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
        let channels = reads.spectrograms().map_or(1, |representation| representation.channels());
        Ok(Self { spectrogram, channels, columns, classes })
    }

    /// Numbers of a spectrogram.
    pub fn pixels(&self) -> usize {
        self.channels * self.spectrogram.0 * self.spectrogram.1
    }
}
