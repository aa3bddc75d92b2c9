/// The words that were probably meant by one that is not among them, the likeliest first.
pub fn nearest<'a>(word: &str, words: impl Iterator<Item = &'a str>, most: usize) -> Vec<&'a str> {
    let likeness = words.map(|other| (strsim::jaro_winkler(word, other), other));
    let mut near: Vec<(f64, &str)> = likeness.filter(|(like, other)| *like > 0.8 && *other != word).collect();
    near.sort_by(|a, b| a.0.total_cmp(&b.0));
    near.into_iter().rev().take(most).map(|(_, other)| other).collect()
}
