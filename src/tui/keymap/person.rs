//! The keys of the config file: `[keys]` gives actions other keys than the tables do. What would leave the wizard without
//! a key that it needs, or a key with two meanings, is refused before the wizard opens.

use std::path::PathBuf;

use super::{
    ALL, Keymap, Table,
    binding::Binding,
    edit,
    key::{Key, NoKey},
    names,
};
use crate::{
    model::{
        report::fault::{Explain, FaultClass},
        wording,
    },
    settings::BoundKeys,
    tui::action::Action,
};

/// Letters of a name that tell what was meant.
const PART_LEAST: usize = 3;

/// Why the keys of the config file can't be used.
#[derive(Debug, thiserror::Error)]
#[error("could not use `keys` of the config file `{path}`: {problem}")]
pub struct KeysError {
    path: PathBuf,
    problem: KeysProblem,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeysProblem {
    #[error("there is no action `{0}`")]
    Action(String),
    #[error("of the action `{action}`, {why}")]
    Key { action: String, why: NoKey },
    #[error("`{key}` would mean both `{one}` and `{other}` on the screen `{screen}`")]
    Twice { key: String, one: String, other: String, screen: &'static str },
    #[error("`{0}` has no key, and the wizard can't do without it")]
    Missing(&'static str),
}

impl Explain for KeysError {
    fn class(&self) -> FaultClass {
        FaultClass::Permanent
    }

    fn hint(&self) -> Option<String> {
        Some(match &self.problem {
            KeysProblem::Action(word) => {
                let all: Vec<_> = actions().into_iter().map(|(name, _)| name).collect();
                let nearest = nearest(word, &all).map(|name| format!("Did you mean `{name}`? ")).unwrap_or_default();
                format!("{nearest}All actions are in docs/keys.md of zipreel's source.")
            }
            KeysProblem::Key { why, .. } => why.remedy(),
            KeysProblem::Twice { key, other, .. } if is_fixed(other) => {
                format!("Choose another key: `{key}` stays what it is.")
            }
            KeysProblem::Twice { one, other, .. } => {
                format!("Give `{one}` or `{other}` another key under `[keys]`.")
            }
            KeysProblem::Missing(name) => format!("Give it one, or remove its line: then `{name}` has its own keys."),
        })
    }
}

/// The action that was meant: by its letters, or since one of the two names is a part of the other.
fn nearest<'a>(word: &str, all: &[&'a str]) -> Option<&'a str> {
    let is_part =
        |name: &&&str| name.len().min(word.len()) >= PART_LEAST && (name.contains(word) || word.contains(**name));
    wording::nearest(word, all.iter().copied()).or_else(|| all.iter().find(is_part).copied())
}

/// Every action that has a name and keys, in the order of the tables, each once.
pub(super) fn actions() -> Vec<(&'static str, &'static Action)> {
    let mut actions: Vec<(&str, &Action)> = Vec::new();
    for preset in ALL.iter().copied().flat_map(Table::presets) {
        if let Some(name) = names::name(&preset.action)
            && !actions.iter().any(|(known, _)| *known == name)
        {
            actions.push((name, &preset.action));
        }
    }
    actions
}

/// Ctrl-C and Ctrl-Z have no name.
fn is_fixed(name: &str) -> bool {
    actions().iter().all(|(known, _)| *known != name)
}

impl Keymap {
    /// The tables, with what the config file says.
    ///
    /// # Errors
    /// If it says what can't be.
    pub fn of(person: &BoundKeys) -> Result<Self, KeysError> {
        Self::default().bind(person).map_err(|problem| KeysError { path: person.file.clone(), problem })
    }

    pub(super) fn bind(mut self, person: &BoundKeys) -> Result<Self, KeysProblem> {
        let actions = actions();
        let mut bound: Vec<(&Action, Vec<Key>)> = Vec::new();
        for (name, keys) in &person.actions {
            let action = actions.iter().find(|(known, _)| *known == names::today(name)).map(|(_, action)| *action);
            let action = action.ok_or_else(|| KeysProblem::Action(name.clone()))?;
            let key = |text: &String| text.parse().map_err(|why| KeysProblem::Key { action: name.clone(), why });
            let keys: Vec<Key> = keys.iter().map(key).collect::<Result<_, _>>()?;
            if keys.is_empty() && names::ESSENTIAL.contains(action) {
                return Err(KeysProblem::Missing(names::name(action).unwrap_or_default()));
            }
            bound.push((action, keys));
        }
        for table in ALL.iter().copied() {
            let Some(bindings) = self.tables.get_mut(&table) else { continue };
            for (action, keys) in &bound {
                for binding in bindings.iter_mut().filter(|binding| binding.action == **action) {
                    binding.keys = keys_here(table, binding, keys);
                }
            }
            for (action, _) in &bound {
                give_way(table, bindings, action);
            }
            refuse_two_meanings(table, bindings, &self.everywhere)?;
        }
        self.label();
        Ok(self)
    }
}

fn own_keys(table: Table, action: &Action) -> &'static [Key] {
    table.presets().iter().find(|preset| preset.action == *action).map_or(&[], |preset| preset.keys)
}

/// Where text is typed, what types and edits it stays with the text: of an action that would be left without a key
/// there, its own keys stay.
fn keys_here(table: Table, binding: &Binding, keys: &[Key]) -> Vec<Key> {
    let own = own_keys(table, &binding.action);
    let edits = |key: &Key| table.types() && edit(key.event()).is_some() && !own.contains(key);
    let left: Vec<_> = keys.iter().copied().filter(|key| !edits(key)).collect();
    if left.is_empty() && !keys.is_empty() { own.to_vec() } else { left }
}

/// A key that the tables give the action on other screens, and another action on this one, stays that here: whoever adds
/// a key to those that there are need not know all screens.
fn give_way(table: Table, bindings: &mut [Binding], action: &Action) {
    let own = own_keys(table, action);
    let elsewhere = |key: &Key| ALL.iter().any(|other| own_keys(*other, action).contains(key));
    let others: Vec<Key> =
        bindings.iter().filter(|other| other.action != *action).flat_map(|other| other.keys.clone()).collect();
    for binding in bindings.iter_mut().filter(|binding| binding.action == *action) {
        let before = binding.keys.len();
        binding.keys.retain(|key| own.contains(key) || !elsewhere(key) || !others.contains(key));
        if binding.keys.is_empty() && before > 0 {
            binding.keys = own.to_vec();
        }
    }
}

fn refuse_two_meanings(table: Table, bindings: &[Binding], everywhere: &[Binding]) -> Result<(), KeysProblem> {
    let all: Vec<_> = bindings.iter().chain(everywhere).collect();
    for (number, binding) in all.iter().enumerate() {
        for key in &binding.keys {
            if let Some(other) = all[number + 1..].iter().find(|other| other.keys.contains(key)) {
                let name = |binding: &Binding| names::name(&binding.action).unwrap_or(binding.help).to_owned();
                let (one, other, screen) = (name(binding), name(other), table.title());
                return Err(KeysProblem::Twice { key: key.shown().into_owned(), one, other, screen });
            }
        }
    }
    Ok(())
}
