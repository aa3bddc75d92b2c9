//! Names from a file in messages.

/// Some names, in quotes.
pub(crate) fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.take(9).map(|name| format!("`{}`", shown(name))).collect();
    if names.len() == 9 {
        names[8] = "…".to_owned();
    }
    names.join(", ")
}

/// A name as it can be shown on a terminal.
pub(crate) fn shown(name: &str) -> String {
    let mut shown: String = name.chars().map(|c| if c.is_control() { '?' } else { c }).take(80).collect();
    if name.chars().nth(80).is_some() {
        shown.push('…');
    }
    shown
}
