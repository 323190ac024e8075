//! What is asked, as SOAP 1.2 with WS-Addressing of August 2004.

use std::fmt::Write;

/// WS-Discovery of April 2005.
const DISCOVERY: &str = "http://schemas.xmlsoap.org/ws/2005/04/discovery";

/// Whom a discovery message is to (WS-Discovery §2.4).
const EVERYBODY: &str = "urn:schemas-xmlsoap-org:ws:2005:04:discovery";

/// WS-Transfer's Get.
const GET: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get";

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Which devices of the Devices Profile are here (WS-Discovery §5.2)?
    Probe,
    /// Where is the one of this address (§6.2)?
    Resolve(String),
    /// What is the one of this address (Devices Profile §5)?
    Get(String),
}

/// Text as it may stand in an element.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

/// A name of a message that nobody can foresee who does not know the number: a UUID (RFC 9562 §5.4).
pub fn message_id(number: u64) -> String {
    let wide = u128::from(number) << 64 | u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let wide = wide & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let digits = format!("{wide:032x}");
    let mut id = String::from("urn:uuid:");
    for (at, digit) in digits.chars().enumerate() {
        if matches!(at, 8 | 12 | 16 | 20) {
            id.push('-');
        }
        id.push(digit);
    }
    id
}

impl Question {
    /// The message of this name.
    pub fn encode(&self, message_id: &str) -> Vec<u8> {
        let (action, to, body) = match self {
            Self::Probe => (
                format!("{DISCOVERY}/Probe"),
                EVERYBODY.to_owned(),
                "<wsd:Probe><wsd:Types>wsdp:Device</wsd:Types></wsd:Probe>".to_owned(),
            ),
            Self::Resolve(address) => (
                format!("{DISCOVERY}/Resolve"),
                EVERYBODY.to_owned(),
                format!(
                    "<wsd:Resolve><wsa:EndpointReference><wsa:Address>{}</wsa:Address>\
                     </wsa:EndpointReference></wsd:Resolve>",
                    escaped(address)
                ),
            ),
            Self::Get(address) => (GET.to_owned(), escaped(address), String::new()),
        };
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<soap:Envelope");
        for (prefix, space) in [
            ("soap", "http://www.w3.org/2003/05/soap-envelope"),
            ("wsa", "http://schemas.xmlsoap.org/ws/2004/08/addressing"),
            ("wsd", DISCOVERY),
            ("wsdp", "http://schemas.xmlsoap.org/ws/2006/02/devprof"),
        ] {
            // Writing to a string cannot fail.
            let _ = write!(out, " xmlns:{prefix}=\"{space}\"");
        }
        let anybody = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";
        let _ = write!(
            out,
            "><soap:Header><wsa:To>{to}</wsa:To><wsa:Action>{action}</wsa:Action>\
             <wsa:MessageID>{message_id}</wsa:MessageID><wsa:ReplyTo><wsa:Address>{anybody}\
             </wsa:Address></wsa:ReplyTo></soap:Header><soap:Body>{body}</soap:Body></soap:Envelope>"
        );
        out.into_bytes()
    }
}
