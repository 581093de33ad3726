//! What an author reads after a mistake: each message stands at the token that is wrong.

#[test]
fn mistakes_are_explained_where_they_are() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
