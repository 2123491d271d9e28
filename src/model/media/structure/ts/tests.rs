use proptest::prelude::*;

use super::*;

const VIDEO: u16 = 0x100;
const SOUND: u16 = 0x101;

/// A packet with a PES packet's beginning, and its decoding time, in it if one is given.
fn packet(pid: u16, counter: u8, ticks: Option<u64>) -> Vec<u8> {
    let [high, low] = pid.to_be_bytes();
    let mut bytes = vec![SYNC, high | if ticks.is_some() { 0x40 } else { 0 }, low, 0x10 | counter & 0x0f];
    if let Some(ticks) = ticks {
        let byte = |shift: u32| (ticks >> shift) as u8;
        let kind = if pid == VIDEO { 0xe0 } else { 0xc0 };
        bytes.extend([0, 0, 1, kind, 0, 0, 0x80, 0x80, 5]);
        bytes.extend([0x21 | byte(29) & 0x0e, byte(22), byte(14) | 1, byte(7), byte(0) << 1 | 1]);
    }
    bytes.resize(188, 0xaa);
    bytes
}

/// Ten packets of video and two of sound for each tenth of a second; the counters begin at these values.
fn stream(tenths: u64, from: u64) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    let (mut video, mut sound) = (0u8, 0u8);
    for tenth in 0..tenths {
        if tenth % 5 == 0 {
            let table = [0u8, 0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xf0, 0, 0, 0, 0, 0];
            let mut bytes = vec![SYNC, 0x40, 0, 0x10 | (tenth / 5) as u8 & 0x0f];
            bytes.extend(table);
            bytes.resize(188, 0xff);
            packets.push(bytes);
        }
        let time = ((from + tenth) * 9000) & ((1 << 33) - 1);
        for number in 0..10 {
            packets.push(packet(VIDEO, video, (number == 0).then_some(time)));
            video = video.wrapping_add(1);
            if number % 5 == 0 {
                packets.push(packet(SOUND, sound, (number == 0).then_some(time)));
                sound = sound.wrapping_add(1);
            }
        }
    }
    packets
}

fn walked(bytes: &[u8], part: usize) -> Found {
    let mut walk = Walk::begin(bytes).expect("a transport stream");
    bytes.chunks(part).for_each(|part| walk.feed(part));
    walk.finish()
}

fn sentences(bytes: &[u8]) -> Vec<String> {
    walked(bytes, 4096).damage_of(&[Some(u32::from(VIDEO)), Some(u32::from(SOUND))]).sentences()
}

#[test]
fn missing_packets_are_told_with_their_time() {
    let packets = stream(100, 95_430 * 10);
    assert_eq!(sentences(&packets.concat()), [""; 0], "times that begin anew after 26.5 h are none");
    let lost = [&packets[..600], &packets[630..]].concat();
    assert_eq!(sentences(&lost.concat()), ["data of the file is lost from 4.9 s to 5.2 s"]);
    // of a stream that is not published
    let ids = [Some(0x200)];
    assert!(walked(&lost.concat(), 4096).damage_of(&ids).is_none());
    let mut half = packets.concat();
    half.drain(600 * 188..600 * 188 + 94);
    assert_eq!(sentences(&half).len(), 1, "packets that begin elsewhere");
    let mut zeros = packets.concat();
    zeros[600 * 188..630 * 188].fill(0);
    assert_eq!(sentences(&zeros), ["data of the file is lost from 4.9 s to 5.2 s"]);
}

#[test]
fn an_end_inside_a_packet_is_told() {
    for pad in [0, 4, 16] {
        // a time code in front, or bytes for correction behind
        let packets = stream(10, 0).concat();
        let padded = |packet: &[u8]| match pad {
            4 => [&[0; 4], packet].concat(),
            _ => [packet, &vec![0; pad]].concat(),
        };
        let bytes: Vec<u8> = packets.chunks(188).flat_map(padded).collect();
        let is_torn = |bytes: &[u8]| {
            let mut walk = Walk::begin(bytes).unwrap();
            walk.feed(bytes);
            walk.ends_inside()
        };
        assert!(!is_torn(&bytes) && is_torn(&bytes[..bytes.len() - 50]), "{pad}");
    }
}

#[test]
fn a_recording_behind_another_is_no_loss() {
    // the tables' next counter would be 1, and 5, and 0 as it is
    for tenths in [163, 183, 158] {
        let joined = [stream(tenths, 0), stream(50, tenths)].concat();
        assert_eq!(sentences(&joined.concat()), [""; 0], "{tenths}");
    }
}

#[test]
fn broken_packets_that_the_receiver_marked_are_told() {
    let mut packets = stream(40, 0);
    packets[300][1] |= 0x80;
    assert_eq!(sentences(&packets.concat()), ["frames of the file are damaged from 2.4 s to 2.5 s"]);
}

#[test]
fn counters_that_never_count_say_nothing() {
    let mut packets = stream(40, 0);
    packets.iter_mut().for_each(|packet| packet[3] &= 0xf0);
    packets.iter_mut().enumerate().for_each(|(place, packet)| packet[3] |= (place % 7) as u8);
    assert_eq!(sentences(&packets.concat()), [""; 0]);
}

#[test]
fn scrambled_packets_are_a_lock_and_so_are_streams_that_say_so() {
    let mut packets = stream(40, 0);
    packets.iter_mut().filter(|packet| packet[2] == 0 && packet[1] & 0x1f == 1).for_each(|packet| packet[3] |= 0x80);
    let found = walked(&packets.concat(), 4096);
    assert_eq!(found.locks.keys().collect::<Vec<_>>(), [&VIDEO]);
    let map = [0u8, 2, 0xb0, 18, 0, 1, 0xc1, 0, 0, 0xe1, 0, 0xf0, 0, 0xdb, 0xe1, 0, 0xf0, 0, 0, 0, 0, 0];
    let mut bytes = vec![SYNC, 0x50, 0, 0x10];
    bytes.extend(map);
    bytes.resize(188, 0xff);
    let found = walked(&[stream(1, 0)[0].clone(), bytes, stream(10, 0).concat()].concat(), 4096);
    assert_eq!(found.locks[&VIDEO].to_string(), "SAMPLE-AES");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_found_does_not_depend_on_how_it_is_fed(
        part in 1usize..3000,
        cuts in prop::collection::vec((0usize..900, 1usize..400), 0..4),
        step in 0usize..3,
    ) {
        let pad = STEPS[step] - 188;
        let mut bytes: Vec<u8> = stream(60, 0).iter().flat_map(|packet| [&vec![0; pad][..], packet].concat()).collect();
        for (at, length) in cuts {
            let at = at * 188;
            bytes.drain(at.min(bytes.len())..(at + length).min(bytes.len()));
        }
        prop_assume!(Walk::begin(&bytes).is_some());
        prop_assert_eq!(walked(&bytes, part), walked(&bytes, usize::MAX));
    }

    #[test]
    fn no_bytes_panic(mut bytes in prop::collection::vec(any::<u8>(), 2000..4000), part in 1usize..500) {
        (0..bytes.len()).step_by(188).for_each(|at| bytes[at] = SYNC);
        let _ = walked(&bytes, part);
    }
}
