//! Several messages in one body: each answer is that to one of them, in their order.

use super::{
    super::{
        maker::Request,
        reader::{Kind, Node},
    },
    DEEPEST, Said, Verdict, all, check, refusal,
};
use serde_json::Value;

/// The one revision with batches, which is also spoken by who names none.
const REVISION: &str = "2025-03-26";

pub(super) fn judge(
    request: &Request,
    node: Option<&Node<'_>>,
    status: u16,
    answers: &[Value],
) -> Result<Verdict, String> {
    let node = node.ok_or("answered although the body cannot be read")?;
    let Kind::List(messages) = &node.kind else {
        return Err("several answers to one message".to_owned());
    };
    if node.depth() > DEEPEST {
        return Err(format!("answered although it nests {} deep", node.depth()));
    }
    let revisions = all(request, "mcp-protocol-version")?;
    if revisions.iter().any(|revision| revision != REVISION) {
        return Err(format!("answered although {revisions:?} has no batches"));
    }
    if answers.is_empty() || answers.len() > messages.len() {
        return Err(format!("{} answers to {}", answers.len(), messages.len()));
    }
    let mut left = messages.iter();
    let mut kinds = Vec::new();
    let mut ran = false;
    for answer in answers {
        if answer["error"]["code"] == -32603 {
            return Err(format!("a fault of the gateway: {answer}"));
        }
        match Said::of(&answer["result"]) {
            Some(said) => {
                find(request, &mut left, answer, &said)?;
                ran = true;
                kinds.push(said.method().to_owned());
            }
            None => kinds.push(refusal(answer)),
        }
    }
    kinds.truncate(2);
    let kind = format!("{status} a batch: {}", kinds.join(", "));
    Ok(Verdict { kind, ran })
}

/// The next message that this can be the answer to.
fn find<'a>(
    request: &Request,
    left: &mut impl Iterator<Item = &'a Node<'a>>,
    answer: &Value,
    said: &Said<'_>,
) -> Result<(), String> {
    let mut fault = "answers what was not asked".to_owned();
    for message in left {
        let id = message.one("id");
        let id = id.and_then(|id| serde_json::from_str::<Value>(id.text).ok());
        if id.as_ref() != Some(&answer["id"]) {
            continue;
        }
        match check(request, message, said) {
            Ok(()) => return Ok(()),
            Err(found) => fault = found,
        }
    }
    Err(format!("{fault}, in a batch: {answer}"))
}
