//! The claims of `casemate_store::conformance`, for each engine.

use casemate_store::{
    conformance::{self, Engine, Step, StepWrite},
    memory::MemoryMetadata,
    metadata::{Error, Metadata},
    metadata_conformance,
    sled::SledMetadata,
};
use proptest::prelude::*;
use std::sync::Arc;
use tempfile::TempDir;

/// "The same store each time" can only be the same value: memory keeps nothing.
struct Memory(Arc<MemoryMetadata>);

impl Memory {
    fn new() -> Self {
        Self(Arc::default())
    }
}

impl Engine for Memory {
    fn open(&self) -> Result<Arc<dyn Metadata>, Error> {
        Ok(Arc::clone(&self.0) as Arc<dyn Metadata>)
    }
}

struct Sled(TempDir);

impl Sled {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a test can make a directory"))
    }
}

impl Engine for Sled {
    fn open(&self) -> Result<Arc<dyn Metadata>, Error> {
        Ok(Arc::new(SledMetadata::open(self.0.path().join("meta"))?))
    }
}

metadata_conformance!(memory, Memory::new());
metadata_conformance!(sled, Sled::new());

fn step() -> impl Strategy<Value = Step> {
    let key = 0..12_u8;
    let keys = prop::collection::vec(key.clone(), 0..2);
    let unchanged = prop::collection::vec((key.clone(), 0..3_u8), 0..2);
    let size = prop_oneof![
        2 => Just(None),
        6 => (0..200_u16).prop_map(Some),
        1 => (3900..4200_u16).prop_map(Some),
    ];
    let write = (key, size).prop_map(|(key, size)| StepWrite { key, size });
    let writes = prop::collection::vec(write, 0..5);
    prop_oneof![
        12 => (keys.clone(), keys, unchanged, writes).prop_map(
            |(absent, present, unchanged, writes)| Step::Commit {
                absent,
                present,
                unchanged,
                writes,
            }
        ),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sled_takes_any_history_as_memory_does(steps in prop::collection::vec(step(), 1..40)) {
        tokio::runtime::Runtime::new()
            .unwrap()
            .block_on(conformance::follow_history(&Sled::new(), &steps));
    }
}
