//! What the picker and the settings ask of the disk, and of videos.

use std::{path::PathBuf, sync::Arc, time::Duration};

use image::DynamicImage;
use ratatui::layout::Size;

use super::{Kind, Tasks, send};
use crate::tui::{
    action::Command,
    id::Owner,
    terminal::caught::blocking,
    work::{
        answer::Answer,
        folder::{self, Found, Print},
        look, search,
    },
};

/// The cursor has to rest this long before a video is looked into.
const REST: Duration = Duration::from_millis(60);

impl Tasks {
    /// Gives back what is not the picker's.
    pub(super) fn of_picker(&mut self, owner: Owner, command: Command) -> Option<Command> {
        match command {
            Command::ListFolder { folder, named } => self.list(owner, folder, named),
            Command::Find { typed, paths } => {
                let find = move || Answer::Found(folder::find(&typed, &paths));
                self.read(owner, Kind::Find, find, |why| Answer::Found(Found::Nothing(why)));
            }
            Command::FindAll(pasted) => {
                let find = move || Answer::FoundAll(folder::find_all(&pasted));
                self.read(owner, Kind::FindAll, find, |why| Answer::FoundAll(vec![Err(why)]));
            }
            Command::ListRecent(files) => {
                let list = move || Answer::Recent(folder::there(files));
                self.read(owner, Kind::Recent, list, |_| Answer::Recent(Vec::new()));
            }
            Command::Search { number, wanted } => {
                let answers = self.answers.clone();
                let tell = move |batch| send(&answers, owner, Answer::Searched { number, batch });
                self.start(owner, Kind::Search, search::follow(wanted, tell));
            }
            Command::StopSearching => self.stop(owner, Kind::Search),
            Command::Look { video, known } => self.look(owner, video, known),
            Command::StopLooking => self.stop(owner, Kind::Look),
            Command::Examine(files) => self.examine(owner, files),
            Command::Reread { video, wanted } => {
                let work = self.backend.probe_as(video.clone(), wanted);
                let kind = Kind::Reread(video.clone());
                self.ask(owner, kind, work, move |probe| Answer::Reread { video, wanted, probe });
            }
            Command::StopExamining => self.stop(owner, Kind::Examine),
            Command::Paint { video, frame, size } => self.paint(owner, video, frame, size),
            command => return Some(command),
        }
        None
    }

    fn list(&mut self, owner: Owner, folder: PathBuf, named: Option<PathBuf>) {
        let answers = self.answers.clone();
        self.start(owner, Kind::List, async move {
            let listed = folder.clone();
            let list = move || {
                // first the folder: what is named and gone by then is told as gone
                let listing = folder::list(&listed).map_err(|error| error.to_string());
                (listing, named.map(folder::named))
            };
            let (listing, named) = blocking(list).await.unwrap_or_else(|fault| (Err(fault.to_string()), None));
            send(&answers, owner, Answer::Listed { folder, listing, named });
        });
    }

    /// What the disk tells, or what a defect on the way does.
    fn read(
        &mut self,
        owner: Owner,
        kind: Kind,
        work: impl FnOnce() -> Answer + Send + 'static,
        defect: fn(String) -> Answer,
    ) {
        let answers = self.answers.clone();
        self.start(owner, kind, async move {
            let answer = blocking(work).await;
            send(&answers, owner, answer.unwrap_or_else(|fault| defect(fault.to_string())));
        });
    }

    fn look(&mut self, owner: Owner, video: PathBuf, known: Option<Print>) {
        let answers = self.answers.clone();
        let backend = Arc::clone(&self.backend);
        let every = self.watch;
        self.start(owner, Kind::Look, async move {
            tokio::time::sleep(REST).await;
            look::look(backend, &|answer| send(&answers, owner, answer), video, known, every).await;
        });
    }

    fn examine(&mut self, owner: Owner, files: Vec<(PathBuf, Option<Print>)>) {
        let answers = self.answers.clone();
        let backend = Arc::clone(&self.backend);
        self.start(owner, Kind::Examine, async move {
            for (video, known) in files {
                let answer = look::examine(&*backend, video, known).await;
                send(&answers, owner, answer);
            }
        });
    }

    fn paint(&mut self, owner: Owner, video: PathBuf, frame: Arc<DynamicImage>, size: Size) {
        let answers = self.answers.clone();
        let painter = self.painter.clone();
        self.start(owner, Kind::Paint, async move {
            // a picture that can't be drawn is a comfort less
            let painted = blocking(move || painter.paint(DynamicImage::clone(&frame), size)).await;
            if let Ok(Ok(picture)) = painted {
                send(&answers, owner, Answer::Painted { video, size, picture: Arc::new(picture) });
            }
        });
    }
}
