//! The document's text as HTML: paragraphs, lists, `code` and **bold**, which is all the Markdown that it uses.

/// Markdown as HTML.
pub(super) fn marked_up(text: &str) -> String {
    let mut html = String::new();
    for block in text.split("\n\n").filter(|block| !block.trim().is_empty()) {
        let (items, lines): (Vec<_>, Vec<_>) = block.lines().partition(|line| line.starts_with("- "));
        if !lines.is_empty() {
            html.push_str(&format!("<p>{}</p>", spans(&lines.join(" "))));
        }
        if !items.is_empty() {
            let items = items.iter().map(|item| format!("<li>{}</li>", spans(item.trim_start_matches("- "))));
            html.push_str(&format!("<ul>{}</ul>", items.collect::<String>()));
        }
    }
    html
}

/// A name that a link can point to.
pub(super) fn anchor(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}

/// Text as HTML shows it.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn spans(text: &str) -> String {
    between(&between(&escaped(text), "`", "code"), "**", "strong")
}

/// Every second piece between marks, as an element.
fn between(text: &str, mark: &str, element: &str) -> String {
    let pieces = text.split(mark).enumerate().map(|(index, piece)| match index % 2 {
        0 => piece.to_owned(),
        _ => format!("<{element}>{piece}</{element}>"),
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_html_and_html_stays_text() {
        assert_eq!(marked_up("One `a<b`,\ntwo."), "<p>One <code>a&lt;b</code>, two.</p>");
        assert_eq!(
            marked_up("**A** b\n\n- `x`: y\n- z"),
            "<p><strong>A</strong> b</p><ul><li><code>x</code>: y</li><li>z</li></ul>"
        );
        assert_eq!(marked_up(""), "");
    }
}
