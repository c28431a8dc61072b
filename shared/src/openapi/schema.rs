//! Schemas of types that are read and written by hand.

/// Gives a type a schema that stands wherever the type does, without a name of its own.
macro_rules! inline_schema {
    (@ [$($parameters:tt)*], $generator:ident, $type:ty, $schema:tt) => {
        impl<$($parameters)*> schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema($generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    };
    ($generator:ident, $type:ty: $schema:tt) => {
        $crate::openapi::inline_schema!(@ [], $generator, $type, $schema);
    };
    ([$($parameters:tt)*] $type:ty: $schema:tt) => {
        $crate::openapi::inline_schema!(@ [$($parameters)*], _generator, $type, $schema);
    };
    ($type:ty: $schema:tt) => {
        $crate::openapi::inline_schema!(@ [], _generator, $type, $schema);
    };
}

pub(crate) use inline_schema;
