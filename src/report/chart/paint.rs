//! Colours by what they are for.
//!
//! Ten classes are told apart by the "muted" scheme of P. Tol, "Colour schemes", SRON/EPS/TN/09-002, 2021, its light tones
//! darkened to be seen on white; shares and differences by ramps of one and two hues that also differ in lightness.

use genre_bench_api::Family;
use std::borrow::Cow;

/// A colour by what it is for; what it looks like is the [`Theme`]'s.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Paint {
    /// Text and what is to be seen first.
    Ink,
    /// Text of the second rank.
    Muted,
    /// Marks in the background.
    Faint,
    /// Grid lines and rules.
    Rule,
    /// What is drawn on.
    Surface,
    /// The one colour that stands out.
    Accent,
    /// The tint behind what belongs together.
    Band,
    /// What is wrong.
    Warn,
    /// A class, or whatever is told apart by its number.
    Class(usize),
    /// A family of models.
    Family(Family),
    /// A share of 0–1 on the ramp from nothing to all.
    Level(f64),
    /// Text on that.
    OnLevel(f64),
    /// A difference of −1–1 on the ramp from worse over none to better.
    Difference(f64),
}

/// Where a drawing is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// In the page, whose style sheet says what colours look like, by light and by night.
    Page,
    /// Alone, on white paper or a light screen.
    Paper,
    /// Alone, on a dark screen.
    Night,
}

/// Steps of the ramp of shares.
pub const LEVELS: usize = 10;
/// Steps of the ramp of differences, from −1 to 1; the middle one is no difference.
pub const DIFFERENCES: usize = 9;
/// Classes with colours of their own.
pub const CLASSES: usize = 10;

/// Name of a colour in style sheets, by light and by night.
type Named = (&'static str, &'static str, &'static str);

const NAMED: [Named; 11] = [
    ("ink", "#1b1f26", "#e7eaee"),
    ("muted", "#5b6370", "#a3abb8"),
    ("faint", "#a4abb6", "#626b79"),
    ("rule", "#e2e5ea", "#2c323c"),
    ("surface", "#ffffff", "#171a20"),
    ("accent", "#1d5fb8", "#7db2ff"),
    ("band", "#edf3fc", "#1b2738"),
    ("warn", "#a3420b", "#f5a662"),
    ("neural", "#b4510d", "#f0a05c"),
    ("other", "#14756a", "#57c9b5"),
    ("white", "#ffffff", "#ffffff"),
];

const CLASS: [(&str, &str); CLASSES] = [
    ("#332288", "#9a90f0"),
    ("#cc6677", "#ee8b9a"),
    ("#117733", "#4fbd77"),
    ("#4aa0d5", "#7cc8f2"),
    ("#c4a32b", "#e3cf74"),
    ("#882255", "#d976a8"),
    ("#2e9c8a", "#5fd0bd"),
    ("#aa4499", "#d88acb"),
    ("#7f7f2a", "#bcbc5c"),
    ("#6d747f", "#a9b0bb"),
];

const LEVEL: [(&str, &str); LEVELS] = [
    ("#f4f7fb", "#1b1f26"),
    ("#e4edf8", "#1c2a3b"),
    ("#d1e1f3", "#1f354f"),
    ("#b9d2ed", "#224164"),
    ("#9cc0e5", "#264d7a"),
    ("#7babdc", "#2b5b91"),
    ("#5c97d2", "#3069a8"),
    ("#2f6fb3", "#5290d0"),
    ("#215a9a", "#78abe0"),
    ("#124480", "#a6cbf3"),
];

/// Text on a step of the ramp of shares.
fn text_on(level: usize, dark: bool) -> &'static str {
    match (dark, level < 7) {
        (false, true) => "#1b1f26",
        (true, false) => "#10131a",
        _ => "#ffffff",
    }
}

const DIFFERENCE: [(&str, &str); DIFFERENCES] = [
    ("#e39a57", "#8f5420"),
    ("#edb684", "#754519"),
    ("#f5d2b0", "#593718"),
    ("#fae8d6", "#3d2a1a"),
    ("#f4f5f7", "#1d2128"),
    ("#dfeaf8", "#1b2c42"),
    ("#bfd6f0", "#1f3d61"),
    ("#9abde6", "#235083"),
    ("#75a3da", "#2b62a3"),
];

/// The step of a share on the ramp.
pub fn level(share: f64) -> usize {
    ((share.clamp(0.0, 1.0) * LEVELS as f64) as usize).min(LEVELS - 1)
}

/// The step of a difference on the ramp.
pub fn difference(share: f64) -> usize {
    let half = (DIFFERENCES / 2) as f64;
    (share.clamp(-1.0, 1.0) * half + half).round() as usize
}

impl Paint {
    /// Its name in style sheets, without hyphens in front.
    fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Ink => "ink",
            Self::Muted | Self::Family(Family::Baseline) => "muted",
            Self::Faint => "faint",
            Self::Rule => "rule",
            Self::Surface => "surface",
            Self::Accent | Self::Family(Family::Classical) => "accent",
            Self::Band => "band",
            Self::Warn => "warn",
            Self::Family(Family::Neural) => "neural",
            Self::Family(Family::Other) => "other",
            Self::Class(at) => return Cow::Owned(format!("c{}", at % CLASSES)),
            Self::Level(share) => return Cow::Owned(format!("l{}", level(share))),
            Self::OnLevel(share) => return Cow::Owned(format!("t{}", level(share))),
            Self::Difference(share) => return Cow::Owned(format!("d{}", difference(share))),
        })
    }

    /// As the value of an attribute.
    pub fn value(self, theme: Theme) -> String {
        match theme {
            Theme::Page => format!("var(--{})", self.name()),
            Theme::Paper | Theme::Night => {
                let name = self.name();
                let found = all(theme == Theme::Night).into_iter().find(|(known, _)| *known == name);
                found.map_or_else(|| "#000000".to_owned(), |(_, colour)| colour.to_owned())
            }
        }
    }
}

/// The declarations of a style sheet that give all colours their looks: `--ink:#1b1f26;…`.
pub fn declarations(dark: bool) -> String {
    all(dark).iter().map(|(name, colour)| format!("--{name}:{colour};")).collect()
}

/// All colours by name.
fn all(dark: bool) -> Vec<(String, &'static str)> {
    let of = |(light, night): (&'static str, &'static str)| if dark { night } else { light };
    let mut all: Vec<(String, &str)> =
        NAMED.iter().map(|(name, light, night)| ((*name).to_owned(), of((*light, *night)))).collect();
    let numbered = |letter: char, colours: &[(&'static str, &'static str)]| -> Vec<(String, &'static str)> {
        colours.iter().enumerate().map(|(at, pair)| (format!("{letter}{at}"), of(*pair))).collect()
    };
    all.extend(numbered('c', &CLASS));
    all.extend(numbered('l', &LEVEL));
    all.extend(numbered('d', &DIFFERENCE));
    all.extend((0..LEVELS).map(|at| (format!("t{at}"), text_on(at, dark))));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of a colour.
    fn luminance(colour: &str) -> f64 {
        let part = |at: usize| f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        let linear = |c: f64| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) };
        0.2126 * linear(part(1)) + 0.7152 * linear(part(3)) + 0.0722 * linear(part(5))
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_what_it_stands_on() {
        for dark in [false, true] {
            let all = all(dark);
            let of = |name: &str| all.iter().find(|(known, _)| known == name).unwrap().1;
            for text in ["ink", "muted", "accent", "warn", "neural", "other"] {
                for ground in ["surface", "band"] {
                    let found = contrast(of(text), of(ground));
                    assert!(found >= 4.5, "{text} on {ground}, dark {dark}: {found:.2}");
                }
            }
            for at in 0..LEVELS {
                let found = contrast(of(&format!("t{at}")), of(&format!("l{at}")));
                assert!(found >= 4.5, "step {at}, dark {dark}: {found:.2}");
            }
            for at in 0..DIFFERENCES {
                let found = contrast(of("ink"), of(&format!("d{at}")));
                assert!(found >= 4.5, "difference {at}, dark {dark}: {found:.2}");
            }
            for at in 0..CLASSES {
                let found = contrast(of(&format!("c{at}")), of("surface"));
                assert!(found >= 2.3, "class {at}, dark {dark}: {found:.2}");
            }
        }
    }

    #[test]
    fn steps_cover_the_ramp() {
        assert_eq!([0.0, 0.05, 0.1, 0.99, 1.0, 7.0].map(level), [0, 0, 1, 9, 9, 9]);
        assert_eq!([-1.0, -0.01, 0.0, 1.0].map(difference), [0, 4, 4, 8]);
    }
}
