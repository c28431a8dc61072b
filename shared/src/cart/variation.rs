//! What a line is of: a product, its size, and what the buyer chose about it.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::ids::{ItemId, ProductId};
use crate::inventory::Sku;
use crate::openapi::inline_schema;
use crate::text::Text;

/// The most properties of a line.
const MAX_PROPERTIES: usize = 10;

/// What the buyer chose about a product, by name: colour, engraving. At most ten, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Properties(BTreeMap<String, String>);

impl Properties {
    /// Names and what was chosen, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// A product in a size with properties. The same variation is one line of a cart, never two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variation {
    /// The product.
    pub product_id: ProductId,
    /// The size, for a product with sizes.
    pub size: Option<String>,
    /// What the buyer chose.
    pub properties: Properties,
}

impl Variation {
    /// The variation as text, `size=M;color=red`: the size first, then the properties by name.
    /// `%`, `;` and `=` inside a name or value are percent-encoded, so that no two variations of a
    /// product read the same.
    pub fn key(&self) -> String {
        let size = self.size.iter().map(|size| ("size", size.as_str()));
        let properties = self.properties.iter();
        let pairs = size.chain(properties).map(|(name, value)| format!("{}={}", escape(name), escape(value)));
        pairs.collect::<Vec<_>>().join(";")
    }

    /// The id of this variation's line, in every cart and order.
    pub fn item_id(&self) -> ItemId {
        // A size and a property of that name read the same in the key, but not on the same product.
        ItemId::derived(&format!("{}/{}", self.product_id, self.key()))
    }

    /// What is stocked of it.
    pub fn sku(&self) -> Sku {
        Sku { product_id: self.product_id, size: self.size.clone() }
    }
}

fn escape(text: &str) -> String {
    text.replace('%', "%25").replace(';', "%3B").replace('=', "%3D")
}

inline_schema!(generator, Properties: {
    "type": "object", "maxProperties": MAX_PROPERTIES,
    "propertyNames": generator.subschema_for::<Text<50>>(),
    "additionalProperties": generator.subschema_for::<Text<200>>(),
});

impl<'de> Deserialize<'de> for Properties {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Properties, D::Error> {
        deserializer.deserialize_map(PropertiesVisitor)
    }
}

struct PropertiesVisitor;

impl<'de> Visitor<'de> for PropertiesVisitor {
    type Value = Properties;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of names and text values")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Properties, A::Error> {
        let mut properties = BTreeMap::new();
        while let Some((name, value)) = map.next_entry::<Text<50>, Text<200>>()? {
            if properties.insert(name.to_string(), value.to_string()).is_some() {
                return Err(A::Error::custom(format!("names \"{name}\" twice")));
            }
        }
        if properties.len() > MAX_PROPERTIES {
            return Err(A::Error::custom(format!("must have at most {MAX_PROPERTIES} entries")));
        }
        Ok(Properties(properties))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variation(size: Option<&str>, properties: &str) -> Variation {
        let product_id = ProductId::derived("shirt");
        Variation { product_id, size: size.map(str::to_owned), properties: serde_json::from_str(properties).unwrap() }
    }

    #[test]
    fn the_key_puts_size_first_and_properties_in_order() {
        let red = variation(Some("M"), r#"{"fit": "slim", "color": "red"}"#);
        assert_eq!(red.key(), "size=M;color=red;fit=slim");
        assert_eq!(variation(None, "{}").key(), "");
    }

    #[test]
    fn a_line_depends_on_what_it_is_of_and_not_on_how_it_was_written() {
        let one = variation(None, r#"{"a": "1", "b": "2"}"#);
        assert_eq!(one.item_id(), variation(None, r#"{"b": "2", "a": " 1 "}"#).item_id());
        assert_ne!(one.item_id(), variation(None, r#"{"a": "1;b=2"}"#).item_id());
        assert_ne!(one.item_id(), variation(None, r#"{"a": "1%3Bb%3D2"}"#).item_id());
    }

    #[test]
    fn properties_are_few_texts_each_named_once() {
        let many = |count: usize| {
            format!("{{{}}}", (0..count).map(|i| format!("\"{i}\": \"x\"")).collect::<Vec<_>>().join(","))
        };
        assert_eq!(serde_json::from_str::<Properties>(&many(10)).unwrap().iter().count(), 10);
        for bad in [r#"{"a": 1}"#, r#"{"a": null}"#, r#"{"a": "1", "a": "2"}"#, r#"{"": "x"}"#, "[]", &many(11)] {
            assert!(serde_json::from_str::<Properties>(bad).is_err(), "{bad}");
        }
        let problem = serde_json::from_str::<Properties>("[]").unwrap_err().to_string();
        assert!(problem.contains("expected an object of names and text values"), "{problem}");
    }
}
