//! Lossy codecs, and back.
//!
//! A recording becomes a file of one channel at 44,100 Hz, as most music is kept, and this is read as any file is. So the
//! encoder's delay is gone: a sample stays at its time.

use super::DeformError;
use crate::audio::resample::Resampler;
use crate::audio::{Fault, Limits, RATE, read_within};
use rusty_mp3::{Mp3Encoder, Mp3EncoderConfig};
use std::io::Write;
use std::num::{NonZeroU8, NonZeroU32};
use tempfile::NamedTempFile;
use vorbis_rs::{VorbisBitrateManagementStrategy, VorbisEncoderBuilder};

/// Samples a second of the files.
const FILE_RATE: NonZeroU32 = NonZeroU32::new(44_100).unwrap();
/// The same of MP3 files of few kbit/s.
const LOW_RATE: NonZeroU32 = NonZeroU32::new(22_050).unwrap();
/// Samples that are encoded together. Vorbis becomes slow with many.
const BLOCK: usize = 4096;

/// What MP3 is encoded at, in kbit/s: the first three and 64 to 160 in both of the rates above.
const MP3_RATES: [u32; 12] = [32, 40, 48, 64, 80, 96, 112, 128, 160, 192, 256, 320];

/// The bitrates of [`mp3`] in kbit/s.
pub(super) fn mp3_rates() -> impl Iterator<Item = u32> {
    MP3_RATES.into_iter()
}

/// MPEG layer III of so many kbit/s, always as many; one of [`mp3_rates`].
pub(super) fn mp3(samples: &[f32], kbits: u32) -> Result<Vec<f32>, DeformError> {
    let failed = |reason: &dyn ToString| DeformError::Encoder("MP3", reason.to_string());
    if !MP3_RATES.contains(&kbits) {
        return Err(failed(&format!("there is none of {kbits} kbit/s")));
    }
    // As LAME goes down with files at 44,100 Hz.
    let rate = if kbits < 64 { LOW_RATE } else { FILE_RATE };
    // Files tell where their sound begins.
    through_file(samples, |file, samples| {
        let mut encoder = Mp3Encoder::new(Mp3EncoderConfig { bitrate_kbps: kbits, vbr_quality: None });
        at_rate(rate, samples, |block| {
            encoder.push_pcm_f32(block, 1, rate.get()).map_err(|error| failed(&error))
        })?;
        encoder.finish();
        // Until it has no more: the first frame says how long the delay is, and is right at the end alone.
        while let Ok(frame) = encoder.next_packet() {
            file.write_all(&frame)?;
        }
        Ok(())
    })
}

/// Vorbis in Ogg by libvorbis as aoTuV tuned it, around so many kbit/s: more where there is more to hear.
pub(super) fn ogg(samples: &[f32], kbits: u32) -> Result<Vec<f32>, DeformError> {
    let failed = |reason: &dyn ToString| DeformError::Encoder("libvorbis", reason.to_string());
    let target_bitrate =
        NonZeroU32::new(1000 * kbits).ok_or_else(|| failed(&"there is no Vorbis of 0 kbit/s"))?;
    through_file(samples, |file, samples| {
        let mut encoder = VorbisEncoderBuilder::new_with_serial(FILE_RATE, NonZeroU8::MIN, file, 1)
            .bitrate_management_strategy(VorbisBitrateManagementStrategy::Vbr { target_bitrate })
            .build()
            .map_err(|error| failed(&error))?;
        at_rate(FILE_RATE, samples, |block| {
            encoder.encode_audio_block([block]).map_err(|error| failed(&error))
        })?;
        encoder.finish().map(|_| ()).map_err(|error| failed(&error))
    })
}

/// Samples written to a file by an encoder, and read again: as many, each at its time.
fn through_file(
    samples: &[f32],
    encode: impl FnOnce(&mut NamedTempFile, &[f32]) -> Result<(), DeformError>,
) -> Result<Vec<f32>, DeformError> {
    // Encoders expect full scale; what is louder is brought there and back.
    let loudest = samples.iter().fold(1.0_f32, |loudest, x| loudest.max(x.abs()));
    let scaled: Vec<f32> = samples.iter().map(|x| x / loudest).collect();
    let mut file = NamedTempFile::new()?;
    encode(&mut file, &scaled)?;
    file.flush()?;
    let limits = Limits { seconds: samples.len() as f64 / f64::from(RATE) + 1.0 };
    let decoded = match read_within(file.path(), &limits) {
        Ok(audio) => audio.samples,
        // Nothing was loud enough to be encoded.
        Err(error) if matches!(error.fault, Fault::Silent) => Vec::new(),
        Err(error) => return Err(DeformError::Decoder(error.fault)),
    };
    let mut heard: Vec<f32> = decoded.iter().map(|x| x * loudest).collect();
    heard.resize(samples.len(), 0.0);
    Ok(heard)
}

/// Gives samples at another rate on, block by block; none is empty.
fn at_rate(
    rate: NonZeroU32,
    samples: &[f32],
    mut encode: impl FnMut(&[f32]) -> Result<(), DeformError>,
) -> Result<(), DeformError> {
    let (mut resampler, mut block) = (Resampler::new(RATE, rate.get()), Vec::new());
    let mut give = |block: &mut Vec<f32>| {
        // To Vorbis an empty block is the end.
        let given = if block.is_empty() { Ok(()) } else { encode(block) };
        block.clear();
        given
    };
    for part in samples.chunks(BLOCK) {
        resampler.push(part, &mut block);
        give(&mut block)?;
    }
    resampler.finish(&mut block);
    give(&mut block)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::super::Deformation::{Mp3, Ogg};
    use super::super::tests::{bands, decibels, numbers, tune};
    use serde_json::Value;

    /// Decibels by which a recording is above what is different.
    fn signal_to_noise(samples: &[f32], deformed: &[f32]) -> f64 {
        let noise: Vec<f32> = samples.iter().zip(deformed).map(|(a, b)| a - b).collect();
        decibels(samples, &noise)
    }

    /// What `lame` and `oggenc` make of the same tune (tests/fixtures/codecs/make_codecs.sh).
    #[test]
    fn codecs_lose_as_much_as_the_programs_that_people_use() {
        let fixture: Value =
            serde_json::from_str(include_str!("../../../tests/fixtures/codecs/codecs.json")).unwrap();
        let tune = tune();
        for codec in [Mp3(128), Mp3(64), Mp3(32), Ogg(128), Ogg(64), Ogg(32)] {
            let theirs = &fixture[codec.to_string()];
            let deformed = codec.apply(&tune, 0).unwrap();
            let (own, reference) =
                (signal_to_noise(&tune, &deformed), theirs["signal_to_noise"].as_f64().unwrap());
            // LAME makes everything softer by 0.4 dB, which is noise here.
            let (tolerance, of_band) = if matches!(codec, Mp3(_)) { (2.5, 1.5) } else { (1.0, 1.0) };
            assert!(
                (own - reference).abs() < tolerance,
                "{codec}: {own} dB above the noise instead of {reference}"
            );
            // Above 8 kHz LAME saves at 32 kbit/s what the other encoder keeps.
            let compared = if codec == Mp3(32) { 19 } else { 20 };
            for (band, (own, theirs)) in
                bands(&deformed).into_iter().zip(numbers(&theirs["bands"])).enumerate().take(compared)
            {
                // Of what is too soft to be heard no more is asked than that.
                let (own, theirs) = (own.max(-55.0), theirs.max(-55.0));
                assert!((own - theirs).abs() < of_band, "{codec}, band {band}: {own} dB instead of {theirs}");
            }
        }
    }

    #[test]
    fn more_bits_lose_less_and_nothing_moves() {
        let tune = tune();
        let lag_of = |deformed: &[f32]| {
            let together = |lag: isize| -> f64 {
                let pairs = (200..tune.len() - 200).map(|i| (tune[i], deformed[(i as isize + lag) as usize]));
                pairs.map(|(a, b)| f64::from(a * b)).sum()
            };
            (-150..=150).max_by(|a, b| together(*a).total_cmp(&together(*b))).unwrap()
        };
        for codec in [Mp3, Ogg] {
            let mut before = 0.0;
            for kbits in [32, 64, 128] {
                let deformed = codec(kbits).apply(&tune, 0).unwrap();
                assert_eq!(lag_of(&deformed), 0, "{}", codec(kbits));
                let now = signal_to_noise(&tune, &deformed);
                assert!(now > before + 1.0, "{}: {now} after {before}", codec(kbits));
                before = now;
            }
        }
    }

    #[test]
    fn every_bitrate_that_can_be_asked_for_can_be_encoded() {
        let tune = &tune()[..10_000];
        let mp3 = super::mp3_rates().map(Mp3);
        for codec in mp3.chain([32, 33, 100, 200, 240].map(Ogg)) {
            assert!(signal_to_noise(tune, &codec.apply(tune, 0).unwrap()) > 8.0, "{codec}");
        }
    }
}
