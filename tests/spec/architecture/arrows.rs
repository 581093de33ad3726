//! Arrows point at what is used.

use casemate_tests::{becomes_component, metadata};
use std::collections::{BTreeMap, BTreeSet};

/// A package and what it is built from. What only its tests use is its own affair.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// The product's packages and the siblings that each may use. A new package needs a row.
const SIBLINGS: &[(&str, &[&str])] = &[
    // It measures each layer by itself.
    (
        "casemate-bench",
        &[
            "casemate-domain",
            "casemate-gateway",
            "casemate-runtime",
            "casemate-store",
            "casemate-tests",
        ],
    ),
    ("casemate-domain", &[]),
    ("casemate-runtime", &["casemate-domain"]),
    ("casemate-store", &["casemate-domain"]),
    (
        "casemate-gateway",
        &["casemate-domain", "casemate-runtime", "casemate-store"],
    ),
    ("casemate-guest-sdk", &["casemate-guest-sdk-macros"]),
    ("casemate-guest-sdk-macros", &[]),
    ("casemate-guest-forge", &[]),
    ("casemate-tests", &[]),
    ("xtask", &[]),
];

/// What a tool may use of the product, in `sample-tools` and `tests/guests`.
const FOR_GUESTS: &[&str] = &["casemate-guest-sdk"];

/// Crates of others that belong to one package, by the beginning of their names.
const OWNED: &[(&str, &str)] = &[
    ("wasmtime", "casemate-runtime"),
    ("sled", "casemate-store"),
    ("object_store", "casemate-store"),
];

/// Packages that use an owned crate to compare with, and are no part of the product.
const COMPARING: &[(&str, &str)] = &[("casemate-bench", "wasmtime")];

/// Crates of others that a package must do without.
const BANNED: &[(&str, &[&str])] = &[
    (
        "casemate-domain",
        &["tokio", "wasmtime", "axum", "hyper", "reqwest", "sled"],
    ),
    ("casemate-runtime", &["axum"]),
    ("casemate-store", &["axum"]),
];

fn real_graph() -> (Graph, BTreeSet<String>) {
    let mut graph = Graph::new();
    let mut guests = BTreeSet::new();
    for package in metadata().packages {
        let used = package.dependencies.iter();
        let used = used.filter(|d| d.kind != cargo_metadata::DependencyKind::Development);
        graph.insert(
            package.name.to_string(),
            used.map(|d| d.name.clone()).collect(),
        );
        let folder = package.manifest_path.as_str();
        let of_guests = folder.contains("/sample-tools/") || folder.contains("/tests/guests/");
        if of_guests && becomes_component(&package) {
            guests.insert(package.name.to_string());
        }
    }
    (graph, guests)
}

fn made_up(arrows: &[(&str, &str)]) -> Graph {
    let mut graph = Graph::new();
    for (from, to) in arrows {
        graph
            .entry((*from).to_owned())
            .or_default()
            .insert((*to).to_owned());
    }
    graph
}

fn forbidden_siblings(graph: &Graph, guests: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    for (package, used) in graph {
        let row = SIBLINGS
            .iter()
            .find(|(name, _)| name == package)
            .map(|(_, allowed)| *allowed);
        let allowed = if guests.contains(package) {
            Some(FOR_GUESTS)
        } else {
            row
        };
        let Some(allowed) = allowed else {
            found.push(format!("{package} has no row in the table of arrows"));
            continue;
        };
        let is_sibling =
            |name: &&String| graph.contains_key(*name) || name.starts_with("casemate-");
        for name in used
            .iter()
            .filter(is_sibling)
            .filter(|name| !allowed.contains(&name.as_str()))
        {
            found.push(format!("{package} -> {name}"));
        }
    }
    found
}

fn misplaced_crates(graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    for (package, used) in graph {
        for name in used {
            let owner = OWNED.iter().find(|(prefix, _)| name.starts_with(prefix));
            let compares = |prefix: &str| COMPARING.contains(&(package.as_str(), prefix));
            let taken = owner.is_some_and(|(prefix, owner)| owner != package && !compares(prefix));
            let bans = BANNED.iter().filter(|(banned_in, _)| banned_in == package);
            let banned = bans.flat_map(|(_, names)| *names).any(|ban| name == ban);
            if taken || banned {
                found.push(format!("{package} -> {name}"));
            }
        }
    }
    found
}

#[test]
fn packages_use_only_the_siblings_they_may() {
    let (graph, guests) = real_graph();
    assert!(
        graph.contains_key("casemate-domain"),
        "the graph is not that of this workspace"
    );
    assert_eq!(forbidden_siblings(&graph, &guests), [""; 0]);
}

#[test]
fn wasmtime_stays_in_the_runtime_and_databases_in_the_store() {
    assert_eq!(misplaced_crates(&real_graph().0), [""; 0]);
}

#[test]
fn control_an_arrow_between_runtime_and_store_is_found() {
    let graph = made_up(&[
        ("casemate-runtime", "casemate-domain"),
        ("casemate-runtime", "casemate-store"),
        ("casemate-store", "serde"),
    ]);
    let found = forbidden_siblings(&graph, &BTreeSet::new());
    assert_eq!(found, ["casemate-runtime -> casemate-store"]);
}

#[test]
fn control_a_guest_that_uses_the_runtime_is_found() {
    let graph = made_up(&[("echo", "casemate-guest-sdk"), ("echo", "casemate-runtime")]);
    let found = forbidden_siblings(&graph, &BTreeSet::from(["echo".to_owned()]));
    assert_eq!(found, ["echo -> casemate-runtime"]);
}

#[test]
fn control_a_package_without_a_row_is_found() {
    let graph = made_up(&[("casemate-novelty", "serde")]);
    let found = forbidden_siblings(&graph, &BTreeSet::new());
    assert_eq!(
        found,
        ["casemate-novelty has no row in the table of arrows"]
    );
}

#[test]
fn control_a_crate_in_the_wrong_package_is_found() {
    let graph = made_up(&[
        ("casemate-domain", "tokio"),
        ("casemate-bench", "sled"),
        ("casemate-bench", "wasmtime"),
        ("casemate-gateway", "wasmtime-wasi"),
        ("casemate-runtime", "wasmtime"),
        ("casemate-runtime", "sled"),
    ]);
    assert_eq!(
        misplaced_crates(&graph),
        [
            "casemate-bench -> sled",
            "casemate-domain -> tokio",
            "casemate-gateway -> wasmtime-wasi",
            "casemate-runtime -> sled"
        ]
    );
}
