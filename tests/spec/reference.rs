//! The reference says what the program does.

mod fixed;
mod links;

use casemate_tests::{Gateway, root};
use serde_json::Value;
use std::{collections::BTreeMap, fs};

/// Rows of the tables of a page by the word in their first cell.
fn rows(page: &str) -> BTreeMap<String, Vec<Vec<String>>> {
    let text = fs::read_to_string(root().join(page)).unwrap();
    let mut rows: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<String> = line.split('|').map(|cell| cell.trim().to_owned()).collect();
        let name = cells[1].trim_matches('`').to_owned();
        rows.entry(name).or_default().push(cells);
    }
    rows
}

/// Every test of the project, in one text.
fn all_tests() -> String {
    let mut text = String::new();
    let folders = ["tests/spec", "runtime/tests", "runtime/src", "gateway/src"];
    let mut folders: Vec<_> = folders.map(|folder| root().join(folder)).into();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text += &fs::read_to_string(path).unwrap();
            }
        }
    }
    text
}

#[test]
fn every_limit_is_documented_with_its_numbers_and_the_test_that_shows_it() {
    let gateway = Gateway::start();
    let answer = gateway.cli(["limits", "show", "--json"]).ok().json();
    let shown = gateway.cli(["limits", "show"]).ok().stdout;
    let rows = rows("docs/reference/sandbox.md");
    let tests = all_tests();
    let limits = answer["limits"].as_array().unwrap().iter();
    for (name, limit) in limits.map(|limit| (limit["limit"].as_str().unwrap(), limit)) {
        let [of_call, _profiles] = rows[name].as_slice() else {
            panic!("{name} is not in both tables");
        };
        assert_documented(name, limit, of_call, &shown);
        assert_shown(name, &of_call[5], &tests);
    }
    for limit in answer["platform"].as_array().unwrap() {
        let name = limit["name"].as_str().unwrap();
        assert_documented(name, limit, &rows[name][0], &shown);
        assert_shown(name, &rows[name][0][5], &tests);
    }
}

#[test]
fn whatever_is_said_to_be_shown_by_a_test_is() {
    let tests = all_tests();
    for page in ["docs/reference/sandbox.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let mut tables = 0;
        let mut is_shown = false;
        for line in text.lines() {
            is_shown = line.starts_with('|') && (is_shown || line.ends_with("| shown by |"));
            tables += usize::from(line.ends_with("| shown by |"));
            let last = line
                .trim_end_matches([' ', '|'])
                .rsplit('|')
                .next()
                .unwrap();
            if is_shown && last.contains('`') {
                assert_shown(line, last.trim(), &tests);
            }
        }
        assert_eq!(tables, 5, "of {page}");
    }
}

/// What shows something is one test or several.
#[track_caller]
fn assert_shown(what: &str, by: &str, tests: &str) {
    for test in by.split(", ") {
        let test = test.trim_matches('`');
        assert!(
            tests.contains(&format!("fn {test}()")),
            "{what} is shown by `{test}`, which is no test"
        );
    }
}

/// The value and the ceiling, in the words of the command line.
fn assert_documented(name: &str, limit: &Value, cells: &[String], shown: &str) {
    let line = shown
        .lines()
        .find(|line| line.split_whitespace().next() == Some(name))
        .unwrap_or_else(|| panic!("{name} is not shown:\n{shown}"));
    let (least, most) = cells[3].split_once(" to ").unwrap();
    for words in [&cells[2], most] {
        assert!(
            line.contains(&format!(" {words} ")),
            "{name}: `{words}` is documented, and the program says:\n{line}"
        );
    }
    let digits: String = least.chars().filter(char::is_ascii_digit).collect();
    let floor = limit["floor"].as_u64().unwrap();
    assert!(
        floor.to_string().starts_with(&digits) || floor.is_multiple_of(digits.parse().unwrap())
    );
}
