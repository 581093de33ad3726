//! Counts what is in a text.

use casemate_guest_sdk::prelude::*;
use std::collections::BTreeMap;

/// What is in a text.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct TextStats {
    /// Unicode scalar values, spaces included.
    characters: usize,
    words: usize,
    lines: usize,
    /// Runs of text that end with `.`, `!`, `?` or the text itself.
    sentences: usize,
    /// The most frequent words in lower case; equally frequent ones in alphabetical order.
    frequent: Vec<WordCount>,
}

/// A word, and how often it occurs.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct WordCount {
    word: String,
    count: usize,
}

/// Counts the characters, words, lines and sentences of a text, and its most frequent words.
#[tool(title = "Text statistics", read_only, idempotent, open_world = false)]
pub fn text_stats(
    /// The text to look at.
    #[arg(example = "To be, or not to be.")]
    text: String,
    /// How many of the most frequent words to list.
    #[arg(default = 5, range = 0..=100)]
    top: usize,
) -> TextStats {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for word in words(&text) {
        *counts.entry(word.to_lowercase()).or_default() += 1;
    }
    let words = counts.values().sum();
    let mut frequent: Vec<WordCount> = (counts.into_iter())
        .map(|(word, count)| WordCount { word, count })
        .collect();
    frequent.sort_by_key(|entry| std::cmp::Reverse(entry.count));
    frequent.truncate(top);
    TextStats {
        characters: text.chars().count(),
        words,
        lines: text.lines().count(),
        sentences: text
            .split(['.', '!', '?'])
            .filter(|part| words_in(part))
            .count(),
        frequent,
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '-');
    let pieces = text.split(move |c| !is_part(c));
    pieces.filter(|piece| piece.contains(char::is_alphanumeric))
}

fn words_in(part: &str) -> bool {
    words(part).next().is_some()
}

casemate_guest_sdk::export!(text_stats);
