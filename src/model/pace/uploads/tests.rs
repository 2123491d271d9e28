//! The pace on lines that are computed, step by step: no clock, no socket.

use std::collections::VecDeque;

use super::*;
use crate::model::chunk::pack::MIB;

/// Of chunks that a line of 1.6 Mbit/s carries in time.
const LIMIT: u64 = 32 * MIB;
use crate::model::reel::name::ChunkNumber;

const STEP: Duration = Duration::from_millis(50);
const LIFE: Duration = Duration::from_secs(300);
/// Zip bytes a second of 1 Mbit/s, whose bytes are a third more on the wire.
const MBIT: f64 = 1e6 / 8.0 * 0.75;

#[derive(Debug, Clone, Copy)]
struct Line {
    /// Zip bytes a second, all uploads together.
    rate: f64,
    /// Of one connection at most.
    each: f64,
    /// What sockets take over, and have not delivered.
    buffer: u64,
    /// From a body's end to its answer.
    answer: Duration,
}

impl Line {
    fn of(mbit: f64) -> Self {
        Self { rate: mbit * MBIT, each: f64::INFINITY, buffer: 4 * MIB, answer: Duration::from_secs(2) }
    }
}

#[derive(Debug, Default)]
struct Outcome {
    seconds: f64,
    /// That the line carried, those of failed attempts too.
    bytes: f64,
    /// Most uploads that sent at the same time.
    most: usize,
    /// The largest chunk that was said to fit, MiB, where one did not.
    fitting: Option<u64>,
}

struct Attempt {
    number: ChunkNumber,
    bytes: u64,
    sent: Count,
    delivered: f64,
    began: Duration,
    /// When the body was there.
    whole: Option<Duration>,
}

/// The chunks that a long video makes, of `total` bytes together.
fn chunks(limit: u64, total: u64) -> VecDeque<u64> {
    let sizes = [limit / 8, limit / 4, limit / 2].into_iter().chain(std::iter::repeat(limit));
    let mut left = total;
    let cut = sizes.map_while(|size| {
        let bytes = size.min(left);
        left -= bytes;
        (bytes > 0).then_some(bytes)
    });
    cut.collect()
}

fn run(line: impl Fn(Duration) -> Line, mut pace: Pace<ChunkNumber>, mut left: VecDeque<u64>) -> Outcome {
    let (mut now, mut outcome) = (Duration::ZERO, Outcome::default());
    let (mut sending, mut waiting) = (Vec::<Attempt>::new(), VecDeque::<Attempt>::new());
    let mut next = ChunkNumber::FIRST;
    while !(left.is_empty() && sending.is_empty() && waiting.is_empty()) {
        let life = pace.uplink().life();
        if left.iter().take(4).any(|bytes| pace.uplink().is_too_slow_for(*bytes)) {
            outcome.fitting = pace.uplink().fitting_bytes().map(|bytes| bytes / MIB);
            return Outcome { seconds: now.as_secs_f64(), ..outcome };
        }
        while let Some(bytes) = left.front().copied().filter(|bytes| pace.may_start(*bytes, now)) {
            let (number, sent) = (next, Count::default());
            pace.begin(number, bytes, sent.clone(), now);
            sending.push(Attempt { number, bytes, sent, delivered: 0.0, began: now, whole: None });
            next = next.next().unwrap();
            left.pop_front();
        }
        if waiting.front().is_some_and(|attempt| pace.take_turn(attempt.number, now)) {
            let attempt = waiting.pop_front().unwrap();
            attempt.sent.set(0);
            sending.push(Attempt { delivered: 0.0, began: now, whole: None, ..attempt });
        }
        outcome.most = outcome.most.max(sending.len());
        let line = line(now);
        assert!(now < Duration::from_secs(24 * 3600), "it never ends: {outcome:?}");
        // no two connections are alike
        let weight = |attempt: &Attempt| 1.0 + f64::from(attempt.number.get() % 3) * 0.15;
        let bodies: f64 = sending.iter().filter(|attempt| attempt.whole.is_none()).map(weight).sum();
        now += STEP;
        for attempt in sending.iter_mut().filter(|attempt| attempt.whole.is_none()) {
            let room = attempt.bytes as f64 - attempt.delivered;
            let carried = (line.rate * weight(attempt) / bodies).min(line.each) * STEP.as_secs_f64();
            attempt.delivered += carried.min(room);
            outcome.bytes += carried.min(room);
            attempt.sent.set(attempt.bytes.min(attempt.delivered as u64 + line.buffer));
            attempt.whole = (carried >= room).then_some(now);
        }
        for attempt in std::mem::take(&mut sending) {
            if attempt.whole.is_some_and(|whole| now >= whole + line.answer) {
                pace.answered(attempt.number, now);
                pace.over(attempt.number, now);
            } else if attempt.whole.is_none() && now >= attempt.began + life {
                if pace.is_too_slow(attempt.number, now) {
                    left.push_front(attempt.bytes);
                }
                pace.failed(attempt.number, Failed::RanOut, now);
                waiting.push_back(attempt);
            } else {
                sending.push(attempt);
            }
        }
    }
    Outcome { seconds: now.as_secs_f64(), ..outcome }
}

fn steady(line: Line, limit: u64, total: u64) -> Outcome {
    run(|_| line, Pace::new(None, LIFE), chunks(limit, total))
}

/// The bounds that issue 13 sets: a tenth more bytes, and 15 % more time than they take.
fn is_worth_the_line(outcome: &Outcome, rate: f64, total: u64) {
    let total = total as f64;
    assert_eq!(outcome.fitting, None, "{outcome:?}");
    assert!(outcome.bytes <= 1.1 * total, "{} of {total} bytes: {outcome:?}", outcome.bytes);
    assert!(outcome.seconds <= 1.15 * total / rate, "{} s of {}: {outcome:?}", outcome.seconds, total / rate);
}

#[test]
fn slow_lines_carry_nothing_twice_and_are_always_in_use() {
    let line = Line::of(1.6);
    is_worth_the_line(&steady(line, LIMIT, 150 * MIB), line.rate, 150 * MIB);
    let line = Line::of(0.8);
    is_worth_the_line(&steady(line, 16 * MIB, 150 * MIB), line.rate, 150 * MIB);
    // of a short video no chunk is too large
    is_worth_the_line(&steady(line, LIMIT, 25 * MIB), line.rate, 25 * MIB);
}

#[test]
fn what_a_proxy_takes_over_does_not_count() {
    for mbit in [1.6, 3.0, 6.0, 20.0] {
        let line = Line { buffer: u64::MAX / 2, ..Line::of(mbit) };
        is_worth_the_line(&steady(line, LIMIT, 300 * MIB), line.rate, 300 * MIB);
    }
}

#[test]
fn a_person_s_number_is_held_back_by_the_signature_alone() {
    let line = Line::of(1.6);
    let pace = Pace::new(Some(4), LIFE);
    is_worth_the_line(&run(|_| line, pace, chunks(LIMIT, 150 * MIB)), line.rate, 150 * MIB);
    let fast = Line::of(100.0);
    let outcome = run(|_| fast, Pace::new(Some(3), LIFE), chunks(MIB, 60 * MIB));
    assert_eq!(outcome.most, 3, "{outcome:?}");
}

#[test]
fn a_chunk_that_cannot_fit_is_found_out_by_the_first_small_one() {
    let outcome = steady(Line::of(0.8), LIMIT, 150 * MIB);
    assert_eq!(outcome.fitting, Some(16), "{outcome:?}");
    assert!(outcome.seconds < 70.0 && outcome.bytes <= 5.0 * MIB as f64, "{outcome:?}");
    let fitting = steady(Line::of(0.8), 16 * MIB, 150 * MIB);
    assert_eq!(fitting.fitting, None, "and what was said to fit does: {fitting:?}");
}

#[test]
fn a_first_chunk_that_cannot_fit_has_one_attempt() {
    let line = Line { buffer: MIB, ..Line::of(0.8) };
    let outcome = run(|_| line, Pace::new(None, LIFE), [28 * MIB].into());
    assert_eq!(outcome.fitting, Some(17), "{outcome:?}");
    assert!((300.0..301.0).contains(&outcome.seconds), "{outcome:?}");
}

#[test]
fn a_fast_line_is_full_from_the_first_answer_on() {
    for (mbit, answer) in [(20.0, 2000), (200.0, 100), (200.0, 2000), (1000.0, 1000)] {
        let line = Line { answer: Duration::from_millis(answer), ..Line::of(mbit) };
        let outcome = steady(line, LIMIT, 1500 * MIB);
        let bytes_alone = 1500.0 * MIB as f64 / line.rate;
        // beside the bytes: the wait for the first answer and for the last, and some for the limit's rise
        assert!(outcome.seconds <= bytes_alone * 1.15 + 2.0 * line.answer.as_secs_f64(), "{outcome:?} on {line:?}");
        assert!((2..=PARALLEL_MAX).contains(&outcome.most), "{outcome:?} on {line:?}");
    }
}

#[test]
fn where_one_connection_does_not_fill_the_line_several_do() {
    // long and lossy: one brings 2.2 Mbit/s, and 40 would fit
    let line = Line { each: 2.2 * MBIT, ..Line::of(40.0) };
    let total = 400 * MIB;
    let outcome = steady(line, 16 * MIB, total);
    assert!(outcome.most >= 4, "{outcome:?}");
    assert!(outcome.seconds < 0.4 * total as f64 / line.each, "{outcome:?}");
    assert!(outcome.bytes <= 1.1 * total as f64, "{outcome:?}");
}

#[test]
fn a_line_that_becomes_slow_gets_one_upload_at_a_time() {
    let total = 300 * MIB;
    let slows = |now: Duration| Line::of(if now.as_secs() < 20 { 40.0 } else { 2.0 });
    let outcome = run(slows, Pace::new(None, LIFE), chunks(LIMIT, total));
    assert_eq!(outcome.fitting, None, "{outcome:?}");
    assert!(outcome.bytes <= 1.5 * total as f64, "what was under way may be lost once: {outcome:?}");
}

#[test]
fn the_limit_rises_only_while_the_rate_does_and_falls_when_held_back() {
    let mut pace = Pace::new(None, LIFE);
    let (mut now, mut number) = (Duration::ZERO, ChunkNumber::FIRST);
    let mut limits = Vec::new();
    for rate in [10, 20, 20, 20] {
        for _ in 0..2 * PARALLEL_MAX {
            pace.begin(number, 60 * rate * MIB, Count::default(), now);
            now += Duration::from_secs(60);
            pace.answered(number, now);
            pace.over(number, now);
            number = number.next().unwrap();
        }
        limits.push(pace.limit());
    }
    assert!(PARALLEL_START < limits[0] && limits[0] < limits[1], "{limits:?}");
    assert_eq!(limits[1..], [limits[1]; 3]);
    pace.begin(number, MIB, Count::default(), now);
    pace.failed(number, Failed::HeldBack, now);
    pace.failed(number, Failed::HeldBack, now);
    assert_eq!(pace.limit(), limits[3] / 2);
    let mut fixed = Pace::new(Some(2), LIFE);
    fixed.begin(ChunkNumber::FIRST, MIB, Count::default(), now);
    fixed.failed(ChunkNumber::FIRST, Failed::HeldBack, now);
    assert_eq!(fixed.limit(), 2);
}

#[test]
fn one_sends_until_the_first_answer() {
    let number = |number: u16| ChunkNumber::try_from(number).unwrap();
    let mut pace = Pace::new(Some(4), LIFE);
    let (sent, now) = (Count::default(), Duration::from_secs(1));
    pace.begin(number(1), 4 * MIB, sent.clone(), Duration::ZERO);
    sent.set(4 * MIB);
    assert!(!pace.may_start(MIB, now), "what was taken over has not arrived");
    pace.answered(number(1), now);
    assert!(pace.may_start(MIB, now));
}

#[test]
fn what_waits_between_its_attempts_keeps_nobody_from_sending() {
    let number = |number: u16| ChunkNumber::try_from(number).unwrap();
    let (mut pace, mut now) = (Pace::new(None, LIFE), Duration::from_secs(2));
    pace.begin(number(9), 32 * MIB, Count::default(), Duration::ZERO);
    pace.answered(number(9), now);
    pace.over(number(9), now);
    for place in 1..=4 {
        assert!(pace.may_start(32 * MIB, now));
        pace.begin(number(place), 32 * MIB, Count::default(), now);
    }
    now += LIFE;
    (1..=4).for_each(|place| pace.failed(number(place), Failed::RanOut, now));
    assert!(pace.take_turn(number(1), now));
    for place in 2..=4 {
        assert!(!pace.take_turn(number(place), now), "{place} goes beside the first");
    }
    assert!(!pace.may_start(32 * MIB, now));
    pace.failed(number(1), Failed::Otherwise, now);
    assert!(pace.take_turn(number(2), now));
}
