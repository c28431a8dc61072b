//! Text as requests bring it: bounded, trimmed, checked where it enters.

use std::fmt;
use std::str::FromStr;

use lambda_http::http::Uri;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::openapi::inline_schema;

/// For schemas: no control characters, and not blanks alone. Blanks around the text are cut off.
const ONE_LINE: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x20\x7f-\xa0][^\x00-\x1f\x7f-\x9f]*$";

/// One line of 1 to `MAX` characters, without control characters or blanks around it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Text<const MAX: usize>(String);

impl<const MAX: usize> Text<MAX> {
    /// Trims and checks.
    ///
    /// # Errors
    /// Says for a person what is wrong.
    pub fn new(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("must not be empty".to_owned());
        }
        if text.chars().count() > MAX {
            return Err(format!("must be at most {MAX} characters long"));
        }
        if text.chars().any(char::is_control) {
            return Err("must not contain control characters".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize> FromStr for Text<MAX> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::new(text)
    }
}

inline_schema!([const MAX: usize] Text<MAX>: {
    "type": "string", "minLength": 1, "maxLength": MAX, "pattern": ONE_LINE,
});

impl<'de, const MAX: usize> Deserialize<'de> for Text<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Any number of lines, up to `MAX` characters, without blanks around them. May be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Prose<const MAX: usize>(String);

impl<const MAX: usize> Prose<MAX> {
    /// Trims and checks.
    ///
    /// # Errors
    /// Says for a person what is wrong.
    pub fn new(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.chars().count() > MAX {
            return Err(format!("must be at most {MAX} characters long"));
        }
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err("must not contain control characters other than line breaks and tabs".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl<const MAX: usize> fmt::Display for Prose<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

inline_schema!([const MAX: usize] Prose<MAX>: {
    "type": "string", "maxLength": MAX, "pattern": r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$",
});

impl<'de, const MAX: usize> Deserialize<'de> for Prose<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The address of something on the web: `http` or `https`, with a host, at most 2,048 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct WebUrl(String);

impl WebUrl {
    /// Trims and checks.
    ///
    /// # Errors
    /// Says for a person what is wrong.
    pub fn new(text: &str) -> Result<WebUrl, String> {
        const MAX: usize = 2_048;
        let text = text.trim();
        let uri = Some(text).filter(|text| text.len() <= MAX).and_then(|text| text.parse::<Uri>().ok());
        let on_the_web = uri.is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty())
        });
        if on_the_web {
            Ok(WebUrl(text.to_owned()))
        } else {
            Err("must be a web address, such as https://example.com/lamp.jpg".to_owned())
        }
    }
}

impl fmt::Display for WebUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

inline_schema!(WebUrl: {"type": "string", "format": "uri", "maxLength": 2048, "pattern": "^https?://"});

impl<'de> Deserialize<'de> for WebUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<WebUrl, D::Error> {
        WebUrl::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// An e-mail address: one `@`, a domain with a dot, at most 254 characters (RFC 5321).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// Trims and checks.
    ///
    /// # Errors
    /// Says for a person what is wrong.
    pub fn new(text: &str) -> Result<Email, String> {
        const MAX: usize = 254;
        let text = text.trim();
        let clean =
            text.len() <= MAX && !text.chars().any(|c| c.is_whitespace() || c.is_control() || "<>,;\"".contains(c));
        let split = text.split_once('@').filter(|(local, domain)| {
            let labels = domain.split('.').count();
            !local.is_empty()
                && labels >= 2
                && domain.split('.').all(|label| !label.is_empty())
                && !domain.contains('@')
        });
        if clean && split.is_some() {
            Ok(Email(text.to_owned()))
        } else {
            Err("must be an e-mail address, such as ada@example.com".to_owned())
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

inline_schema!(Email: {
    "type": "string", "maxLength": 254,
    "pattern": r#"^[^\x00-\x20\x7f-\xa0"<>,;@]+@[^\x00-\x20\x7f-\xa0"<>,;@.]+(\.[^\x00-\x20\x7f-\xa0"<>,;@.]+)+$"#,
});

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Email, D::Error> {
        Email::new(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_and_bounded_in_characters() {
        assert_eq!(Text::<3>::new(" äöü ").unwrap().as_str(), "äöü");
        assert_eq!(Text::<3>::new("abcd").unwrap_err(), "must be at most 3 characters long");
        assert!(Text::<3>::new(" \t").is_err());
        assert!(Text::<9>::new("a\nb").is_err());
    }

    #[test]
    fn prose_may_have_lines_and_may_be_empty() {
        assert_eq!(Prose::<9>::new(" a\nb\t ").unwrap().to_string(), "a\nb");
        assert_eq!(Prose::<9>::new("").unwrap(), Prose::default());
        assert!(Prose::<2>::new("abc").is_err());
        assert!(Prose::<9>::new("a\0b").is_err());
    }

    #[test]
    fn only_addresses_on_the_web_are_web_addresses() {
        for good in ["https://example.com/a.jpg?w=1#x", "http://localhost:8080", "https://example.com/%C3%A9"] {
            assert_eq!(WebUrl::new(&format!(" {good} ")).unwrap().to_string(), good);
        }
        let long = format!("https://example.com/{}", "a".repeat(2_048));
        for bad in [
            "",
            "lamp.jpg",
            "/lamp.jpg",
            "ftp://example.com/x",
            "javascript:alert(1)",
            "https://",
            "https://a b",
            &long,
        ] {
            assert!(WebUrl::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn addresses_that_no_mail_reaches_are_refused() {
        assert_eq!(Email::new(" ada@example.com ").unwrap().as_str(), "ada@example.com");
        for bad in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@example",
            "a@b@example.com",
            "ada@example..com",
            "a da@example.com",
            "ada@example.com\r\nBcc: x@y.z",
            "<ada@example.com>",
        ] {
            assert!(Email::new(bad).is_err(), "{bad:?}");
        }
    }
}
