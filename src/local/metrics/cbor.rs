//! RPC v2 CBOR, as CloudWatch's clients speak it: a request's fields as plain values, and answers.

use aws_smithy_cbor::{Decoder, Encoder, data::Type};
use serde_json::{Map, Value};

use super::request::Datapoint;

/// How deep values may stand in each other.
const DEPTH_MAX: u8 = 8;

/// The fields of a request. Times are seconds since 1970. `None` for what no request of CloudWatch's has.
pub(super) fn read(body: &[u8]) -> Option<Value> {
    let mut decoder = Decoder::new(body);
    let read = value(&mut decoder, 0)?;
    (read.is_object() && decoder.position() == body.len()).then_some(read)
}

fn value(decoder: &mut Decoder<'_>, depth: u8) -> Option<Value> {
    if depth > DEPTH_MAX {
        return None;
    }
    match decoder.datatype().ok()? {
        Type::String | Type::StringIndef => Some(Value::from(decoder.str().ok()?.into_owned())),
        Type::F16 | Type::F32 | Type::F64 => Some(Value::from(decoder.double().ok()?)),
        Type::Tag => Some(Value::from(decoder.timestamp().ok()?.as_secs_f64())),
        Type::Bool => Some(Value::from(decoder.boolean().ok()?)),
        Type::Null => decoder.null().ok().map(|()| Value::Null),
        Type::Array | Type::ArrayIndef => {
            let mut left = decoder.list().ok()?;
            let mut items = Vec::new();
            while has_more(decoder, &mut left)? {
                items.push(value(decoder, depth + 1)?);
            }
            Some(Value::Array(items))
        }
        Type::Map | Type::MapIndef => {
            let mut left = decoder.map().ok()?;
            let mut fields = Map::new();
            while has_more(decoder, &mut left)? {
                let name = decoder.str().ok()?.into_owned();
                fields.insert(name, value(decoder, depth + 1)?);
            }
            Some(Value::Object(fields))
        }
        _ => Some(Value::from(decoder.long().ok()?)),
    }
}

/// Whether an array or map has another entry; `left` is how many it said, if it did.
fn has_more(decoder: &mut Decoder<'_>, left: &mut Option<u64>) -> Option<bool> {
    match left {
        Some(left) => {
            let more = *left > 0;
            *left = left.saturating_sub(1);
            Some(more)
        }
        None if decoder.datatype().ok()? == Type::Break => decoder.skip().ok().map(|()| false),
        None => Some(true),
    }
}

pub(super) fn nothing() -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encoder.map(0);
    encoder.into_writer()
}

pub(super) fn statistics(label: &str, datapoints: &[Datapoint]) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encoder.map(2).str("Label").str(label).str("Datapoints").array(datapoints.len());
    for Datapoint { at, sum, unit } in datapoints {
        encoder.map(3).str("Timestamp").timestamp(&aws_smithy_types::DateTime::from_secs(*at));
        encoder.str("Sum").double(*sum).str("Unit").str(unit);
    }
    encoder.into_writer()
}

/// `code` is the shape's name.
pub(super) fn error(code: &str, message: &str) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::new());
    encoder.map(2).str("__type").str(&format!("com.amazonaws.cloudwatch#{code}")).str("message").str(message);
    encoder.into_writer()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_read_whether_or_not_their_number_is_said() {
        let mut encoder = Encoder::new(Vec::new());
        encoder.begin_map().str("A").begin_array().str("x").integer(7).end().str("B").double(0.5);
        encoder.str("C").timestamp(&aws_smithy_types::DateTime::from_secs(60)).str("D").null().end();
        assert_eq!(read(&encoder.into_writer()), Some(json!({ "A": ["x", 7], "B": 0.5, "C": 60.0, "D": null })));
    }

    #[test]
    fn what_is_cut_off_deep_or_no_map_is_not_read() {
        assert_eq!(read(&nothing()), Some(json!({})));
        let with_more = [nothing(), nothing()].concat();
        for bytes in [&[][..], &[0xa1], &[0x80], &[0xa1, 0x61], &[0xbf], &with_more, &[0x81; 100_000]] {
            assert_eq!(read(bytes), None, "{:?}", &bytes[..bytes.len().min(9)]);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
