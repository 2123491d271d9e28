use super::multivariant::{absolute, multivariant};
use crate::model::reel::{
    index::{Alternative, Beside, GenerationIndex, RenditionIndex},
    name::RenditionId,
};

fn rendition(codecs: &str, bandwidth: u64) -> RenditionIndex {
    let none = RenditionIndex { resolution: None, frame_rate: None, ..RenditionIndex::example(Vec::new()) };
    RenditionIndex { bandwidth, average_bandwidth: bandwidth / 2, codecs: codecs.into(), ..none }
}

fn picture(codecs: &str) -> RenditionIndex {
    RenditionIndex { resolution: Some((1280, 720)), frame_rate: Some(30000.0 / 1001.0), ..rendition(codecs, 5_000_000) }
}

fn sound(codecs: &str, bandwidth: u64, name: &str, channels: u32, groups: &[&str]) -> RenditionIndex {
    let told = Alternative {
        kind: Beside::Audio,
        groups: groups.iter().map(|group| (*group).to_owned()).collect(),
        name: name.into(),
        language: (name == "German").then(|| "de".to_owned()),
        default: name == "German",
        autoselect: name == "German",
        characteristics: None,
        channels: Some(channels),
    };
    RenditionIndex { beside: Some(told), ..rendition(codecs, bandwidth) }
}

fn index(sounds: Vec<RenditionIndex>, codecs: &str) -> GenerationIndex {
    let sounds = (1..).zip(sounds).map(|(number, sound)| (RenditionId::sound(number), sound));
    GenerationIndex::example([(RenditionId::source(), picture(codecs))].into_iter().chain(sounds).collect())
}

#[test]
fn a_picture_with_its_sound_is_one_variant() {
    insta::assert_snapshot!(multivariant(&index(Vec::new(), "avc1.64001f,mp4a.40.2")), @r#"
    #EXTM3U
    #EXT-X-VERSION:4
    #EXT-X-INDEPENDENT-SEGMENTS
    #EXT-X-STREAM-INF:BANDWIDTH=5000000,AVERAGE-BANDWIDTH=2500000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970
    4f4f4f4f/src.m3u8
    "#);
}

#[test]
fn each_group_is_a_variant_with_its_largest_sound() {
    let sounds = vec![
        sound("mp4a.40.2", 130_000, "German", 2, &["aac"]),
        sound("mp4a.40.5", 60_000, "Sound 2", 2, &["aac", "ac3"]),
        sound("ac-3", 400_000, "German", 6, &["ac3"]),
    ];
    let index = index(sounds, "avc1.64001f");
    insta::assert_snapshot!(multivariant(&index), @r#"
    #EXTM3U
    #EXT-X-VERSION:4
    #EXT-X-INDEPENDENT-SEGMENTS
    #EXT-X-MEDIA:TYPE=AUDIO,URI="4f4f4f4f/t01.m3u8",GROUP-ID="aac",LANGUAGE="de",NAME="German",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2"
    #EXT-X-MEDIA:TYPE=AUDIO,URI="4f4f4f4f/t02.m3u8",GROUP-ID="aac",NAME="Sound 2",CHANNELS="2"
    #EXT-X-MEDIA:TYPE=AUDIO,URI="4f4f4f4f/t03.m3u8",GROUP-ID="ac3",LANGUAGE="de",NAME="German",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="6"
    #EXT-X-MEDIA:TYPE=AUDIO,URI="4f4f4f4f/t02.m3u8",GROUP-ID="ac3",NAME="Sound 2",CHANNELS="2"
    #EXT-X-STREAM-INF:BANDWIDTH=5130000,AVERAGE-BANDWIDTH=2565000,CODECS="avc1.64001f,mp4a.40.2,mp4a.40.5",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="aac"
    4f4f4f4f/src.m3u8
    #EXT-X-STREAM-INF:BANDWIDTH=5400000,AVERAGE-BANDWIDTH=2700000,CODECS="avc1.64001f,ac-3,mp4a.40.5",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="ac3"
    4f4f4f4f/src.m3u8
    "#);
    let elsewhere = absolute(&index, "https://gate.example/a/");
    let links = elsewhere.matches("https://gate.example/a/4f4f4f4f/").count();
    assert_eq!((links, elsewhere.matches(".abs.m3u8").count()), (6, 6), "{elsewhere}");
}

/// As in RFC 8216, section 8.6: the variant's address is that of the sound that players begin with.
#[test]
fn sound_alone_is_a_variant_for_each_group() {
    let sounds = vec![
        sound("mp4a.40.2", 130_000, "German", 2, &["aac"]),
        sound("mp4a.40.5", 60_000, "Sound 2", 2, &["aac", "ac3"]),
        sound("ac-3", 400_000, "German", 6, &["ac3"]),
    ];
    let index = GenerationIndex::example(RenditionId::all(false).zip(sounds).collect());
    assert!(index.is_sound_alone());
    insta::assert_snapshot!(multivariant(&index), @r#"
    #EXTM3U
    #EXT-X-VERSION:4
    #EXT-X-INDEPENDENT-SEGMENTS
    #EXT-X-MEDIA:TYPE=AUDIO,URI="4f4f4f4f/src.m3u8",GROUP-ID="aac",LANGUAGE="de",NAME="German",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2"
    #EXT-X-MEDIA:TYPE=AUDIO,URI="4f4f4f4f/t01.m3u8",GROUP-ID="aac",NAME="Sound 2",CHANNELS="2"
    #EXT-X-MEDIA:TYPE=AUDIO,URI="4f4f4f4f/t02.m3u8",GROUP-ID="ac3",LANGUAGE="de",NAME="German",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="6"
    #EXT-X-MEDIA:TYPE=AUDIO,URI="4f4f4f4f/t01.m3u8",GROUP-ID="ac3",NAME="Sound 2",CHANNELS="2"
    #EXT-X-STREAM-INF:BANDWIDTH=130000,AVERAGE-BANDWIDTH=65000,CODECS="mp4a.40.2,mp4a.40.5",AUDIO="aac"
    4f4f4f4f/src.m3u8
    #EXT-X-STREAM-INF:BANDWIDTH=400000,AVERAGE-BANDWIDTH=200000,CODECS="ac-3,mp4a.40.5",AUDIO="ac3"
    4f4f4f4f/t02.m3u8
    "#);
}
