//! The official schemas of the protocol as judges. Which definition a message has to meet follows
//! from the schema itself: requests and notifications name their methods there, and the result of
//! `XRequest` is `XResult`.

use super::tape::Said;
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, OnceLock},
};

/// The schema of one revision.
pub(super) struct Schemas {
    /// Where definitions are: another place in older drafts of JSON Schema.
    section: &'static str,
    document: Value,
    validators: Mutex<BTreeMap<String, Arc<Validator>>>,
}

const FILES: [(&str, &str); 4] = [
    ("2025-03-26", include_str!("../../schemas/2025-03-26.json")),
    ("2025-06-18", include_str!("../../schemas/2025-06-18.json")),
    ("2025-11-25", include_str!("../../schemas/2025-11-25.json")),
    ("2026-07-28", include_str!("../../schemas/2026-07-28.json")),
];

/// What an extension defines. The schemas of the revisions have nothing for it, so that only the
/// envelope is checked, and what of the revision is inside.
const OF_EXTENSIONS: [&str; 5] = [
    "task",
    "tasks/get",
    "tasks/update",
    "tasks/cancel",
    "notifications/tasks",
];

impl Schemas {
    /// The schema of a revision; there is none here of the oldest.
    pub(super) fn of(revision: &str) -> Option<&'static Self> {
        static ALL: OnceLock<BTreeMap<&str, Schemas>> = OnceLock::new();
        let all = ALL.get_or_init(|| {
            let files = FILES.iter();
            files
                .map(|(name, text)| (*name, Self::read(text)))
                .collect()
        });
        all.get(revision)
    }

    fn read(text: &str) -> Self {
        let document: Value = serde_json::from_str(text).unwrap();
        let is_new = document.get("$defs").is_some();
        Self {
            section: if is_new { "$defs" } else { "definitions" },
            document,
            validators: Mutex::default(),
        }
    }

    fn definitions(&self) -> &Map<String, Value> {
        self.document[self.section].as_object().unwrap()
    }

    /// Checks a message against all that applies to it.
    pub(super) fn check(&self, said: &Said) -> Result<(), String> {
        let message = &said.message;
        if OF_EXTENSIONS.contains(&&*said.kind()) {
            return self.check_extension(message);
        }
        if let Some(method) = message["method"].as_str() {
            let definition = self.by_method(method);
            let definition = definition.ok_or(format!("the revision has no `{method}`"))?;
            return self.meets(definition, message);
        }
        if let Some(error) = message.get("error") {
            return self.check_error(message, &error["code"]);
        }
        let envelope = self.either("JSONRPCResultResponse", "JSONRPCResponse");
        self.meets(envelope, message)?;
        let definition = self.result(said)?;
        self.meets(&definition, &message["result"])
    }

    /// The envelope, and the result of the call that became a task.
    fn check_extension(&self, message: &Value) -> Result<(), String> {
        let (envelope, inner) = match message.get("result") {
            Some(result) => ("JSONRPCResultResponse", result),
            None => ("JSONRPCNotification", &message["params"]),
        };
        self.meets(envelope, message)?;
        match inner.get("result") {
            Some(result) => self.meets("CallToolResult", result),
            None => Ok(()),
        }
    }

    fn check_error(&self, message: &Value, code: &Value) -> Result<(), String> {
        let mut message = message.clone();
        // Where the id of a request could not be read, no revision says what to answer that has its
        // schema demand one: an invented id would be worse than none.
        if message.get("id").is_none() && self.section == "definitions" {
            message["id"] = json!("not readable");
        }
        let specific = self.definitions().iter().find(|(_, definition)| {
            let parts = definition["properties"]["error"]["allOf"].as_array();
            let mut parts = parts.into_iter().flatten();
            parts.any(|part| &part["properties"]["code"]["const"] == code)
        });
        if let Some((name, _)) = specific {
            self.meets(name, &message)?;
        }
        self.meets(
            self.either("JSONRPCErrorResponse", "JSONRPCError"),
            &message,
        )
    }

    /// The definition of what is said with this method.
    fn by_method(&self, method: &str) -> Option<&str> {
        let mut definitions = self.definitions().iter();
        let found = definitions.find(|(_, it)| it["properties"]["method"]["const"] == method);
        found.map(|(name, _)| name.as_str())
    }

    /// The definition of a result.
    fn result(&self, said: &Said) -> Result<String, String> {
        if said.kind() == "input_required" {
            return Ok("InputRequiredResult".to_owned());
        }
        let request = self.by_method(&said.method);
        let request = request.ok_or(format!("the revision has no `{}`", said.method))?;
        let result = request.strip_suffix("Request").unwrap().to_owned() + "Result";
        // Nothing is said in return to some requests.
        let is_there = self.definitions().contains_key(&result);
        Ok(if is_there {
            result
        } else {
            "EmptyResult".to_owned()
        })
    }

    fn either(&self, name: &'static str, older: &'static str) -> &'static str {
        let is_there = self.definitions().contains_key(name);
        if is_there { name } else { older }
    }

    fn meets(&self, definition: &str, instance: &Value) -> Result<(), String> {
        let mut validators = self.validators.lock().unwrap();
        let validator = validators.entry(definition.to_owned()).or_insert_with(|| {
            let mut schema = self.document.clone();
            schema["$ref"] = json!(format!("#/{}/{definition}", self.section));
            Arc::new(jsonschema::validator_for(&schema).unwrap())
        });
        let validator = Arc::clone(validator);
        drop(validators);
        let faults: Vec<_> = validator
            .iter_errors(instance)
            .map(|fault| format!("{definition}{}: {fault}", fault.instance_path()))
            .collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(faults.join("; "))
        }
    }
}
