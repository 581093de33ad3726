//! Finding tools by words, for servers that have more tools than a model should read at once.
//!
//! BM25 over the name, the title, the description and the names of arguments of each tool: words
//! that few tools have count most, and a word in a name counts more than one in a description. In
//! process, without a model, and the same question always has the same answer. The formula is short,
//! and the crates for it split words as prose does, while names of tools are `like_this` or `likeThis`.

use casemate_domain::{Annotations, Json, Needs, TaskSupport, ToolDefinition, ToolName};
use serde_json::{Value, json};
use std::{
    collections::{BTreeSet, HashMap},
    sync::LazyLock,
};

/// The tool that finds tools.
pub const SEARCH_TOOLS: &str = "search_tools";
/// The tool that calls what was found.
pub const CALL_TOOL: &str = "call_tool";
/// Tools that an answer holds if nothing else is asked for.
pub const USUAL: usize = 5;
/// The most tools that an answer holds.
pub const MOST: usize = 20;
/// The longest question, in bytes.
pub const QUERY_BYTES: usize = 1_000;

/// How fast more of the same word stops to matter, and how much length does; the usual values.
const SATURATION: f64 = 1.2;
const LENGTH: f64 = 0.75;
const NAME_WEIGHT: f64 = 3.0;
const TITLE_WEIGHT: f64 = 2.0;
const TEXT_WEIGHT: f64 = 1.0;

/// What clients are shown in place of a server's tools, in order of names.
pub static TOOLS: LazyLock<[ToolDefinition; 2]> = LazyLock::new(|| {
    let find = json!({
        "type": "object",
        "properties": {
            "query": {
                "type": "string",
                "description": "What the tool should do, in a few words",
            },
            "limit": {
                "type": "integer",
                "minimum": 1,
                "maximum": MOST,
                "default": USUAL,
                "description": "How many tools to show at most",
            },
        },
        "required": ["query"],
        "additionalProperties": false,
    });
    let call = json!({
        "type": "object",
        "properties": {
            "name": {
                "type": "string",
                "description": "Name of the tool, as the search shows it",
            },
            "arguments": {
                "type": "object",
                "description": "Arguments of the tool, as its inputSchema wants them",
            },
        },
        "required": ["name"],
        "additionalProperties": false,
    });
    let searching = Annotations {
        read_only: Some(true),
        open_world: Some(false),
        ..Annotations::default()
    };
    [
        definition(
            CALL_TOOL,
            "Calls a tool of this server by its name. Search for the tool first: the search shows \
             its name and which arguments it takes.",
            &call,
            Annotations::default(),
        ),
        definition(
            SEARCH_TOOLS,
            "Finds tools of this server by what they do. The answer holds the name, the \
             description and the inputSchema of each tool found; call it with the tool that \
             calls tools by name.",
            &find,
            searching,
        ),
    ]
});

fn definition(
    name: &str,
    description: &str,
    schema: &Value,
    annotations: Annotations,
) -> ToolDefinition {
    ToolDefinition {
        name: name.parse().expect("this is a name of a tool"),
        title: None,
        description: description.to_owned(),
        input_schema: Json::from(schema),
        output_schema: None,
        annotations,
        icons: Vec::new(),
        task_support: TaskSupport::default(),
        needs: Needs::default(),
        meta: None,
    }
}

/// The words of some tools.
#[derive(Debug)]
pub struct Index {
    tools: Vec<ToolName>,
    /// How many words each tool has, weighted.
    lengths: Vec<f64>,
    mean: f64,
    /// In which tools a word is, and how often, weighted.
    places: HashMap<String, Vec<(usize, f64)>>,
}

impl Index {
    /// Reads all tools.
    pub fn of<'a>(tools: impl IntoIterator<Item = &'a ToolDefinition>) -> Self {
        let mut index = Self {
            tools: Vec::new(),
            lengths: Vec::new(),
            mean: 0.0,
            places: HashMap::new(),
        };
        for tool in tools {
            index.add(tool);
        }
        let count = index.tools.len().max(1) as f64;
        index.mean = index.lengths.iter().sum::<f64>() / count;
        index
    }

    fn add(&mut self, tool: &ToolDefinition) {
        let mut counts: HashMap<String, f64> = HashMap::new();
        let mut arguments = String::new();
        collect_arguments(&tool.input_schema.to_value(), &mut arguments);
        let title = tool.title.as_deref().unwrap_or_default();
        for (text, weight) in [
            (tool.name.as_str(), NAME_WEIGHT),
            (title, TITLE_WEIGHT),
            (&tool.description, TEXT_WEIGHT),
            (&arguments, TEXT_WEIGHT),
        ] {
            for word in words(text) {
                *counts.entry(word).or_default() += weight;
            }
        }
        let place = self.tools.len();
        self.tools.push(tool.name.clone());
        self.lengths.push(counts.values().sum());
        for (word, count) in counts {
            self.places.entry(word).or_default().push((place, count));
        }
    }

    /// The tools that go best with a question, best first; those of equal rank by name.
    pub fn find(&self, query: &str, limit: usize) -> Vec<&ToolName> {
        let all = self.tools.len() as f64;
        let mut scores = vec![0.0; self.tools.len()];
        for word in words(query).collect::<BTreeSet<_>>() {
            let places = self.places.get(&word).map_or(&[][..], Vec::as_slice);
            let having = places.len() as f64;
            let rarity = (1.0 + (all - having + 0.5) / (having + 0.5)).ln();
            for (place, count) in places {
                let length = 1.0 - LENGTH + LENGTH * self.lengths[*place] / self.mean;
                scores[*place] +=
                    rarity * count * (SATURATION + 1.0) / (count + SATURATION * length);
            }
        }
        let mut found: Vec<_> = (0..self.tools.len())
            .filter(|at| scores[*at] > 0.0)
            .collect();
        found.sort_by(|a, b| {
            let by_score = scores[*b].total_cmp(&scores[*a]);
            by_score.then_with(|| self.tools[*a].cmp(&self.tools[*b]))
        });
        found.truncate(limit);
        found.into_iter().map(|at| &self.tools[at]).collect()
    }
}

/// The names of all arguments, those inside of others too.
fn collect_arguments(schema: &Value, names: &mut String) {
    match schema {
        Value::Object(fields) => {
            for (key, value) in fields {
                if let ("properties", Value::Object(properties)) = (key.as_str(), value) {
                    for name in properties.keys() {
                        names.push_str(name);
                        names.push(' ');
                    }
                }
                collect_arguments(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_arguments(item, names)),
        _ => {}
    }
}

/// The words of a text in lower case, without a plural `s`. `getWeather` and `get_weather` are two
/// words; each character of scripts that write no spaces is one.
fn words(text: &str) -> impl Iterator<Item = String> {
    const FIRST_WITHOUT_SPACES: char = '\u{2e80}';
    let mut all = Vec::new();
    let mut word = String::new();
    let mut was_lower = false;
    for c in text.chars() {
        let starts = c.is_uppercase() && was_lower;
        if starts || !c.is_alphanumeric() || c >= FIRST_WITHOUT_SPACES {
            all.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        if c >= FIRST_WITHOUT_SPACES {
            all.push(std::mem::take(&mut word));
        }
        was_lower = c.is_lowercase() || c.is_numeric();
    }
    all.push(word);
    all.into_iter()
        .filter(|word| !word.is_empty())
        .map(singular)
}

fn singular(mut word: String) -> String {
    let is_plural = word.len() > 3 && word.ends_with('s') && !word.ends_with("ss");
    if is_plural {
        word.pop();
    }
    word
}

#[cfg(test)]
mod tests;
