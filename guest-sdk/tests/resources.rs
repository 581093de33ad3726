//! Resources: which URIs belong to them, and what is read there.

use casemate_guest_sdk::{
    content::{Resource, ResourceBody},
    prelude::*,
    resource::Readable,
};

/// The newest notes.
#[resource(
    "notes://newest",
    title = "Newest",
    name = "newest-notes",
    mime_type = "text/markdown"
)]
fn newest() -> &'static str {
    "# Notes"
}

/// One page of a note.
#[resource("notes://{author}/{+path}?page={page}")]
fn page(author: String, page: u32, path: String, cx: &Cx) -> String {
    format!("{} {author} {path} {page}", cx.call_id())
}

#[derive(Serialize)]
struct Note {
    id: u8,
}

/// A note.
#[resource("note://{id}")]
fn note(id: u8) -> Option<Note> {
    (id < 10).then_some(Note { id })
}

/// The picture of a note.
#[resource("picture://{id}")]
async fn picture(id: u8) -> Result<Image, ToolError> {
    match id {
        1 => Ok(Image::png(*b"png")),
        2 => Err(ToolError::user("The picture is being drawn.")),
        _ => Err(ToolError::not_found("No such picture.")),
    }
}

/// Bytes of no particular type.
#[resource("raw://all")]
fn raw() -> Vec<u8> {
    vec![0, 159, 146, 150]
}

/// A folder.
#[resource("folder://all")]
fn folder() -> Vec<Resource> {
    vec![
        Resource::text("folder://a", "text/plain", "a"),
        Resource::text("folder://b", "text/plain", "b"),
    ]
}

/// What is only for some.
#[resource("secret://door")]
fn door(cx: &Cx) -> Reply<String> {
    match cx.answer("word") {
        Some(_) => Reply::Done("open".to_owned()),
        None => Ask::new().roots("word").into(),
    }
}

#[test]
fn a_fixed_uri_is_no_template_and_a_variable_makes_one() {
    assert!(!newest::URI.is_template());
    assert!(page::URI.is_template());
    assert_eq!(page::URI.text, "notes://{author}/{+path}?page={page}");
}

#[test]
fn what_is_said_about_a_resource_comes_from_attribute_type_and_doc_comment() {
    let told = newest::describe();
    assert_eq!((told.name, told.title), ("newest-notes", Some("Newest")));
    assert_eq!(told.description, "The newest notes.");
    assert_eq!(told.mime_type, Some("text/markdown"));
    let types = [
        page::describe().mime_type,
        note::describe().mime_type,
        picture::describe().mime_type,
        raw::describe().mime_type,
    ];
    assert_eq!(
        types,
        [Some("text/plain"), Some("application/json"), None, None]
    );
}

fn text<R: Readable>(uri: &str) -> String {
    let outcome = testing::read::<R>(uri, &Cx::test());
    outcome.expect("it is there").text()
}

fn error<R: Readable>(uri: &str) -> ToolError {
    let outcome = testing::read::<R>(uri, &Cx::test());
    outcome.expect_err("it cannot be read")
}

#[test]
fn variables_arrive_decoded_whatever_their_order() {
    let uri = "notes://Zo%C3%AB/a/b%20c/d?page=7";
    assert_eq!(text::<page>(uri), "call_test Zoë a/b c/d 7");
}

#[test]
fn text_and_json_are_what_they_are_under_their_uri() {
    let outcome = testing::read::<note>("note://7", &Cx::test()).unwrap();
    let expected = Resource::text("note://7", "application/json", r#"{"id":7}"#);
    assert_eq!(outcome.contents(), [expected]);
    let outcome = testing::read::<newest>("notes://newest", &Cx::test()).unwrap();
    let expected = Resource::text("notes://newest", "text/markdown", "# Notes");
    assert_eq!(outcome.contents(), [expected]);
}

#[test]
fn bytes_are_not_text() {
    let outcome = testing::read::<picture>("picture://1", &Cx::test()).unwrap();
    let [picture] = outcome.contents() else {
        panic!("{outcome:?}");
    };
    assert_eq!(picture.mime_type.as_deref(), Some("image/png"));
    assert_eq!(picture.body, ResourceBody::Blob(b"png".to_vec()));
    let outcome = testing::read::<raw>("raw://all", &Cx::test()).unwrap();
    assert_eq!(outcome.bytes(), Some(&[0, 159, 146, 150][..]));
    assert_eq!(outcome.contents()[0].mime_type, None);
}

#[test]
fn several_pieces_keep_their_own_uris() {
    let outcome = testing::read::<folder>("folder://all", &Cx::test()).unwrap();
    let uris: Vec<&str> = outcome.contents().iter().map(|piece| &*piece.uri).collect();
    assert_eq!(uris, ["folder://a", "folder://b"]);
}

#[test]
fn what_is_not_there_is_not_found() {
    for error in [
        error::<note>("note://10"),
        error::<note>("note://many"),
        error::<note>("note://256"),
        error::<note>("note://1/2"),
        error::<note>("notes://1"),
        error::<picture>("picture://3"),
    ] {
        assert_eq!(error.error_code(), Some("not-found"), "{error:?}");
    }
    let control = error::<picture>("picture://2");
    assert_eq!(control.error_code(), None);
}

#[test]
fn a_resource_may_ask_first() {
    let asked = testing::read::<door>("secret://door", &Cx::test()).unwrap();
    assert!(asked.contents().is_empty());
    let cx = Cx::test().answer("word", json!({"roots": []}));
    let outcome = testing::read::<door>("secret://door", &cx).unwrap();
    assert_eq!(outcome.text(), "open");
}

casemate_guest_sdk::export!(
    resource newest,
    resource page,
    resource note,
    resource picture,
    resource raw,
    resource folder,
    resource door,
);
