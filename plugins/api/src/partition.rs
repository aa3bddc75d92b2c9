//! Dividing groups of examples into stratified parts.

use rand::RngCore;

/// Examples that must stay together.
#[derive(Debug, Clone)]
pub struct Group {
    /// Example numbers.
    pub examples: Vec<usize>,
    /// How many of them each class has.
    pub counts: Vec<usize>,
}

impl Group {
    /// A group of nothing yet.
    pub fn new(classes: usize) -> Self {
        Self { examples: Vec::new(), counts: vec![0; classes] }
    }

    /// Adds an example.
    pub fn add(&mut self, example: usize, label: usize) {
        self.examples.push(example);
        self.counts[label] += 1;
    }
}

/// Divides groups into parts with the given shares (adding up to 1), so that each part has its
/// share of every class as nearly as whole groups allow. Returns the examples of each part,
/// ascending.
///
/// Greedy, as scikit-learn's `StratifiedGroupKFold`: groups in random order, large ones first, each into the part
/// where it lowers the sum of squared deviations from the wanted class shares most. Groups of one example
/// give plain stratification, with class counts that differ by one at the most.
pub fn partition(groups: &[Group], shares: &[f64], rng: &mut impl RngCore) -> Vec<Vec<usize>> {
    let classes = groups.first().map_or(0, |g| g.counts.len());
    let totals: Vec<f64> =
        (0..classes).map(|c| groups.iter().map(|g| g.counts[c]).sum::<usize>().max(1) as f64).collect();
    let mut order: Vec<&Group> = groups.iter().collect();
    shuffle(&mut order, rng);
    order.sort_by_key(|g| std::cmp::Reverse(g.examples.len()));

    let mut parts = vec![Vec::new(); shares.len()];
    let mut filled = vec![vec![0.0; classes]; shares.len()]; // share of each class that a part has so far
    for group in order {
        let adds: Vec<f64> = group.counts.iter().zip(&totals).map(|(&n, total)| n as f64 / total).collect();
        // (x + a − s)² − (x − s)² = a · (2 (x − s) + a), summed over classes; ties to the emptiest part.
        let cost = |part: usize| -> (f64, f64) {
            let change = (adds.iter().zip(&filled[part]))
                .map(|(a, has)| a * (2.0 * (has - shares[part]) + a))
                .sum::<f64>();
            (change, parts[part].len() as f64 / shares[part])
        };
        let best = (0..shares.len())
            .map(|part| (cost(part), part))
            .min_by(|(a, _), (b, _)| nearly(a.0, b.0).then(a.1.total_cmp(&b.1)))
            .map_or(0, |(_, part)| part);
        parts[best].extend(&group.examples);
        filled[best].iter_mut().zip(&adds).for_each(|(has, add)| *has += add);
    }
    for part in &mut parts {
        part.sort_unstable();
    }
    parts
}

/// Compares costs, taking those that differ by rounding alone as equal.
fn nearly(a: f64, b: f64) -> std::cmp::Ordering {
    if (a - b).abs() < 1e-12 { std::cmp::Ordering::Equal } else { a.total_cmp(&b) }
}

/// Fisher and Yates's shuffle, by hand because a library's may draw differently in its next version and
/// every stored split with it.
pub fn shuffle<T>(items: &mut [T], rng: &mut impl RngCore) {
    for last in (1..items.len()).rev() {
        // The bias of the remainder is below 2⁻⁴⁰ for fewer than 2²⁴ items.
        items.swap(last, (rng.next_u64() % (last as u64 + 1)) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random_stream;

    fn singles(labels: &[usize], classes: usize) -> Vec<Group> {
        let group = |(example, &label): (usize, &usize)| {
            let mut group = Group::new(classes);
            group.add(example, label);
            group
        };
        labels.iter().enumerate().map(group).collect()
    }

    #[test]
    fn single_examples_are_stratified_to_within_one() {
        let labels: Vec<usize> = (0..997).map(|i| i * i % 7 % 4).collect();
        let groups = singles(&labels, 4);
        let parts = partition(&groups, &[0.2; 5], &mut random_stream(1, "test"));
        assert_eq!(parts.iter().map(Vec::len).sum::<usize>(), 997);
        for class in 0..4 {
            let counts: Vec<usize> =
                parts.iter().map(|p| p.iter().filter(|&&e| labels[e] == class).count()).collect();
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{class}: {counts:?}");
        }
    }

    #[test]
    fn hold_out_parts_get_their_share_of_every_class() {
        let labels: Vec<usize> = (0..1000).map(|i| i % 10).collect();
        let parts = partition(&singles(&labels, 10), &[0.8, 0.1, 0.1], &mut random_stream(1, "test"));
        for (part, share) in parts.iter().zip([80, 10, 10]) {
            for class in 0..10 {
                assert_eq!(part.iter().filter(|&&e| labels[e] == class).count(), share);
            }
        }
    }

    #[test]
    fn another_seed_draws_another_partition() {
        let groups = singles(&[0; 50], 1);
        let draw = |seed| partition(&groups, &[0.5, 0.5], &mut random_stream(seed, "test"));
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
    }
}
