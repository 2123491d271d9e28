//! What `--json` prints, held to `docs/events.schema.json`: each line that the suite reads goes through here. The schema
//! is for programs and lets later versions add fields; here a field that it does not name is a fault.

use std::sync::LazyLock;

use serde_json::{Map, Value};

static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../docs/events.schema.json")).unwrap());

/// The lines of a command, whole or cut off: only the last has an exit status.
#[track_caller]
pub(crate) fn lines(text: &str) -> Vec<Value> {
    let lines: Vec<Value> = text.lines().map(line).collect();
    for line in lines.iter().rev().skip(1) {
        assert!(line.get("exit_status").is_none(), "more follows this: {line}");
    }
    lines
}

/// The lines of a command that ended with this.
#[track_caller]
pub(crate) fn all(text: &str, code: Option<i32>) -> Vec<Value> {
    let lines = lines(text);
    if let Some(code) = code {
        assert_eq!(lines.last().map(|line| &line["exit_status"]), Some(&code.into()), "{text}");
    }
    lines
}

/// One line of a command that runs on.
#[track_caller]
pub(crate) fn line(text: &str) -> Value {
    let line: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    if let Err(why) = hold(&line, &SCHEMA) {
        panic!("{why}, in {text}");
    }
    line
}

/// The last line of a command that has ended.
#[track_caller]
pub(crate) fn last(text: &str) -> Value {
    lines(text).pop().expect("a command says how it ended")
}

/// Fields that the schema names for an event, or a state of a job.
pub(crate) fn fields(of: &str) -> Vec<&'static str> {
    let properties = SCHEMA["$defs"][of]["properties"].as_object();
    let properties = properties.unwrap_or_else(|| panic!("the schema has no event `{of}`"));
    properties.keys().map(String::as_str).collect()
}

/// Events that end a command, always or where nothing follows.
pub(crate) fn endings() -> Vec<&'static str> {
    let defs = SCHEMA["$defs"].as_object().unwrap().iter();
    defs.filter(|(_, def)| def["properties"].get("exit_status").is_some()).map(|(name, _)| name.as_str()).collect()
}

pub(crate) fn names() -> Vec<&'static str> {
    let defs = SCHEMA["$defs"].as_object().unwrap().iter();
    defs.filter(|(_, def)| def["properties"].get("event").is_some()).map(|(name, _)| name.as_str()).collect()
}

/// As much of JSON Schema as the file uses. Another word in it is a fault of this test.
fn hold(value: &Value, schema: &Value) -> Result<(), String> {
    value.as_object().map_or(Ok(()), |object| members(object, schema))?;
    for (word, demand) in schema.as_object().expect("a schema is an object") {
        match word.as_str() {
            "$ref" => {
                let path = demand.as_str().unwrap().strip_prefix('#').expect("of this file");
                hold(value, SCHEMA.pointer(path).unwrap_or_else(|| panic!("there is no {path}")))?;
            }
            "oneOf" => one_of(value, demand.as_array().unwrap())?,
            "type" => {
                let types = demand.as_array().map_or_else(|| std::slice::from_ref(demand), Vec::as_slice);
                if !types.iter().any(|name| is_of(value, name.as_str().unwrap())) {
                    return Err(format!("{value} is no {demand}"));
                }
            }
            "const" if value != demand => return Err(format!("{value} is not {demand}")),
            "enum" if !demand.as_array().unwrap().contains(value) => return Err(format!("{value} is not in {demand}")),
            "minimum" if value.as_f64() < demand.as_f64() && value.is_number() => {
                return Err(format!("{value} is less than {demand}"));
            }
            "items" => value.as_array().into_iter().flatten().try_for_each(|item| hold(item, demand))?,
            "required" => {
                let missing =
                    demand.as_array().unwrap().iter().find(|name| value.get(name.as_str().unwrap()).is_none());
                if let Some(name) = missing.filter(|_| value.is_object()) {
                    return Err(format!("it lacks {name}"));
                }
            }
            "properties" | "additionalProperties" => {}
            "const" | "enum" | "minimum" | "$schema" | "$defs" | "$comment" | "title" | "description" | "format"
            | "pattern" => {}
            other => panic!("nothing here holds to `{other}`"),
        }
    }
    Ok(())
}

/// Each member by its own schema, or by that of all others; one without a schema is not allowed.
fn members(object: &Map<String, Value>, schema: &Value) -> Result<(), String> {
    let (known, others) = (schema.get("properties"), schema.get("additionalProperties"));
    if schema.get("type").is_none_or(|kind| kind == "object" && known.or(others).is_none()) {
        return Ok(());
    }
    for (name, value) in object {
        let schema = known.and_then(|known| known.get(name)).or(others);
        let schema = schema.ok_or_else(|| format!("the schema does not name `{name}`"))?;
        hold(value, schema).map_err(|why| format!("`{name}`: {why}"))?;
    }
    Ok(())
}

/// Of events, the fault is told of the one that is meant.
fn one_of(value: &Value, choices: &[Value]) -> Result<(), String> {
    let found: Vec<_> = choices.iter().map(|choice| hold(value, choice)).collect();
    match found.iter().filter(|found| found.is_ok()).count() {
        1 => Ok(()),
        0 => {
            let is_meant = |why: &&String| !why.starts_with("`event`: ") && !why.starts_with("`state`: ");
            let faults: Vec<_> = found.iter().filter_map(|found| found.as_ref().err()).collect();
            Err((**faults.iter().find(|why| is_meant(why)).unwrap_or(&faults[0])).clone())
        }
        several => Err(format!("it is {several} things at once")),
    }
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        other => panic!("there is no type `{other}`"),
    }
}

#[test]
fn what_the_schema_does_not_name_or_allow_is_a_fault() {
    let fault = |text: &str| hold(&serde_json::from_str(text).unwrap(), &SCHEMA).unwrap_err();
    assert_eq!(fault(r#"{"event":"log","job":"split","line":"a","more":1}"#), "the schema does not name `more`");
    assert_eq!(fault(r#"{"event":"log","job":"split"}"#), r#"it lacks "line""#);
    assert_eq!(fault(r#"{"event":"log","job":"split","line":7}"#), r#"`line`: 7 is no "string""#);
    assert_eq!(fault(r#"{"event":"job","job":"split","state":"sized","total":-1}"#), "`total`: -1 is less than 0");
    assert_eq!(fault(r#"{"event":"deleted","reel":"a","functions":1,"exit_status":1}"#), "`exit_status`: 1 is not 0");
    let dollars = r#"{"event":"planned","reel":"a","generation":"01234567","region":"r","seconds":1,"source_bytes":1,
        "segments":1,"chunks":1,"streams":[],"warnings":[],"dollars":{"million_views":1,"thousand_views_by_relay":1,"x":1}}"#;
    assert_eq!(fault(dollars), "`dollars`: the schema does not name `x`");
    assert!(fault(r#"{"event":"unheard-of"}"#).contains("is not "));
    line(r#"{"event":"cancelled","exit_status":130}"#);
}
