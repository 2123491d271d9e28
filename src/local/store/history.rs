//! What changed lately, so that a list can show the functions as they were: AWS's lists may lag behind, and nothing that
//! AWS writes says by how much at most.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use time::OffsetDateTime;

use super::record::Function;

/// No list lags further behind than this.
const KEPT: Duration = Duration::from_secs(10 * 60);

/// Changes of functions, oldest first.
#[derive(Debug, Default)]
pub(super) struct History(VecDeque<Change>);

#[derive(Debug)]
struct Change {
    at: OffsetDateTime,
    name: String,
    /// What stood there.
    before: Option<Function>,
}

impl History {
    pub(super) fn note(&mut self, at: OffsetDateTime, name: String, before: Option<Function>) {
        while self.0.front().is_some_and(|oldest| oldest.at < at - KEPT) {
            self.0.pop_front();
        }
        self.0.push_back(Change { at, name, before });
    }

    /// The functions as they were `then`, made of what they are now.
    pub(super) fn functions(
        &self,
        now: &BTreeMap<String, Function>,
        then: OffsetDateTime,
    ) -> BTreeMap<String, Function> {
        let mut functions = now.clone();
        for Change { name, before, .. } in self.0.iter().rev().take_while(|change| change.at > then) {
            match before {
                Some(before) => drop(functions.insert(name.clone(), before.clone())),
                None => drop(functions.remove(name)),
            }
        }
        functions
    }
}
