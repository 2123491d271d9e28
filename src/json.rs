//! The JSON face: one object a line on standard output, for scripts. `docs/events.md` and `docs/events.schema.json` document
//! the lines; a field is never renamed, new ones may come. No credential and no presigned query is in any of them.

use serde_json::{Value, json};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    model::{
        cost::{ByCdn, Costs},
        gate::embed::Embed,
        reel::{
            index::{Grain, RenditionIndex, SegmentIndex},
            name::{FunctionName, Generation, ReelName, RenditionId},
        },
        report::{
            board::{Board, JobState},
            event::{Event, JobChange, JobName, Planned, Published, Unit},
            fault::{Fault, FaultClass},
            health::{Finding as HealthFinding, Grade, Health},
            loudness::Loudness,
            usage::{MonthOfUse, Usage},
        },
    },
    use_cases::{
        account::{CdnStanding, Ready, Removed, doctor::Observed},
        reels::{
            check::{Checked, Decoding, Finding, Report},
            gc::{Collected, Found, Why},
            info::{Info, chunks},
            list::{Listed, ListedReels},
        },
    },
};

/// The line of one event; `None` for what is only counted.
pub fn line(event: &Event) -> Value {
    match event {
        Event::Planned(planned) => self::planned(planned),
        Event::Job { job, change } => self::change(job, change),
        Event::Log { job, line } => json!({ "event": "log", "job": job.to_string(), "line": line }),
        Event::SegmentClosed { rendition, segment, bytes, duration } => json!({
            "event": "segment-closed", "rendition": rendition, "segment": segment, "bytes": bytes,
            "seconds": duration.as_secs_f64(),
        }),
        Event::ChunkPacked { rendition, number, bytes, segments } => json!({
            "event": "chunk-packed", "rendition": rendition, "chunk": number.get(), "bytes": bytes,
            "segments": segments,
        }),
        Event::ChunkDeployed { rendition, number, bytes, sent, attempts } => json!({
            "event": "chunk-deployed", "rendition": rendition, "chunk": number.get(), "bytes": bytes, "sent": sent,
            "attempts": attempts,
        }),
        Event::Published(published) => self::published(published),
    }
}

fn planned(planned: &Planned) -> Value {
    json!({
        "event": "planned", "reel": planned.reel, "generation": planned.generation, "region": planned.region,
        "seconds": planned.duration.as_secs_f64(), "source_bytes": planned.source_bytes,
        "segments": planned.segments, "chunks": planned.chunks, "streams": planned.streams,
        "warnings": planned.warnings,
        "dollars": planned.costs.as_ref().map(dollars),
    })
}

fn dollars(costs: &Costs) -> Value {
    let ByCdn { free, pro, by_gb } = costs.thousand_by_cdn;
    json!({
        "million_views": costs.million_in_players, "million_views_by_pieces": costs.million_by_pieces,
        "thousand_views_by_relay": costs.thousand_by_relay,
        "thousand_views_by_cdn": { "free": free, "pro": pro, "by_gb": by_gb },
    })
}

fn published(published: &Published) -> Value {
    json!({
        "event": "published", "reel": published.reel, "generation": published.generation,
        "watch": published.watch_url, "playlist": published.playlist_url, "seek": published.seek_url,
        "seek_seconds": { "playlist": published.viewed.longest_seek(Grain::Segments).as_secs_f64(),
                          "seek": published.viewed.longest_seek(Grain::Pieces).as_secs_f64() },
        "dollars": published.costs.as_ref().map(dollars),
        "playlist_copy": published.playlist_copy.to_string_lossy(), "segments": published.segments,
        "chunks": published.chunks, "bytes": published.bytes, "sent": published.sent_bytes,
        "retries": published.retries, "checked": published.segments_checked,
        "seconds": published.elapsed.as_secs_f64(), "warnings": published.warnings,
        "loudness": published.loudness.as_ref().map(loudness),
    })
}

fn loudness(loudness: &Loudness) -> Value {
    json!({
        "lufs": loudness.integrated, "range_lu": loudness.range, "true_peak_dbtp": loudness.true_peak,
        "normalized_to_lufs": loudness.normalized_to,
    })
}

fn change(job: &JobName, change: &JobChange) -> Value {
    let mut line = json!({ "event": "job", "job": job.to_string() });
    let more = match change {
        JobChange::Queued => json!({ "state": "queued" }),
        JobChange::Started { attempt, unit, .. } => {
            json!({ "state": "started", "attempt": attempt, "unit": self::unit(*unit) })
        }
        JobChange::Sized { total } => json!({ "state": "sized", "total": total }),
        JobChange::Retrying { attempt, of, wait, cause } => json!({
            "state": "retrying", "attempt": attempt, "of": of, "wait_seconds": wait.as_secs_f64(), "cause": cause,
        }),
        JobChange::Waiting { fault } => with_fault("waiting", fault),
        JobChange::Succeeded => json!({ "state": "succeeded" }),
        JobChange::Skipped { why } => json!({ "state": "skipped", "why": why }),
        JobChange::Failed { fault } => with_fault("failed", fault),
        JobChange::Cancelled => json!({ "state": "cancelled" }),
    };
    merge(&mut line, more);
    line
}

fn with_fault(state: &str, fault: &Fault) -> Value {
    let mut line = json!({ "state": state });
    merge(&mut line, self::fault(fault));
    line
}

fn fault(fault: &Fault) -> Value {
    let class = match fault.class {
        FaultClass::Transient => "transient",
        FaultClass::Permanent => "permanent",
        FaultClass::NeedsPerson => "needs-person",
    };
    json!({ "what": fault.what, "cause": fault.cause, "hint": fault.hint, "class": class })
}

fn merge(line: &mut Value, more: Value) {
    if let (Value::Object(line), Value::Object(more)) = (line, more) {
        line.extend(more);
    }
}

fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::MediaTime => "media-microseconds",
        Unit::Bytes => "bytes",
        Unit::Chunks => "chunks",
        Unit::Segments => "segments",
        Unit::Steps => "steps",
    }
}

/// One reel of `zipreel list`.
pub fn reel(name: &ReelName, listed: &Listed) -> Value {
    let index = listed.index.as_ref();
    let modified = listed.modified.and_then(|time| OffsetDateTime::from(time).format(&Rfc3339).ok());
    json!({
        "event": "reel", "reel": name, "generation": index.map(|index| index.generation),
        "chunks": index.map(|index| index.chunks), "deployed": listed.chunks(), "others": listed.other_chunks(),
        "bytes": listed.bytes(), "seconds": index.map(|index| index.duration.as_secs()), "modified": modified,
        "whole": listed.is_whole(),
    })
}

/// All that is known of a reel.
pub fn info(info: &Info) -> Value {
    let (index, current, links) = (&info.index, &info.index.current, &info.links);
    let mut line = json!({
        "event": "info", "reel": index.reel, "title": index.title, "account": info.at.account,
        "region": info.at.region, "published": index.published, "by": index.by, "robots": index.robots,
        "generation": current.generation, "seconds": current.duration_ms as f64 / 1000.0,
        "segment_seconds": current.segment_seconds, "chunk_limit": current.chunk_limit_bytes,
        "segments": info.segments(), "chunks": info.chunks(), "bytes": current.bytes(),
        "index_bytes": info.index_bytes, "source_sha256": current.source_sha256, "language": info.language(),
    });
    merge(
        &mut line,
        json!({
            "watch": links.watch, "playlist": links.playlist(),
            "seek_playlist": info.has_seek_link().then(|| links.seek_playlist()),
            "absolute_playlist": links.absolute_playlist(),
            "relay_playlist": info.relay.then(|| links.relay_playlist()), "poster": links.poster(),
            "oembed": links.oembed(), "iframe": info.embed().iframe(), "relay": info.relay,
        }),
    );
    let renditions: Vec<_> = current.renditions.iter().map(|(id, of)| rendition(info, id, of)).collect();
    let retired = index.retired.iter().map(|old| {
        let generation = &old.generation;
        json!({
            "generation": generation.generation, "until": old.until, "chunks": chunks(generation).count(),
            "bytes": generation.bytes(),
        })
    });
    let subtitles = current.subtitles.iter().map(|told| {
        json!({
            "track": told.track, "playlist": info.subtitles_playlist(told), "name": told.name,
            "language": told.language, "default": told.default, "forced": told.forced,
            "hearing_impaired": told.hearing_impaired,
        })
    });
    let seconds = |milliseconds: u64| milliseconds as f64 / 1000.0;
    let chapters = current.chapters.iter().flat_map(|chapters| &chapters.starts);
    let chapters = chapters.map(|chapter| json!({ "from": seconds(chapter.start_ms), "title": chapter.title }));
    let damaged = current.damaged.iter().map(|&(from, to)| json!({ "from": seconds(from), "to": seconds(to) }));
    merge(
        &mut line,
        json!({
            "renditions": renditions, "subtitles": subtitles.collect::<Vec<_>>(),
            "chapters": chapters.collect::<Vec<_>>(), "captions": current.captions,
            "retired": retired.collect::<Vec<_>>(), "damaged": damaged.collect::<Vec<_>>(),
            "dollars": info.costs.as_ref().map(dollars),
        }),
    );
    line
}

/// One quality of a reel, chunk by chunk and segment by segment.
fn rendition(info: &Info, id: &RenditionId, rendition: &RenditionIndex) -> Value {
    let segment = |segment: &SegmentIndex| {
        json!({
            "bytes": segment.bytes, "seconds": segment.duration_us as f64 / 1e6,
            "discontinuity": segment.discontinuity,
        })
    };
    let generation = info.index.current.generation;
    let rows = rendition.chunks.iter().map(|chunk| {
        let (reel, rendition, number) = (info.index.reel.clone(), id.clone(), chunk.number);
        let function = FunctionName::Chunk { reel, generation, rendition, number };
        json!({
            "chunk": number.get(), "function": function.to_string(), "bytes": chunk.bytes, "sha256": chunk.sha256,
            "segments": chunk.segments.iter().map(segment).collect::<Vec<_>>(),
        })
    });
    json!({
        "rendition": id, "playlist": info.links.media_playlist(generation, id),
        "container": rendition.container, "codecs": rendition.codecs,
        "width": rendition.resolution.map(|(width, _)| width), "height": rendition.resolution.map(|(_, height)| height),
        "frame_rate": rendition.frame_rate, "bandwidth": rendition.bandwidth,
        "average_bandwidth": rendition.average_bandwidth, "independent": rendition.independent,
        "chunks": rows.collect::<Vec<_>>(),
    })
}

/// What shows a reel on other pages.
pub fn embed(embed: &Embed) -> Value {
    json!({
        "event": "embed", "reel": embed.reel, "title": embed.title, "watch": embed.watch,
        "playlist": embed.playlist, "relay": embed.relay,
        "iframe": embed.iframe(), "video": embed.video(),
    })
}

/// What a check found of one chunk.
pub fn chunk_checked(checked: &Checked) -> Value {
    let (finding, why) = match &checked.finding {
        Finding::Reading(_) => ("reading", None),
        Finding::Decoding => ("decoding", None),
        Finding::Ok => ("ok", None),
        Finding::Errors(why) => ("errors", Some(why)),
        Finding::Undecodable(why) => ("undecodable", Some(why)),
        Finding::Missing => ("missing", None),
        Finding::Differs(why) => ("differs", Some(why)),
    };
    json!({
        "event": "chunk-checked", "generation": checked.generation, "rendition": checked.rendition,
        "chunk": checked.number.get(), "finding": finding, "why": why,
    })
}

/// What a check came to.
pub fn checked(name: &ReelName, deep: bool, report: &Report) -> Value {
    let Report { chunks, ok, missing, differing, .. } = report;
    let decoding = report.decoding.as_ref();
    let undecodable = |decoding: &Decoding| decoding.troubles.iter().filter(|trouble| trouble.is_damage()).count();
    json!({
        "event": "checked", "reel": name, "generation": report.generation, "deep": deep, "chunks": chunks, "ok": ok,
        "missing": missing, "differing": differing, "served": report.dark.is_none(), "whole": report.is_whole(),
        "decoded": decoding.map(|decoding| decoding.segments), "undecodable": decoding.map(undecodable),
        "errors": decoding.map(|decoding| decoding.troubles.iter().map(|trouble| trouble.errors).sum::<u64>()),
        "problems": decoding.map(Decoding::words).unwrap_or_default(),
        "not_decoded": decoding.and_then(|decoding| decoding.gave_up.as_deref()),
    })
}

/// All reels were told.
pub fn listed(shelf: &ListedReels) -> Value {
    let whole = shelf.0.values().filter(|listed| listed.is_whole()).count();
    let bytes: u64 = shelf.0.values().map(Listed::bytes).sum();
    json!({ "event": "listed", "reels": shelf.0.len(), "whole": whole, "bytes": bytes })
}

/// A reel, or a publishing that was interrupted, is gone.
pub fn deleted(reel: &ReelName, functions: u32) -> Value {
    json!({ "event": "deleted", "reel": reel, "functions": functions })
}

pub fn discarded(reel: &ReelName, generation: Generation, functions: u32) -> Value {
    json!({ "event": "discarded", "reel": reel, "generation": generation, "functions": functions })
}

pub fn retitled(reel: &ReelName, before: &str, title: &str) -> Value {
    json!({ "event": "retitled", "reel": reel, "before": before, "title": title })
}

/// What may be collected, before the question.
pub fn found(found: &Found<'_>) -> Value {
    match found {
        Found::Leftover { left, stays } => {
            let why = match left.why {
                Why::Retired => "retired",
                Why::Orphaned => "orphaned",
                Why::Surplus => "surplus",
            };
            json!({
                "event": "leftover", "reel": left.reel, "generation": left.generation, "why": why,
                "chunks": left.functions.len(), "bytes": left.bytes, "stays": stays,
            })
        }
        Found::LeftAlone { reel, fault } => {
            let mut line = json!({ "event": "left-alone", "reel": reel });
            merge(&mut line, self::fault(fault));
            line
        }
    }
}

pub fn collected(collected: &Collected) -> Value {
    let Collected { functions, bytes, segment_bytes } = collected;
    json!({ "event": "collected", "functions": functions, "bytes": bytes, "segment_bytes": segment_bytes })
}

/// Setting up is done.
pub fn ready(ready: &Ready) -> Value {
    json!({
        "event": "ready", "gate": ready.gate_url, "front": ready.front.word(), "relay": ready.relay_url,
        "ceiling_bytes": ready.ceiling.map(|ceiling| ceiling.ceiling_bytes),
        "used_bytes": ready.ceiling.and_then(|ceiling| ceiling.used_bytes),
        "changed": ready.changed, "notes": ready.notes,
    })
}

/// The CDN as it is now.
pub fn cdn(standing: &CdnStanding) -> Value {
    json!({
        "event": "cdn", "cdn": standing.state.word(), "url": standing.url, "distribution": standing.distribution,
        "changed": standing.changed, "notes": standing.notes,
    })
}

/// The roles alone are there.
pub fn roles_ready(changed: u32) -> Value {
    json!({
        "event": "ready", "gate": null, "front": null, "relay": null, "ceiling_bytes": null, "used_bytes": null,
        "changed": changed, "notes": [],
    })
}

pub fn removed(Removed(gone, left): &Removed) -> Value {
    json!({ "event": "removed", "removed": gone, "left": left })
}

/// One thing about an account.
pub fn finding(finding: &HealthFinding) -> Value {
    let (subject, grade) = (finding.subject.to_string(), finding.grade.word());
    let mut line = json!({ "event": "finding", "subject": subject, "grade": grade, "words": finding.words });
    if let Some(Usage { of, last, this }) = &finding.usage {
        line["usage"] = json!({ "of": of, "last_month": month_of_use(last), "this_month": month_of_use(this) });
    }
    line
}

fn month_of_use(MonthOfUse { month, requests, bytes }: &MonthOfUse) -> Value {
    json!({ "month": month.digits(), "requests": requests, "bytes": bytes })
}

pub fn observed(observed: &Observed) -> Value {
    let grade = if observed.well { Grade::Well } else { Grade::Wrong };
    json!({ "event": "observed", "what": observed.what, "answer": observed.answer, "grade": grade.word() })
}

/// An account that is ready.
pub fn examined(health: &Health) -> Value {
    json!({ "event": "examined", "grade": health.grade().word() })
}

/// Policies by their names, as IAM takes them.
pub fn policies(policies: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let policies: serde_json::Map<_, _> =
        policies.into_iter().map(|(name, policy)| (name.to_owned(), policy)).collect();
    json!({ "event": "policies", "policies": policies })
}

pub fn template(template: Value) -> Value {
    json!({ "event": "template", "template": template })
}

/// The stand-in serves. Its keys are not told.
pub fn serving(api: &str, gate: &str, relay: &str) -> Value {
    json!({ "event": "serving", "api": api, "gate": gate, "relay": relay })
}

/// Serving has ended, as it was asked to.
pub fn served() -> Value {
    json!({ "event": "served" })
}

pub fn failed(fault: &Fault) -> Value {
    let mut line = json!({ "event": "failed" });
    merge(&mut line, self::fault(fault));
    line
}

pub fn cancelled() -> Value {
    json!({ "event": "cancelled" })
}

/// An event as the last line of a command, and only that, has it: with what the command ends with.
pub fn last(mut event: Value, exit_status: u8) -> Value {
    merge(&mut event, json!({ "exit_status": exit_status }));
    event
}

/// How far each running job is.
pub fn progress(board: &Board) -> impl Iterator<Item = Value> {
    board.jobs.iter().filter(|(_, job)| matches!(job.state, JobState::Running)).map(|(name, job)| {
        json!({
            "event": "progress", "job": name.to_string(), "done": job.count.get(), "total": job.total,
            "unit": unit(job.unit),
        })
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn lines_carry_what_the_readme_promises() {
        let change = JobChange::Retrying { attempt: 2, of: 8, wait: Duration::from_millis(1200), cause: "429".into() };
        let job = JobName::Chunk { rendition: "src".parse().unwrap(), number: 20.try_into().unwrap() };
        insta::assert_snapshot!(line(&Event::Job { job, change }), @r#"{"attempt":2,"cause":"429","event":"job","job":"chunk src/0020","of":8,"state":"retrying","wait_seconds":1.2}"#);
        let fault = Fault::permanent("could not do it").because("a cause").hint("Do this.");
        insta::assert_snapshot!(failed(&fault), @r#"{"cause":"a cause","class":"permanent","event":"failed","hint":"Do this.","what":"could not do it"}"#);
    }
}
