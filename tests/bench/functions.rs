//! Functions that stand in the path of every byte, and the pack pass against the tools that people would use instead:
//! `zip -0`, and `sha256sum` with `cat`. Prints throughput, then ratios of medians taken turn by turn in one run.

#![expect(clippy::unwrap_used, reason = "a benchmark that can't go on panics")]
#![expect(clippy::print_stdout, reason = "its figures are for whoever runs it")]

use std::{
    fs, hint,
    path::Path,
    process::{Command, Stdio},
    sync::LazyLock,
    time::{Duration, Instant},
};

use base64_simd::{AsOut, STANDARD};
use divan::{Bencher, counter::BytesCount};
use sha2::{Digest, Sha256};
use zipreel::{
    model::{
        chunk::pack::{Chunk, MIB, Manifest, Segment},
        hls::playlist::{self, Links},
        reel::{
            index::{ChunkIndex, Container, Grain, RenditionIndex},
            name::{ChunkNumber, Generation, RenditionId},
        },
    },
    publish::{pack, split::ClosedSegment},
};

const SEGMENTS: u32 = 8;
const SEGMENT_BYTES: u64 = 4 * MIB;
const BLOCK_BYTES: usize = MIB as usize;

/// Segments of a full chunk, in the page cache as they are when ffmpeg has just closed them.
struct Segments {
    folder: tempfile::TempDir,
    chunk: Chunk,
    closed: Vec<ClosedSegment>,
}

static SEGMENTS_ON_DISK: LazyLock<Segments> = LazyLock::new(|| {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let segments: Vec<Segment> = (0..SEGMENTS)
        .map(|number| Segment { number, bytes: SEGMENT_BYTES, duration_us: 6_000_000, discontinuity: false })
        .collect();
    let closed = segments.iter().map(|segment| {
        let path = folder.path().join(format!("{}.ts", segment.number));
        fs::write(&path, noise(SEGMENT_BYTES as usize, segment.number)).unwrap();
        ClosedSegment {
            number: segment.number,
            path,
            init: None,
            bytes: segment.bytes,
            duration_us: segment.duration_us,
            discontinuity: false,
            pieces: Vec::new(),
        }
    });
    let closed = closed.collect();
    Segments { folder, chunk: Chunk { number: ChunkNumber::FIRST, segments }, closed }
});

fn noise(bytes: usize, seed: u32) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed.into());
    let mut noise = vec![0; bytes];
    random.fill(&mut noise);
    noise
}

impl Segments {
    fn pack(&self) -> ChunkIndex {
        let (reel, rendition) = ("bench".parse().unwrap(), RenditionId::source());
        let manifest = Manifest::new(&reel, Generation::from_digest(&[7; 32]), &rendition, &self.chunk);
        pack::build(&manifest, &self.chunk, &self.closed, |_| ()).unwrap().0
    }

    fn tool(&self, program: &str, arguments: &[&str]) {
        let files = self.closed.iter().map(|closed| &closed.path);
        let mut command = Command::new(program);
        let command = command.args(arguments).args(files).current_dir(self.folder.path()).stdout(Stdio::null());
        assert!(command.status().unwrap().success(), "{program}");
    }

    fn zip(&self) {
        let _ = fs::remove_file(self.folder.path().join("chunk.zip"));
        self.tool("zip", &["-q", "-0", "-j", "chunk.zip"]);
    }

    fn sha256sum_and_cat(&self) {
        self.tool("sha256sum", &[]);
        self.tool("cat", &[]);
    }

    fn bytes(&self) -> u64 {
        u64::from(SEGMENTS) * SEGMENT_BYTES
    }
}

#[divan::bench]
fn pack_a_chunk(bencher: Bencher) {
    let segments = &*SEGMENTS_ON_DISK;
    bencher.counter(BytesCount::new(segments.bytes())).bench(|| segments.pack());
}

#[divan::bench]
fn zip_0(bencher: Bencher) {
    let segments = &*SEGMENTS_ON_DISK;
    bencher.counter(BytesCount::new(segments.bytes())).bench(|| segments.zip());
}

#[divan::bench]
fn sha256sum_and_cat(bencher: Bencher) {
    let segments = &*SEGMENTS_ON_DISK;
    bencher.counter(BytesCount::new(segments.bytes())).bench(|| segments.sha256sum_and_cat());
}

#[divan::bench]
fn sha256(bencher: Bencher) {
    let block = noise(BLOCK_BYTES, 1);
    bencher.counter(BytesCount::new(BLOCK_BYTES)).bench(|| Sha256::digest(hint::black_box(&block)));
}

#[divan::bench]
fn crc32(bencher: Bencher) {
    let block = noise(BLOCK_BYTES, 1);
    bencher.counter(BytesCount::new(BLOCK_BYTES)).bench(|| crc32fast::hash(hint::black_box(&block)));
}

#[divan::bench]
fn base64_encode(bencher: Bencher) {
    let block = noise(BLOCK_BYTES, 1);
    let mut text = vec![0; BLOCK_BYTES.div_ceil(3) * 4];
    bencher
        .counter(BytesCount::new(BLOCK_BYTES))
        .bench_local(|| STANDARD.encode(hint::black_box(&block), text.as_out()).len());
}

/// Two hours in segments of 6 s.
#[divan::bench]
fn media_playlist_of_1200_segments(bencher: Bencher) {
    let index = SEGMENTS_ON_DISK.pack();
    let rendition = RenditionIndex {
        container: Container::Ts,
        bandwidth: 6_000_000,
        average_bandwidth: 6_000_000,
        codecs: "avc1.64001f,mp4a.40.2".to_owned(),
        resolution: Some((1280, 720)),
        frame_rate: Some(30.0),
        video_range: None,
        supplemental_codecs: None,
        init: None,
        independent: Some(true),
        beside: None,
        chunks: vec![index; 1200 / SEGMENTS as usize],
    };
    let id = RenditionId::source();
    bencher.bench(|| playlist::media(&id, &rendition, Grain::Segments, Links::Chunks { prefix: "" }));
}

/// Medians of as many turns, each competitor once a turn: what else the machine does strikes all of them.
fn ratios() {
    const TURNS: usize = 61;
    let segments = &*SEGMENTS_ON_DISK;
    let mut times: [Vec<Duration>; 3] = Default::default();
    for _ in 0..TURNS {
        let competitors: [&dyn Fn(); 3] =
            [&|| drop(segments.pack()), &|| segments.zip(), &|| segments.sha256sum_and_cat()];
        for (times, run) in times.iter_mut().zip(competitors) {
            let start = Instant::now();
            run();
            times.push(start.elapsed());
        }
    }
    let [pack, zip, sha256sum] = times.map(|mut times| {
        times.sort_unstable();
        times[TURNS / 2].as_secs_f64()
    });
    let rate = segments.bytes() as f64 / MIB as f64 / 1024.0 / pack;
    println!(
        "pack: {rate:.2} GiB/s; {:.1} times `zip -0`, {:.2} times `sha256sum` and `cat`",
        zip / pack,
        sha256sum / pack
    );
}

fn main() {
    assert!(Path::new(env!("CARGO_TARGET_TMPDIR")).exists());
    divan::main();
    ratios();
}
