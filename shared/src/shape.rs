//! JSON's shapes, taken strictly. serde's derive reads a struct from an array of its fields too, and an
//! enum from an object; a request may use neither.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Reads a struct from an object, or nothing from null.
///
/// # Errors
/// Any other shape, and what the struct itself refuses.
pub fn object<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_option(Object(PhantomData))
}

/// Reads a struct from an object that may be left out, but must not be null.
///
/// # Errors
/// Any other shape, and what the struct itself refuses.
pub fn object_not_null<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    deserializer.deserialize_map(Object(PhantomData))
}

/// Reads a struct from an object.
///
/// # Errors
/// Any other shape, and what the struct itself refuses.
pub fn required_object<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    object_not_null(deserializer)?.ok_or_else(|| D::Error::custom("must be an object"))
}

/// Reads a fieldless enum from a string, or nothing from null.
///
/// # Errors
/// Any other shape, and a string that names no variant.
pub fn word<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let word = Option::<String>::deserialize(deserializer)?;
    word.map(|word| T::deserialize(IntoDeserializer::<D::Error>::into_deserializer(word))).transpose()
}

/// Reads a fieldless enum from a string.
///
/// # Errors
/// Any other shape, and a string that names no variant.
pub fn one_word<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(IntoDeserializer::<D::Error>::into_deserializer(String::deserialize(deserializer)?))
}

/// Reads a field that may be left out, but must not be null.
///
/// # Errors
/// Null, and what the type itself refuses.
pub fn not_null<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Reads a field for which null is something else than being left out.
///
/// # Errors
/// What the type itself refuses.
pub fn nullable<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_none<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<T>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<T>, D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        city: String,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        PerItem,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Outer {
        #[serde(default, deserialize_with = "object")]
        inner: Option<Inner>,
        #[serde(default, deserialize_with = "word")]
        word: Option<Word>,
    }

    #[test]
    fn only_the_plain_shape_is_taken() {
        let read = serde_json::from_str::<Outer>;
        let full = Outer { inner: Some(Inner { city: "X".to_owned() }), word: Some(Word::PerItem) };
        assert_eq!(read(r#"{"inner": {"city": "X"}, "word": "per_item"}"#).unwrap(), full);
        let empty = Outer { inner: None, word: None };
        assert_eq!(read("{}").unwrap(), empty);
        assert_eq!(read(r#"{"inner": null, "word": null}"#).unwrap(), empty);
        for bad in [
            r#"{"inner": ["X"]}"#,
            r#"{"inner": "X"}"#,
            r#"{"word": {"per_item": null}}"#,
            r#"{"word": "x"}"#,
            r#"{"word": 1}"#,
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let problem = read(r#"{"inner": "X"}"#).unwrap_err().to_string();
        assert!(problem.contains("expected an object"), "{problem}");
    }
}
