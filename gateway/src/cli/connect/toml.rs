//! Entries in TOML files. Comments, order and form of everything else stay as they are.

use super::file::Broken;
use jsonc_parser::cst::CstInputValue as Value;
use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, TomlError, value};

/// The whole file as a value, to look something up in it.
pub(super) fn read(text: &str) -> Result<serde_json::Value, Broken> {
    // The editing parser first: its errors are those that the writing would meet.
    parse(text)?;
    toml::from_str(text).map_err(|error| Broken::shape(error.message()))
}

/// The file with an entry in a table.
pub(super) fn merged(
    text: &str,
    table: &[&str],
    name: &str,
    entry: &Value,
) -> Result<String, Broken> {
    let mut document = parse(text)?;
    let mut place: &mut dyn TableLike = document.as_table_mut();
    for key in table {
        let item = place.entry(key).or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        place = item
            .as_table_like_mut()
            .ok_or_else(|| Broken::shape(format!("`{key}` in it is not a table.")))?;
    }
    place.insert(name, Item::Table(as_table(entry)));
    Ok(document.to_string())
}

fn as_table(entry: &Value) -> Table {
    let mut table = Table::new();
    if let Value::Object(members) = entry {
        for (key, member) in members {
            table.insert(key, as_item(member));
        }
    }
    table
}

/// What is inside an entry stands on one line, as people write it.
fn as_item(member: &Value) -> Item {
    match member {
        Value::Object(members) => {
            let mut inline = InlineTable::new();
            for (key, member) in members {
                if let Item::Value(value) = as_item(member) {
                    inline.insert(key, value);
                }
            }
            value(inline)
        }
        Value::String(text) => value(text),
        Value::Bool(flag) => value(*flag),
        Value::Array(items) => {
            let items = items
                .iter()
                .filter_map(|item| as_item(item).into_value().ok());
            value(items.collect::<toml_edit::Array>())
        }
        Value::Number(number) => number.parse::<i64>().map_or(Item::None, value),
        Value::Null => Item::None,
    }
}

fn parse(text: &str) -> Result<DocumentMut, Broken> {
    text.parse().map_err(|error: TomlError| {
        let before = &text[..error.span().map_or(0, |span| span.start).min(text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .unwrap_or_default()
            .chars()
            .count()
            + 1;
        Broken::at(line, column, error.message())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::connect::json::parse_template;

    fn merge(text: &str) -> Result<String, Broken> {
        let entry = parse_template(
            r#"{"url": "https://a.test", "http_headers": {"Authorization": "Bearer x"}}"#,
        );
        merged(text, &["mcp_servers"], "weather", &entry)
    }

    #[test]
    fn a_new_file_holds_one_table() {
        insta::assert_snapshot!(merge("").unwrap(), @r#"
        [mcp_servers.weather]
        url = "https://a.test"
        http_headers = { Authorization = "Bearer x" }
        "#);
    }

    #[test]
    fn comments_order_and_form_of_others_stay() {
        let text = "# mine\nmodel = 'x'   # why\n\n[mcp_servers.other]\ncommand = \"y\"\n\n[z]\na = [1,2]\n";
        let merged = merge(text).unwrap();
        for kept in [
            "# mine\nmodel = 'x'   # why\n",
            "[mcp_servers.other]\ncommand = \"y\"\n",
            "[z]\na = [1,2]\n",
        ] {
            assert!(merged.contains(kept), "{kept:?} is gone:\n{merged}");
        }
        assert_eq!(merge(&merged).unwrap(), merged);
        assert_eq!(
            read(&merged).unwrap()["mcp_servers"]["weather"]["url"],
            "https://a.test"
        );
    }

    #[test]
    fn what_is_broken_is_refused_with_its_place() {
        assert_eq!(merge("a = 1\nb = = 2\n").unwrap_err().place(), Some((2, 5)));
        for text in [
            "mcp_servers = 1",
            "[[mcp_servers]]\na = 1",
            "a = 1\na = 2",
            "ä = é",
        ] {
            assert!(merge(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\PC\\n]{0,60}") {
            drop(merge(&text));
        }
    }
}
