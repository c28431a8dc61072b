//! How the shop signs: its name and its address in a header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The address in `Shop <shop@example.com>`, or in the address alone.
pub(super) fn address_of(sender: &str) -> &str {
    let bracketed = sender.rsplit_once('<').and_then(|(_, rest)| rest.strip_suffix('>'));
    bracketed.unwrap_or(sender).trim()
}

/// The address with a name before it, as RFC 5322 wants it: what is no ASCII is encoded as RFC 2047 says.
pub(super) fn named(name: &str, address: &str) -> String {
    /// An encoded word has 75 characters at most, twelve of which are not the text.
    const BYTES_OF_A_WORD: usize = 45;

    if name.chars().all(|c| c == ' ' || c.is_ascii_graphic()) {
        return format!("\"{}\" <{address}>", name.replace('\\', "\\\\").replace('"', "\\\""));
    }
    let mut words = vec![String::new()];
    for c in name.chars().filter(|c| !c.is_control()) {
        match words.last_mut() {
            Some(word) if word.len() + c.len_utf8() <= BYTES_OF_A_WORD => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    let words: Vec<_> = words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word))).collect();
    format!("{} <{address}>", words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_or_encoded_before_the_address() {
        assert_eq!(address_of("Shop <shop@example.com>"), "shop@example.com");
        assert_eq!(address_of("shop@example.com"), "shop@example.com");
        assert_eq!(named("Ada \"A\" & Sons", "a@b.c"), "\"Ada \\\"A\\\" & Sons\" <a@b.c>");
        assert_eq!(named("Käse", "a@b.c"), "=?UTF-8?B?S8Okc2U=?= <a@b.c>");
        let long = named(&"ä".repeat(60), "a@b.c");
        assert!(long.split(' ').all(|word| word.len() <= 75), "{long}");
        assert_eq!(long.split(' ').count(), 4, "three words and the address: {long}");
    }
}
