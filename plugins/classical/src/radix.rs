//! Sorting by keys of few bits.

/// A key and what belongs to it, in one number that sorts by key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Keyed(u64);

impl Keyed {
    /// Of a key and what belongs to it.
    pub fn new(key: u32, payload: u32) -> Self {
        Self(u64::from(key) << 32 | u64::from(payload))
    }

    /// What it is sorted by.
    pub fn key(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// What belongs to the key.
    pub fn payload(self) -> u32 {
        self.0 as u32
    }
}

/// Most bits of a key that one pass sorts by.
const DIGIT: u32 = 8;

/// Sorts items by key, given the least and the greatest key there may be; `spare` is room to work in.
///
/// From the lowest digit of the keys to the highest, each pass leaving those of the same digit in their order.
///
/// Reference: D. Knuth, "The Art of Computer Programming", volume 3, 2nd edition, Addison-Wesley, 1998, section 5.2.5.
pub(crate) fn sort(items: &mut Vec<Keyed>, spare: &mut Vec<Keyed>, (least, greatest): (u32, u32)) {
    spare.resize(items.len(), Keyed::default());
    let bits = u32::BITS - (greatest - least).leading_zeros();
    let passes = bits.div_ceil(DIGIT).max(1);
    let width = bits.div_ceil(passes);
    for pass in 0..passes {
        let digit = |item: Keyed| ((item.key() - least) >> (pass * width)) as usize & ((1 << width) - 1);
        let mut ends = [0_u32; 1 << DIGIT];
        items.iter().for_each(|&item| ends[digit(item)] += 1);
        let mut next = 0;
        for end in &mut ends[..1 << width] {
            next += std::mem::replace(end, next);
        }
        for &item in items.iter() {
            let place = &mut ends[digit(item)];
            spare[*place as usize] = item;
            *place += 1;
        }
        std::mem::swap(items, spare);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use genre_bench_api::random_stream;
    use rand::Rng;

    #[test]
    fn items_are_sorted_by_key_and_stay_with_what_belongs_to_them() {
        let mut rng = random_stream(0, "sorting");
        for count in [0, 1, 7, 50, 3000] {
            for (least, greatest) in [(0, u32::MAX), (7, 7), (1000, 1255), (3, 1 << 17)] {
                let keys: Vec<u32> = (0..count).map(|_| rng.gen_range(least..=greatest)).collect();
                let mut items: Vec<Keyed> =
                    (keys.iter().zip(0..)).map(|(&key, at)| Keyed::new(key, at)).collect();
                // Left longer or shorter by other work.
                let mut spare = vec![Keyed::new(9, 9); 500];
                sort(&mut items, &mut spare, (least, greatest));
                let mut expected: Vec<(u32, u32)> = keys.into_iter().zip(0..).collect();
                expected.sort_unstable();
                let sorted: Vec<(u32, u32)> = items.iter().map(|item| (item.key(), item.payload())).collect();
                assert_eq!(sorted, expected, "{count} of {least} to {greatest}");
            }
        }
    }
}
