//! The sample tools do their work on real data.

use casemate_tests::{Fixture, Gateway, Reply, Server, Shared, sample};
use serde_json::{Value, json};

static GATEWAY: Shared<Gateway> = Shared::new(|| {
    Gateway::builder()
        .config("egress.allow_ranges = ['127.0.0.1/32']")
        .start()
});

fn with(gateway: &Gateway, name: &str, flags: &[&str]) -> Server {
    let server = gateway.server(name);
    gateway.push_with(&server, sample(name), flags);
    server
}

/// A generator whose numbers are the same in every run: xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Uniform in 0 to 1.
    fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Normal, by the sum of twelve uniforms.
    fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let sum: f64 = (0..12).map(|_| self.uniform()).sum();
        (sum - 6.0).mul_add(deviation, mean)
    }
}

#[test]
fn csv_summary_sums_up_a_table_of_more_than_a_megabyte() {
    let gateway = GATEWAY.get();
    let server = with(&gateway, "csv-summary", &[]);
    let mut random = Random(1);
    let mut csv = String::from("station,day,celsius,note\n");
    let (mut count, mut sum, mut low, mut high) = (0_u64, 0.0, f64::MAX, f64::MIN);
    while csv.len() < 1_200_000 {
        // Daily temperatures, two decimals as weather services publish them; one in fifty missing.
        let celsius = (random.normal(9.5, 8.0) * 100.0).round() / 100.0;
        let station = random.next() % 40;
        if random.next().is_multiple_of(50) {
            csv.push_str(&format!("S{station:02},{count},,\"gone, sorry\"\n"));
        } else {
            csv.push_str(&format!("S{station:02},{count},{celsius:.2},\n"));
            (sum, low, high) = (sum + celsius, low.min(celsius), high.max(celsius));
        }
        count += 1;
    }
    let reply = gateway
        .modern(&server)
        .call("csv_summary", json!({ "csv": csv }));
    let table = reply.structured();
    assert_eq!(table["rows"], count);
    let celsius = column(table, "celsius");
    let numbers = &celsius["numbers"];
    assert_eq!(numbers["min"].as_f64().unwrap(), low);
    assert_eq!(numbers["max"].as_f64().unwrap(), high);
    let present = celsius["values"].as_u64().unwrap();
    let empty = celsius["empty"].as_u64().unwrap();
    assert_eq!(present + empty, count);
    let mean = numbers["mean"].as_f64().unwrap();
    assert!((mean - sum / present as f64).abs() < 1e-9, "{mean}");
    assert_eq!(column(table, "station")["distinct"], 40);
}

fn column<'a>(table: &'a Value, name: &str) -> &'a Value {
    let columns = table["columns"].as_array().unwrap();
    columns
        .iter()
        .find(|column| column["name"] == name)
        .unwrap()
}

#[test]
fn json_query_finds_its_way_through_a_document_of_more_than_a_megabyte() {
    let gateway = GATEWAY.get();
    let server = with(&gateway, "json-query", &[]);
    let mut random = Random(2);
    let mut orders = Vec::new();
    let mut large = 0;
    for number in 0..13_000 {
        // Amounts of orders are log-normal.
        let amount = (random.normal(3.5, 1.0).exp() * 100.0).round() / 100.0;
        large += u64::from(amount > 200.0);
        let country = ["DE", "FR", "US", "JP"][(random.next() % 4) as usize];
        orders.push(json!({
            "id": format!("order-{number:06}"), "amount": amount,
            "customer": { "name": format!("Customer {}", random.next() % 500), "country": country },
        }));
    }
    let document = json!({ "orders": orders }).to_string();
    assert!(document.len() > 1_000_000, "{}", document.len());
    let arguments = json!({ "json": document, "query": "length(orders[?amount > `200`])" });
    let reply = gateway.modern(&server).call("json_query", arguments);
    assert!(!reply.is_tool_error(), "{}", reply.http);
    assert_eq!(reply.structured()["result"].as_f64().unwrap(), large as f64);
}

#[test]
fn the_picture_of_qr_code_reads_as_its_text() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let gateway = GATEWAY.get();
    let server = with(&gateway, "qr-code", &[]);
    for text in [
        "https://example.com/a?b=c",
        "Grüße aus der Kasematte",
        "0123456789",
    ] {
        let reply = gateway
            .modern(&server)
            .call("qr_code", json!({ "text": text }));
        let block = &reply.result()["content"][0];
        assert_eq!(
            (&block["type"], &block["mimeType"]),
            (&json!("image"), &json!("image/png"))
        );
        let png = STANDARD.decode(block["data"].as_str().unwrap()).unwrap();
        assert_eq!(read_qr(&png), text);
    }
}

/// Reads a QR code with a decoder that has nothing in common with the encoder.
fn read_qr(png: &[u8]) -> String {
    let picture = image::load_from_memory_with_format(png, image::ImageFormat::Png)
        .unwrap()
        .to_luma8();
    let mut prepared = rqrr::PreparedImage::prepare(picture);
    let grids = prepared.detect_grids();
    assert_eq!(grids.len(), 1, "there is one code in the picture");
    grids[0].decode().unwrap().1
}

#[test]
fn text_stats_counts_what_people_count() {
    let gateway = GATEWAY.get();
    let server = with(&gateway, "text-stats", &[]);
    let reply = gateway.modern(&server).call(
        "text_stats",
        json!({ "text": "One fish. Two fish.\nRed fish!" }),
    );
    let stats = reply.structured();
    assert_eq!(stats["words"], 6);
    assert_eq!(stats["lines"], 2);
    assert_eq!(stats["sentences"], 3);
    assert_eq!(
        serde_json::from_str::<Value>(&reply.text()).unwrap(),
        *stats,
        "the text says the same"
    );
}

#[test]
fn http_get_follows_redirects_to_granted_hosts_only() {
    let gateway = GATEWAY.get();
    let other = Fixture::start(|_| Reply::text("not for you"));
    let elsewhere = other.url("/");
    let site = Fixture::start(move |request| match &*request.path {
        "/start" => Reply::redirect("/page"),
        "/page" => Reply::text("here it is"),
        "/away" => Reply::redirect(&elsewhere),
        "/big" => Reply::bytes(3 << 20),
        _ => Reply::status(404),
    });
    let granted = site.host();
    let server = with(&gateway, "http-get", &["--grant-host", &granted]);
    let get = |path: &str| {
        gateway
            .modern(&server)
            .call("http_get", json!({ "url": site.url(path) }))
    };
    let page = get("/start");
    assert_eq!(page.structured()["text"], "here it is");
    assert_eq!(page.structured()["url"], site.url("/page"));
    assert!(
        get("/away").is_tool_error(),
        "a redirect to a host that is not granted"
    );
    assert!(
        get("/big").is_tool_error(),
        "a page over the cap of the tool"
    );
    let direct = gateway
        .modern(&server)
        .call("http_get", json!({ "url": other.url("/") }));
    assert!(direct.is_tool_error(), "{}", direct.http);
    assert_eq!(other.requests().len(), 0, "nothing reached the other host");
}

#[test]
fn without_the_operators_word_no_tool_reaches_a_private_address() {
    let gateway = Gateway::start();
    let site = Fixture::start(|_| Reply::text("internal"));
    let granted = site.host();
    let server = with(&gateway, "http-get", &["--grant-host", &granted]);
    let reply = gateway
        .modern(&server)
        .call("http_get", json!({ "url": site.url("/") }));
    assert!(reply.is_tool_error(), "{}", reply.http);
    assert_eq!(site.requests().len(), 0);
}

#[test]
fn weather_sends_its_secret_to_the_granted_host_and_shows_it_to_nobody() {
    const KEY: &str = "w-5d41402abc4b2a76b9719d911017c592";
    let gateway = GATEWAY.get();
    let site = Fixture::start(|_| {
        Reply::json(
            json!({ "city": "Oslo", "days": [{ "date": "2026-11-22", "low": -4.0, "high": 1.5, "summary": "snow" }] }),
        )
    });
    let granted = site.host();
    let url = format!("WEATHER_URL={}", site.url(""));
    let server = with(
        &gateway,
        "weather",
        &[
            "--grant-host",
            &granted,
            "--grant-secret",
            "WEATHER_KEY",
            "--config",
            &url,
        ],
    );
    gateway.secret(&server, "WEATHER_KEY", KEY);
    let reply = gateway
        .modern(&server)
        .call("weather", json!({ "city": "Oslo" }));
    assert!(!reply.is_tool_error(), "{}", reply.http);
    let seen = site.requests();
    assert_eq!(seen[0].header("x-api-key"), Some(KEY), "{seen:?}");
    assert!(!reply.http.text().contains(KEY));
    let logged = gateway
        .cli(["logs", "-s", &server.id, "--json"])
        .ok()
        .stdout;
    assert!(
        !logged.contains(KEY) && logged.contains("WEATHER_KEY"),
        "{logged}"
    );
    assert_eq!(
        crate::files::holding(&gateway.data_dir(), KEY.as_bytes()),
        Vec::<String>::new()
    );
}
