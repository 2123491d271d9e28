//! The init section: what a fragmented MP4 says of its tracks before the first fragment (`ftyp` and `moov`).

use super::{
    Mp4Error,
    boxes::{self, Fields, boxes, put, u32_at},
    codecs,
};

/// What is left out: edit lists, whose meaning goes into the fragments' times, and who wrote it.
const LEFT_OUT: [&boxes::Kind; 2] = [b"edts", b"udta"];

/// An init section as players get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Init {
    pub bytes: Vec<u8>,
    pub tracks: Vec<Track>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    pub id: u32,
    pub is_video: bool,
    /// Ticks a second.
    pub timescale: u32,
    /// How much later than its fragments say a track is played by its edit list, in ticks: negative where the list
    /// begins within the media (B-frames, an encoder's priming), positive where it begins with nothing.
    pub shift: i64,
    /// What samples have where fragments do not say.
    pub duration: u32,
    pub size: u32,
    pub flags: u32,
    /// By RFC 6381, such as `hvc1.1.6.L93.B0`; empty if it is none that we know.
    pub codec: String,
    /// What a player that knows Dolby Vision reads instead, such as `dvh1.08.06/db1p`.
    pub supplemental: Option<String>,
    /// Four letters of the sample entry.
    pub entry: boxes::Kind,
    /// Bytes before each NAL unit that say how long it is; 0 where there are none.
    pub nal_length: usize,
    /// Of H.264 and HEVC: the sequence parameter sets by which every picture is to be decoded.
    pub sequence_sets: Vec<Vec<u8>>,
    /// Coded size, before sample aspect ratio and rotation; of a video.
    pub size_of_picture: Option<(u32, u32)>,
}

impl Init {
    /// Reads what ffmpeg wrote, and writes it without edit lists.
    pub fn read(written: &[u8]) -> Result<Self, Mp4Error> {
        let missing = Mp4Error::Missing;
        let moov = boxes::child(written, b"moov").ok_or(missing("moov"))?;
        let file_type = boxes(written).find(|one| one.kind == *b"ftyp").ok_or(missing("ftyp"))?;
        let movie = boxes::child(moov, b"mvhd").and_then(timescale).ok_or(missing("mvhd"))?;
        let extends = boxes::child(moov, b"mvex").ok_or(missing("mvex"))?;
        let tracks = boxes(moov).filter(|one| one.kind == *b"trak").map(|one| track(one.body, movie, extends));
        let tracks = tracks.collect::<Result<_, _>>()?;
        let mut bytes = file_type.whole.to_vec();
        put(&mut bytes, b"moov", |out| without(moov, out));
        Ok(Self { bytes, tracks })
    }

    pub fn track(&self, id: u32) -> Option<&Track> {
        self.tracks.iter().find(|track| track.id == id)
    }

    /// The track by which pieces are cut: the video, or the only one.
    pub fn leader(&self) -> Option<&Track> {
        self.tracks.iter().find(|track| track.is_video).or(self.tracks.first())
    }

    /// CODECS: each track's, the video's first.
    pub fn codecs(&self) -> String {
        let of = |is_video| self.tracks.iter().filter(move |track| track.is_video == is_video);
        let codecs: Vec<&str> = of(true).chain(of(false)).map(|track| track.codec.as_str()).collect();
        codecs.join(",")
    }
}

/// Copies boxes, without those that are left out, at any depth.
fn without(bytes: &[u8], out: &mut Vec<u8>) {
    for one in boxes(bytes).filter(|one| !LEFT_OUT.contains(&&one.kind)) {
        if one.kind == *b"trak" {
            put(out, b"trak", |out| without(one.body, out));
        } else {
            out.extend(one.whole);
        }
    }
}

/// Of a movie's or a track's header.
fn timescale(header: &[u8]) -> Option<u32> {
    let at = if header.first() == Some(&1) { 20 } else { 12 };
    u32_at(header, at).filter(|scale| *scale > 0)
}

fn track(trak: &[u8], movie: u32, extends: &[u8]) -> Result<Track, Mp4Error> {
    let missing = Mp4Error::Missing;
    let header = boxes::child(trak, b"tkhd").ok_or(missing("tkhd"))?;
    let id = u32_at(header, if header.first() == Some(&1) { 20 } else { 12 }).ok_or(missing("tkhd"))?;
    let media = boxes::child(trak, b"mdia").ok_or(missing("mdia"))?;
    let timescale = boxes::child(media, b"mdhd").and_then(timescale).ok_or(missing("mdhd"))?;
    let is_video = boxes::child(media, b"hdlr").and_then(|body| body.get(8..12)) == Some(b"vide");
    let table = boxes::within(media, &[b"minf", b"stbl", b"stsd"]).and_then(|body| body.get(8..));
    let entry = table.and_then(|table| boxes(table).next()).ok_or(missing("stsd"))?;
    let described = codecs::describe(&entry, is_video);
    let list = boxes::within(trak, &[b"edts", b"elst"]);
    let shift = list.map_or(Ok(0), |list| shift(list, movie, timescale))?;
    let of_track = |body: &&[u8]| u32_at(body, 4) == Some(id);
    let defaults = boxes(extends).filter(|one| one.kind == *b"trex").map(|one| one.body).find(of_track);
    let mut defaults = Fields::new(defaults.ok_or(missing("trex"))?, "trex");
    let [_, _, _, duration, size, flags] = [(); 6].map(|()| defaults.u32());
    Ok(Track {
        id,
        is_video,
        timescale,
        shift,
        duration: duration?,
        size: size?,
        flags: flags?,
        codec: described.codec,
        supplemental: described.supplemental,
        entry: entry.kind,
        nal_length: described.nal_length,
        sequence_sets: described.sequence_sets,
        size_of_picture: described.size,
    })
}

/// An empty edit is nothing for so long, in the movie's ticks; the first that is not says where in the media it begins.
fn shift(list: &[u8], movie: u32, timescale: u32) -> Result<i64, Mp4Error> {
    let wide = list.first() == Some(&1);
    let mut fields = Fields::new(list.get(4..).unwrap_or_default(), "elst");
    let mut empty = 0;
    for _ in 0..fields.u32()? {
        let (length, begins) = match wide {
            true => (fields.u64()?, fields.u64()?.cast_signed()),
            false => (u64::from(fields.u32()?), i64::from(fields.u32()?.cast_signed())),
        };
        // its rate
        fields.u32()?;
        if begins >= 0 {
            return Ok(rescale(empty, movie, timescale) - begins);
        }
        empty += length;
    }
    Ok(rescale(empty, movie, timescale))
}

/// Ticks of one clock in those of another, to the nearest.
pub fn rescale(ticks: u64, from: u32, to: u32) -> i64 {
    let (ticks, from, to) = (u128::from(ticks), u128::from(from.max(1)), u128::from(to));
    i64::try_from((ticks * to + from / 2) / from).unwrap_or(i64::MAX)
}
