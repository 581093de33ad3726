//! What the words of Casemate mean, as a tool, as resources and as a prompt.

mod meanings;

use casemate_guest_sdk::prelude::*;
use meanings::WORDS;

/// What a word means.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Entry {
    word: &'static str,
    meaning: &'static str,
    /// Words that help to understand this one.
    see_also: &'static [&'static str],
}

/// Who is to understand it.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reader {
    Beginner,
    Author,
    Administrator,
}

fn entries() -> impl Iterator<Item = Entry> {
    WORDS.iter().map(|&(word, meaning, see_also)| Entry {
        word,
        meaning,
        see_also,
    })
}

fn entry(wanted: &str) -> Result<Entry, ToolError> {
    let wanted = wanted.trim().to_lowercase();
    let found = entries().find(|entry| entry.word == wanted);
    found.ok_or_else(|| {
        let known: Vec<&str> = entries().map(|entry| entry.word).collect();
        ToolError::not_found(format!("`{wanted}` is not in the glossary."))
            .hint(format!("There are: {}.", known.join(", ")))
    })
}

/// All words, for completion.
fn all_words(_: &str) -> impl Iterator<Item = &'static str> + use<> {
    entries().map(|entry| entry.word)
}

/// Gives the meaning of a word of Casemate, and the words to read next.
#[tool(title = "Look up a word", read_only, idempotent, open_world = false)]
pub fn look_up(
    /// The word, in any case.
    #[arg(example = "grant")]
    word: String,
) -> Result<Entry, ToolError> {
    entry(&word)
}

/// All words with their meanings.
#[resource("glossary://words", title = "Glossary")]
pub fn words() -> Vec<Entry> {
    entries().collect()
}

/// The meaning of one word.
#[resource(
    "glossary://words/{word}",
    title = "A word",
    mime_type = "text/markdown"
)]
pub fn word(
    /// The word.
    #[arg(complete = all_words)]
    word: String,
) -> Result<String, ToolError> {
    let Entry {
        word,
        meaning,
        see_also,
    } = entry(&word)?;
    Ok(format!(
        "# {word}\n\n{meaning}\n\nSee also: {}.\n",
        see_also.join(", ")
    ))
}

/// Asks for an explanation of a word.
#[prompt(title = "Explain a word")]
pub fn explain(
    /// The word to explain.
    #[arg(complete = all_words)]
    word: String,
    /// Who is to understand it.
    #[arg(default = Reader::Beginner)]
    reader: Reader,
) -> Result<String, ToolError> {
    let Entry { word, meaning, .. } = entry(&word)?;
    let reader = match reader {
        Reader::Beginner => "somebody who has never heard of Casemate",
        Reader::Author => "somebody who writes tools",
        Reader::Administrator => "somebody who runs the gateway",
    };
    Ok(format!(
        "In Casemate, \"{word}\" means: {meaning}\n\nExplain it to {reader}, with an example."
    ))
}

casemate_guest_sdk::export!(look_up, resource words, resource word, prompt explain);
