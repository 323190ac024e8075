use daicho_common::text::Text;

use super::*;

const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 20, 0, 9));

const BOX: &str = "<?xml version=\"1.0\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\">\
    <device><deviceType>urn:schemas-upnp-org:device:MediaServer:1</deviceType>\
    <friendlyName>会議室 &amp; 書庫</friendlyName><manufacturer>Hako</manufacturer>\
    <modelName>HK</modelName><modelNumber>2</modelNumber><serialNumber>A-17</serialNumber>\
    <UDN>uuid:1</UDN><presentationURL>/admin</presentationURL>\
    <deviceList><device><friendlyName>inner</friendlyName></device></deviceList></device></root>";

fn answer(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// What a description says, and how the conversation ended.
fn read(octets: &[u8], piece: usize) -> (Option<Said>, Outcome) {
    let mut upnp = Upnp::new(HOST, 8200, "/root.xml");
    let Next::Say(asked) = upnp.begin() else { panic!("nothing asked") };
    let get = Get::decode(&asked).unwrap();
    assert_eq!(
        (get.target.as_str(), get.host.as_str(), get.close),
        ("/root.xml", "10.20.0.9:8200", true)
    );
    let mut outcome = None;
    for piece in octets.chunks(piece) {
        match upnp.hear(piece) {
            Next::Wait => {}
            Next::End(end) => {
                outcome = Some(end);
                break;
            }
            other @ (Next::Say(_) | Next::Anew) => panic!("{other:?}"),
        }
    }
    let outcome = outcome.unwrap_or_else(|| upnp.cut(Cut::Closed));
    let said = upnp.poll_fact().map(|(method, fact)| match (method, fact) {
        (Method::Upnp, Fact::Said(said)) => *said,
        other => panic!("{other:?}"),
    });
    (said, outcome)
}

#[test]
fn a_description_reads_whole_or_cut_anywhere() {
    let octets = answer(BOX.as_bytes());
    let (said, outcome) = read(&octets, 4096);
    let fields = said.clone().unwrap().fields;
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(
        fields,
        [
            ("device_type", "urn:schemas-upnp-org:device:MediaServer:1"),
            ("friendly_name", "会議室 & 書庫"),
            ("manufacturer", "Hako"),
            ("model_name", "HK"),
            ("model_number", "2"),
            ("serial", "A-17"),
            ("udn", "uuid:1"),
            ("presentation_url", "http://10.20.0.9:8200/admin"),
            ("friendly_name", "inner"),
        ]
    );
    assert_eq!(outcome, Outcome::Complete);
    for piece in 1..200 {
        assert_eq!(read(&octets, piece), (said.clone(), outcome));
    }
}

#[test]
fn a_description_in_shift_jis_reads_alike() {
    let text = BOX.replace("version=\"1.0\"", "version=\"1.0\" encoding=\"Shift_JIS\"");
    let (octets, _, lost) = encoding_rs::SHIFT_JIS.encode(&text);
    assert!(!lost);
    assert_eq!(read(&answer(&octets), 100), read(&answer(BOX.as_bytes()), 100));
}

#[test]
fn entities_document_types_and_depth_are_refused() {
    let bomb = "<!DOCTYPE r [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>\
                <root><device><friendlyName>&b;</friendlyName></device></root>";
    let outside = "<!DOCTYPE r [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>\
                <root><device><friendlyName>&a;</friendlyName></device></root>";
    let deep = "<a>".repeat(10_000);
    let wide = format!("<root>{}</root>", "<a/>".repeat(10_000));
    let page = "<html><head><title>x</title></head></html>";
    for text in [bomb, outside, &deep, &wide, page, "", "<root/>", "\u{0}"] {
        let (said, outcome) = read(&answer(text.as_bytes()), 999);
        assert_eq!((said, outcome), (None, Outcome::Malformed), "{text:.40}");
    }
}

#[test]
fn many_devices_long_names_and_scripts_are_bounded_and_cleaned() {
    let device =
        "<device><friendlyName>\u{1b}</friendlyName></device>".replace('\u{1b}', "&#x202e;a");
    let many = format!("<root>{}</root>", device.repeat(200));
    let said = read(&answer(many.as_bytes()), 4096).0.unwrap();
    assert_eq!(said.fields.len(), 5);
    assert_eq!(said.get("friendly_name"), Some("\u{fffd}a"));
    let long = format!("<root><device><UDN>{}</UDN></device></root>", "x".repeat(50_000));
    let said = read(&answer(long.as_bytes()), 4096).0.unwrap();
    assert_eq!(said.get("udn").map(str::len), Some(daicho_common::text::MAX_CHARS));
    let flood = answer(&vec![b'x'; 1 << 20]);
    assert_eq!(read(&flood, 4096), (None, Outcome::Partial));
}

#[test]
fn a_presentation_elsewhere_is_told_and_a_base_elsewhere_is_not_believed() {
    let shown = |base: &str, url: &str| {
        let text = format!(
            "<root><URLBase>{base}</URLBase><device><UDN>u</UDN>\
             <presentationURL>{url}</presentationURL></device></root>"
        );
        let said = read(&answer(text.as_bytes()), 4096).0.unwrap();
        said.get("presentation_url").map(Text::clean)
    };
    assert_eq!(shown("", "http://example.com/"), Some("http://example.com/".into()));
    assert_eq!(shown("http://example.com/", "a"), Some("http://10.20.0.9:8200/a".into()));
    assert_eq!(shown("http://10.20.0.9:80/x/", "a"), Some("http://10.20.0.9/x/a".into()));
    assert_eq!(shown("", ""), None);
}

#[test]
fn refusals_silence_and_other_protocols_are_told_apart() {
    assert_eq!(read(b"HTTP/1.1 404 Not Found\r\n\r\n", 99), (None, Outcome::Refused));
    assert_eq!(read(b"", 99), (None, Outcome::Silent));
    assert_eq!(read(b"\x15\x03\x01\0\x02\x02\x0a", 99), (None, Outcome::Malformed));
    let broken = b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n<root>".as_slice();
    assert_eq!(read(broken, 99), (None, Outcome::Partial));
}
