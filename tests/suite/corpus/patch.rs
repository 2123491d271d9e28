//! Files of other makers, by hand: boxes and elements put into what ffmpeg wrote, with the sizes around them.

/// Where a box of this kind begins among those from `from` to `to`.
fn find(bytes: &[u8], from: usize, to: usize, kind: &[u8; 4]) -> usize {
    let mut at = from;
    while at + 8 <= to {
        let size = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        if bytes[at + 4..at + 8] == *kind {
            return at;
        }
        at += size.max(8);
    }
    panic!("no `{}`", String::from_utf8_lossy(kind));
}

fn size(bytes: &[u8], at: usize) -> usize {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// Where the boxes of the nth track's path begin: `moov`, `trak`, …, `stsd`.
fn descriptions(bytes: &[u8], track: usize) -> Vec<usize> {
    let moov = find(bytes, 0, bytes.len(), b"moov");
    let mut path = vec![moov];
    let end = moov + size(bytes, moov);
    let mut trak = find(bytes, moov + 8, end, b"trak");
    for _ in 0..track {
        trak = find(bytes, trak + size(bytes, trak), end, b"trak");
    }
    path.push(trak);
    for kind in [b"mdia", b"minf", b"stbl", b"stsd"] {
        let parent = *path.last().unwrap();
        path.push(find(bytes, parent + 8, parent + size(bytes, parent), kind));
    }
    path
}

fn insert(bytes: &mut Vec<u8>, around: &[usize], at: usize, content: &[u8]) {
    for parent in around {
        let grown = (size(bytes, *parent) + content.len()) as u32;
        bytes[*parent..*parent + 4].copy_from_slice(&grown.to_be_bytes());
    }
    bytes.splice(at..at, content.iter().copied());
}

fn mp4_box(kind: &[u8; 4], content: &[&[u8]]) -> Vec<u8> {
    let content = content.concat();
    [&(content.len() as u32 + 8).to_be_bytes(), &kind[..], &content].concat()
}

/// Says of a track's samples that they are encrypted, as packagers do; the table of contents has to be at the end.
pub(super) fn protect(bytes: &mut Vec<u8>, track: usize, scheme: &[u8; 4]) {
    let path = descriptions(bytes, track);
    let entry = path[5] + 16;
    let tenc = mp4_box(b"tenc", &[&[0, 0, 0, 0, 0, 0, 1, 8], &[0x11; 16]]);
    let schm = mp4_box(b"schm", &[&[0; 4], scheme, &[0, 1, 0, 0]]);
    let sinf = mp4_box(b"sinf", &[&mp4_box(b"frma", &[b"none"]), &schm, &mp4_box(b"schi", &[&tenc])]);
    let end = entry + size(bytes, entry);
    insert(bytes, &[&path[..], &[entry]].concat(), end, &sinf);
}

/// Writes the lengths of the file, its first track and that track's media with 64 bits, as the largest number.
pub(super) fn longest(bytes: &mut Vec<u8>) {
    // times of 32 bits up to here, and how far behind them the length stands
    for (path, length) in
        [(&[b"moov", b"mvhd"][..], 16), (&[b"moov", b"trak", b"tkhd"], 20), (&[b"moov", b"trak", b"mdia", b"mdhd"], 16)]
    {
        let mut around = Vec::new();
        let (mut from, mut to) = (0, bytes.len());
        for kind in path {
            let at = find(bytes, from, to, kind);
            (from, to) = (at + 8, at + size(bytes, at));
            around.push(at);
        }
        bytes[from] = 1;
        bytes[from + length..from + length + 4].fill(0xff);
        for (at, content) in [(from + length, [0xff; 4]), (from + 8, [0; 4]), (from + 4, [0; 4])] {
            insert(bytes, &around, at, &content);
        }
    }
}

/// Says of fragments that they are as long as a number of this width can.
pub(super) fn extended(bytes: &mut Vec<u8>, width: usize) {
    let moov = find(bytes, 0, bytes.len(), b"moov");
    let mvex = find(bytes, moov + 8, moov + size(bytes, moov), b"mvex");
    let mehd = mp4_box(b"mehd", &[&[(width / 8) as u8, 0, 0, 0], &vec![0xff; width]]);
    insert(bytes, &[moov, mvex], mvex + 8, &mehd);
}

/// A first sample description in clear, as for a lead in clear, before the one that is there.
pub(super) fn describe_clear(bytes: &mut Vec<u8>, clear: &[u8]) {
    let entry = descriptions(clear, 0)[5] + 16;
    let entry = clear[entry..entry + size(clear, entry)].to_vec();
    let path = descriptions(bytes, 0);
    bytes[path[5] + 15] = 2;
    insert(bytes, &path, path[5] + 16, &entry);
}

/// The boxes up to the first fragment, and from there on.
pub(super) fn fragments(bytes: &[u8]) -> (&[u8], &[u8]) {
    bytes.split_at(find(bytes, 0, bytes.len(), b"moof"))
}

/// The first fragment's own boxes: `moof` and `mdat`.
pub(super) fn first_fragment(bytes: &[u8]) -> &[u8] {
    let start = find(bytes, 0, bytes.len(), b"moof");
    let data = find(bytes, start, bytes.len(), b"mdat");
    &bytes[start..data + size(bytes, data)]
}

/// An EBML number of the width that its first byte tells, without the marker for sizes.
fn vint(bytes: &[u8], at: usize, is_size: bool) -> (u64, usize) {
    let width = bytes[at].leading_zeros() as usize + 1;
    let number = bytes[at..at + width].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    (if is_size { number & !(1 << (7 * width)) } else { number }, width)
}

/// Puts ContentEncryption into the first track entry of a Matroska file whose segment has no size.
pub(super) fn encrypt_matroska(bytes: &mut Vec<u8>) {
    let element = |id: &[u8], content: &[u8]| [id, &[0x80 | content.len() as u8], content].concat();
    let encryption = element(&[0x50, 0x35], &element(&[0x47, 0xe1], &[5]));
    let encoding = element(&[0x62, 0x40], &[element(&[0x50, 0x33], &[1]), encryption].concat());
    let encodings = element(&[0x6d, 0x80], &encoding);
    let is_tracks = |window: &[u8]| window == [0x16, 0x54, 0xae, 0x6b];
    // behind the head's index, which names it too
    let tracks = bytes.windows(4).rposition(is_tracks).unwrap();
    let (length, width) = vint(bytes, tracks + 4, true);
    let from = tracks + 4 + width;
    // an optional checksum would no longer fit, so it goes
    let checksum = if bytes[from] == 0xbf { 6 } else { 0 };
    let (entry_length, entry_width) = vint(bytes, from + checksum + 1, true);
    let body = from + checksum + 1 + entry_width;
    let sized = |id: &[u8], content: &[u8]| [id, &(content.len() as u64 | 1 << 56).to_be_bytes(), content].concat();
    let first = sized(&[0xae], &[&bytes[body..body + entry_length as usize], &encodings].concat());
    let others = bytes[body + entry_length as usize..from + length as usize].to_vec();
    let tracks_again = sized(&[0x16, 0x54, 0xae, 0x6b], &[first, others].concat());
    bytes.splice(tracks..from + length as usize, tracks_again);
}

/// Changes packets of a transport stream.
pub(super) fn packets(bytes: &mut [u8], mut change: impl FnMut(u16, &mut [u8])) {
    for packet in bytes.chunks_exact_mut(188) {
        change(u16::from_be_bytes([packet[1] & 0x1f, packet[2]]), packet);
    }
}

/// Writes another stream type for H.264 into a packet with a programme map, and its checksum.
pub(super) fn retype(packet: &mut [u8], from: u8, to: u8) {
    let table = 5 + usize::from(packet[4]);
    let length = usize::from(u16::from_be_bytes([packet[table + 1] & 0x0f, packet[table + 2]]));
    let checksum = table + 3 + length - 4;
    let streams = table + 12 + usize::from(packet[table + 11]);
    let kind = packet[streams..checksum].iter().position(|byte| *byte == from).unwrap();
    packet[streams + kind] = to;
    let crc = packet[table..checksum].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| (crc << 1) ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 })
    });
    packet[checksum..checksum + 4].copy_from_slice(&crc.to_be_bytes());
}
