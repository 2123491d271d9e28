use std::{io::Cursor, time::Duration};

use proptest::prelude::*;

use super::*;

fn of(bytes: &[u8]) -> Structure {
    look(&mut Cursor::new(bytes), bytes.len() as u64).unwrap()
}

fn mp4_box(kind: &[u8; 4], content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    [&(content.len() as u32 + 8).to_be_bytes(), &kind[..], &content].concat()
}

fn sinf(tenc: &[u8]) -> Vec<u8> {
    let schm = mp4_box(b"schm", &[&[0; 4], b"cbcs", &[0, 1, 0, 0]]);
    mp4_box(b"sinf", &[&mp4_box(b"frma", &[b"avc1"]), &schm, &mp4_box(b"schi", &[&mp4_box(b"tenc", &[tenc])])])
}

const PROTECTED: [u8; 24] = [0, 0, 0, 0, 0, 0, 1, 8, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];

fn trak(handler: &[u8; 4], entries: &[&[u8]], chunk: u32) -> Vec<u8> {
    let stsd = mp4_box(b"stsd", &[&[0; 4], &(entries.len() as u32).to_be_bytes(), &entries.concat()]);
    // seven samples of 30 bytes each, all in the last chunk
    let stsz = mp4_box(b"stsz", &[&[0; 8], &7u32.to_be_bytes(), &30u32.to_be_bytes().repeat(7)]);
    let stsc = mp4_box(b"stsc", &[&[0; 4], &1u32.to_be_bytes(), &[1u32, 7, 1].map(u32::to_be_bytes).concat()]);
    let stco = mp4_box(b"stco", &[&[0; 4], &2u32.to_be_bytes(), &[0; 4], &chunk.to_be_bytes()]);
    let stbl = mp4_box(b"stbl", &[&stsd, &stsc, &stsz, &stco]);
    let hdlr = mp4_box(b"hdlr", &[&[0; 8], handler, &[0; 12]]);
    let mdia = mp4_box(b"mdia", &[&hdlr, &mp4_box(b"minf", &[&mp4_box(b"hdlr", &[&[0; 8], b"alis"]), &stbl])]);
    let tkhd = mp4_box(b"tkhd", &[&[0; 12], &1u32.to_be_bytes(), &[0; 68]]);
    mp4_box(b"trak", &[&tkhd, &mdia])
}

/// One that lasts 10 s and whose media are 1,000 bytes behind the table.
fn mp4(traks: &[Vec<u8>]) -> Vec<u8> {
    let mvhd = mp4_box(b"mvhd", &[&[0; 12], &1000u32.to_be_bytes(), &10_000u32.to_be_bytes(), &[0; 80]]);
    let moov = mp4_box(b"moov", &[&mvhd, &traks.concat()]);
    [mp4_box(b"ftyp", &[b"isom"]), moov, mp4_box(b"mdat", &[&[0; 992]])].concat()
}

#[test]
fn what_protects_a_sample_is_found_whatever_its_entry_is_called() {
    let clear = mp4_box(b"avc1", &[&[0; 78], &mp4_box(b"avcC", &[&[1]])]);
    for (kind, fields) in [(b"vide", 78), (b"soun", 28), (b"soun", 44), (b"soun", 64)] {
        let locked = mp4_box(b"avc1", &[&vec![0; fields], &mp4_box(b"avcC", &[&[1]]), &sinf(&PROTECTED)]);
        // a lead in clear has an entry of its own, before or behind
        for entries in [&[&clear[..], &locked][..], &[&locked, &clear], &[&locked]] {
            let structure = of(&mp4(&[trak(kind, entries, 0)]));
            assert_eq!(structure.lock_of(0, None).map(ToString::to_string).as_deref(), Some("cbcs"), "{fields}");
        }
    }
    let clear = of(&mp4(&[trak(b"vide", &[&clear], 0)]));
    assert_eq!((clear.lock(), clear.damage.is_none(), clear.tracks[0].kind), (None, true, Some(Medium::Pictures)));
    let named = mp4_box(b"name", &[b"\0\0\0\x0csinfcenctenc"]);
    let said = of(&mp4(&[trak(b"vide", &[&mp4_box(b"avc1", &[&[0; 78], &named])], 0)]));
    assert_eq!(said.lock(), None, "boxes are followed, words are not looked for");
    let announced = mp4_box(b"avc1", &[&[0; 78], &sinf(&[0; 24])]);
    assert_eq!(of(&mp4(&[trak(b"vide", &[&announced], 0)])).lock(), None, "tenc says that nothing is protected");
}

#[test]
fn keys_vectors_in_a_fragment_tell_as_well() {
    let avc1 = mp4_box(b"avc1", &[&[0; 78]]);
    let tfhd = mp4_box(b"tfhd", &[&[0; 4], &1u32.to_be_bytes()]);
    let senc = mp4_box(b"senc", &[&[0; 4], &3u32.to_be_bytes(), &[9; 24]]);
    let moof = |boxes: &[&[u8]]| {
        let traf = mp4_box(b"traf", boxes);
        let fragment = [mp4_box(b"moof", &[&traf]), mp4_box(b"mdat", &[&[0; 50]])].concat();
        [mp4(&[trak(b"vide", &[&avc1], 0)]), fragment].concat()
    };
    assert_eq!(of(&moof(&[&tfhd, &senc])).lock().unwrap().1.to_string(), "senc");
    assert_eq!(of(&moof(&[&tfhd])).lock(), None);
}

#[test]
fn an_mp4_that_is_cut_says_how_much_is_missing() {
    let whole = mp4(&[trak(b"vide", &[], 1200)]);
    assert!(of(&whole).damage.is_none());
    let cut = of(&whole[..whole.len() - 496]);
    assert_eq!(cut.damage.sentences(), ["the file is cut off: about 5 s of 10 s are missing at its end"]);
    // the data's box says "to the file's end", the tables know better: where its last chunk begins, and what is in it
    for (chunk, is_cut) in [(100_000, true), (1000, false)] {
        let mut endless = mp4(&[trak(b"vide", &[], chunk)]);
        let at = endless.len() - 1000;
        endless[at..at + 4].fill(0);
        assert_eq!(of(&endless).damage.cut_off.is_some(), is_cut);
        assert!(of(&endless[..1000 + 7 * 30 - 1]).damage.cut_off.is_some());
    }
    let table = of(&whole[..200]);
    assert_eq!((table.table, table.damage.is_none()), (Table::CutOff, true));
    assert_eq!(of(&mp4_box(b"ftyp", &[b"isom"])).table, Table::Missing);
    let segment = [mp4_box(b"styp", &[b"msdh"]), mp4_box(b"moof", &[]), mp4_box(b"mdat", &[])].concat();
    assert_eq!(of(&segment).table, Table::Elsewhere);
}

fn element(id: u32, content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    let id: Vec<u8> = id.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    [&id, &(content.len() as u64 | 1 << 56).to_be_bytes()[..], &content].concat()
}

fn matroska(entry: &[&[u8]], clusters: &[&[u8]], size: Option<u64>) -> Vec<u8> {
    let kind = element(0x83, &[&[1]]);
    let tracks = element(0x1654_ae6b, &[&element(0xae, &[&kind, &entry.concat()])]);
    let content = [&tracks, &clusters.concat()[..]].concat();
    let size = size.unwrap_or(content.len() as u64) | 1 << 56;
    [&element(0x1a45_dfa3, &[&[0x42, 0x86, 0x81, 1]]), &0x1853_8067u32.to_be_bytes()[..], &size.to_be_bytes(), &content]
        .concat()
}

const UNKNOWN: Option<u64> = Some((1 << 56) - 1);

fn cluster() -> Vec<u8> {
    let (time, block) = (element(0xe7, &[&[0]]), element(0xa3, &[&[0x81, 0, 0, 0x80], &[7; 100]]));
    element(0x1f43_b675, &[&time, &block, &block])
}

/// A cluster whose size was never written.
fn open_cluster() -> Vec<u8> {
    let mut open = cluster();
    open[4..12].copy_from_slice(&[1, 255, 255, 255, 255, 255, 255, 255]);
    open
}

#[test]
fn encrypted_matroska_is_found_in_the_track_entry() {
    let encryption = element(0x5035, &[&element(0x47e1, &[&[5]])]);
    let locked = element(0x6d80, &[&element(0x6240, &[&element(0x5033, &[&[1]]), &encryption])]);
    let squeezed = element(0x6d80, &[&element(0x6240, &[&element(0x5034, &[&element(0x4254, &[&[3]])])])]);
    assert_eq!(of(&matroska(&[&locked], &[], None)).lock().unwrap().1.to_string(), "ContentEncryption");
    assert_eq!(of(&matroska(&[&squeezed], &[], None)).lock(), None);
    assert_eq!(of(&matroska(&[&element(0x536e, &[b"P5"])], &[], None)).lock(), None, "a name");
}

#[test]
fn a_matroska_file_that_was_cut_is_told_from_one_that_nobody_finished() {
    let damage = |bytes: &[u8]| of(bytes).damage;
    let finished = matroska(&[], &[&cluster(), &cluster()], None);
    assert!(damage(&finished).is_none());
    assert!(damage(&finished[..finished.len() - 1]).cut_off.is_some());
    // as from a pipe: what is missing of a cluster was there
    let piped = matroska(&[], &[&cluster(), &cluster()], UNKNOWN);
    assert!(damage(&piped).is_none());
    assert!(damage(&piped[..piped.len() - 1]).cut_off.is_some());
    // as after a crash of the recorder
    let crashed = matroska(&[], &[&cluster(), &open_cluster()], UNKNOWN);
    assert!(damage(&crashed).is_none());
    let torn = damage(&crashed[..crashed.len() - 1]);
    assert!(torn.torn && torn.cut_off.is_none() && !torn.is_worth_asking(), "{torn:?}");
}

#[test]
fn flv_and_avi_that_were_cut_are_found_by_their_own_sizes() {
    let tag = |kind: u8, millis: u32, content: &[u8]| {
        let size = (content.len() as u32).to_be_bytes();
        let time = millis.to_be_bytes();
        let head = [kind, size[1], size[2], size[3], time[1], time[2], time[3], time[0], 0, 0, 0];
        [&head, content, &(content.len() as u32 + 11).to_be_bytes()[..]].concat()
    };
    let script = [b"\x02\0\x0aonMetaData\x08\0\0\0\x01\0\x08duration\0", &9f64.to_be_bytes()[..]].concat();
    let tags: Vec<u8> = (0..10).flat_map(|second| tag(9, second * 1000, &[7; 50])).collect();
    let flv = [b"FLV\x01\x05\0\0\0\x09\0\0\0\0", &tag(18, 0, &script)[..], &tags].concat();
    assert!(of(&flv).damage.is_none());
    let cut = of(&flv[..flv.len() - 300]).damage;
    assert_eq!(cut.sentences(), ["the file is cut off: about 5 s of 9 s are missing at its end"]);
    // at the end of a tag, with or without the size behind it
    for end in [5 * 65, 5 * 65 + 4] {
        let cut = of(&flv[..flv.len() - end]).damage.sentences();
        assert!(cut.iter().any(|sentence| sentence.starts_with("the file is cut off: about ")), "{cut:?}");
    }
    let torn = of(&flv[..flv.len() - 20]).damage;
    assert!(torn.torn && torn.cut_off.is_none(), "a frame is no more than it may be longer: {torn:?}");
    let head = [&b"AVI LIST\0\0\0\0hdrlavih\x38\0\0\0"[..], &40_000u32.to_le_bytes(), &[0; 12], &100u32.to_le_bytes()];
    let content = [&head.concat()[..], &[0; 948]].concat();
    let avi = [b"RIFF", &(content.len() as u32).to_le_bytes()[..], &content].concat();
    assert!(of(&avi).damage.is_none());
    let cut = of(&avi[..avi.len() / 4]).damage;
    assert_eq!(cut.sentences(), ["the file is cut off: about 3 s of 4 s are missing at its end"]);
}

#[test]
fn sound_alone_that_was_cut_is_found_by_what_it_says_of_itself() {
    let wav = [
        b"RIFF",
        &1036u32.to_le_bytes()[..],
        b"WAVEfmt ",
        &[16, 0, 0, 0, 1, 0, 1, 0],
        &[0; 4],
        &100u32.to_le_bytes(),
        &[0; 1012],
    ]
    .concat();
    assert!(of(&wav).damage.is_none());
    assert_eq!(
        of(&wav[..wav.len() / 2]).damage.sentences(),
        ["the file is cut off: about 5.2 s of 10.4 s are missing at its end"]
    );
    let open = [b"RIFF\xff\xff\xff\xff", &wav[8..]].concat();
    assert!(of(&open[..500]).damage.is_none(), "a recorder that was never told the end");
    let first =
        [&[0xff, 0xfb, 0x54, 0][..], &[0; 32], b"Info\0\0\0\x03", &500u32.to_be_bytes(), &4000u32.to_be_bytes()]
            .concat();
    let mp3 = [b"ID3\x04\0\0\0\0\x01\0", &[0; 128][..], &first, &vec![7; 4000 - first.len()]].concat();
    assert!(of(&mp3).damage.is_none());
    assert_eq!(
        of(&mp3[..138 + 1000]).damage.sentences(),
        ["the file is cut off: about 9 s of 12 s are missing at its end"]
    );
}

fn page(kind: u8, serial: u32, content: usize) -> Vec<u8> {
    let sizes = [&vec![255; content / 255][..], &[(content % 255) as u8]].concat();
    let head = [b"OggS\0", &[kind][..], &[0; 8], &serial.to_le_bytes(), &[0; 8], &[sizes.len() as u8]].concat();
    [head, sizes, vec![7; content]].concat()
}

#[test]
fn an_ogg_ends_with_the_last_page_of_each_stream() {
    let begin = [page(2, 1, 30), page(2, 2, 30), page(0, 1, 4000), page(0, 2, 600)].concat();
    let whole = [begin.clone(), page(4, 1, 900), page(4, 2, 700)].concat();
    assert_eq!((of(&whole).container, of(&whole).damage.is_none()), (Some(Container::Ogg), true));
    // inside a page, at the end of one, and where one of two streams is over
    for missing in [1, 710, 729, 730, 1661, 2000] {
        assert!(of(&whole[..whole.len() - missing]).damage.cut_off.is_some(), "{missing}");
    }
    let unmarked = [begin.clone(), page(0, 1, 900), page(0, 2, 700)].concat();
    assert!(of(&unmarked).damage.cut_off.is_some());
    assert!(of(&[&whole[..], b"some tag behind OggS that is no page"].concat()).damage.cut_off.is_some());
    assert!(of(&[&whole[..], b"some tag"].concat()).damage.is_none());
    let chained = [unmarked, page(2, 3, 30), page(0, 3, 900), page(4, 3, 10)].concat();
    assert!(of(&chained).damage.is_none(), "another recording follows, and is whole");
}

#[test]
fn a_programme_stream_that_ends_inside_a_packet_is_torn() {
    let pack = [&[0, 0, 1, 0xba, 0x44][..], &[4; 8], &[0xf8]].concat();
    let packet = [&[0, 0, 1, 0xe0, 1, 0][..], &[7; 256]].concat();
    let whole = [&pack[..], &packet, &packet].concat().repeat(3);
    assert_eq!((of(&whole).container, of(&whole).damage.is_none()), (Some(Container::ProgrammeStream), true));
    assert!(of(&[&whole[..], &[0, 0, 1, 0xb9]].concat()).damage.is_none());
    assert!(of(&[&whole[..], &[0; 4000]].concat()).damage.is_none(), "filled up");
    for missing in [1, 200, 258] {
        let torn = of(&whole[..whole.len() - missing]).damage;
        assert!(torn.torn && torn.cut_off.is_none(), "{missing}");
    }
}

/// A block of 0.5 s of WavPack at 48 kHz, of a file of 2 s.
fn wavpack_block(number: u32) -> Vec<u8> {
    let numbers = [96_000, number * 24_000, 24_000, 10 << 23, 0].map(u32::to_le_bytes);
    [b"wvpk", &1024u32.to_le_bytes()[..], &[0x10, 4, 0, 0], &numbers.concat(), &[7; 1000]].concat()
}

/// A frame of IVF.
fn ivf_frame(time: u64) -> Vec<u8> {
    [&900u32.to_le_bytes()[..], &time.to_le_bytes(), &[7; 900]].concat()
}

/// 25 units of time a second; this many frames or units are promised.
fn ivf(stated: u32, times: impl Iterator<Item = u64>) -> Vec<u8> {
    let head = [
        b"DKIF\0\0\x20\0VP80\xc0\0\x6c\0",
        &25u32.to_le_bytes()[..],
        &1u32.to_le_bytes(),
        &stated.to_le_bytes(),
        &[0; 4],
    ];
    [head.concat(), times.flat_map(ivf_frame).collect()].concat()
}

#[test]
fn wavpack_that_is_cut_says_how_much_is_missing() {
    let whole: Vec<u8> = (0..4).flat_map(wavpack_block).collect();
    assert_eq!((of(&whole).length, of(&whole).damage.is_none()), (Some(Duration::from_secs(2)), true));
    assert!(of(&[&whole[..], b"APETAGEX and so on, wvpk"].concat()).damage.is_none());
    for missing in [1, 500, 1032] {
        let said = of(&whole[..whole.len() - missing]).damage.sentences();
        assert_eq!(said, ["the file is cut off: about 0.5 s of 2 s are missing at its end"], "{missing}");
    }
    let mut untold = whole;
    untold[12..16].fill(0xff);
    assert!(of(&untold[..untold.len() - 500]).damage.is_none(), "who wrote it never knew");
}

#[test]
fn ivf_that_is_cut_says_how_much_is_missing() {
    let whole = ivf(50, 0..50);
    assert_eq!((of(&whole).length, of(&whole).damage.is_none()), (Some(Duration::from_secs(2)), true));
    // within a frame, and between two
    for missing in [5 * 912, 5 * 912 - 1] {
        let said = of(&whole[..whole.len() - missing]).damage.sentences();
        assert_eq!(said, ["the file is cut off: about 0.2 s of 2 s are missing at its end"], "{missing}");
    }
    let untold = ivf(u32::MAX, 0..50);
    assert!(of(&untold).damage.is_none());
    assert!(of(&untold[..untold.len() - 1]).damage.torn, "and never finished");
    let coarse = ivf(50, (0..50).map(|frame| frame * 40));
    assert!(of(&coarse).damage.is_none(), "frames are counted, not time");
    assert!(of(&coarse[..coarse.len() - 300]).damage.torn);
    // none of its beginning is in what is read
    let long = ivf(12_000, 0..12_000);
    assert!(long.len() > 10 << 20 && of(&long).damage.is_none());
    let said = of(&long[..long.len() - 1000 * 912 - 33]).damage.sentences();
    assert_eq!(said, ["the file is cut off: about 40 s of 8:00 are missing at its end"]);
}

#[test]
fn nut_without_the_index_at_its_end_is_cut_off() {
    let head = b"nut/multimedia container\0NM\x7a\x56\x1f\x5f\x04\xad";
    let nut = |version: u8| {
        let index = [&b"NX\xdd\x67\x2f\x23\xe6\x4e"[..], &[7; 30], &50u64.to_be_bytes(), &[9; 4]].concat();
        [head, &[0x81, 0x20, version, 2][..], &[7; 500], &index].concat()
    };
    assert!(of(&nut(3)).damage.is_none() && of(&nut(3)).container == Some(Container::Nut));
    for missing in [1, 12, 49, 50, 51, 300] {
        let said = of(&nut(3)[..nut(3).len() - missing]).damage.sentences();
        assert_eq!(said, ["the file is cut off: what came after its last whole frame is missing"], "{missing}");
    }
    assert!(of(&nut(4)[..300]).damage.is_none(), "broadcasts have none");
}

#[test]
fn what_says_up_to_where_it_reaches_is_taken_at_its_word() {
    let asf = |flags: u32| {
        let properties = [
            &[0xa1, 0xdc, 0xab, 0x8c, 0x47, 0xa9, 0xcf, 0x11, 0x8e, 0xe4, 0, 0xc0, 0x0c, 0x20, 0x53, 0x65][..],
            &104u64.to_le_bytes(),
            &[0; 40],
            &130_000_000u64.to_le_bytes(),
            &[0; 8],
            &3000u64.to_le_bytes(),
            &flags.to_le_bytes(),
            &[0; 12],
        ]
        .concat();
        let guid =
            |first: u8| [first, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, 0xa6, 0xd9, 0, 0xaa, 0, 0x62, 0xce, 0x6c];
        let head = [&guid(0x30)[..], &134u64.to_le_bytes(), &[0; 6], &properties].concat();
        [&head[..], &guid(0x36), &1000u64.to_le_bytes(), &[7; 976]].concat()
    };
    let aiff = [b"FORM", &1030u32.to_be_bytes()[..], b"AIFFCOMM\0\0\0\x12\0\x01", &4800u32.to_be_bytes(), &[0, 16]];
    let aiff = [&aiff.concat()[..], &[0x40, 0x0b, 0x96, 0, 0, 0, 0, 0, 0, 0], &[0; 1006]].concat();
    let caf = [&b"caff\0\x01\0\0desc"[..], &4u64.to_be_bytes(), &[0; 4], b"data", &1000u64.to_be_bytes(), &[7; 1000]];
    let wave64 = [b"riff\x2e\x91\xcf\x11", &[0; 8][..], &1024u64.to_le_bytes(), &[0; 1000]].concat();
    let rf64 = [b"RF64\xff\xff\xff\xffWAVEds64", &28u32.to_le_bytes()[..], &1020u64.to_le_bytes(), &[0; 1000]].concat();
    let pack = [0x06, 0x0e, 0x2b, 0x34, 2, 5, 1, 1, 0x0d, 1, 2, 1, 1, 2, 4, 0];
    let mxf = [&pack[..], &[0x83, 0, 0, 0x88], &[0; 24], &900u64.to_be_bytes(), &[0; 976]].concat();
    let sizes = [400, 300, 300].map(u32::to_le_bytes).concat();
    let tta =
        [&b"TTA1\x01\0\x01\0\x10\0"[..], &48_000u32.to_le_bytes(), &120_000u32.to_le_bytes(), &[9; 4], &sizes, &[9; 4]];
    let tta = [&tta.concat()[..], &[7; 1000]].concat();
    let properties = [&b"PROP"[..], &50u32.to_be_bytes(), &[0; 22], &10_000u32.to_be_bytes(), &[0; 16]].concat();
    let data = [&b"DATA"[..], &1018u32.to_be_bytes(), &[0; 10], &[7; 1000]].concat();
    let real = [&b".RMF"[..], &18u32.to_be_bytes(), &[0; 10], &properties, &data].concat();
    let end = "the file is cut off: what came after its last whole frame is missing";
    for (bytes, end) in [
        (asf(2), "the file is cut off: about 5.2 s of 10 s are missing at its end"),
        (tta, "the file is cut off: about 1.2 s of 2.5 s are missing at its end"),
        (real, "the file is cut off: about 4.7 s of 10 s are missing at its end"),
        (aiff, "the file is cut off: about 0.5 s of 1 s are missing at its end"),
        (caf.concat(), end),
        (wave64, end),
        (rf64, end),
        (mxf, end),
    ] {
        let whole = of(&bytes);
        assert!(whole.damage.is_none() && whole.container.is_some(), "{whole:?}");
        assert_eq!(of(&bytes[..bytes.len() - 519]).damage.sentences(), [end], "{:?}", whole.container);
    }
    assert!(of(&asf(1)[..600]).damage.is_none(), "sizes of what is broadcast mean nothing");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_bytes_panic(
        kind in 0usize..14,
        bytes in prop::collection::vec(any::<u8>(), 0..3000),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let avc1 = mp4_box(b"avc1", &[&[0; 78], &sinf(&PROTECTED)]);
        let mut whole = match kind {
            0 => mp4(&[trak(b"vide", &[&avc1], 500)]),
            1 => matroska(&[], &[&cluster(), &open_cluster()], UNKNOWN),
            2 => [b"FLV\x01\x05\0\0\0\x09\0\0\0\0", &bytes[..]].concat(),
            3 => [b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67", &bytes[..]].concat(),
            4 => [page(2, 1, 30), page(0, 1, bytes.len()), bytes].concat(),
            5 => [&[0, 0, 1, 0xba, 0x44][..], &bytes, &[0, 0, 1, 0xba, 0x44]].concat(),
            6 => [b"fLaC\0\0\0\x22\x10\0\x10\0\0\0\x0f\0\0\x12\x0b\xb8", &bytes[..], &[0xff, 0xf8, 0x1a, 8]].concat(),
            7 => [&b"caff\0\x01\0\0data"[..], &bytes].concat(),
            8 => [wavpack_block(0), wavpack_block(1), bytes].concat(),
            9 => [ivf(50, 0..5), bytes].concat(),
            10 => [b"nut/multimedia container\0NM\x7a\x56\x1f\x5f\x04\xad\x02\x03", &bytes[..], &[0; 7], &[bytes.len() as u8]].concat(),
            11 => [b".RMF\0\0\0\x12\0\0\0\0\0\0\0\0\0\0PROP\0\0\0\x32", &bytes[..], b"DATA"].concat(),
            12 => [b"TTA1\x01\0\x01\0\x10\0\x80\xbb\0\0\0\xca\x08\0", &bytes[..]].concat(),
            _ => bytes,
        };
        let length = whole.len();
        for (at, byte) in changes.iter().filter(|_| length > 0) {
            whole[at.index(length)] = *byte;
        }
        let structure = of(&whole[..cut.index(length + 1)]);
        let _ = (structure.lock(), structure.damage.sentences());
    }
}
