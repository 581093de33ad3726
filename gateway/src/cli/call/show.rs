//! The result of a call for people: texts as they are, media described, a receipt.

use super::{Answer, offered};
use crate::cli::{exit::Exit, failure::Failure, guest_log, human, printer::Printer};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Prints an answer and says how the command ends.
pub(super) fn show(
    answer: &Answer,
    save: Option<&Path>,
    printer: Printer,
) -> Result<Exit, Failure> {
    let mut texts = Vec::new();
    let mut others = Vec::new();
    for (number, block) in content(&answer.result).enumerate() {
        match block["text"].as_str().filter(|_| block["type"] == "text") {
            Some(text) => texts.push(text.to_owned()),
            None => others.push(describe(block, &answer.call_id, number + 1, save)?),
        }
    }
    let structured = &answer.result["structuredContent"];
    if texts.is_empty() && !structured.is_null() {
        others.push(format!("{structured:#}"));
    }
    let exit = if answer.is_error() {
        printer.failure(&failure(answer, &texts));
        log(answer, Some(LAST_LINES), printer);
        Exit::Failure
    } else {
        log(answer, None, printer);
        others.splice(0..0, texts);
        others.extend(offered::shown(&answer.result, &answer.call_id, save)?);
        Exit::Ok
    };
    for block in others {
        printer.result(&block)?;
    }
    printer.aside(&receipt(answer));
    Ok(exit)
}

/// Lines of the log that a failed call is explained with: the cause stands at the end.
const LAST_LINES: usize = 10;

/// What the tool logged: all of it, or the last lines.
fn log(answer: &Answer, last: Option<usize>, printer: Printer) {
    let lines = &answer.log;
    let left_out = last.map_or(0, |last| lines.len().saturating_sub(last));
    if left_out > 0 {
        let earlier = human::plural(left_out, "earlier line");
        printer.aside(&format!("  ({earlier}; see all with: casemate logs --log)"));
    }
    for line in &lines[left_out..] {
        let text = format!("  {}", guest_log::line(line));
        match last {
            Some(_) => printer.note(&text),
            None => printer.aside(&text),
        }
    }
}

fn content(result: &Value) -> impl Iterator<Item = &Value> {
    result["content"].as_array().into_iter().flatten()
}

fn failure(answer: &Answer, texts: &[String]) -> Failure {
    let what = if !texts.is_empty() {
        texts.join("\n")
    } else if let Some(message) = &answer.message {
        message.clone()
    } else if answer.outcome == "need_input" {
        "it asks for input that only a client can give".to_owned()
    } else {
        "the call failed".to_owned()
    };
    let failure = Failure::new(Exit::Failure, what).code(answer.outcome.clone());
    match &answer.detail {
        Some(detail) => failure.note(format!("Cause: {detail}")),
        None => failure,
    }
}

/// One line about a block that is not text; with a folder, its bytes are written there.
pub(super) fn describe(
    block: &Value,
    call_id: &str,
    number: usize,
    save: Option<&Path>,
) -> Result<String, Failure> {
    let kind = block["type"].as_str().unwrap_or("content");
    let (place, data) = match kind {
        "image" | "audio" => (block, block["data"].as_str()),
        "resource" => {
            let resource = &block["resource"];
            if let Some(text) = resource["text"].as_str() {
                return Ok(text.to_owned());
            }
            (resource, resource["blob"].as_str())
        }
        "resource_link" => return Ok(link(block)),
        _ => (block, None),
    };
    let mime_type = place["mimeType"]
        .as_str()
        .unwrap_or("application/octet-stream");
    let Some(bytes) = data.and_then(|data| STANDARD.decode(data).ok()) else {
        return Ok(format!("[{kind}]"));
    };
    let size = human::bytes(bytes.len() as u64);
    let Some(folder) = save else {
        return Ok(format!("[{kind} {mime_type} {size}]"));
    };
    let path = folder.join(format!("{call_id}-{number}.{}", extension(mime_type)));
    write(&path, &bytes)?;
    Ok(format!("[{kind} {mime_type} {size}: {}]", path.display()))
}

fn link(block: &Value) -> String {
    let text = |name: &str| block[name].as_str().unwrap_or_default();
    let size = block["size"]
        .as_u64()
        .map(|size| format!(" {}", human::bytes(size)));
    format!(
        "[link {} {}{}]",
        text("name"),
        text("uri"),
        size.unwrap_or_default()
    )
}

/// The names are ours: a tool cannot choose where its bytes go.
fn extension(mime_type: &str) -> &'static str {
    match mime_type.split(';').next().unwrap_or_default().trim() {
        "image/png" => "png",
        "image/jpeg" => "jpg",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/svg+xml" => "svg",
        "audio/mpeg" => "mp3",
        "audio/wav" | "audio/x-wav" => "wav",
        "audio/ogg" => "ogg",
        "application/pdf" => "pdf",
        "application/json" => "json",
        "application/zip" => "zip",
        "text/plain" => "txt",
        "text/csv" => "csv",
        _ => "bin",
    }
}

fn write(path: &PathBuf, bytes: &[u8]) -> Result<(), Failure> {
    let written = path
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::File::create_new(path))
        .and_then(|mut file| file.write_all(bytes));
    written.map_err(|error: io::Error| {
        Failure::new(Exit::Failure, format!("cannot write {}", path.display()))
            .note(error.to_string())
    })
}

fn receipt(answer: &Answer) -> String {
    let receipt = &answer.receipt;
    let mut text = format!(
        "{} · {} · fuel {} · memory {} · {}",
        answer.outcome,
        human::duration(answer.duration_us),
        human::count(receipt.fuel),
        human::bytes(receipt.peak_memory_bytes),
        answer.call_id,
    );
    for (what, names) in [("hosts", &receipt.hosts), ("secrets", &receipt.secrets)] {
        if !names.is_empty() {
            text.push_str(&format!(" · {what} {}", names.join(", ")));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(outcome: &str, result: Value) -> Answer {
        serde_json::from_value(json!({
            "call_id": "call_1", "outcome": outcome, "result": result, "message": null,
            "receipt": { "fuel": 1_234_567, "wall_us": 1, "cpu_us": 1, "peak_memory_bytes": 1_179_648,
                "bytes_in": 1, "bytes_out": 1, "host_calls": 1, "hosts": ["api.weather.test"] },
            "duration_us": 12_345,
        }))
        .unwrap()
    }

    fn described(block: Value) -> String {
        describe(&block, "call_1", 1, None).unwrap()
    }

    #[test]
    fn media_is_described() {
        let image = json!({ "type": "image", "mimeType": "image/png", "data": STANDARD.encode(vec![0; 1229]) });
        assert_eq!(described(image), "[image image/png 1.2 KB]");
        let blob = json!({ "type": "resource", "resource": { "uri": "x:y", "blob": "AAAA" } });
        assert_eq!(described(blob), "[resource application/octet-stream 3 B]");
        let text = json!({ "type": "resource", "resource": { "uri": "x:y", "text": "inside" } });
        assert_eq!(described(text), "inside");
        let link = json!({ "type": "resource_link", "name": "report", "uri": "https://a.test/r", "size": 2048 });
        assert_eq!(described(link), "[link report https://a.test/r 2 KB]");
        assert_eq!(
            described(json!({ "type": "image", "data": "not base64!" })),
            "[image]"
        );
    }

    #[test]
    fn media_is_written_under_our_own_name() {
        let folder = tempfile::tempdir().unwrap();
        let image = json!({ "type": "image", "mimeType": "../../evil", "data": "AAAA" });
        let text = describe(&image, "call_1", 2, Some(folder.path())).unwrap();
        assert!(text.contains("call_1-2.bin"), "{text}");
        assert_eq!(
            fs::read(folder.path().join("call_1-2.bin")).unwrap(),
            [0, 0, 0]
        );
    }

    #[test]
    fn a_receipt_is_one_line() {
        let answer = answer("ok", json!({}));
        insta::assert_snapshot!(
            receipt(&answer),
            @"ok · 12.3 ms · fuel 1.2 M · memory 1.1 MB · call_1 · hosts api.weather.test"
        );
    }

    #[test]
    fn an_error_result_is_a_failure() {
        let failed = answer("tool_error", json!({ "isError": true, "content": [] }));
        assert!(failed.is_error());
        assert!(answer("ok", json!({ "isError": true })).is_error());
        assert!(!answer("ok", json!({ "content": [] })).is_error());
        let texts = ["no such city".to_owned()];
        insta::assert_snapshot!(failure(&failed, &texts), @r"
        no such city
          [tool_error]
        ");
    }
}
