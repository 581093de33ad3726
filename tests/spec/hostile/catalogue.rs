//! Every family of hostile guests.

use super::{
    abi, answers, compile, cpu, egress, family::Family, fixed, handles, hostcalls, imports, logs,
    malformed, memory, metadata, output, roomy, schema, seams, secrets, stack, tables, time, traps,
};

/// All of them. Clients that leave, components from seeds and flipped bits are no tables.
pub(super) static ALL: &[&Family] = &[
    &abi::ANSWERS,
    &abi::WORDS,
    &answers::ASKED,
    &answers::BROKEN,
    &answers::KEPT,
    &compile::CODE,
    &compile::MODULES,
    &compile::SHAPES,
    &cpu::CPU,
    &egress::EGRESS,
    &fixed::SHAPES,
    &fixed::SHOWN,
    &handles::HANDLES,
    &hostcalls::HOST_CALLS,
    &imports::WISHES,
    &imports::KINDS,
    &logs::LOGS,
    &malformed::FILES,
    &memory::MEMORY,
    &metadata::SAID,
    &output::OUTPUT,
    &roomy::ROOMY,
    &schema::SCHEMAS,
    &seams::SEAMS,
    &secrets::GUESSES,
    &stack::STACK,
    &tables::TABLES,
    &time::HOGS,
    &time::ASKERS,
    &time::WAITERS,
    &traps::CRASHES,
    &traps::IN_BETWEEN,
];

#[test]
fn every_table_of_hostile_guests_is_in_the_catalogue() {
    let folder = casemate_tests::root().join("tests/spec/hostile");
    let tables: usize = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let is_table = |line: &&str| {
                line.starts_with("pub(super) static ") && line.ends_with(": Family = Family {")
            };
            text.lines().filter(is_table).count()
        })
        .sum();
    assert_eq!(tables, ALL.len());
}
