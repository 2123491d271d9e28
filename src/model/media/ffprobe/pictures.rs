//! What a few decoded pictures say of themselves, where the container says nothing.

use serde_json::Value;

use super::{
    OutputError,
    json::{list, number},
};

/// ffprobe's name of captions by CEA-608 or CEA-708.
const CAPTIONS: &str = "ATSC A53 Part 4 Closed Captions";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pictures {
    /// Some are made of fields.
    pub interlaced: bool,
    /// Some carry captions by CEA-608 or CEA-708.
    pub captions: bool,
}

impl Pictures {
    /// For `-show_entries`.
    pub const ENTRIES: &str = "frame=interlaced_frame:frame_side_data=side_data_type";

    /// The answer to [`Self::ENTRIES`] with `-of json`.
    pub fn read(json: &str) -> Result<Self, OutputError> {
        let answer: Value = serde_json::from_str(json)?;
        let has_captions =
            |frame: &Value| list(&frame["side_data_list"]).iter().any(|data| data["side_data_type"] == CAPTIONS);
        let frames = list(&answer["frames"]);
        Ok(Self {
            interlaced: frames.iter().any(|frame| number(&frame["interlaced_frame"]) == Some(1)),
            captions: frames.iter().any(has_captions),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_picture_tells_of_fields_and_captions() {
        let read = |frames: &str| {
            let Pictures { interlaced, captions } = Pictures::read(&format!(r#"{{"frames":[{frames}]}}"#)).unwrap();
            (interlaced, captions)
        };
        let plain = r#"{"interlaced_frame":0}"#;
        let other = r#"{"interlaced_frame":0,"side_data_list":[{},{"side_data_type":"SMPTE 12-1 timecode"}]}"#;
        let fields = r#"{"interlaced_frame":1,"side_data_list":[]}"#;
        let captions = r#"{"interlaced_frame":0,"side_data_list":[
            {"side_data_type":"ATSC A53 Part 4 Closed Captions"},
            {"side_data_type":"H.26[45] User Data Unregistered SEI message"}]}"#;
        assert_eq!(read(""), (false, false));
        assert_eq!(read(&format!("{plain},{other}")), (false, false));
        assert_eq!(read(&format!("{other},{fields}")), (true, false));
        assert_eq!(read(&format!("{plain},{captions},{other}")), (false, true));
        assert_eq!(read(&format!("{captions},{fields}")), (true, true));
        assert_eq!(read(r#"7,{"side_data_list":7},{"side_data_list":[7,{"side_data_type":7}]}"#), (false, false));
        assert_eq!(Pictures::read("{}").unwrap(), Pictures::default());
        assert!(Pictures::read("").is_err());
    }
}
