//! Text of others (labels, names of files, what models say) as a terminal may be shown it.
//!
//! A terminal obeys control characters: a file's name could move the cursor, change the window's title or wipe the
//! screen, and marks of direction could put words in another order. Exports keep such characters.

use std::borrow::Cow;

/// What is shown in place of a character that a terminal would obey.
const REPLACEMENT: char = '\u{fffd}';

/// The text on one line, without characters that a terminal would obey.
pub fn one_line(text: &str) -> Cow<'_, str> {
    replaced(text, |c| is_obeyed(c) || c == '\n' || c == '\t')
}

/// The text, which may have several lines, without characters that a terminal would obey.
pub fn lines(text: &str) -> Cow<'_, str> {
    replaced(text, is_obeyed)
}

/// The same of text that has colours of our own: sequences that set a style (`ESC [ … m`) stay.
///
/// The last thing that happens to all that is printed for people.
pub fn styled(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('\u{1b}') {
        out.push_str(&lines(&rest[..at]));
        let style = rest[at..].strip_prefix("\u{1b}[").and_then(|after| {
            let digits = after.find(|c: char| !c.is_ascii_digit() && c != ';')?;
            after[digits..].starts_with('m').then_some(digits + 3)
        });
        match style {
            Some(length) => {
                out.push_str(&rest[at..at + length]);
                rest = &rest[at + length..];
            }
            None => {
                out.push(REPLACEMENT);
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(&lines(rest));
    Cow::Owned(out)
}

/// JSON with such characters as escapes, so that it means the same.
pub fn in_json(json: &str) -> Cow<'_, str> {
    if !json.contains(is_obeyed) {
        return Cow::Borrowed(json);
    }
    let escaped = |c: char| if is_obeyed(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    Cow::Owned(json.chars().map(escaped).collect())
}

fn is_obeyed(c: char) -> bool {
    let orders = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && c != '\n' && c != '\t') || orders
}

fn replaced(text: &str, is_bad: impl Fn(char) -> bool + Copy) -> Cow<'_, str> {
    if !text.contains(is_bad) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if is_bad(c) { REPLACEMENT } else { c }).collect())
}

/// How many of what, in English: `1 fold`, `2 folds`.
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "test code")]
    use super::*;

    #[test]
    fn a_terminal_is_given_no_orders() {
        assert_eq!(one_line("日本 blues\t2"), "日本 blues\u{fffd}2");
        assert_eq!(one_line("a\u{1b}[31mb\nc\u{9b}d\u{202e}e\u{7f}"), "a�[31mb�c�d�e�");
        assert_eq!(lines("a\u{1b}]0;title\u{7}\nb\tc"), "a�]0;title�\nb\tc");
        assert!(matches!(lines("nothing to do\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn json_means_the_same() {
        let value = serde_json::json!({ "a\u{9b}": "b\u{202e}\u{1b}\u{7f}é" });
        let escaped = in_json(&value.to_string()).into_owned();
        assert!(escaped.contains("\\u009b") && escaped.contains("\\u202e"), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }

    #[test]
    fn styles_of_our_own_stay() {
        assert_eq!(styled("\u{1b}[1;31mred\u{1b}[0m\n"), "\u{1b}[1;31mred\u{1b}[0m\n");
        assert_eq!(styled("\u{1b}[2Jx\u{1b}[1mé\u{1b}"), "�[2Jx\u{1b}[1mé�");
        assert_eq!(styled("\u{1b}[12"), "�[12");
        assert_eq!(styled("\r\u{8}"), "��");
    }
}
