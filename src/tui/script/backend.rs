//! The script as a backend: it answers at once, with what it holds.

use std::{io::Cursor, path::PathBuf, time::Duration};

use futures_util::FutureExt;
use image::ImageFormat;
use tokio::sync::mpsc::UnboundedSender;

use super::{
    Script, account, detail, frame, generation, hevc, name, order, phone, probe, probes::chosen, reels, resumables,
    signed_out, size, two_cameras, with_subtitles,
};
use crate::{
    model::{
        reel::name::ReelName,
        report::fault::{Fault, Stopped},
    },
    tui::backend::{
        Account, AccountRegion, Backend, Checked, Finding, Follow, JobWork, Order, Place, Probe, Profile, Published,
        Publishing, Reel, ReelDetail, Removal, Repair, Report, Resumable, Target, Unfinished, Wanted, Work,
    },
};

fn ready<T: Send + 'static>(result: Result<T, Fault>) -> Work<T> {
    std::future::ready(result).boxed()
}

impl Backend for Script {
    fn probe(&self, video: PathBuf) -> Work<Probe> {
        assert!(!self.probe_panics, "the probe has a defect");
        let stem = video.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        // as long as its size says
        let sized = |probe: Probe| match size(&video) {
            0 => probe,
            bytes => {
                let seconds = probe.duration.as_secs_f64() * bytes as f64 / probe.bytes as f64;
                Probe { bytes, duration: Duration::from_secs(seconds.max(1.0) as u64), ..probe }
            }
        };
        let found = match stem.as_str() {
            "phone" => Ok(phone()),
            "take 20" => Ok(two_cameras()),
            "take 18" => Ok(hevc()),
            "take 19" => Ok(with_subtitles()),
            "broken" => Err(Fault::permanent(format!("could not read the video `{}`", video.display()))
                .because("it is no video that ffmpeg knows")
                .hint(
                    "See whether another program plays it; if one does, export it from there as .mp4. ffmpeg \
                     said: “EBML header parsing failed”",
                )),
            _ => Ok(probe()),
        };
        ready(found.map(sized))
    }

    fn probe_as(&self, video: PathBuf, wanted: Wanted) -> Work<Probe> {
        self.probe(video).map(move |probe| probe.map(|probe| chosen(probe, wanted))).boxed()
    }

    fn frame(&self, _: PathBuf) -> Work<Vec<u8>> {
        let mut bytes = Cursor::new(Vec::new());
        frame().write_to(&mut bytes, ImageFormat::Png).unwrap();
        ready(Ok(bytes.into_inner()))
    }

    fn profiles(&self) -> Work<Vec<Profile>> {
        let profile =
            |name: &str, region: Option<&str>| Profile { name: name.into(), region: region.map(str::to_owned) };
        ready(Ok(vec![profile("default", None), profile("studio", Some("eu-west-1"))]))
    }

    fn connect(&self, place: Place) -> Work<Account> {
        assert!(!self.connect_panics, "signing in has a defect");
        ready(if self.signed_out && place.target != Target::Local { Err(signed_out()) } else { Ok(account(&place)) })
    }

    fn names(&self, _: Place) -> Work<Vec<ReelName>> {
        ready(Ok(vec![name("talk"), name("interview")]))
    }

    fn unfinished(&self) -> Work<Unfinished> {
        ready(Ok(Unfinished { begun: self.begun.clone().unwrap_or_else(resumables), waiting: self.waiting.clone() }))
    }

    fn reels(&self, _: Place, found: UnboundedSender<Reel>) -> Work<()> {
        for reel in reels() {
            found.send(reel).unwrap();
        }
        ready(Ok(()))
    }

    fn reel(&self, _: Place, name: ReelName) -> Work<ReelDetail> {
        ready(Ok(detail(&name)))
    }

    fn keep(&self, _: Vec<Order>) -> Work<()> {
        ready(Ok(()))
    }

    fn forget(&self, _: ReelName, _: AccountRegion) -> Work<()> {
        ready(Ok(()))
    }

    fn check(&self, _: Place, name: ReelName, _: bool, found: UnboundedSender<Checked>, _: Follow) -> JobWork<Report> {
        let chunks = detail(&name).chunks;
        let all = chunks.len() as u32;
        for chunk in chunks {
            found.send(Checked { generation: generation(), id: chunk.id, finding: Finding::Ok }).unwrap();
        }
        let report = Report { generation: Some(generation()), chunks: all, ok: all, ..Report::default() };
        std::future::ready(Ok(report)).boxed()
    }

    fn delete(&self, _: Place, name: ReelName, _: Removal) -> JobWork<u32> {
        std::future::ready(Ok(detail(&name).reel.chunks + 1)).boxed()
    }

    fn discard(&self, resumable: Resumable, _: Removal) -> JobWork<u32> {
        std::future::ready(Ok(resumable.chunks_deployed)).boxed()
    }

    fn retitle(&self, _: Place, _: ReelName, _: String, _: Follow) -> JobWork<()> {
        std::future::ready(Ok(())).boxed()
    }

    fn publish(&self, order: Order, publishing: Publishing) -> JobWork<Published> {
        let panics = self.publish_panics;
        self.orders.lock().unwrap().push(order);
        for event in &self.events {
            publishing.events.send(event.clone()).unwrap();
        }
        let result = self.result.clone();
        let work = async move {
            assert!(!panics, "the engine has a defect");
            match result {
                Some(result) => result.map_err(Stopped::Failed),
                None => {
                    publishing.control.cancel.cancelled().await;
                    Err(Stopped::Cancelled)
                }
            }
        };
        work.boxed()
    }

    fn resume(&self, resumable: Resumable, publishing: Publishing) -> JobWork<Published> {
        self.publish(order(resumable.reel.as_str()), publishing)
    }

    fn repair(&self, repair: Repair, publishing: Publishing) -> JobWork<(Published, Report)> {
        let work = self.publish(order(repair.reel.as_str()), publishing);
        async move { Ok((work.await?, Report::default())) }.boxed()
    }

    fn afterwards(&self) -> Option<String> {
        Some("zipreel local".to_owned())
    }

    fn log_file(&self, reel: &ReelName) -> PathBuf {
        format!("/home/ada/.local/state/zipreel/{reel}/publish.log").into()
    }
}
