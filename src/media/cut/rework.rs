//! Changes pieces that ffmpeg has closed, before they go into a segment. Nearly all of it blocks.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use crate::model::media::segment::{
    division::{self, Cut},
    h264,
    meter::{Meter, PieceTimes},
    sieve::{Fate, Moved, Sieve, Sound},
    transport::{PACKET, Tables},
};

/// A piece that is measured, and ends where the next begins.
pub(super) struct Measured {
    pub(super) path: PathBuf,
    /// As ffmpeg stated it.
    pub(super) stated_us: u64,
    pub(super) times: PieceTimes,
    /// It can't go on from the piece before: its picture or sound has another form, or it is the first.
    pub(super) breaks: bool,
    /// Its times do not go on from the piece before either.
    pub(super) apart: bool,
}

/// Lets the work block where it holds up nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// Packets that are read at once.
const PACKETS_READ: usize = 4096;

/// Gives `take` every packet of a piece.
fn packets(piece: &Path, mut take: impl FnMut(&[u8; PACKET]) -> io::Result<()>) -> io::Result<()> {
    let mut file = File::open(piece)?;
    let mut block = vec![0; PACKETS_READ * PACKET];
    loop {
        let mut filled = 0;
        while filled < block.len() {
            match file.read(&mut block[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        block[..filled].as_chunks().0.iter().try_for_each(&mut take)?;
        if filled < block.len() {
            return Ok(());
        }
    }
}

/// A piece that ffmpeg has closed: its parts, each of one form of picture and of sound, so far as it can be divided.
pub(super) fn parts(piece: PathBuf, stated_us: u64, meter: &mut Meter) -> io::Result<Vec<Measured>> {
    let measured = |path, stated_us, times| Measured { path, stated_us, times, breaks: false, apart: false };
    let before = meter.clone();
    let times = measure(&piece, meter)?;
    if let Some(video) = times.video.as_ref().filter(|video| !video.stale.is_empty()) {
        pass_over(&piece, &video.stale)?;
    }
    let cuts = division::cuts(&times);
    if cuts.is_empty() {
        return Ok(vec![measured(piece, stated_us, times)]);
    }
    *meter = before;
    let parts = divide(&piece, times.first().unwrap_or(0), &cuts)?.into_iter();
    parts.map(|path| measure(&path, meter).map(|times| measured(path, 0, times))).collect()
}

/// Cuts a piece up; each part begins with the tables, and has the sound that belongs to it.
fn divide(piece: &Path, near: i64, cuts: &[Cut]) -> io::Result<Vec<PathBuf>> {
    let paths: Vec<PathBuf> = (0..=cuts.len()).map(|part| piece.with_extension(format!("part{part}"))).collect();
    let (mut tables, mut place, mut part) = (Tables::default(), 0, 0);
    let mut file = BufWriter::new(File::create(&paths[0])?);
    let next = |file: &mut BufWriter<File>, tables: &Tables, part: usize| {
        file.flush()?;
        *file = BufWriter::new(File::create(&paths[part])?);
        tables.packets().try_for_each(|packet| file.write_all(packet))
    };
    packets(piece, |packet| {
        while cuts.get(part).is_some_and(|cut| cut.place <= place) {
            part += 1;
            next(&mut file, &tables, part)?;
        }
        tables.packet(packet);
        place += PACKET as u64;
        file.write_all(packet)
    })?;
    while part < cuts.len() {
        part += 1;
        next(&mut file, &tables, part)?;
    }
    file.flush()?;
    fs::remove_file(piece)?;
    let mut moved: Vec<[Vec<Moved>; 2]> = paths.iter().map(|_| Default::default()).collect();
    for (part, path) in paths.iter().enumerate() {
        hear(path, near, |sound| {
            let home = division::home(cuts, part, sound);
            if home != part {
                moved[home][usize::from(home < part)].push(sound.moved());
            }
        })?;
    }
    for (part, (path, moved)) in paths.iter().zip(moved).enumerate() {
        sift(path, near, |sound| division::home(cuts, part, sound) == part, moved)?;
    }
    Ok(paths)
}

pub(super) fn measure(piece: &Path, meter: &mut Meter) -> io::Result<PieceTimes> {
    packets(piece, |packet| {
        meter.packet(packet);
        Ok(())
    })?;
    Ok(meter.end_of_piece())
}

/// Makes decoders pass over the units whose headers stand at these places.
fn pass_over(piece: &Path, headers: &[u64]) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(piece)?;
    for place in headers {
        let mut header = [0];
        file.seek(SeekFrom::Start(*place))?;
        file.read_exact(&mut header)?;
        file.seek(SeekFrom::Start(*place))?;
        file.write_all(&[h264::passed_over(header[0])])?;
    }
    Ok(())
}

/// Gives `take` each frame of sound. `near`: a time in the piece.
pub(super) fn hear(piece: &Path, near: i64, mut take: impl FnMut(Sound<'_>)) -> io::Result<()> {
    let mut look = |sound: Sound<'_>| {
        take(sound);
        Fate::Stays
    };
    let mut sieve = Sieve::new(near, &mut look);
    let mut out = Vec::new();
    packets(piece, |packet| {
        sieve.packet(packet, &mut out);
        out.clear();
        Ok(())
    })?;
    sieve.finish(&mut out);
    Ok(())
}

/// Takes the frames of sound out that `keep` does not want, and puts others in.
pub(super) fn sift(
    piece: &Path,
    near: i64,
    mut keep: impl FnMut(Sound<'_>) -> bool,
    moved: [Vec<Moved>; 2],
) -> io::Result<()> {
    sieved(piece, near, |sound| keep(sound).into(), moved)
}

/// Does with each frame of sound what `fate` says of it, and puts others before all and behind all.
pub(super) fn sieved(
    piece: &Path,
    near: i64,
    mut fate: impl FnMut(Sound<'_>) -> Fate,
    [before, after]: [Vec<Moved>; 2],
) -> io::Result<()> {
    let new = piece.with_extension("sifted");
    let mut file = BufWriter::new(File::create(&new)?);
    let mut sieve = Sieve::new(near, &mut fate).with(before, after);
    let mut out = Vec::new();
    packets(piece, |packet| {
        sieve.packet(packet, &mut out);
        file.write_all(&out)?;
        out.clear();
        Ok(())
    })?;
    sieve.finish(&mut out);
    file.write_all(&out)?;
    file.into_inner()?;
    fs::rename(new, piece)
}

/// Takes the frames of sound out that `taken` wants, into a file of their own; gives their length in ticks of 90 kHz.
pub(super) fn take_out(piece: &Path, to: &Path, near: i64, taken: impl Fn(Sound<'_>) -> bool) -> io::Result<i64> {
    let mut file = BufWriter::new(File::create(to)?);
    let (mut result, mut length) = (Ok(()), 0);
    let keep = |sound: Sound<'_>| {
        let out = taken(sound);
        if out && result.is_ok() {
            result = file.write_all(sound.bytes);
            length += sound.length();
        }
        !out
    };
    sift(piece, near, keep, [Vec::new(), Vec::new()])?;
    result?;
    file.into_inner()?;
    Ok(length)
}
