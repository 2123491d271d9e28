use super::{
    boxes::{boxes, child, put, within},
    fragment::{Fragment, Run, Sample, TrackFragment},
    init::Init,
    start,
};

/// `moov` of two tracks: a picture at 12,800 ticks a second, sound at 48,000; the movie counts milliseconds.
fn written(video_edits: &[(u32, i32)], sound_edits: &[(u32, i32)]) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, b"ftyp", |out| out.extend(b"iso5\0\0\x02\0iso6mp41"));
    put(&mut out, b"moov", |out| {
        header(out, b"mvhd", 1000);
        track(out, 1, (b"vide", 12_800), &video_entry(), video_edits);
        track(out, 2, (b"soun", 48_000), &sound_entry(), sound_edits);
        put(out, b"mvex", |out| {
            for id in [1_u32, 2] {
                put(out, b"trex", |out| [0, id, 1, 512, 0, 0].iter().for_each(|field| out.extend(field.to_be_bytes())));
            }
        });
        put(out, b"udta", |out| out.extend(b"who wrote it"));
    });
    out
}

fn header(out: &mut Vec<u8>, kind: &[u8; 4], scale: u32) {
    put(out, kind, |out| [0, 0, 0, scale, 0].iter().for_each(|field: &u32| out.extend(field.to_be_bytes())));
}

fn track(out: &mut Vec<u8>, id: u32, (handler, scale): (&[u8; 4], u32), entry: &[u8], edits: &[(u32, i32)]) {
    put(out, b"trak", |out| {
        put(out, b"tkhd", |out| [0, 0, 0, id, 0].iter().for_each(|field: &u32| out.extend(field.to_be_bytes())));
        if !edits.is_empty() {
            put(out, b"edts", |out| {
                put(out, b"elst", |out| {
                    [0, edits.len() as u32].iter().for_each(|field| out.extend(field.to_be_bytes()));
                    for (length, begins) in edits {
                        out.extend(length.to_be_bytes());
                        out.extend(begins.to_be_bytes());
                        out.extend([0, 1, 0, 0]);
                    }
                });
            });
        }
        put(out, b"mdia", |out| {
            header(out, b"mdhd", scale);
            put(out, b"hdlr", |out| {
                out.extend([0; 8]);
                out.extend(handler);
            });
            put(out, b"minf", |out| {
                put(out, b"stbl", |out| {
                    put(out, b"stsd", |out| {
                        out.extend([0, 0, 0, 0, 0, 0, 0, 1]);
                        out.extend(entry);
                    });
                });
            });
        });
    });
}

fn entry_of(kind: &[u8; 4], fields: usize, inside: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, kind, |out| {
        let mut head = vec![0; fields];
        if fields == 78 {
            head[24..28].copy_from_slice(&[7, 0x80, 4, 0x38]);
        }
        out.extend(head);
        inside.iter().for_each(|(kind, body)| put(out, kind, |out| out.extend(*body)));
    });
    out
}

/// Main 10, level 5.1.
const MAIN_10: [u8; 23] =
    [1, 0x02, 0x20, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 153, 0xf0, 0, 0xfc, 0xfd, 0xfa, 0xfa, 0, 0, 0x0f, 0];

fn video_entry() -> Vec<u8> {
    entry_of(b"hvc1", 78, &[(b"hvcC", &MAIN_10)])
}

fn sound_entry() -> Vec<u8> {
    let esds = [&[0, 0, 0, 0, 3, 25, 0, 1, 0, 4, 17, 0x40, 0x15][..], &[0; 11], &[5, 2, 0x11, 0x90, 6, 1, 2]].concat();
    entry_of(b"mp4a", 28, &[(b"esds", &esds)])
}

fn codec_of(entry: &[u8]) -> (String, Option<String>) {
    let described = super::codecs::describe(&boxes(entry).next().unwrap(), entry.len() > 100);
    (described.codec, described.supplemental)
}

#[test]
fn an_init_section_loses_its_edit_lists_and_keeps_what_they_said() {
    // the picture begins 2 frames within the media after 80 ms of nothing, the sound 459 ms later than at once
    let init = Init::read(&written(&[(80, -1), (0, 1024)], &[(459, -1), (0, 0)])).unwrap();
    let moov = child(&init.bytes, b"moov").unwrap();
    assert!(within(moov, &[b"trak", b"edts"]).is_none() && child(moov, b"udta").is_none());
    assert_eq!(boxes(moov).map(|one| one.kind).collect::<Vec<_>>(), [*b"mvhd", *b"trak", *b"trak", *b"mvex"]);
    let [video, sound] = &init.tracks[..] else { panic!("{init:?}") };
    assert_eq!((video.shift, video.timescale, video.is_video), (80 * 128 / 10 - 1024, 12_800, true));
    assert_eq!((sound.shift, sound.timescale, sound.is_video), (459 * 48, 48_000, false));
    assert_eq!(video.size_of_picture, Some((1920, 1080)));
    assert_eq!(init.codecs(), "hvc1.2.4.L153.90,mp4a.40.2");
    // what was rewritten has nothing left to say
    let again = Init::read(&init.bytes).unwrap();
    assert_eq!(again.bytes, init.bytes);
    assert!(again.tracks.iter().all(|track| track.shift == 0));
}

#[test]
fn codecs_have_the_names_that_players_ask_for() {
    let dolby = |profile: u8, level: u8, compatible: u8| -> Vec<u8> {
        let said = u16::from(profile) << 9 | u16::from(level) << 3 | 0b101;
        [&[1, 0][..], &said.to_be_bytes(), &[compatible << 4], &[0; 19]].concat()
    };
    let hdr = [&b"nclx"[..], &[0, 9, 0, 16, 0, 9, 0]].concat();
    let sdr = [&b"nclx"[..], &[0, 1, 0, 1, 0, 1, 0]].concat();
    let avc = [1, 0x64, 0, 0x28, 0xff];
    let main = [&[1, 0x21, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93][..], &[0; 10]].concat();
    let av1 = [0x81, 0x05, 0x0c, 0];
    let ten = [0x81, 0x08, 0x4c, 0];
    for (entry, codec, supplemental) in [
        (entry_of(b"avc1", 78, &[(b"avcC", &avc)]), "avc1.640028", None),
        (entry_of(b"hvc1", 78, &[(b"hvcC", &main)]), "hvc1.1.6.H93.B0", None),
        (
            entry_of(b"hvc1", 78, &[(b"hvcC", &MAIN_10), (b"dvvC", &dolby(8, 6, 1))]),
            "hvc1.2.4.L153.90",
            Some("dvh1.08.06/db1p"),
        ),
        (
            entry_of(b"hvc1", 78, &[(b"hvcC", &MAIN_10), (b"dvvC", &dolby(8, 9, 4))]),
            "hvc1.2.4.L153.90",
            Some("dvh1.08.09/db4h"),
        ),
        (entry_of(b"hvc1", 78, &[(b"hvcC", &MAIN_10), (b"dvcC", &dolby(5, 6, 0))]), "hvc1.2.4.L153.90", None),
        (entry_of(b"av01", 78, &[(b"av1C", &av1)]), "av01.0.05M.08", None),
        (entry_of(b"av01", 78, &[(b"av1C", &av1), (b"colr", &sdr)]), "av01.0.05M.08", None),
        (entry_of(b"av01", 78, &[(b"av1C", &ten), (b"colr", &hdr)]), "av01.0.08M.10.0.110.09.16.09.0", None),
        (entry_of(b"Opus", 28, &[(b"dOps", &[0; 60])]), "Opus", None),
        (entry_of(b"fLaC", 28, &[(b"dfLa", &[0; 60])]), "fLaC", None),
    ] {
        let is_video = !matches!(&entry[4..8], b"Opus" | b"fLaC");
        let described = super::codecs::describe(&boxes(&entry).next().unwrap(), is_video);
        assert_eq!((described.codec.as_str(), described.supplemental.as_deref()), (codec, supplemental));
    }
    assert_eq!(codec_of(&sound_entry()).0, "mp4a.40.2");
}

fn sample(bytes: u32, duration: u32, flags: u32, composition: i32) -> Sample {
    Sample { bytes, duration, flags, composition }
}

const KEY: u32 = 0x0200_0000;
const OTHER: u32 = 0x0101_0000;

fn example() -> Fragment {
    let video = vec![sample(900, 512, KEY, 1024), sample(30, 512, OTHER, 2048), sample(20, 600, OTHER, -512)];
    let sound = vec![sample(200, 1024, KEY, 0), sample(201, 1024, KEY, 0)];
    let track = |track, begins, at, samples| TrackFragment { track, begins, runs: vec![Run { at, samples }] };
    Fragment { tracks: vec![track(1, 128_000, 5000, video), track(2, 480_123, 5950, sound)], data: (5000, 1351) }
}

#[test]
fn a_fragment_reads_as_written() {
    let (init, mut fragment) = (Init::read(&written(&[], &[])).unwrap(), example());
    let head = fragment.head(7).unwrap();
    let all: Vec<_> = boxes(&head).collect();
    assert_eq!(all[0].kind, *b"moof");
    assert_eq!(head[all[0].whole.len()..], [&1359_u32.to_be_bytes()[..], b"mdat"].concat());
    assert_eq!(child(all[0].body, b"mfhd").unwrap()[4..], [0, 0, 0, 7]);
    // as if it stood at the beginning of a file
    let data = head.len() as u64;
    let read = Fragment::read(all[0].body, 0, (data, 1351), &init).unwrap();
    fragment.data.0 = data;
    for track in &mut fragment.tracks {
        track.runs[0].at = track.runs[0].at - 5000 + data;
    }
    assert_eq!(read, fragment);
}

#[test]
fn what_an_edit_list_said_is_in_the_times() {
    let init = Init::read(&written(&[(80, -1), (0, 1024)], &[(459, -1), (0, 0)])).unwrap();
    let head = example().head(1).unwrap();
    let read = Fragment::read(child(&head, b"moof").unwrap(), 0, (head.len() as u64, 1351), &init).unwrap();
    assert_eq!(read.tracks.iter().map(|track| track.begins).collect::<Vec<_>>(), [128_000, 480_123 + 459 * 48]);
    assert_eq!(read.tracks[0].shown().collect::<Vec<_>>(), [(129_024, 512), (130_560, 512), (128_512, 600)]);
}

#[test]
fn the_last_sample_lasts_until_the_next() {
    let mut video = example().tracks.swap_remove(0);
    assert_eq!(video.ends(), 128_000 + 512 + 512 + 600);
    assert!(video.lasts_until(130_000) && video.ends() == 130_000);
    assert!(!video.lasts_until(128_000 + 1024), "it would last no time");
    assert_eq!(video.ends(), 130_000, "and is left as it was");
}

#[test]
fn nothing_that_is_cut_off_is_read_for_whole() {
    let (whole, init) = (written(&[(80, -1), (0, 1024)], &[]), Init::read(&written(&[], &[])).unwrap());
    let head = example().head(1).unwrap();
    let moof = child(&head, b"moof").unwrap();
    for length in 0..whole.len() {
        let _ = Init::read(&whole[..length]);
    }
    for length in 0..moof.len() {
        let _ = Fragment::read(&moof[..length], 0, (0, 0), &init);
    }
    assert!(Init::read(&whole[..whole.len() - 1]).is_err());
    let mut strange = written(&[], &[]);
    strange.truncate(40);
    assert!(Init::read(&strange).is_err());
}

#[test]
fn a_decoder_begins_where_nothing_before_is_needed() {
    let init = Init::read(&written(&[], &[])).unwrap();
    // NAL units with their lengths: an access unit delimiter, then a slice of this type
    let head = |kind: u8| [&[0, 0, 0, 3, 35 << 1, 1, 0x50, 0, 0, 1, 0][..], &[kind << 1, 1, 0xaf]].concat();
    let group = |compositions: [i32; 3]| {
        let flags = [KEY, OTHER, OTHER].into_iter();
        let samples = flags.zip(compositions).map(|(flags, composition)| sample(9, 512, flags, composition));
        TrackFragment { track: 1, begins: 0, runs: vec![Run { at: 0, samples: samples.collect() }] }
    };
    let (closed, open) = (group([512, 1024, 512]), group([1024, 0, 512]));
    let begins = |group: &TrackFragment, kind| start::is_independent(&init.tracks[0], group, &head(kind));
    let (idr, random_access, ordinary) = (19, 21, 1);
    assert!(begins(&closed, idr) && begins(&open, idr), "leading pictures of an IDR picture decode");
    assert!(begins(&closed, random_access) && !begins(&open, random_access));
    assert!(!begins(&closed, ordinary));
    assert!(start::is_independent(&init.tracks[1], &group([0; 3]), &[]), "sound begins anywhere");
    assert!(!start::is_independent(&init.tracks[0], &closed, &[0, 0]), "and nothing is promised of what can't be read");
}
