//! Patterns of names.

/// Whether a pattern, where `*` stands for any letters and `?` for one, matches a whole name. After a `*` that was too
/// short the match goes on one letter later; only the last `*` can be at fault, so time is at most the product of the
/// lengths.
pub(crate) fn glob_matches(glob: &str, name: &str) -> bool {
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    let (mut at, mut place, mut star) = (0, 0, None);
    while place < name.len() {
        match glob.get(at) {
            Some('*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(&letter) if letter == '?' || letter == name[place] => {
                at += 1;
                place += 1;
            }
            _ => match &mut star {
                Some((of_glob, of_name)) => {
                    *of_name += 1;
                    (at, place) = (*of_glob + 1, *of_name);
                }
                None => return false,
            },
        }
    }
    glob[at..].iter().all(|&letter| letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names() {
        for (glob, name, expected) in [
            ("tempo", "tempo", true),
            ("tempo", "tempos", false),
            ("mfcc*", "mfcc1_mean", true),
            ("mfcc*_mean", "mfcc1_mean_mean", true),
            ("mfcc?_mean", "mfcc1_mean", true),
            ("mfcc?_mean", "mfcc12_mean", false),
            ("*", "", true),
            ("*a*b", "xaxbxab", true),
            ("*a*b", "xaxbxa", false),
            ("größe?", "größe1", true),
            ("", "a", false),
        ] {
            assert_eq!(glob_matches(glob, name), expected, "{glob} {name}");
        }
    }
}
