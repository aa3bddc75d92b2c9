use super::{About, Predicted};
use crate::error::{Error, Result};
use polars::prelude::{Column, DataFrame};
use std::path::PathBuf;

/// A row a recording and part of it, and for each recording one of the whole (`segment` is empty there): file, segment, start, end,
/// genre, whether the recording is unknown (empty of parts), and a column of probabilities a class.
///
/// # Errors
///
/// Only if polars refuses, which would be a bug.
pub fn frame(about: &About, predicted: &[(PathBuf, Predicted)]) -> Result<DataFrame> {
    let (mut files, mut numbers, mut starts, mut ends, mut genres, mut unknown) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut probabilities: Vec<Vec<f32>> = vec![Vec::new(); about.classes.len()];
    for (path, predicted) in predicted {
        let whole = (None, 0.0, predicted.segments.last().map_or(0.0, |last| last.end));
        let parts = predicted.segments.iter().enumerate();
        let parts = parts.map(|(n, segment)| {
            ((Some(n as u32), segment.start, segment.end), segment.class, &segment.probabilities)
        });
        let rows = std::iter::once((whole, predicted.class, &predicted.probabilities)).chain(parts);
        for ((number, start, end), class, own) in rows {
            files.push(path.display().to_string());
            numbers.push(number);
            starts.push(start);
            ends.push(end);
            genres.push(about.classes[class].as_str());
            unknown.push(number.is_none().then_some(predicted.novelty.is_unknown));
            probabilities.iter_mut().zip(own).for_each(|(column, number)| column.push(*number));
        }
    }
    let rows = files.len();
    let mut columns = vec![
        Column::new("file".into(), files),
        Column::new("segment".into(), numbers),
        Column::new("start".into(), starts),
        Column::new("end".into(), ends),
        Column::new("genre".into(), genres),
        Column::new("unknown".into(), unknown),
    ];
    let of_classes = about.classes.iter().zip(probabilities);
    columns.extend(of_classes.map(|(class, column)| Column::new(format!("p_{class}").into(), column)));
    DataFrame::new(rows, columns).map_err(|e| Error::bug("the table of predictions", e))
}
