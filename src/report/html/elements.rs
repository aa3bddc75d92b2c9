//! Pieces of a page: names, tables, figures.

use crate::report::chart::{Paint, escaped, paint};
use crate::report::figures::{Cell, DataTable, Figure, Heat, Sheet};
use std::fmt::Write as _;

/// Letters of a name that are shown; nothing is named at such length for people.
const LONGEST_NAME: usize = 120;

/// A name of others. Whatever direction it is read in, what stands beside it stays where it is.
pub fn name(text: &str) -> String {
    let shown = escaped(&shortened(text));
    // Latin letters have one direction, and a page may have many thousands of names.
    if text.is_ascii() { shown } else { format!("<bdi>{shown}</bdi>") }
}

/// A name that is not longer than anyone reads.
fn shortened(text: &str) -> std::borrow::Cow<'_, str> {
    match text.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// Puts a wide thing where it can be scrolled, with the keyboard too.
pub fn scrolled(label: &str, inside: &str) -> String {
    format!(r#"<div class="scroll" tabindex="0" role="group" aria-label="{}">{inside}</div>"#, escaped(label))
}

/// The numbers behind a picture.
pub fn data_table(table: &DataTable, label: &str) -> String {
    let inside = scrolled(label, &rows_table(table));
    format!("<details class=\"numbers\"><summary>Numbers</summary>{inside}</details>")
}

/// A table whose first column names the rows.
pub fn rows_table(table: &DataTable) -> String {
    let mut out = String::from("<table class=\"data\"><thead><tr>");
    let class = |at: usize| if at < table.texts { "" } else { " class=\"n\"" };
    for (at, head) in table.head.iter().enumerate() {
        let _ = write!(out, "<th scope=\"col\"{}>{}", class(at), name(head)); // writing to a string cannot fail
    }
    out.push_str("<tbody>");
    for row in &table.rows {
        out.push_str("<tr>");
        for (at, cell) in row.iter().enumerate() {
            if at == 0 {
                let _ = write!(out, "<th scope=\"row\">{}", name(cell));
            } else {
                let _ = write!(out, "<td{}>{}", class(at), escaped(cell));
            }
        }
    }
    out.push_str("</table>");
    out
}

/// A heat map, which is a table already.
pub fn heat_table(heat: &Heat, label: &str, data: &str) -> String {
    let mut out = format!(
        "<table class=\"heat\"{data}><thead><tr><th scope=\"col\" class=\"corner\">{}",
        escaped(&heat.corner)
    );
    for column in &heat.columns {
        let _ = write!(out, "<th scope=\"col\"><span>{}</span>", name(column));
    }
    out.push_str("<tbody>");
    for (row, cells) in heat.rows.iter().zip(&heat.cells) {
        let _ = write!(out, "<tr><th scope=\"row\">{}", name(row));
        for Cell { text, paint, strong } in cells {
            let class = match paint {
                // Most cells are of the first step, which is what cells without a class look like.
                Some(Paint::Level(share)) if paint::level(*share) == 0 => String::new(),
                Some(Paint::Level(share)) => format!(" class=l{}", paint::level(*share)),
                Some(Paint::Difference(share)) => format!(" class=d{}", paint::difference(*share)),
                _ => " class=e".to_owned(),
            };
            let text = escaped(text);
            let _ = if *strong {
                write!(out, "<td{class}><b>{text}</b>")
            } else {
                write!(out, "<td{class}>{text}")
            };
        }
    }
    out.push_str("</table>");
    scrolled(label, &out)
}

/// Widths that a picture is drawn in, of which the style sheet shows one.
#[derive(Debug, Clone, Copy)]
pub struct Widths(pub &'static [(&'static str, f64)]);

impl Widths {
    /// As wide as the page.
    pub const WHOLE: Self = Self(&[("wide", 1040.0), ("medium", 700.0), ("narrow", 346.0)]);
    /// One that stands alone and need not be as wide as the page.
    pub const LARGE: Self = Self(&[("wide medium", 760.0), ("narrow", 346.0)]);
    /// Two beside each other where there is room.
    pub const HALF: Self = Self(&[("wide medium", 500.0), ("narrow", 346.0)]);
    /// One that is small anyway.
    pub const SMALL: Self = Self(&[("wide medium narrow", 330.0)]);
}

/// A picture with its title, how to read it, and its numbers.
pub fn figure(figure: &dyn Figure, level: u8, widths: Widths) -> String {
    let (title, note) = (figure.title(), figure.note());
    let said = format!("{title}. The numbers stand in the table below.");
    let mut out = caption(&title, &note, level);
    for (class, width) in widths.0 {
        let drawing = figure.draw(Sheet::page(*width)).in_page("drawing", &said);
        let _ = write!(out, "<div class=\"{class}\">{drawing}</div>");
    }
    out += &data_table(&figure.table(), &format!("Numbers: {title}"));
    format!("<figure>{out}</figure>")
}

/// A heat map with its title and how to read it.
pub fn heat_figure(title: &str, note: &str, heat: &Heat, level: u8) -> String {
    format!("<figure>{}{}</figure>", caption(title, note, level), heat_table(heat, title, ""))
}

/// A title and a note.
pub fn caption(title: &str, note: &str, level: u8) -> String {
    format!("<figcaption><h{level}>{}</h{level}><p>{}</p></figcaption>", escaped(title), escaped(note))
}
