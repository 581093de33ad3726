//! What a person or a program is told about a plan.

use super::{Plan, Way, json};
use crate::cli::{
    Context,
    connect::{entry::masked, file::File},
    exit::Exit,
    failure::Failure,
    keys::Made,
    plan::{Line, Mark},
};
use secrecy::ExposeSecret;
use serde_json::Value;

impl Plan {
    pub(super) fn show_change(
        &self,
        file: &File,
        after: &str,
        context: &Context,
    ) -> Result<Exit, Failure> {
        let (before, after) = (masked(file.text()), masked(after));
        if context.printer.is_json() {
            let mut shown = self.shown(&None);
            shown["changed"] = json!(before != after);
            shown["dry_run"] = json!(true);
            context.printer.result(&shown.to_string())?;
            return Ok(Exit::Ok);
        }
        // Only what changes: other lines may hold what is nobody's business.
        let difference = similar::TextDiff::from_lines(&before, &after);
        let lines: Vec<_> = difference
            .iter_all_changes()
            .filter_map(|change| {
                let mark = match change.tag() {
                    similar::ChangeTag::Delete => Mark::Old,
                    similar::ChangeTag::Insert => Mark::New,
                    similar::ChangeTag::Equal => return None,
                };
                Some(Line::new(mark, change.value().trim_end()))
            })
            .collect();
        context
            .printer
            .note(&format!("{} would change:", file.path().display()));
        context.printer.diff(&lines)?;
        if lines.is_empty() {
            context.printer.note("Only the key would be another one.");
        }
        context
            .printer
            .note("Nothing was changed, and no key was made.");
        Ok(Exit::Ok)
    }

    pub(super) fn say_it_is_there(&self, file: &File, context: &Context) -> Result<Exit, Failure> {
        if context.printer.is_json() {
            let mut shown = self.shown(&None);
            shown["changed"] = json!(false);
            context.printer.result(&shown.to_string())?;
            return Ok(Exit::Ok);
        }
        let path = file.path().display();
        context.printer.note(&format!(
            "{path} has this entry already; nothing was changed."
        ));
        context.printer.aside("For a new key: --replace");
        Ok(Exit::Ok)
    }

    pub(super) fn say_it_is_written(
        &self,
        file: &File,
        made: &Option<Made>,
        context: &Context,
    ) -> Result<Exit, Failure> {
        if context.printer.is_json() {
            let mut shown = self.shown(made);
            shown["changed"] = json!(true);
            context.printer.result(&shown.to_string())?;
            return Ok(Exit::Ok);
        }
        let (name, path) = (&self.name, file.path().display());
        context.printer.note(&format!("`{name}` is in {path}"));
        self.print_key(made, context)?;
        self.say_what_is_next(made, context);
        Ok(Exit::Ok)
    }

    /// A key that is not in the configuration is shown once, so that it gets where it belongs.
    pub(super) fn print_key(&self, made: &Option<Made>, context: &Context) -> Result<(), Failure> {
        let Some(made) = made else {
            return Ok(());
        };
        let text = match self.way {
            Way::Inside => return Ok(()),
            Way::ByVariable => format!("export {}={}", self.variable, made.text()),
            Way::Asked => made.text().to_owned(),
        };
        context.printer.result(&text)?;
        context
            .printer
            .note("This is the only time the key is shown.");
        Ok(())
    }

    pub(super) fn say_what_is_next(&self, made: &Option<Made>, context: &Context) {
        if self.way == Way::ByVariable && std::env::var_os(&self.variable).is_none() {
            let (client, variable) = (self.client.title, &self.variable);
            context
                .printer
                .note(&format!("{client} needs {variable} in its environment."));
        }
        context
            .printer
            .note(&self.entry(None).fill(self.client.next));
        if let Some(made) = made {
            let (id, client) = (&made.id, self.client.id);
            context.printer.aside(&format!(
                "The key is {id} ({client}). Take it back, or one before it: casemate key list, casemate key revoke ID"
            ));
        }
    }

    pub(super) fn shown(&self, made: &Option<Made>) -> Value {
        let key = made.as_ref().map(|made| {
            let text = (self.way != Way::Inside).then(|| made.text.expose_secret());
            json!({ "id": made.id, "name": self.client.id, "key": text })
        });
        json!({
            "client": self.client.id,
            "server": self.known.reference,
            "name": self.name,
            "url": self.known.url,
            "file": self.path,
            "variable": (self.way == Way::ByVariable).then_some(&self.variable),
            "key": key,
        })
    }
}
