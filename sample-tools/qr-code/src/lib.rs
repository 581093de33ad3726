//! Draws a QR code.

use casemate_guest_sdk::prelude::*;
use qrcode::{Color, EcLevel, QrCode};

/// The white modules round the code that scanners need.
const QUIET_ZONE: usize = 4;

/// How much damage a code survives.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Correction {
    /// 7 %
    Low,
    /// 15 %
    Medium,
    /// 25 %
    Quartile,
    /// 30 %
    High,
}

/// Draws a QR code as a PNG image, to be scanned with a phone.
#[tool(title = "QR code", read_only, idempotent, open_world = false)]
pub fn qr_code(
    /// What the code says: an address, a text, up to about 2,000 bytes.
    #[arg(example = "https://example.com/")]
    text: String,
    /// How much damage the code survives.
    #[arg(default = Correction::Medium)]
    correction: Correction,
    /// Pixels for each module.
    #[arg(default = 8, range = 1..=32)]
    scale: u8,
) -> Result<Image, ToolError> {
    let level = match correction {
        Correction::Low => EcLevel::L,
        Correction::Medium => EcLevel::M,
        Correction::Quartile => EcLevel::Q,
        Correction::High => EcLevel::H,
    };
    let code = QrCode::with_error_correction_level(&text, level).map_err(|error| {
        ToolError::invalid_arg("text", format!("does not fit into a QR code: {error}"))
    })?;
    Ok(Image::png(png(&code, usize::from(scale))?))
}

/// One bit for each pixel: 0 is black.
fn png(code: &QrCode, scale: usize) -> Result<Vec<u8>, png::EncodingError> {
    let side = (code.width() + 2 * QUIET_ZONE) * scale;
    let mut pixels = vec![0xFF; side.div_ceil(8) * side];
    for (y, row) in pixels.chunks_exact_mut(side.div_ceil(8)).enumerate() {
        for x in 0..side {
            if is_dark(code, x / scale, y / scale) {
                row[x / 8] &= !(0x80 >> (x % 8));
            }
        }
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, side as u32, side as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::One);
    encoder.write_header()?.write_image_data(&pixels)?;
    Ok(file)
}

fn is_dark(code: &QrCode, x: usize, y: usize) -> bool {
    let inside = QUIET_ZONE..QUIET_ZONE + code.width();
    inside.contains(&x)
        && inside.contains(&y)
        && code[(x - QUIET_ZONE, y - QUIET_ZONE)] == Color::Dark
}

casemate_guest_sdk::export!(qr_code);
