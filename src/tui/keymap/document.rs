//! The tables of `docs/keys.md`.

use std::fmt::Write as _;

use super::{ALL, Keymap, Table, binding::Binding, person};

/// The keys of each screen, and the actions with their names.
pub fn markdown() -> String {
    format!("{}\n{}", screens(), actions())
}

fn quoted(binding: &Binding) -> String {
    binding.keys.iter().map(|key| format!("`{}`", key.shown())).collect::<Vec<_>>().join(" ")
}

fn screens() -> String {
    let keymap = Keymap::default();
    let line = |bindings: &[Binding]| {
        let bindings = bindings.iter().map(|binding| format!("{} {}", quoted(binding), binding.help));
        bindings.collect::<Vec<_>>().join(" · ")
    };
    let mut text = String::from("| Screen | Keys |\n|---|---|\n");
    // those of the wizard's own questions stand on the screen whole
    for table in ALL.iter().filter(|table| !matches!(table, Table::Ask | Table::SettingsList | Table::Confirm)) {
        // writing to a string can't fail
        let _ = writeln!(text, "| {} | {} |", table.title(), line(keymap.bindings(*table)));
    }
    let _ = writeln!(text, "| everywhere | {} |", line(&keymap.everywhere));
    text
}

/// By name: what the keys are where they are not taken, and what the action does.
fn actions() -> String {
    let keymap = Keymap::default();
    let mut text = String::from("| Action | Keys | On the screens |\n|---|---|---|\n");
    for (name, action) in person::actions() {
        let mut keys: Vec<String> = Vec::new();
        let mut screens: Vec<&str> = Vec::new();
        for table in ALL {
            let Some(binding) = keymap.bindings(*table).iter().find(|binding| binding.action == *action) else {
                continue;
            };
            screens.push(table.title());
            for key in binding.keys.iter().map(|key| format!("`{}`", key.shown())) {
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        let screens = if screens.len() > 8 { "most".to_owned() } else { screens.join(" · ") };
        let _ = writeln!(text, "| `{name}` | {} | {screens} |", keys.join(" "));
    }
    text
}
