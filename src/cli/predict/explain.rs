use super::Args;
use crate::cli::picture::write_picture;
use crate::cli::progress::bar;
use crate::error::Result;
use crate::experiment::predict::Predictor;
use crate::recordings::Recording;
use crate::report::explanation::Explanation;
use crate::report::figures::Explained;
use std::path::Path;

/// What spoke for the answer on a recording, if that is asked for; with its picture, if that is.
pub(super) fn explained(
    predictor: &Predictor,
    args: &Args,
    recording: &Recording,
    path: &Path,
) -> Result<Option<Explanation>> {
    if !args.explain && args.picture.is_none() {
        return Ok(None);
    }
    let bar = bar(0, args.quiet, "{elapsed_precise} [{bar:24}] {pos}/{len} parts, {eta} left");
    let explanation = predictor.explain(recording, &|done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let explanation = explanation?;
    if let Some(picture) = &args.picture {
        let about = predictor.about();
        let figure = Explained {
            file: path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
            model: about.model.clone(),
            genre: about.classes[explanation.class].clone(),
            explanation: explanation.clone(),
        };
        write_picture(&figure, picture)?;
    }
    Ok(args.explain.then_some(explanation))
}
