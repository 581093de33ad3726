//! Text in, pictures out.

use ::qr_code::{Correction, qr_code};
use casemate_guest_sdk::{content::Body, output::Outcome, prelude::*};

#[test]
fn the_picture_has_the_pixels_of_the_code_and_a_white_border() {
    let image = qr_code("https://example.com/".into(), Correction::Medium, 2).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(&image.data))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut pixels).unwrap();
    // Version 2 has 25 modules; with the border 33, of two pixels each.
    assert_eq!((frame.width, frame.height), (66, 66));
    let is_black =
        |x: usize, y: usize| pixels[y * frame.line_size + x / 8] & (0x80 >> (x % 8)) == 0;
    assert!(!is_black(7, 7), "the border is white");
    assert!(is_black(8, 8), "the finder pattern starts in the corner");
}

#[test]
fn a_client_gets_a_png_image() {
    let outcome = testing::call::<qr_code>(json!({"text": "hello"}), &Cx::test()).unwrap();
    let Outcome::Complete(result) = outcome else {
        panic!("a question")
    };
    let [
        Content {
            body: Body::Image(image),
            ..
        },
    ] = result.contents()
    else {
        panic!("{result:?}")
    };
    assert_eq!(image.mime_type, "image/png");
}

#[test]
fn a_text_that_is_too_long_is_refused() {
    let error = qr_code("x".repeat(3_000), Correction::High, 1).unwrap_err();
    assert!(
        error
            .message()
            .starts_with("The argument `text` does not fit"),
        "{error:?}"
    );
}
