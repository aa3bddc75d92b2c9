//! Running median of 31 values, many side by side.
//!
//! The work is shared three ways. Values are handled [`LANES`] at a time, one independent series a
//! lane, so every step is a vector instruction. Sorting is done by fixed networks of minimum and
//! maximum, with no branch that depends on data. And neighbouring windows overlap: the eight windows
//! centred on `8j … 8j + 7` have 24 values in common, the aligned groups `j − 1`, `j` and `j + 1`, and
//! each group of 8 is sorted once for the three blocks that it is part of.
//!
//! From there a tree goes down to the single window. Of the 24 common values only the 8 in the middle
//! can be the median of anything; four windows out of the eight share four more values, two windows
//! two more, and each window has one of its own:
//!
//! ```text
//! common values       24        28        30       31
//! windows              8         4         2        1
//! that can be median   8         4         2        1
//! ```
//!
//! That makes 18 exchanges a median (147 for the eight windows of a block), where a network that starts
//! from the 31 values alone takes well over 100. The idea is of A. Adams, *Fast median filters
//! using separable sorting networks*, ACM Trans. Graph. 40 (2021).

/// Series handled side by side.
pub const LANES: usize = 16;

/// One value of each series.
pub type Lanes = [f32; LANES];

/// The same as integers of the same order, whose minimum and maximum are one instruction each; those of
/// floating-point numbers are more, for the sake of NaN and −0.
///
/// Aligned to a cache line: a vector across two of them takes twice as long to load and to store.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Keys([i32; LANES]);

impl Keys {
    const ZERO: Self = Self([0; LANES]);
}

/// Values a median is taken of.
pub const WINDOW: usize = 31;

/// Windows handled together, and values sorted together.
const GROUP: usize = 8;

/// Most values that a network handles, and more: a power of 2.
const WIRES: usize = 32;

/// Groups kept at hand: the two before a block, its own, the two after; rounded up to a power of 2.
const RING: usize = 8;

/// Puts values that are partly in order into order by fixed exchanges.
#[derive(Debug, Clone)]
struct Network {
    /// Pairs of places; the smaller value goes to the first.
    exchanges: Vec<(u8, u8)>,
    /// Where the ranks that are asked for are found afterwards, from the lowest up.
    ranks: Vec<u8>,
}

impl Network {
    /// Merges sorted runs of the given lengths, which lie one after another, and leaves out every
    /// exchange that has no influence on the ranks in `kept`.
    fn merging(runs: &[u8], kept: std::ops::Range<usize>) -> Self {
        let mut exchanges = Vec::new();
        let mut merged = Vec::new();
        let mut start = 0;
        for &length in runs {
            let run: Vec<u8> = (start..start + length).collect();
            merged = merge(&merged, &run, &mut exchanges);
            start += length;
        }
        let ranks = merged[kept].to_vec();
        let mut alive = ranks.clone();
        exchanges.reverse();
        exchanges.retain(|&(low, high)| {
            let needed = alive.contains(&low) || alive.contains(&high);
            if needed {
                alive.extend([low, high]);
            }
            needed
        });
        exchanges.reverse();
        Self { exchanges, ranks }
    }

    /// Runs the network over `values` and copies the ranks asked for to `out`.
    #[inline(always)]
    fn run(&self, values: &mut [Keys; WIRES], out: &mut [Keys]) {
        for &(low, high) in &self.exchanges {
            // The remainder tells the compiler that no place is out of bounds.
            let (low, high) = (usize::from(low) % WIRES, usize::from(high) % WIRES);
            let (a, b) = (values[low], values[high]);
            values[low] = min(&a, &b);
            values[high] = max(&a, &b);
        }
        for (to, &place) in out.iter_mut().zip(&self.ranks) {
            *to = values[usize::from(place) % WIRES];
        }
    }
}

/// Batcher's odd-even merge of two sorted lists of places; gives all places from the lowest value up.
fn merge(a: &[u8], b: &[u8], exchanges: &mut Vec<(u8, u8)>) -> Vec<u8> {
    if a.is_empty() || b.is_empty() {
        return [a, b].concat();
    }
    if let ([x], [y]) = (a, b) {
        exchanges.push((*x, *y));
        return vec![*x, *y];
    }
    let every_second =
        |list: &[u8], first: usize| -> Vec<u8> { list.iter().skip(first).step_by(2).copied().collect() };
    let even = merge(&every_second(a, 0), &every_second(b, 0), exchanges);
    let odd = merge(&every_second(a, 1), &every_second(b, 1), exchanges);
    let mut out = vec![even[0]];
    for i in 0..odd.len().max(even.len() - 1) {
        match (odd.get(i), even.get(i + 1)) {
            (Some(&x), Some(&y)) => {
                exchanges.push((x, y));
                out.extend([x, y]);
            }
            (x, y) => out.extend(x.or(y)),
        }
    }
    out
}

#[inline(always)]
fn min(a: &Keys, b: &Keys) -> Keys {
    let mut out = *a;
    for lane in 0..LANES {
        out.0[lane] = out.0[lane].min(b.0[lane]);
    }
    out
}

#[inline(always)]
fn max(a: &Keys, b: &Keys) -> Keys {
    let mut out = *a;
    for lane in 0..LANES {
        out.0[lane] = out.0[lane].max(b.0[lane]);
    }
    out
}

/// Turns the lower 31 bits of negative numbers around, which makes their order that of integers. Its
/// own inverse.
#[inline(always)]
fn turn(bits: i32) -> i32 {
    bits ^ ((bits >> 31) as u32 >> 1) as i32
}

#[inline(always)]
fn to_keys(values: &Lanes) -> Keys {
    let mut out = Keys::ZERO;
    for (key, x) in out.0.iter_mut().zip(values) {
        *key = turn(x.to_bits() as i32);
    }
    out
}

#[inline(always)]
fn from_keys(keys: &Keys) -> Lanes {
    let mut out = [0.0; LANES];
    for (x, &key) in out.iter_mut().zip(&keys.0) {
        *x = f32::from_bits(turn(key) as u32);
    }
    out
}

/// The place of value `i` in a series of `n` continued by mirroring: `b a | a b c | c b`.
///
/// This is `scipy.ndimage`'s mode "reflect"; unlike [`super::pad::Pad::Reflect`] it repeats the ends.
#[inline(always)]
fn mirrored(i: isize, n: usize) -> usize {
    if (0..n as isize).contains(&i) {
        return i as usize;
    }
    let i = i.rem_euclid(2 * n as isize) as usize;
    if i < n { i } else { 2 * n - 1 - i }
}

/// Running median of [`WINDOW`] values over series that are mirrored at their ends.
///
/// Reference for the results: `scipy.ndimage.median_filter(…, size=31, mode="reflect")`. Values must
/// not be NaN.
#[derive(Debug, Clone)]
pub struct RunningMedian {
    sort_four: Network,
    join_fours: Network,
    core: Network,
    add_four: Network,
    add_two: Network,
}

impl Default for RunningMedian {
    fn default() -> Self {
        Self::new()
    }
}

impl RunningMedian {
    /// Lays the networks out.
    pub fn new() -> Self {
        Self {
            sort_four: Network::merging(&[1, 1, 1, 1], 0..4),
            join_fours: Network::merging(&[4, 4], 0..8),
            core: Network::merging(&[8, 8, 8], 8..16),
            add_four: Network::merging(&[8, 4], 4..8),
            add_two: Network::merging(&[4, 2], 2..4),
        }
    }

    /// Filters [`LANES`] series of `n` values: value `i` of all is asked for by `read(i)`, a few times
    /// at most, and median `i` of all is given to `write(i, …)`, in rising order.
    #[inline(always)]
    pub fn run(&self, n: usize, read: impl Fn(usize) -> Lanes, mut write: impl FnMut(usize, &Lanes)) {
        let none = [Keys::ZERO; GROUP];
        let mut at_hand = [Octet { raw: none, halves: none, sorted: none }; RING];
        let mut values = [Keys::ZERO; WIRES];
        let (mut middle, mut four, mut two) = ([Keys::ZERO; 8], [Keys::ZERO; 4], [Keys::ZERO; 2]);
        for block in 0..n.div_ceil(GROUP) as isize {
            for group in if block == 0 { -2..=2 } else { block + 2..=block + 2 } {
                self.load(group, n, &read, &mut values, &mut at_hand[slot(group)]);
            }
            for (to, group) in values.chunks_exact_mut(GROUP).zip(block - 1..=block + 1) {
                to.copy_from_slice(&at_hand[slot(group)].sorted);
            }
            self.core.run(&mut values, &mut middle);

            let left = &at_hand[slot(block - 2)].halves[4..];
            let right = &at_hand[slot(block + 2)].halves[..4];
            for (added, pairs) in [(left, &PAIRS[..2]), (right, &PAIRS[2..])] {
                values[..8].copy_from_slice(&middle);
                values[8..12].copy_from_slice(added);
                self.add_four.run(&mut values, &mut four);
                for pair in pairs {
                    let value = |offset: isize| {
                        let i = offset + 2 * GROUP as isize;
                        &at_hand[slot(block - 2 + i / GROUP as isize)].raw[i as usize % GROUP]
                    };
                    let (a, b) = (value(pair.shared[0]), value(pair.shared[1]));
                    values[..4].copy_from_slice(&four);
                    (values[4], values[5]) = (min(a, b), max(a, b));
                    self.add_two.run(&mut values, &mut two);
                    for (window, own) in (pair.window..).zip(pair.own) {
                        let at = block as usize * GROUP + window;
                        if at < n {
                            write(at, &from_keys(&max(&two[0], &min(&two[1], value(own)))));
                        }
                    }
                }
            }
        }
    }

    /// Reads group `number` and sorts it.
    #[inline(always)]
    fn load(
        &self,
        number: isize,
        n: usize,
        read: &impl Fn(usize) -> Lanes,
        values: &mut [Keys; WIRES],
        group: &mut Octet,
    ) {
        let first = number * GROUP as isize;
        for (k, to) in group.raw.iter_mut().enumerate() {
            *to = to_keys(&read(mirrored(first + k as isize, n)));
        }
        for half in [0..4, 4..8] {
            values[..4].copy_from_slice(&group.raw[half.clone()]);
            self.sort_four.run(values, &mut group.halves[half]);
        }
        values[..GROUP].copy_from_slice(&group.halves);
        self.join_fours.run(values, &mut group.sorted);
    }
}

/// Eight values in a row. Those that a block needs are each in the [`slot`] of their number.
#[derive(Clone, Copy)]
struct Octet {
    /// As they come.
    raw: [Keys; GROUP],
    /// Each half sorted.
    halves: [Keys; GROUP],
    /// All sorted.
    sorted: [Keys; GROUP],
}

#[inline(always)]
fn slot(group: isize) -> usize {
    group.rem_euclid(RING as isize) as usize
}

/// Two neighbouring windows of a block; all numbers count from the block's first window.
struct Pair {
    /// The first of the two windows.
    window: usize,
    /// The two values both take beyond those shared by four windows.
    shared: [isize; 2],
    /// The one value that each of them has to itself.
    own: [isize; 2],
}

const PAIRS: [Pair; 4] = [
    Pair { window: 0, shared: [-14, -13], own: [-15, 16] },
    Pair { window: 2, shared: [16, 17], own: [-13, 18] },
    Pair { window: 4, shared: [-10, -9], own: [-11, 20] },
    Pair { window: 6, shared: [20, 21], own: [-9, 22] },
];
