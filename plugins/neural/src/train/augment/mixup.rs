use genre_bench_api::partition::shuffle;
use rand::Rng;
use rand_chacha::ChaCha8Rng;

/// Blends every example of a batch with another one, and their labels alike (H. Zhang, M. Cissé, Y. Dauphin
/// and D. Lopez-Paz, "mixup: beyond empirical risk minimization", ICLR 2018).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mixup {
    /// The share of the first example is drawn from the beta distribution with this for both parameters: near
    /// 0 one of both has nearly all, at 1 all shares are equally likely. The paper has 0.1 to 0.4, and 1 for
    /// small spectrograms.
    pub alpha: f64,
}

/// How one batch is blended.
#[derive(Debug, Clone, PartialEq)]
pub struct Mix {
    /// What every example keeps of itself, 1/2–1.
    pub share: f32,
    /// For every example the one that it is blended with.
    pub partners: Vec<usize>,
}

impl Mixup {
    /// Draws how a batch of so many examples is blended: one share for all and a random order of partners, as
    /// the authors' implementation does. Which of both has the larger share makes no difference, as each may
    /// be the first; so it is always the example itself, and whether an example is predicted correctly can be
    /// told by its own label.
    pub fn draw(&self, examples: usize, rng: &mut ChaCha8Rng) -> Mix {
        let share = beta(self.alpha, rng);
        let mut partners: Vec<usize> = (0..examples).collect();
        shuffle(&mut partners, rng);
        Mix { share: share.max(1.0 - share) as f32, partners }
    }
}

impl Mix {
    /// Blends rows of `size` numbers each: the samples of the batch, and its targets.
    pub fn blend(&self, rows: &mut [f32], size: usize) {
        let before = rows.to_vec();
        for (row, &partner) in rows.chunks_exact_mut(size.max(1)).zip(&self.partners) {
            let other = &before[partner * size..(partner + 1) * size];
            row.iter_mut()
                .zip(other)
                .for_each(|(own, other)| *own = self.share * *own + (1.0 - self.share) * other);
        }
    }
}

/// A number from the beta distribution with both parameters `alpha` (M. Jöhnk, 1964; reduced up to 1).
fn beta(alpha: f64, rng: &mut ChaCha8Rng) -> f64 {
    loop {
        let (first, second) = (rng.r#gen::<f64>(), rng.r#gen::<f64>());
        let (a, b) = (first.powf(1.0 / alpha), second.powf(1.0 / alpha));
        if a + b > 1.0 {
            continue;
        }
        // Near 0 both may be too small for a number: then the larger one has all.
        return if a + b > 0.0 { a / (a + b) } else { f64::from(u8::from(first > second)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use genre_bench_api::random_stream;

    #[test]
    fn shares_have_the_moments_of_the_beta_distribution() {
        let mut rng = random_stream(0, "test");
        assert!((0..100).all(|_| [0.0, 1.0].contains(&beta(1e-300, &mut rng))));
        for alpha in [0.2, 0.4, 1.0, 2.0] {
            let shares: Vec<f64> = (0..20_000).map(|_| beta(alpha, &mut rng)).collect();
            let mean = shares.iter().sum::<f64>() / 20_000.0;
            let variance = shares.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / 20_000.0;
            assert!((mean - 0.5).abs() < 0.01, "{alpha}: {mean}");
            assert!((variance - 1.0 / (8.0 * alpha + 4.0)).abs() < 0.003, "{alpha}: {variance}");
        }
    }

    #[test]
    fn examples_and_targets_are_blended_alike() {
        let mix = Mixup { alpha: 0.4 }.draw(5, &mut random_stream(1, "test"));
        let mut partners = mix.partners.clone();
        partners.sort_unstable();
        assert_eq!(partners, [0, 1, 2, 3, 4]);
        assert!((0.5..=1.0).contains(&mix.share));

        // Rows that say which example they are: what is left of each is its share.
        let mut rows: Vec<f32> = (0..25).map(|i| f32::from(u8::from(i / 5 == i % 5))).collect();
        mix.blend(&mut rows, 5);
        for (row, &partner) in mix.partners.iter().enumerate() {
            let mut expected = [0.0; 5];
            expected[row] += mix.share;
            expected[partner] += 1.0 - mix.share;
            assert_eq!(rows[row * 5..][..5], expected);
        }
    }
}
