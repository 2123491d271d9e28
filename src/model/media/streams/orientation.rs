//! Which way up players show a picture, out of what ffprobe tells of its display matrix, and how that is said.

use serde_json::Value;

use crate::model::media::facts::Stream;

/// Mirrored first, then turned clockwise by 0, 90, 180 or 270 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Orientation {
    pub rotation: u16,
    pub mirrored: bool,
}

/// From the stream's side data, or from the tag that ffprobe before 5 gives.
pub fn told(side_data: &[Value], tags: &Value) -> Orientation {
    let matrix = || side_data.iter().find_map(|data| of_matrix(data["displaymatrix"].as_str()?));
    // it counts the other way round
    let angle = || side_data.iter().find_map(|data| data["rotation"].as_f64()).map(|degrees| -degrees);
    let tag = || tags["rotate"].as_str()?.parse::<f64>().ok();
    let turned = |degrees| Orientation { rotation: quarters(degrees), mirrored: false };
    matrix().or_else(|| angle().or_else(tag).map(turned)).unwrap_or_default()
}

/// Three lines of an address and three numbers; a point goes as a row from the left through the matrix.
fn of_matrix(text: &str) -> Option<Orientation> {
    let row = |line: &str| -> Option<[f64; 2]> {
        let mut numbers = line.split_once(':')?.1.split_whitespace().map(str::parse::<f64>);
        Some([numbers.next()?.ok()?, numbers.next()?.ok()?])
    };
    let mut rows = text.lines().filter(|line| !line.trim().is_empty()).map(row);
    let ([a, b], [c, d]) = (rows.next()??, rows.next()??);
    let determinant = a * d - b * c;
    if determinant == 0.0 || !determinant.is_finite() {
        return None;
    }
    let mirrored = determinant < 0.0;
    let side = if mirrored { -1.0 } else { 1.0 };
    Some(Orientation { rotation: quarters((side * b).atan2(side * a).to_degrees()), mirrored })
}

/// To the nearest quarter turn.
fn quarters(degrees: f64) -> u16 {
    let degrees = if degrees.is_finite() { degrees } else { 0.0 };
    (degrees.rem_euclid(360.0) / 90.0).round() as u16 % 4 * 90
}

/// `is mirrored and turned by 90°`; `None` for what stands as it is.
pub fn words(stream: &Stream) -> Option<String> {
    let turned = format!("turned by {}°", stream.rotation);
    match (stream.mirrored, stream.rotation) {
        (false, 0) => None,
        (true, 0) => Some("is mirrored".to_owned()),
        (false, _) => Some(format!("is {turned}")),
        (true, _) => Some(format!("is mirrored and {turned}")),
    }
}

/// Before the input: whether ffmpeg is to leave the picture to [`upright`]. All versions turn it, but not all mirror it.
pub fn left_to_us(stream: &Stream) -> Option<&'static str> {
    stream.mirrored.then_some("-noautorotate")
}

/// Filters that do what ffmpeg does not do by itself.
pub fn upright(stream: &Stream) -> Vec<&'static str> {
    if left_to_us(stream).is_none() {
        return Vec::new();
    }
    let turn = match stream.rotation {
        90 => Some("transpose=clock"),
        180 => Some("hflip,vflip"),
        270 => Some("transpose=cclock"),
        _ => None,
    };
    ["hflip"].into_iter().chain(turn).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(matrix: [i64; 4]) -> (u16, bool) {
        let [a, b, c, d] = matrix.map(|sign| sign * 65536);
        let text = format!(
            "\n00000000:  {a:>11} {b:>11}           0\n00000001:  {c:>11} {d:>11}           0\n00000002:  0 0 1073741824\n"
        );
        let Orientation { rotation, mirrored } =
            told(&[json!({}), json!({"displaymatrix": text, "rotation": -180})], &Value::Null);
        (rotation, mirrored)
    }

    #[test]
    fn a_matrix_is_a_mirror_and_a_turn() {
        assert_eq!(of([1, 0, 0, 1]), (0, false));
        assert_eq!(of([0, 1, -1, 0]), (90, false));
        assert_eq!(of([-1, 0, 0, -1]), (180, false));
        assert_eq!(of([0, -1, 1, 0]), (270, false));
        assert_eq!(of([-1, 0, 0, 1]), (0, true));
        assert_eq!(of([0, -1, -1, 0]), (90, true));
        assert_eq!(of([1, 0, 0, -1]), (180, true));
        assert_eq!(of([0, 1, 1, 0]), (270, true));
    }
}
