//! Deformations as people write them: `white-noise:10`.

use super::{Deformation, RATE, codec};
use std::fmt;
use std::str::FromStr;

/// As [`Deformation::from_str`] reads it.
impl fmt::Display for Deformation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WhiteNoise(ratio) => write!(f, "white-noise:{ratio}"),
            Self::PinkNoise(ratio) => write!(f, "pink-noise:{ratio}"),
            Self::Gain(gain) => write!(f, "gain:{gain}"),
            Self::Clipping(percent) => write!(f, "clipping:{percent}"),
            Self::LowPass(hertz) => write!(f, "low-pass:{hertz}"),
            Self::HighPass(hertz) => write!(f, "high-pass:{hertz}"),
            Self::Telephone => f.write_str("telephone"),
            Self::Mp3(kbits) => write!(f, "mp3:{kbits}"),
            Self::Ogg(kbits) => write!(f, "ogg:{kbits}"),
            Self::Rate(rate) => write!(f, "rate:{rate}"),
            Self::Pitch(semitones) => write!(f, "pitch:{semitones}"),
            Self::Tempo(percent) => write!(f, "tempo:{percent}"),
            Self::Offset(seconds) => write!(f, "offset:{seconds}"),
            Self::Reverb(seconds) => write!(f, "reverb:{seconds}"),
            Self::Inverted => f.write_str("inverted"),
            Self::Silence(seconds) => write!(f, "silence:{seconds}"),
        }
    }
}

impl FromStr for Deformation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once(':').unwrap_or((text, ""));
        let number = |low: f64, high: f64| {
            let number = value.parse().ok().filter(|number: &f64| (low..=high).contains(number));
            number.ok_or_else(|| format!("`{name}` wants a number from {low} to {high}, as in {name}:{high}"))
        };
        let half = f64::from(RATE) / 2.0;
        Ok(match name {
            "white-noise" => Self::WhiteNoise(number(-40.0, 120.0)?),
            "pink-noise" => Self::PinkNoise(number(-40.0, 120.0)?),
            "gain" => Self::Gain(number(-120.0, 60.0)?),
            "clipping" => Self::Clipping(number(0.0, 99.0)?),
            "low-pass" => Self::LowPass(number(10.0, half - 1.0)?),
            "high-pass" => Self::HighPass(number(10.0, half - 1.0)?),
            "mp3" => Self::Mp3(mp3_rate(value)?),
            "ogg" => Self::Ogg(number(32.0, 240.0)? as u32),
            "rate" => Self::Rate(number(1000.0, 192_000.0)? as u32),
            "pitch" => Self::Pitch(number(-12.0, 12.0)?),
            "tempo" => Self::Tempo(number(-50.0, 100.0)?),
            "offset" => Self::Offset(number(0.0, 3600.0)?),
            "reverb" => Self::Reverb(number(0.05, 10.0)?),
            "silence" => Self::Silence(number(0.0, 3600.0)?),
            "telephone" if value.is_empty() => Self::Telephone,
            "inverted" if value.is_empty() => Self::Inverted,
            _ => {
                let names = "white-noise, pink-noise, gain, clipping, low-pass, high-pass, telephone, mp3, ogg, rate, pitch, \
                             tempo, offset, reverb, inverted, silence";
                return Err(format!("expected one of {names}, with a number as in white-noise:10"));
            }
        })
    }
}

fn mp3_rate(value: &str) -> Result<u32, String> {
    value.parse().ok().filter(|kbits| codec::mp3_rates().any(|rate| rate == *kbits)).ok_or_else(|| {
        let rates: Vec<String> = codec::mp3_rates().map(|rate| rate.to_string()).collect();
        format!("`mp3` wants one of {} kbit/s, as in mp3:128", rates.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_what_is_wrong_is_not() {
        for deformation in Deformation::ALL {
            assert_eq!(deformation.to_string().parse(), Ok(deformation));
        }
        for wrong in [
            "noise",
            "gain",
            "gain:x",
            "gain:1e9",
            "telephone:3",
            "rate:0",
            "mp3:100",
            "mp3:",
            "ogg:8",
            "tempo:-100",
            "pitch:nan",
        ] {
            assert!(wrong.parse::<Deformation>().is_err(), "{wrong}");
        }
    }
}
