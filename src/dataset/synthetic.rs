//! The built-in table: made up, so that `bench all` has something to run on without any data.
//!
//! Every feature is a sum of independent random draws for the genre, the artist, the recording and
//! the segment. Because segments share their recording's part and recordings their artist's, it
//! shows what real tables show: splits that tear recordings or artists apart score too high.

use super::{Catalogue, Dataset, Example};
use crate::error::{Error, Result};
use crate::features::table::FEATURE_NAMES;
use genre_bench_api::random_stream;
use ndarray::Array2;
use rand::RngCore;

/// Length of a segment when nobody asks for another: three segments a recording, so that the
/// protocols differ.
pub const DEFAULT_SECONDS: u32 = 10;

const GENRES: [&str; 10] =
    ["blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"];
const ARTISTS_A_GENRE: usize = 6;
const CLIPS_AN_ARTIST: usize = 4;

/// Standard deviation of what each level adds to a feature.
const GENRE: f64 = 0.36;
const ARTIST: f64 = 0.6;
const CLIP: f64 = 0.8;
const SEGMENT: f64 = 0.9;

/// Makes the table for segments of `seconds`, the same numbers for the same seed on every machine.
///
/// # Errors
///
/// A length other than 30, 10 or 3 s.
pub fn dataset(seed: u64, seconds: u32) -> Result<Dataset> {
    if ![30, 10, 3].contains(&seconds) {
        return Err(Error::new(
            "--segment",
            format!("the built-in table has no {seconds} s segments"),
            "30, 10 or 3",
        ));
    }
    let segments = (30 / seconds) as usize;
    let columns: Vec<String> = FEATURE_NAMES.map(str::to_owned).to_vec();
    let clips_in_all = GENRES.len() * ARTISTS_A_GENRE * CLIPS_AN_ARTIST;
    let draws = |level: &str, spread: f64, count: usize| -> Vec<Vec<f64>> {
        let mut rng = random_stream(seed, &format!("synthetic/{level}"));
        (0..count).map(|_| columns.iter().map(|_| spread * bell(&mut rng)).collect()).collect()
    };
    let genre_part = draws("genre", GENRE, GENRES.len());
    let artist_part = draws("artist", ARTIST, GENRES.len() * ARTISTS_A_GENRE);
    let clip_part = draws("clip", CLIP, clips_in_all);
    let segment_part = draws("segment", SEGMENT, clips_in_all * segments);

    let (mut examples, mut clips, mut artists, mut values) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (genre, name) in GENRES.iter().enumerate() {
        for number in 0..ARTISTS_A_GENRE * CLIPS_AN_ARTIST {
            let artist = genre * ARTISTS_A_GENRE + number / CLIPS_AN_ARTIST;
            let clip = clips.len();
            for segment in 0..segments {
                let parts = [
                    &genre_part[genre],
                    &artist_part[artist],
                    &clip_part[clip],
                    &segment_part[examples.len()],
                ];
                values.extend((0..columns.len()).map(|column| parts.iter().map(|p| p[column]).sum::<f64>()));
                let suffix = if segments == 1 { String::new() } else { format!(".{segment}") };
                examples.push(Example {
                    name: format!("{name}.{number:05}{suffix}.synthetic"),
                    clip,
                    label: genre,
                });
            }
            clips.push(format!("{name}.{number:05}"));
            artists.push(Some(artist));
        }
    }
    let table = Array2::from_shape_vec((examples.len(), columns.len()), values)
        .map_err(|e| Error::new("the built-in table", e, "report this as a bug"))?;
    let classes = GENRES.map(str::to_owned).to_vec();
    let name = format!("built-in synthetic table ({seconds} s, seed {seed})");
    let catalogue = Catalogue { examples, clips, classes };
    let mut dataset = Dataset::assemble(name, true, Some(seconds), columns, table, catalogue, Vec::new());
    dataset.artists.of_clip = artists;
    Ok(dataset)
}

/// A draw with mean 0 and standard deviation 1 that is close to normal: the sum of twelve uniform draws, less
/// six. Unlike a library's sampler it needs neither logarithm nor cosine, whose last bit differs between
/// machines, so the table is the same everywhere and for good.
fn bell(rng: &mut impl RngCore) -> f64 {
    (0..12).map(|_| (rng.next_u64() >> 11) as f64 / (1_u64 << 53) as f64).sum::<f64>() - 6.0
}
