//! How much memory a component takes while it is loaded.
//!
//! Its code is mapped from the artifact: the system can take those pages back and read them again.
//! What the engine makes of the metadata beside the code is memory, and there is no asking for it.
//! It is estimated from the size of the metadata, which is what it follows.

use object::{
    Endianness, ReadCache,
    elf::FileHeader64,
    read::elf::{FileHeader, SectionHeader},
};
use std::{fs::File, io};

/// The section of an artifact that the engine reads into memory.
const METADATA: &[u8] = b".wasmtime.info";

/// What the smallest component takes.
const BASE: u64 = 24 << 10;
/// What becomes of one byte of metadata. Of components in Rust it is four; of one that exports
/// nearly all it has, six.
const PER_METADATA: u64 = 6;
/// One byte of memory for so many of code: page tables, and the pages that a mapping keeps busy.
const CODE_PER_BYTE: u64 = 64;

/// The memory that a component takes when its artifact is loaded, in bytes. Without readable
/// metadata, as much as if all of it were read into memory.
pub(super) fn memory(artifact: &File) -> io::Result<u64> {
    let length = artifact.metadata()?.len();
    let metadata = metadata(artifact).unwrap_or(length);
    Ok(BASE + metadata.saturating_mul(PER_METADATA) + length / CODE_PER_BYTE)
}

fn metadata(artifact: &File) -> Option<u64> {
    let bytes = ReadCache::new(artifact);
    let header = FileHeader64::<Endianness>::parse(&bytes).ok()?;
    let endian = header.endian().ok()?;
    let sections = header.sections(endian, &bytes).ok()?;
    let (_, section) = sections.section_by_name(endian, METADATA)?;
    Some(section.sh_size(endian))
}
