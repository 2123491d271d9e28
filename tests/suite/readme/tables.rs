//! The tables of the documents, as GitHub reads them: a row that is too long loses its last cells there.

use super::{OTHERS, PAGES, page};

/// A pipe ends a cell, in a code span too, unless a backslash stands before it.
fn cells(row: &str) -> usize {
    let row = row.trim().replace(r"\|", "");
    let row = row.strip_prefix('|').unwrap_or(&row);
    row.strip_suffix('|').unwrap_or(row).split('|').count()
}

/// The line below a table's head.
fn is_rule(line: &str) -> bool {
    line.contains('-') && line.contains('|') && line.chars().all(|c| "|-: ".contains(c))
}

/// Rows that have more or fewer cells than the head of their table, and how many rows there are in all.
fn torn(text: &str) -> (Vec<&str>, usize) {
    let (mut torn, mut rows) = (Vec::new(), 0);
    let (mut is_code, mut columns, mut before) = (false, None, "");
    for line in text.lines() {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        columns = match columns {
            _ if is_code || is_fence || line.trim().is_empty() => None,
            None if is_rule(line) => {
                if cells(before) != cells(line) {
                    torn.push(before);
                }
                Some(cells(line))
            }
            Some(columns) => {
                rows += 1;
                if cells(line) != columns {
                    torn.push(line);
                }
                Some(columns)
            }
            None => None,
        };
        before = line;
    }
    (torn, rows)
}

#[test]
fn every_row_of_a_table_has_as_many_cells_as_its_head() {
    let mut rows = 0;
    for path in PAGES.into_iter().chain(OTHERS).chain(["assets/gate/README.md"]) {
        let text = page(path);
        let (torn, found) = torn(&text);
        assert_eq!(torn, [""; 0], "{path}");
        rows += found;
    }
    assert!(rows > 200, "tables are found");
}

#[test]
fn rows_that_are_too_long_or_too_short_are_found() {
    let table = |row: &str| format!("| a | b |\n|---|:-:|\n{row}\n\nno | row | of it\n");
    for whole in ["| a | b |", "| a | |", r"| `a\|b` | c\|d |", "a | b"] {
        assert_eq!(torn(&table(whole)), (vec![], 1), "{whole}");
    }
    for row in ["| a | b | c |", "| a |", "| `a|b` | c |"] {
        assert_eq!(torn(&table(row)), (vec![row], 1), "{row}");
    }
    assert_eq!(torn("| a | b | c |\n|---|---|\n"), (vec!["| a | b | c |"], 0));
    assert_eq!(torn("```\n| a |\n|---|\n| a | b |\n```\n"), (vec![], 0));
}
