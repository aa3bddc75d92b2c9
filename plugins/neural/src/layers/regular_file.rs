use candle_core::{Result, bail};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What a regular file of at most so many bytes holds.
pub(crate) fn regular_file(path: &Path, largest: u64) -> Result<Vec<u8>> {
    // A pipe would wait for ever.
    if !std::fs::metadata(path)?.is_file() {
        bail!("it is not a regular file");
    }
    let file = File::open(path)?;
    let stated = file.metadata()?.len();
    if stated > largest {
        bail!("{stated} bytes are more than this network's can have ({largest})");
    }
    let mut bytes = Vec::with_capacity(stated as usize);
    file.take(largest).read_to_end(&mut bytes)?;
    Ok(bytes)
}
