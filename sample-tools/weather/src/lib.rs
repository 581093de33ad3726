//! Asks a weather service, with a secret that it never holds.

use casemate_guest_sdk::prelude::*;

const SERVICE: &str = "https://api.weather.example/v1/forecast";

/// The weather of the next days.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Forecast {
    city: String,
    days: Vec<Day>,
}

/// The weather of one day.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Day {
    /// Such as `2026-11-22`.
    date: String,
    /// Degrees Celsius.
    low: f64,
    /// Degrees Celsius.
    high: f64,
    /// In words.
    summary: String,
}

/// Current weather and a short forecast for one city.
#[tool(
    title = "Weather",
    read_only,
    open_world,
    hosts = ["api.weather.example"],
    secrets = ["WEATHER_KEY"]
)]
pub async fn weather(
    /// City name in any language.
    #[arg(example = "Oslo")]
    city: String,
    /// How many days ahead.
    #[arg(default = 1, range = 1..=14)]
    days: u8,
    cx: &Cx,
) -> Result<Forecast, ToolError> {
    let service = cx
        .config("WEATHER_URL")
        .unwrap_or_else(|| SERVICE.to_owned());
    let request = cx
        .http()
        .get(service)
        .query("city", &city)
        .query("days", days);
    let request = request
        .header("X-Api-Key", cx.secret("WEATHER_KEY")?)
        .timeout_ms(5_000);
    let forecast: Forecast = request.send().await?.json()?;
    if forecast.days.is_empty() {
        return Err(ToolError::user("No forecast for that city.")
            .hint("Try a larger place nearby.")
            .code("not-found"));
    }
    Ok(forecast)
}

casemate_guest_sdk::export!(weather);
