//! What begins, stops and deletes. Nothing does that was not in sight long enough for the person to have read it.

use super::{App, Errand};
use crate::tui::{
    action::Command,
    backend::{Order, Question, Reply, Resumable},
    id::{JobId, Owner},
    job::{Kind, Run, Step},
    overlay::{
        Overlay,
        confirm::{Confirm, Stops},
    },
    sight::{EARLY, Sight},
    step::settings::Settings,
};

impl App {
    /// Whether the person can have read this; if not, it is said.
    fn is_seen(&mut self, sight: &Sight) -> bool {
        let seen = self.shared.sights.is_seen(sight, self.shared.now);
        if !seen {
            self.said = Some(EARLY.to_owned());
        }
        seen
    }

    pub(super) fn begin_runs(&mut self, runs: Vec<Run>, agreed: Vec<Question>) -> Vec<Errand> {
        // a check changes nothing, and a title can be given back
        let changes = runs.iter().any(|run| !matches!(run.kind(), Kind::Check | Kind::Retitle));
        if runs.is_empty() || (changes && !self.is_seen(&Sight::of(&runs))) {
            return Vec::new();
        }
        self.begin_seen(runs, &agreed)
    }

    /// What begins was in sight: on the screen, or in the question that was answered.
    fn begin_seen(&mut self, runs: Vec<Run>, agreed: &[Question]) -> Vec<Errand> {
        let kind = runs.first().map(Run::kind);
        let ids = self.jobs.add(runs, agreed, self.shared.now);
        match kind {
            Some(Kind::Publishing) => self.open_publishings(&ids),
            Some(Kind::Deletion) => self.open_deletions(&ids),
            // they are seen on Home, and on the reel's page
            Some(Kind::Discard | Kind::Check | Kind::Retitle) | None => {}
        }
        self.advance()
    }

    /// A review, with what was agreed to there.
    pub(super) fn publish(&mut self, orders: Vec<Order>, agreed: Option<Question>) -> Vec<Errand> {
        let runs: Vec<_> = orders.iter().map(|order| Run::Publish(Box::new(order.clone()))).collect();
        if runs.is_empty() || !self.is_seen(&Sight::of(&runs)) {
            return Vec::new();
        }
        for order in &orders {
            self.shared.memory.used(&order.video);
        }
        if agreed.is_some() {
            self.acknowledged(&orders);
        }
        let draft = self.draft();
        let ids = self.jobs.add(runs, agreed.as_slice(), self.shared.now);
        if let Some(draft) = draft {
            self.keep_drafts(&draft, &ids);
        }
        self.open_publishings(&ids);
        // the next video starts afresh
        self.kept_settings = None;
        if let Some(picker) = &mut self.kept_picker {
            picker.unmark_all();
        }
        let mut errands = vec![Errand { owner: Owner::App, command: Command::Remember }];
        errands.extend(self.advance());
        errands
    }

    /// What was set for each, so that one that fails can be mended alone.
    fn keep_drafts(&mut self, settings: &Settings, ids: &[JobId]) {
        for (number, id) in ids.iter().enumerate() {
            if let Some(Run::Publish(order)) = self.jobs.get(*id).map(|job| &job.run)
                && let Some(draft) = settings.alone(number, &order.title, &self.shared)
            {
                self.drafts.insert(*id, draft);
            }
        }
    }

    /// The engine keeps that; it is not shown again.
    fn acknowledged(&mut self, orders: &[Order]) {
        orders.iter().for_each(|order| self.shared.account_became(&order.place, |account| account.notice = None));
    }

    pub(super) fn take_up(&mut self, begun: Vec<Resumable>, waiting: Vec<Order>) -> Vec<Errand> {
        let resumes = begun.into_iter().map(|resumable| Run::Resume(Box::new(resumable)));
        let publishes = waiting.iter().map(|order| Run::Publish(Box::new(order.clone())));
        let runs: Vec<_> = resumes.clone().chain(publishes).collect();
        if runs.is_empty() || !self.is_seen(&Sight::of(&runs)) {
            return Vec::new();
        }
        let mut ids = self.jobs.add(resumes, &[], self.shared.now);
        ids.extend(self.jobs.take_up(waiting, self.shared.now));
        self.open_publishings(&ids);
        self.advance()
    }

    pub(super) fn retry(&mut self, id: JobId) -> Vec<Errand> {
        let Some(job) = self.jobs.get(id).filter(|job| job.can_retry()) else { return Vec::new() };
        if !self.is_seen(&job.retry_sight()) {
            return Vec::new();
        }
        self.jobs.retry(id);
        self.advance()
    }

    pub(super) fn reply(&mut self, id: JobId, reply: Reply) {
        let Some(sight) = self.jobs.get(id).and_then(|job| job.question_sight()) else { return };
        if reply == Reply::Agreed && !self.is_seen(&sight) {
            return;
        }
        self.jobs.reply(id, reply);
    }

    /// The person said yes to a question that lies over the screen.
    pub(super) fn agreed(&mut self, confirm: Confirm) -> Vec<Errand> {
        if !self.is_seen(&Sight::of(&confirm)) {
            return Vec::new();
        }
        self.overlay = None;
        let errands = match confirm {
            Confirm::Cancel(id, stops) => self.cancel(id, stops),
            Confirm::Quit => return self.stop(None),
            Confirm::Discard(resumable) => {
                let agreed = Confirm::discard(&resumable);
                self.begin_seen(vec![Run::Discard(resumable)], &[agreed])
            }
            Confirm::PutAway(id, ..) => {
                self.jobs.put_away(id);
                Vec::new()
            }
            Confirm::Forget(order) => {
                self.shared.unfinished.waiting.retain(|waiting| *waiting != *order);
                let at = order.expected.clone();
                let forget = at.map(|at| Command::Forget(order.reel.clone(), at));
                forget.map(|command| Errand { owner: Owner::App, command }).into_iter().collect()
            }
            Confirm::Repair(repair, at) => {
                self.close_top();
                self.begin_seen(vec![Run::Repair(repair, at)], &[])
            }
        };
        self.settle();
        errands
    }

    /// A publishing that stops leads Home, where it can go on; other work stays in sight, as one does that ends well without
    /// its CDN.
    fn cancel(&mut self, id: JobId, stops: Stops) -> Vec<Errand> {
        self.jobs.cancel(id, self.shared.now);
        let mut errands = self.advance();
        let is_publishing = self.jobs.get(id).is_some_and(|job| job.kind() == Kind::Publishing);
        if is_publishing && stops != Stops::Cdn {
            errands.extend(self.go_home());
            self.said = Some("it stops; nothing is lost, Resume goes on from there".to_owned());
        }
        errands
    }

    /// Begins what can begin now.
    pub(super) fn advance(&mut self) -> Vec<Errand> {
        let steps = self.jobs.advance(self.shared.now);
        self.steps(steps)
    }

    pub(super) fn steps(&mut self, steps: Vec<Step>) -> Vec<Errand> {
        let mut errands = Vec::new();
        for step in steps {
            match step {
                Step::Start(id) => errands.extend(self.start(id)),
                Step::Keep(orders) => errands.push(Errand { owner: Owner::App, command: Command::Keep(orders) }),
                Step::TakenUp(reel, at) => {
                    errands.push(Errand { owner: Owner::App, command: Command::Forget(reel, at) });
                }
            }
        }
        errands
    }

    fn start(&self, id: JobId) -> Vec<Errand> {
        let Some(job) = self.jobs.get(id) else { return Vec::new() };
        let (run, agreed, control) = (job.run.clone(), job.agreed.clone(), job.control.clone());
        let mut errands =
            vec![Errand { owner: Owner::Job(id, job.attempt), command: Command::Run { run, agreed, control } }];
        // who is signed in there, and whether links end with us, is told when it is done
        let place = job.run.place();
        if self.shared.account_at(place).is_none() {
            errands.push(Errand { owner: Owner::App, command: Command::Connect(place.clone()) });
        }
        errands
    }

    pub(super) fn ask_to_quit(&mut self) {
        self.overlay = Some(Overlay::Ask(Confirm::Quit));
    }
}
