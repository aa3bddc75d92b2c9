//! Every function against librosa's results for the same signals; see
//! `tests/fixtures/features/make_fixtures.py`.

use super::cache::Cache;
use super::extract::{Extraction, ExtractionJob, FeatureRow, extract, extract_reading};
use super::onset::{Aggregate, onset_strength};
use super::pad::Pad;
use super::stft::{Complex, Stft, magnitude, power};
use super::table::{COLUMNS, Convention, Extractor, FEATURE_NAMES};
use super::tempo::TempoEstimator;
use super::*;
use crate::audio::{self, Cut, RATE};
use crate::recordings::names::track_of;
use crate::recordings::{example_name, recordings};
use crate::testing::{gtzan, skipped};
use ndarray::{Array2, ArrayView2, Axis};
use serde_json::Value;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/features")
}

/// A signal, and librosa's results for it.
struct Case {
    name: String,
    samples: Vec<f32>,
    expected: Value,
}

fn cases() -> Vec<Case> {
    let read = |name: &str| std::fs::read(fixtures().join(name)).unwrap();
    let names: Vec<String> = serde_json::from_slice(&read("signals.json")).unwrap();
    let case = |name: String| {
        let pcm = read(&format!("{name}.pcm"));
        let samples = pcm.as_chunks().0.iter().map(|b| f32::from(i16::from_le_bytes(*b)) / 32768.0).collect();
        let expected = serde_json::from_slice(&read(&format!("{name}.json"))).unwrap();
        Case { name, samples, expected }
    };
    names.into_iter().map(case).collect()
}

fn flat(value: &Value, out: &mut Vec<f64>) {
    match value {
        Value::Array(values) => values.iter().for_each(|v| flat(v, out)),
        number => out.push(number.as_f64().unwrap()),
    }
}

impl Case {
    fn thin(&self, key: &str) -> usize {
        self.expected["thin"][key].as_u64().unwrap() as usize
    }

    /// Asserts that `ours` are librosa's results under `key`, to `tolerance` of their largest.
    #[track_caller]
    fn same(&self, key: &str, ours: impl IntoIterator<Item = impl Into<f64>>, tolerance: f64) {
        let expected = key.split('/').fold(&self.expected, |value, part| &value[part]);
        self.same_as(key, expected, ours, tolerance);
    }

    #[track_caller]
    fn same_as(
        &self,
        key: &str,
        expected: &Value,
        ours: impl IntoIterator<Item = impl Into<f64>>,
        tolerance: f64,
    ) {
        let mut theirs = Vec::new();
        flat(expected, &mut theirs);
        let ours: Vec<f64> = ours.into_iter().map(Into::into).collect();
        assert_eq!(ours.len(), theirs.len(), "{}: {key}: count", self.name);
        let scale = theirs.iter().fold(0f64, |a, b| a.max(b.abs())).max(1e-2);
        for (i, (a, b)) in ours.iter().zip(&theirs).enumerate() {
            let error = (a - b).abs() / scale;
            assert!(error <= tolerance, "{}: {key}[{i}]: {a}, not {b} ({error:.1e} of {scale})", self.name);
        }
    }

    /// Compares every few frames and bins of a spectrum.
    #[track_caller]
    fn same_spectrum(&self, key: &str, ours: ArrayView2<Complex<f32>>, tolerance: f64) {
        let few = |part: fn(&Complex<f32>) -> f32| {
            let frames = ours.axis_iter(Axis(0)).step_by(self.thin("frame"));
            let values =
                frames.flat_map(|row| row.iter().step_by(self.thin("bin")).map(part).collect::<Vec<_>>());
            values.collect::<Vec<_>>()
        };
        self.same(&format!("{key}/re"), few(|c| c.re), tolerance);
        self.same(&format!("{key}/im"), few(|c| c.im), tolerance);
    }

    /// Every few frames of a feature.
    fn few(&self, key: &str, ours: ArrayView2<f32>) -> Vec<f32> {
        let frames = ours.axis_iter(Axis(0)).step_by(self.thin(key));
        frames.flat_map(|row| row.to_vec()).collect()
    }

    fn spectrum(&self) -> Array2<Complex<f32>> {
        Stft::new(2048, 512, Pad::Reflect).unwrap().forward(&self.samples)
    }

    fn log_mel(&self) -> Array2<f32> {
        let bank = mel::MelBank::new(RATE, 2048, 128, 0.0, 11025.0).unwrap();
        let mut log_mel = bank.spectrogram(power(self.spectrum().view()).view());
        decibel::power_to_db(log_mel.as_slice_mut().unwrap(), Some(80.0));
        log_mel
    }
}

#[test]
fn stft_and_its_inverse_are_those_of_librosa() {
    for case in cases() {
        let zero = Stft::new(2048, 512, Pad::Zero).unwrap();
        case.same_spectrum("stft_zero", zero.forward(&case.samples).view(), 1e-6);
        case.same_spectrum("stft_reflect", case.spectrum().view(), 1e-6);

        let other = Stft::new(512, 200, Pad::Reflect).unwrap();
        let spectrum = other.forward(&case.samples);
        assert_eq!(spectrum.nrows() as u64, case.expected["stft_512_200"]["frames"].as_u64().unwrap());
        case.same("stft_512_200/re", spectrum.row(3).iter().step_by(5).map(|c| c.re), 1e-6);
        case.same("stft_512_200/im", spectrum.row(3).iter().step_by(5).map(|c| c.im), 1e-6);
        let back = other.inverse(spectrum.view()).unwrap();
        case.same("istft_512_200", back.iter().step_by(case.thin("sample")).copied(), 1e-5);
        for (i, (a, b)) in back.iter().zip(&case.samples).enumerate() {
            assert!((a - b).abs() < 2e-6, "{}: sample {i} comes back as {a}, not {b}", case.name);
        }
    }
}

#[test]
fn mel_decibels_mfcc_and_delta_are_those_of_librosa() {
    for case in cases() {
        let power = power(case.spectrum().view());
        let mel = |bands, fmin, fmax| {
            mel::MelBank::new(RATE, 2048, bands, fmin, fmax).unwrap().spectrogram(power.view())
        };
        case.same("mel", case.few("frame", mel(128, 0.0, 11025.0).view()), 1e-6);
        case.same("mel_40_300_5000", case.few("frame", mel(40, 300.0, 5000.0).view()), 1e-6);
        let log_mel = case.log_mel();
        case.same("log_mel", case.few("frame", log_mel.view()), 1e-5);
        let mfcc = mfcc::mfcc(log_mel.view(), 20);
        case.same("mfcc", case.few("mfcc", mfcc.view()), 1e-5);
        for order in [1, 2] {
            let slope = delta::delta(mfcc.slice(ndarray::s![.., ..4]), 9, order);
            match case.expected.get(format!("delta_{order}")) {
                Some(_) => {
                    case.same(&format!("delta_{order}"), case.few("mfcc", slope.unwrap().view()), 1e-4)
                }
                None => assert_eq!(slope.unwrap_err().name, "width"),
            }
        }
    }
}

#[test]
fn tuning_chroma_and_tonnetz_are_those_of_librosa() {
    for case in cases() {
        // A click's spectrum is flat: its peaks are rounding, and so is their tuning.
        if case.name == "click" {
            continue;
        }
        let power = power(case.spectrum().view());
        case.same("tuning", [tuning::estimate_tuning(power.view(), RATE)], 1e-6);
        let chroma = chroma::chroma_stft(power.view(), RATE);
        case.same("chroma", case.few("mfcc", chroma.view()), 1e-5);
        case.same("tonnetz", case.few("mfcc", tonnetz::tonnetz(chroma.view()).view()), 1e-5);
    }
}

#[test]
fn the_shape_of_a_spectrum_is_that_of_librosa() {
    for case in cases() {
        let magnitude = magnitude(case.spectrum().view());
        case.same("centroid", centroid::spectral_centroid(magnitude.view(), RATE), 1e-5);
        case.same("bandwidth", bandwidth::spectral_bandwidth(magnitude.view(), RATE), 1e-5);
        case.same("rolloff", rolloff::spectral_rolloff(magnitude.view(), RATE), 1e-6);
        let contrast = contrast::spectral_contrast(magnitude.view(), RATE).unwrap();
        case.same("contrast", case.few("mfcc", contrast.view()), 1e-3);
    }
}

#[test]
fn loudness_and_zero_crossings_are_those_of_librosa() {
    for case in cases() {
        case.same("rms_zero", rms::rms(&case.samples, 2048, 512, Pad::Zero).unwrap(), 1e-6);
        case.same("rms_reflect", rms::rms(&case.samples, 2048, 512, Pad::Reflect).unwrap(), 1e-6);
        case.same("zcr", zcr::zero_crossing_rate(&case.samples, 2048, 512).unwrap(), 1e-6);
    }
}

#[test]
fn harmonic_and_percussive_parts_are_those_of_librosa() {
    for case in cases() {
        let stft = Stft::new(2048, 512, Pad::Reflect).unwrap();
        let parts = hpss::hpss(case.spectrum().view()).unwrap();
        for (name, part) in ["harmonic", "percussive"].into_iter().zip(parts) {
            case.same_spectrum(name, part.view(), 1e-5);
            let samples = stft.inverse(part.view()).unwrap();
            let few = samples.iter().step_by(case.thin("sample")).copied();
            case.same(&format!("{name}_samples"), few, 1e-5);
        }
    }
}

#[test]
fn onsets_tempo_and_beats_are_those_of_librosa() {
    for case in cases() {
        let log_mel = case.log_mel();
        case.same("onset_mean", onset_strength(log_mel.view(), Aggregate::Mean), 1e-4);
        let onset = onset_strength(log_mel.view(), Aggregate::Median);
        case.same("onset_median", onset.clone(), 1e-4);
        let tempo = TempoEstimator::new(RATE, 512).estimate(&onset);
        case.same("tempo", [tempo], 1e-9);
        let beats = beat::beats(&onset, tempo, RATE, 512);
        case.same("beats", beats.iter().map(|&b| b as f64), 0.0);
    }
}

#[test]
fn the_table_is_that_of_librosa_whatever_came_before() {
    let mut extractor = Extractor::new(Convention::default()).unwrap();
    let first: Vec<_> = cases().iter().map(|case| extractor.extract(&case.samples)).collect();
    for (case, values) in cases().iter().zip(&first).rev() {
        assert_eq!(&extractor.extract(&case.samples), values, "{}: depends on what came before", case.name);
        let theirs = case.expected["table"].as_array().unwrap();
        for ((name, ours), theirs) in FEATURE_NAMES.iter().zip(values).zip(theirs) {
            assert!(ours.is_finite(), "{}: {name} is {ours}", case.name);
            if case.name != "click" || !name.starts_with("chroma") {
                let error = (ours - theirs.as_f64().unwrap()).abs();
                let least = if name.starts_with("mfcc") { 1.0 } else { 1e-3 };
                let scale = theirs.as_f64().unwrap().abs().max(least);
                assert!(error / scale < 1e-4, "{}: {name}: {ours}, not {theirs}", case.name);
            }
        }
    }
}

#[test]
fn medians_are_those_of_sorting() {
    let filter = median::RunningMedian::new();
    for n in [1, 2, 7, 8, 9, 15, 16, 30, 31, 32, 100, 1025] {
        // A different series in each lane, with ties, negative numbers and both zeros.
        let value = |i: usize, lane: usize| ((i * 7919 + lane * 104_729) % 61) as f32 * -0.37 + 8.0;
        let mut seen = 0;
        filter.run(
            n,
            |i| std::array::from_fn(|lane| value(i, lane)),
            |i, medians| {
                assert_eq!(i, seen);
                seen += 1;
                for (lane, &ours) in medians.iter().enumerate() {
                    let mirrored = |j: isize| {
                        let j = j.rem_euclid(2 * n as isize) as usize;
                        value(if j < n { j } else { 2 * n - 1 - j }, lane)
                    };
                    let mut window: Vec<f32> = (i as isize - 15..=i as isize + 15).map(mirrored).collect();
                    window.sort_by(f32::total_cmp);
                    assert_eq!(ours, window[15], "median {i} of {n}, lane {lane}");
                }
            },
        );
        assert_eq!(seen, n);
    }
}

#[test]
fn parameters_that_make_no_sense_are_refused() {
    assert_eq!(Stft::new(2047, 512, Pad::Zero).unwrap_err().name, "n_fft");
    assert_eq!(Stft::new(0, 1, Pad::Zero).unwrap_err().name, "n_fft");
    assert_eq!(Stft::new(2048, 0, Pad::Zero).unwrap_err().name, "hop");
    assert_eq!(Stft::new(2048, 4096, Pad::Zero).unwrap_err().name, "hop");
    assert!(mel::MelBank::new(RATE, 2048, 0, 0.0, 8000.0).is_err());
    assert!(mel::MelBank::new(RATE, 2048, 128, 8000.0, 300.0).is_err());
    assert!(mel::MelBank::new(RATE, 2048, 128, 0.0, 20_000.0).is_err());
    assert!(mel::MelBank::new(RATE, 2048, 128, f64::NAN, 8000.0).is_err());
    assert!(rms::rms(&[0.0], 0, 512, Pad::Zero).is_err());
    assert!(zcr::zero_crossing_rate(&[0.0], 2048, 0).is_err());
    assert!(contrast::spectral_contrast(Array2::zeros((3, 1025)).view(), 8000).is_err());
    assert!(contrast::spectral_contrast(Array2::zeros((3, 5)).view(), RATE).is_err());
    assert!(delta::delta(Array2::zeros((20, 2)).view(), 4, 1).is_err());
    assert!(delta::delta(Array2::zeros((20, 2)).view(), 9, 0).is_err());
    assert!(hpss::hpss(Array2::zeros((4, 0)).view()).is_err());
}

#[test]
fn signals_of_almost_nothing_give_finite_columns() {
    let mut extractor = Extractor::new(Convention::default()).unwrap();
    for samples in [vec![], vec![0.5], vec![1.0, -1.0], vec![1e-30; 700], vec![1.0; 5000], vec![1e9; 3000]] {
        for (name, value) in FEATURE_NAMES.iter().zip(extractor.extract(&samples)) {
            assert!(value.is_finite(), "{name} of {} samples is {value}", samples.len());
        }
    }
}

/// A folder in the layout of GTZAN with good and bad recordings; the good ones hold `music`.
fn mixed_folder() -> tempfile::TempDir {
    let pcm = std::fs::read(fixtures().join("music.pcm")).unwrap();
    let wav = |pcm: &[u8], promised: u32| {
        let mut out =
            b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0\x22\x56\0\0\x44\xac\0\0\x02\0\x10\0data"
                .to_vec();
        out.extend(promised.to_le_bytes());
        out.extend(pcm);
        out
    };
    let good = wav(&pcm, pcm.len() as u32);
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("genres_original/blues/blues.00000.wav", good.clone()),
        ("genres_original/blues/blues.00001.wav", b"not audio".to_vec()),
        ("genres_original/blues/notes.txt", b"not even meant to be audio".to_vec()),
        ("genres_original/jazz/jazz.00000.wav", wav(&pcm[..20_000], 20_000)),
        ("genres_original/jazz/jazz.00001.mp3", good),
        ("genres_original/jazz/jazz.00002.wav", wav(&pcm, 9_000_000)),
        ("rock/rock.00000.au", Vec::new()),
        ("rock/rock.00001.wav", wav(&[0; 100_000], 100_000)),
    ] {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

#[test]
fn a_folder_gives_rows_in_order_and_counts_what_is_wrong() {
    let folder = mixed_folder();
    let listed = recordings(folder.path()).unwrap();
    let genres: Vec<&str> = listed.iter().map(|(_, genre)| genre.as_str()).collect();
    assert_eq!(genres, ["blues", "blues", "jazz", "jazz", "jazz", "rock", "rock"]);
    let files: Vec<PathBuf> = listed.into_iter().map(|(path, _)| path).collect();
    let cut = Cut::new(1.0, None).unwrap();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let (mut rows, mut faults, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        let summary = pool.install(|| {
            extract(&files, &ExtractionJob::table(ExtractionOptions::new(cut)), |i, outcome| {
                match outcome {
                    Extraction::Rows { rows: new, note } => {
                        rows.extend(new.into_iter().map(|row| (i, row)));
                        notes.extend(note);
                    }
                    Extraction::Fault(error) => faults.push((i, error.fault.kind())),
                }
                Ok(())
            })
        });
        (summary.unwrap(), rows, faults, notes)
    };
    let (summary, rows, faults, notes) = run(1);
    let places: Vec<_> = rows.iter().map(|(file, row)| (*file, row.segment.unwrap())).collect();
    assert_eq!(places, [(0, 0), (0, 1), (0, 2), (3, 0), (3, 1), (3, 2)]);
    assert!(rows.iter().all(|(_, row)| row.length == 22_050));
    assert_eq!(faults, [(1, "not-audio"), (2, "too-short"), (4, "truncated"), (5, "empty"), (6, "silent")]);
    assert!(
        notes.len() == 1 && notes[0].ends_with("jazz.00001.mp3: is a WAV file by its content"),
        "{notes:?}"
    );
    assert_eq!((summary.files, summary.rows, summary.notes), (2, 6, 1));
    assert_eq!(summary.faults.iter().map(|(_, count)| count).sum::<usize>(), 5);
    assert_eq!(run(3), (summary, rows, faults, notes), "depends on the number of threads");
}

#[test]
fn a_callback_that_fails_ends_the_run() {
    let folder = mixed_folder();
    let files = vec![folder.path().join("genres_original/blues/blues.00000.wav"); 50];
    let cut = Cut::new(3.0, None).unwrap();
    let mut calls = 0;
    let result = extract(&files, &ExtractionJob::table(ExtractionOptions::new(cut)), |_, _| {
        calls += 1;
        Err(std::io::ErrorKind::Interrupted.into())
    });
    assert_eq!(result.unwrap_err().kind(), std::io::ErrorKind::Interrupted);
    assert_eq!(calls, 1);
}

/// All rows of `files`, and how often a file was decoded for them.
fn counted<T: Send + std::fmt::Debug>(
    files: &[PathBuf],
    job: &ExtractionJob<T>,
) -> (Vec<FeatureRow<T>>, usize) {
    let decoded = AtomicUsize::new(0);
    let read = |path: &Path, limits: &audio::Limits| {
        decoded.fetch_add(1, Ordering::Relaxed);
        audio::read_within(path, limits)
    };
    let mut all = Vec::new();
    extract_reading(files, job, &read, |_, outcome| {
        let Extraction::Rows { rows, .. } = outcome else { panic!("{outcome:?}") };
        all.extend(rows);
        Ok(())
    })
    .unwrap();
    (all, decoded.into_inner())
}

#[test]
fn a_recording_is_decoded_once_for_all_and_not_for_what_is_cached() {
    let folder = mixed_folder();
    let files = ["blues/blues.00000.wav", "jazz/jazz.00001.mp3"]
        .map(|name| folder.path().join("genres_original").join(name));
    let cache = Cache::within(&folder.path().join("cache"));
    let options = ExtractionOptions::new(Cut::new(1.0, None).unwrap());
    let first = |samples: &[f32]| samples[0];
    let table = ExtractionJob { cache: Some(&cache), ..ExtractionJob::table(options) };
    let both = ExtractionJob { options, table: true, cache: Some(&cache), also: Some(&first) };

    let (fresh, decoded) = counted(&files, &both);
    assert_eq!((fresh.len(), decoded), (6, 2), "each file once, for the table and what else is wanted");
    let (cached, decoded) = counted(&files, &table);
    assert_eq!(decoded, 0, "the columns are cached, and nothing else is wanted");
    assert!(cached.iter().zip(&fresh).all(|(c, f)| c.values == f.values && c.segment == f.segment));
    let (again, decoded) = counted(&files, &both);
    assert_eq!((&again, decoded), (&fresh, 2));
    let (without, _) = counted(&files, &ExtractionJob { cache: None, ..both });
    assert_eq!(without, fresh);

    let no_table = ExtractionJob { options, table: false, cache: Some(&cache), also: Some(&first) };
    let (contents, decoded) = counted(&files, &no_table);
    assert_eq!(decoded, 2);
    let digests: HashSet<[u8; 32]> = contents.iter().map(|row| row.content.unwrap()).collect();
    // Both files hold the same samples.
    assert_eq!(digests.len(), 3);
    assert!(contents.iter().zip(&fresh).all(|(c, f)| c.also == f.also && f.content.is_none()));
}

/// A published table: the columns by file name.
fn published(path: &Path) -> HashMap<String, [f64; COLUMNS]> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let places = FEATURE_NAMES.map(|name| header.iter().position(|h| *h == name).unwrap());
    let name = header.iter().position(|h| *h == "filename").unwrap();
    lines.map(|line| (line[name].to_owned(), places.map(|place| line[place].parse().unwrap()))).collect()
}

/// Every row of the published tables of which the recording is at hand.
#[test]
fn published_tables_are_reproduced() {
    let Some(gtzan) = gtzan() else { return };
    let files: Vec<PathBuf> =
        recordings(&gtzan.join("genres_original")).unwrap().into_iter().map(|(path, _)| path).collect();
    for (seconds, table) in
        [(30.0, "features_30_sec.csv"), (3.0, "features_3_sec.published.csv"), (10.0, "features_10_sec.csv")]
    {
        let path = gtzan.join(table);
        if !path.exists() {
            skipped(&path);
            continue;
        }
        let theirs = published(&path);
        let tracks: HashSet<&str> = theirs.keys().map(|name| track_of(name)).collect();
        let has_rows =
            |file: &&PathBuf| tracks.contains(track_of(&file.file_name().unwrap().to_string_lossy()));
        let files: Vec<PathBuf> = files.iter().filter(has_rows).cloned().collect();
        let deviations: [f64; COLUMNS] =
            std::array::from_fn(|column| moments::mean_var(theirs.values().map(|row| row[column]))[1].sqrt());
        let options = ExtractionOptions {
            convention: Convention::of_published(seconds),
            ..ExtractionOptions::new(Cut::new(seconds, None).unwrap())
        };
        let mut compared = 0;
        let summary = extract(&files, &ExtractionJob::table(options), |at, outcome| {
            // One recording of the public copy is broken.
            let Extraction::Rows { rows, .. } = outcome else { return Ok(()) };
            for row in rows {
                let stem = files[at].file_stem().unwrap().to_string_lossy();
                let name_of_row = example_name(&stem, row.segment, "wav");
                let Some(expected) = theirs.get(&name_of_row) else { continue };
                compared += 1;
                for (column, name) in FEATURE_NAMES.iter().enumerate() {
                    let error = (row.values[column] - expected[column]).abs() / deviations[column];
                    assert!(error <= 1e-4, "{name_of_row}: {name} is {error:.1e} deviations off");
                }
            }
            Ok(())
        });
        assert!(summary.unwrap().files + 1 >= files.len());
        assert!(compared + 1 >= files.len(), "{table} has only {compared} rows of {} tracks", files.len());
    }
}
