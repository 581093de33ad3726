//! Valid bytes, cut, flipped, wrapped, and put after each other.

use std::ops::Range;
use wasmparser::{Parser, Payload};

/// The places where the sections of a component begin and end, those of modules and components in
/// it included, in order.
pub fn boundaries(wasm: &[u8]) -> Vec<usize> {
    let mut places = vec![0, wasm.len()];
    for payload in Parser::new(0).parse_all(wasm) {
        if let Some((_, range)) = section(&payload.unwrap()) {
            places.extend([range.start, range.end]);
        }
    }
    places.sort_unstable();
    places.dedup();
    places
}

fn section(payload: &Payload<'_>) -> Option<(u8, Range<usize>)> {
    match payload {
        Payload::Version { range, .. } => Some((0, range.clone())),
        other => other.as_section(),
    }
}

/// The same with one bit changed.
pub fn flipped(wasm: &[u8], bit: usize) -> Vec<u8> {
    let mut flipped = wasm.to_vec();
    flipped[bit / 8] ^= 1 << (bit % 8);
    flipped
}

/// The same with a section added behind everything else.
pub fn with_section(wasm: &[u8], id: u8, content: &[u8]) -> Vec<u8> {
    let mut longer = wasm.to_vec();
    longer.push(id);
    let mut length = content.len();
    while length >= 0x80 {
        longer.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    longer.push(u8::try_from(length).unwrap());
    longer.extend_from_slice(content);
    longer
}

/// The same with a module in it that nothing uses.
pub fn with_module(wasm: &[u8], module: &[u8]) -> Vec<u8> {
    with_section(wasm, 1, module)
}

/// The same with a component in it that nothing uses.
pub fn with_component(wasm: &[u8], component: &[u8]) -> Vec<u8> {
    with_section(wasm, 4, component)
}

/// Numbers that look random and are the same for the same seed.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Numbers from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.number() % limit as u64).unwrap()
    }

    /// So many bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.number().to_le_bytes()[0]).collect()
    }
}

/// The bytes with a few changes. Most of them are in the code and the data of the first module and
/// leave lengths as they are: elsewhere hardly any change leaves a component.
pub fn mutated(wasm: &[u8], random: &mut Random) -> Vec<u8> {
    let hot = code_and_data(wasm);
    let mut bytes = wasm.to_vec();
    for _ in 0..=random.below(2) {
        if random.below(5) == 0 {
            change_anywhere(&mut bytes, random);
        } else {
            let at = hot.start + random.below(hot.len());
            bytes[at] = match random.below(3) {
                0 => bytes[at] ^ (1 << random.below(8)),
                1 => random.number().to_le_bytes()[0],
                _ => [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            };
        }
    }
    bytes
}

fn change_anywhere(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len() - 8);
    let end = at + random.below(8);
    match random.below(4) {
        0 => {
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
        1 => {
            bytes.drain(at..end);
        }
        _ => bytes[at] ^= 1 << random.below(8),
    }
}

fn code_and_data(wasm: &[u8]) -> Range<usize> {
    let payloads = Parser::new(0).parse_all(wasm).map(Result::unwrap);
    let ranges = payloads.filter_map(|payload| match payload {
        Payload::CodeSectionStart { range, .. } => Some(range),
        Payload::DataSection(section) => Some(section.range()),
        _ => None,
    });
    let mut ranges = ranges.take(2);
    let code = ranges.next().unwrap();
    let data = ranges.next().unwrap();
    code.start..data.end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quick;

    #[test]
    fn a_component_has_many_boundaries_and_ends_with_one() {
        let wasm = quick();
        let places = boundaries(&wasm);
        assert!(places.len() > 20, "{places:?}");
        assert_eq!(places.last(), Some(&wasm.len()));
    }

    #[test]
    fn a_component_with_more_in_it_is_valid() {
        let module = crate::wat("(module (func))");
        let component = crate::wat("(component)");
        let wasm = with_component(&with_module(&quick(), &module), &component);
        let valid = wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::all());
        let mut valid = valid;
        assert!(valid.validate_all(&wasm).is_ok());
    }

    #[test]
    fn the_same_seed_gives_the_same_changes() {
        let mutate = |seed| mutated(&quick(), &mut Random::new(seed));
        assert_eq!(mutate(1), mutate(1));
        assert_ne!(mutate(1), mutate(2));
    }
}
