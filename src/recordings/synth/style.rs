//! The ten styles, as data.
//!
//! Rhythms are written in sixteenths, one letter each, a bar or several a line: in a drum's line `x` is a
//! stroke, `X` an accent, `o` a ghost note; in the others a digit is a tone of the chord (`1` its root, `3` its
//! third, … `8` the octave, `0` the third above that), `x` the whole chord, `p` a power chord (root, fifth,
//! octave), `~` the next note of a melody, `-` goes on holding, and `.` is silence everywhere.
//!
//! Neighbours share much on purpose: blues, country, rock and metal their guitars and progressions, disco,
//! hiphop, pop and reggae their drums and keyboards. What tells styles apart is the whole.

use super::drums::{BOOM, BRUSH, CLAP, CRASH, Drum, HAT, KICK, OPEN_HAT, RIDE, RIM, SHAKER, SNARE, TOM};
use super::instrument::{
    ACOUSTIC, BANJO, BELL, BRASS, CLEAN, CRUNCH, DISTORTED, E_PIANO, FLUTE, HARPSICHORD, LEAD, ORGAN, PAD,
    PIANO, PICKED_BASS, SAX, STAB, STEEL, STRINGS, SUB_BASS, SYNTH_BASS, Tone, UPRIGHT_BASS, VIBES, VIOLIN,
};

/// What the recordings of a genre have in common. Ranges are those its artists are drawn from.
pub struct Style {
    pub name: &'static str,
    /// Beats a minute.
    pub tempo: (f32, f32),
    /// How late the second of two notes comes, as a share of both: 0.5 straight, 0.67 a triplet.
    pub swing: (f32, f32),
    /// Sixteenths a swung note is long: 2 where eighths swing, 1 where sixteenths do.
    pub swung: usize,
    /// Semitones of the melody's scale above the key note, in a major and a minor key.
    pub scales: [&'static [i32]; 2],
    /// Chords as Roman numerals, one a bar; a progression that starts in lower case is in a minor key.
    pub progressions: &'static [&'static str],
    /// Ways to play the drums: what each of the kit plays.
    pub beats: &'static [&'static [(Drum, &'static str)]],
    pub bass: Part,
    pub chords: Part,
    pub lead: Part,
    /// Loudness of drums, bass, chords and lead in dB.
    pub balance: [f32; 4],
    /// Level of the reverberation.
    pub room: (f32, f32),
    /// How much louder the treble is than the bass, in dB.
    pub tilt: (f32, f32),
    /// Loudness of the whole in dB below full scale.
    pub loudness: (f32, f32),
}

/// What one player may play.
pub struct Part {
    /// The instruments to choose from.
    pub tones: &'static [Tone],
    /// MIDI number of the lowest key note.
    pub lowest: i32,
    pub patterns: &'static [&'static str],
}

const fn part(lowest: i32, tones: &'static [Tone], patterns: &'static [&'static str]) -> Part {
    Part { tones, lowest, patterns }
}

const DIATONIC: [&[i32]; 2] = [&[0, 2, 4, 5, 7, 9, 11], &[0, 2, 3, 5, 7, 8, 10]];
const PENTATONIC: [&[i32]; 2] = [&[0, 2, 4, 7, 9], &[0, 3, 5, 7, 10]];
const BLUES: [&[i32]; 2] = [&[0, 3, 4, 5, 7, 10], &[0, 3, 5, 6, 7, 10]];

const EIGHTHS: &str = "X.x.X.x.X.x.X.x.";
const OFFBEATS: &str = "..x...x...x...x.";
const FOUR: &str = "X...x...X...x...";
const TWO_AND_FOUR: &str = "....X.......X...";

const ROCK_BEATS: [&[(Drum, &str)]; 3] = [
    &[(KICK, "X.......x.x....."), (SNARE, TWO_AND_FOUR), (HAT, EIGHTHS)],
    &[(KICK, "X.....x.x.x....."), (SNARE, TWO_AND_FOUR), (OPEN_HAT, FOUR)],
    &[
        (KICK, "X..x....x.x..x.."),
        (SNARE, TWO_AND_FOUR),
        (RIDE, EIGHTHS),
        (CRASH, "X..............................."),
    ],
];

pub const STYLES: [Style; 10] = [
    Style {
        name: "blues",
        tempo: (66.0, 112.0),
        swing: (0.58, 0.67),
        swung: 2,
        scales: BLUES,
        progressions: &[
            "I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7",
            "I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 I7",
            "i7 i7 i7 i7 iv7 iv7 i7 i7 V7 iv7 i7 i7",
        ],
        beats: &[
            &[(KICK, "X.......X......."), (SNARE, TWO_AND_FOUR), (RIDE, EIGHTHS)],
            &[(KICK, "X.....x.X.....x."), (SNARE, TWO_AND_FOUR), (HAT, EIGHTHS)],
            &[(KICK, FOUR), (BRUSH, "x.x.X.x.x.x.X.x."), (HAT, TWO_AND_FOUR)],
        ],
        bass: part(
            31,
            &[UPRIGHT_BASS, PICKED_BASS],
            &["1---3---5---6---", "1-1-5-5-6-6-5-5-", "1---1---5---5---"],
        ),
        chords: part(
            48,
            &[CLEAN, CRUNCH, PIANO],
            &["5-5-6-6-5-5-6-6-", "....x.......x...", "x-....x-..x-....", "p-p-p-p-p-p-p-p-"],
        ),
        lead: part(
            64,
            &[CRUNCH, CRUNCH, CLEAN, SAX],
            &[
                "~.~~--~---......~.~.~-~---......",
                "....~.~~~-----......~.~.~~~-----",
                "~---~.~-~-------................",
            ],
        ),
        balance: [-3.0, -3.0, -5.0, -1.0],
        room: (0.05, 0.3),
        tilt: (-5.0, -1.0),
        loudness: (-19.0, -14.0),
    },
    Style {
        name: "classical",
        tempo: (60.0, 132.0),
        swing: (0.5, 0.5),
        swung: 2,
        scales: DIATONIC,
        progressions: &["I IV V I vi ii V I", "I V vi iii IV I ii V", "i iv V i bVI iv V i", "i bVII bVI V"],
        beats: &[&[]],
        bass: part(
            36,
            &[STRINGS, PIANO, VIOLIN],
            &["1---------------", "1-------5-------", "1-------3---5---"],
        ),
        chords: part(
            55,
            &[PIANO, HARPSICHORD, STRINGS, ACOUSTIC],
            &[
                "1.5.3.5.1.5.3.5.",
                "1.3.5.8.5.3.1.3.",
                "x---------------",
                "1-5-8-0-8-5-3-5-",
                "..x...x...x...x.",
            ],
        ),
        lead: part(
            67,
            &[VIOLIN, FLUTE, PIANO, STRINGS],
            &["~-------~---~---", "~---~-~-~---~---", "~-~-~-~-~~~~~---~-------~-----..", "~-------~-------"],
        ),
        balance: [0.0, -6.0, -4.0, -1.0],
        room: (0.3, 0.8),
        tilt: (-7.0, -3.0),
        loudness: (-27.0, -20.0),
    },
    Style {
        name: "country",
        tempo: (84.0, 150.0),
        swing: (0.5, 0.58),
        swung: 2,
        scales: PENTATONIC,
        progressions: &["I I IV I V V I I", "I IV I V", "I V IV I", "I I IV IV I V I I"],
        beats: &[
            &[(KICK, "X.......X......."), (BRUSH, "xoXoxoXoxoXoxoXo")],
            &[(KICK, "X.......x......."), (SNARE, TWO_AND_FOUR), (HAT, EIGHTHS)],
            &[(KICK, "X.......X......."), (RIM, TWO_AND_FOUR), (SHAKER, EIGHTHS)],
        ],
        bass: part(
            31,
            &[UPRIGHT_BASS, PICKED_BASS],
            &["1-------5-------", "1---....5---....", "1---1---5---3---"],
        ),
        chords: part(
            50,
            &[ACOUSTIC, ACOUSTIC, BANJO],
            &["....x-......x-..", "1.5.8.3.5.8.1.3.", "..x-..x-..x-..x-", "x-..x-x-x-..x-x-"],
        ),
        lead: part(
            64,
            &[STEEL, VIOLIN, CLEAN, BANJO],
            &["~---~-~-~-------", "~-~-~-~-~---....", "........~-~-~---", "~---~---~-----.................."],
        ),
        balance: [-6.0, -4.0, -1.0, -2.0],
        room: (0.05, 0.2),
        tilt: (1.0, 5.0),
        loudness: (-19.0, -14.0),
    },
    Style {
        name: "disco",
        tempo: (112.0, 128.0),
        swing: (0.5, 0.53),
        swung: 1,
        scales: PENTATONIC,
        progressions: &["i7 i7 iv7 iv7", "i bVI bVII i", "ii7 V7 I I", "i7 bVII IV7 i7", "vi IV I V"],
        beats: &[
            &[(KICK, FOUR), (SNARE, TWO_AND_FOUR), (OPEN_HAT, OFFBEATS), (HAT, EIGHTHS)],
            &[(KICK, FOUR), (CLAP, TWO_AND_FOUR), (HAT, "XoxoXoxoXoxoXoxo")],
            &[(KICK, FOUR), (CLAP, TWO_AND_FOUR), (OPEN_HAT, OFFBEATS), (SHAKER, "xxxxxxxxxxxxxxxx")],
        ],
        bass: part(
            31,
            &[PICKED_BASS, SYNTH_BASS],
            &["1.8.1.8.1.8.1.8.", "1.8.1.8.5.8.7.8.", "1..1.1.81..5.7.8"],
        ),
        chords: part(
            54,
            &[CLEAN, STRINGS, CLEAN, STAB],
            &["..xx..x...xx..x.", "x---------------", "x..x..x.x..x..x.", "..x...x...x...x."],
        ),
        lead: part(
            67,
            &[STRINGS, BRASS, STRINGS],
            &["~-------~-~-~---", "~..~..~...~.~...", "~-----~-~-------", "................~.~.~~.~~---...."],
        ),
        balance: [0.0, -2.0, -4.0, -4.0],
        room: (0.1, 0.3),
        tilt: (1.0, 5.0),
        loudness: (-18.0, -13.0),
    },
    Style {
        name: "hiphop",
        tempo: (78.0, 108.0),
        swing: (0.5, 0.62),
        swung: 1,
        scales: PENTATONIC,
        progressions: &["i7 i7 i7 i7", "i i bVI V", "ii7 ii7 i7 i7", "i7 iv7 i7 iv7"],
        beats: &[
            &[(BOOM, "X......x..X....."), (SNARE, TWO_AND_FOUR), (HAT, EIGHTHS)],
            &[(BOOM, "X..x...x..X..x.."), (CLAP, TWO_AND_FOUR), (HAT, "X.xxX.x.X.xxX.xo")],
            &[
                (KICK, "X.x....x.xX....."),
                (SNARE, TWO_AND_FOUR),
                (HAT, EIGHTHS),
                (OPEN_HAT, "..............x."),
            ],
        ],
        bass: part(
            28,
            &[SUB_BASS, SYNTH_BASS, PICKED_BASS],
            &["1-----.1..1-....", "1--.....1-1---..", "1---............"],
        ),
        chords: part(
            54,
            &[E_PIANO, PIANO, STRINGS, VIBES],
            &["x-------........", "x--...x--.......", "x-----------....", "1.3.5.8...5.3..."],
        ),
        lead: part(
            67,
            &[BELL, FLUTE, LEAD, STAB],
            &["~.~...~.........", "~...~.~~........", "~-..~-..~.~.....", "..~.~.....~.~..."],
        ),
        balance: [1.0, 0.0, -6.0, -7.0],
        room: (0.0, 0.1),
        tilt: (0.0, 4.0),
        loudness: (-15.0, -10.0),
    },
    Style {
        name: "jazz",
        tempo: (96.0, 210.0),
        swing: (0.58, 0.68),
        swung: 2,
        scales: DIATONIC,
        progressions: &[
            "ii7 V7 IM7 IM7",
            "IM7 vi7 ii7 V7",
            "i7 iv7 bVII7 bIIIM7 bVIM7 ii7 V7 i7",
            "I7 IV7 I7 I7 IV7 IV7 I7 vi7 ii7 V7 I7 V7",
        ],
        beats: &[
            &[(RIDE, "X...x.x.X...x.x."), (HAT, TWO_AND_FOUR), (KICK, "o...o...o...o...")],
            &[(BRUSH, "x...X.x.x...X.x."), (HAT, TWO_AND_FOUR)],
            &[(RIDE, "X...x.x.X...x.x."), (HAT, TWO_AND_FOUR), (SNARE, "......o......o..............o...")],
        ],
        bass: part(
            31,
            &[UPRIGHT_BASS],
            &["1---3---5---6---", "1---5---8---7---", "8---7---5---3---", "1---3---5---3---"],
        ),
        chords: part(
            52,
            &[PIANO, CLEAN, VIBES, ORGAN],
            &["..x.......x-....", "......x-......x-", "x.....x-........", "x---------------"],
        ),
        lead: part(
            62,
            &[SAX, BRASS, VIBES, PIANO, FLUTE],
            &["~-~-~-~-~---....", "~.~-~-~-~-~-~---", "....~-~-~-~-~-~-~-~-~-----......", "~-----~-~-......"],
        ),
        balance: [-6.0, -3.0, -5.0, -1.0],
        room: (0.1, 0.4),
        tilt: (-5.0, -1.0),
        loudness: (-24.0, -18.0),
    },
    Style {
        name: "metal",
        tempo: (110.0, 190.0),
        swing: (0.5, 0.5),
        swung: 2,
        scales: DIATONIC,
        progressions: &["i i bII i", "i bVI bVII i", "i i bV iv", "i bVII bVI V", "i bVI bIII bVII"],
        beats: &[
            &[(KICK, "xxxxxxxxxxxxxxxx"), (SNARE, TWO_AND_FOUR), (CRASH, FOUR)],
            &[(KICK, "x.xxx.xxx.xxx.xx"), (SNARE, TWO_AND_FOUR), (RIDE, EIGHTHS)],
            &[(KICK, "X.x.X.x.X.x.X.x."), (SNARE, "..X...X...X...X."), (HAT, EIGHTHS)],
            ROCK_BEATS[1],
        ],
        bass: part(28, &[PICKED_BASS, CRUNCH], &["1.111.111.111.11", "1.1.1.1.1.1.1.1.", "1-------1-----1-"]),
        chords: part(
            40,
            &[DISTORTED],
            &["p.ppp.ppp.ppp.pp", "p-------p---p---", "pppppppppppppppp", "p-..p.p.p-..p-p-"],
        ),
        lead: part(
            64,
            &[DISTORTED, CRUNCH],
            &["~~~~~~~~~~~~~~~~", "~-------~-------", "................................", "~-~-~-~-~---~---"],
        ),
        balance: [-2.0, -4.0, 0.0, -4.0],
        room: (0.0, 0.15),
        tilt: (2.0, 6.0),
        loudness: (-15.0, -10.0),
    },
    Style {
        name: "pop",
        tempo: (88.0, 132.0),
        swing: (0.5, 0.55),
        swung: 1,
        scales: PENTATONIC,
        progressions: &["I V vi IV", "vi IV I V", "I vi IV V", "IV V iii vi", "i bVI bIII bVII"],
        beats: &[
            &[(KICK, FOUR), (CLAP, TWO_AND_FOUR), (HAT, OFFBEATS)],
            &[(KICK, "X.....x...x....."), (SNARE, TWO_AND_FOUR), (HAT, EIGHTHS)],
            &[(BOOM, "X..x..x...x....."), (CLAP, TWO_AND_FOUR), (SHAKER, EIGHTHS)],
        ],
        bass: part(
            31,
            &[SYNTH_BASS, PICKED_BASS, SUB_BASS],
            &["1.1.1.1.1.1.1.1.", "1-----1-1-------", "1--1--1-1--1--1-"],
        ),
        chords: part(
            53,
            &[PIANO, PAD, E_PIANO, STAB],
            &["x---------------", "x..x..x.x..x..x.", "1.5.8.5.1.5.8.5.", "x---x---x---x---"],
        ),
        lead: part(
            66,
            &[LEAD, LEAD, BELL],
            &["~.~.~-~-~---....", "~---~-~-~-------", "~-~-~---..~-~---", "..~.~.~.~---...."],
        ),
        balance: [-3.0, -3.0, -3.0, -2.0],
        room: (0.1, 0.35),
        tilt: (5.0, 9.0),
        loudness: (-15.0, -10.0),
    },
    Style {
        name: "reggae",
        tempo: (66.0, 96.0),
        swing: (0.5, 0.6),
        swung: 1,
        scales: PENTATONIC,
        progressions: &["I IV I IV", "i iv i V", "I V vi IV", "I ii IV V", "i bVII i bVII"],
        beats: &[
            &[(KICK, "........X......."), (RIM, "........X......."), (HAT, EIGHTHS)],
            &[(KICK, FOUR), (RIM, "........X......."), (HAT, "X.xoX.xoX.xoX.xo")],
            &[
                (KICK, "X.......X......."),
                (SNARE, "........X......."),
                (HAT, OFFBEATS),
                (TOM, "..............................xx"),
            ],
        ],
        bass: part(
            29,
            &[PICKED_BASS, SUB_BASS, UPRIGHT_BASS],
            &["1-..3.5-..1-....", "..1-1-3-5---....", "1---..1-5-3-...."],
        ),
        chords: part(54, &[CLEAN, ORGAN], &["..x...x...x...x.", "..x...x...x...x.", "..xx..x...xx..x."]),
        lead: part(
            64,
            &[ORGAN, BRASS, FLUTE],
            &["~-~-~---........", "..~.~.~-~-......", "........~.~.~---", "~-----~---......................"],
        ),
        balance: [-4.0, 3.0, -3.0, -6.0],
        room: (0.15, 0.45),
        tilt: (-3.0, 1.0),
        loudness: (-19.0, -14.0),
    },
    Style {
        name: "rock",
        tempo: (96.0, 156.0),
        swing: (0.5, 0.54),
        swung: 2,
        scales: PENTATONIC,
        progressions: &["I bVII IV I", "I IV V IV", "i bVII bVI bVII", "I V vi IV", "I I IV IV V IV I I"],
        beats: &[ROCK_BEATS[0], ROCK_BEATS[1], ROCK_BEATS[2]],
        bass: part(29, &[PICKED_BASS], &["1.1.1.1.1.1.1.1.", "1---1-1-1---5-5-", "1-----1-1-1-...."]),
        chords: part(
            43,
            &[CRUNCH, CRUNCH, CRUNCH, CLEAN],
            &["p-----p-p-p-----", "p.p.p.p.p.p.p.p.", "x-..x-x-..x-x-..", "x-------x---x---"],
        ),
        lead: part(
            64,
            &[CRUNCH, CRUNCH, ORGAN, DISTORTED],
            &["~---~-~-~-------", "~-~-~-~-~---....", "................................", "~-----~-~---~---"],
        ),
        balance: [-2.0, -4.0, -1.0, -3.0],
        room: (0.05, 0.25),
        tilt: (-1.0, 3.0),
        loudness: (-17.0, -12.0),
    },
];
