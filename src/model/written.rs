//! Values that serde reads and writes as their own words.

/// What `serde(try_from = "String", into = "String")` asks of a type that parses and prints.
macro_rules! written_as_text {
    ($($name:ty),+) => {$(
        impl TryFrom<String> for $name {
            type Error = <$name as std::str::FromStr>::Err;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }
    )+};
}

pub(crate) use written_as_text;
