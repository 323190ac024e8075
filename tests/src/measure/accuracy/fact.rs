//! A banner as the fact that an agent would deliver.

use std::net::{IpAddr, Ipv4Addr};

use daicho_common::addr::Mac;
use daicho_common::observation::said::Said;
use daicho_common::observation::{Fact, Method, Observation, Speaker, Vantage, heard};
use daicho_common::text::Text;
use daicho_common::time::Timestamp;

use super::banner::Banner;

/// Who saw it, and when, in microseconds.
pub(super) const AGENT: &str = "measure";
pub(super) const AT: i64 = 1_000_000;

/// Sources that are one field of a service: method, port, field.
const SAID: [(&str, Method, u16, &str); 13] = [
    ("http.server", Method::Http, 80, "server"),
    ("http.title", Method::Http, 80, "title"),
    ("http.www-authenticate", Method::Http, 80, "www-authenticate"),
    ("ssh.banner", Method::Ssh, 22, "banner"),
    ("ftp.banner", Method::Ftp, 21, "greeting"),
    ("telnet.banner", Method::Telnet, 23, "greeting"),
    ("sip.server", Method::Sip, 5060, "server"),
    ("rtsp.server", Method::Rtsp, 554, "server"),
    ("tls.subject", Method::Tls, 443, "subject"),
    ("tls.issuer", Method::Tls, 443, "issuer"),
    ("ntp.readvar", Method::Ntp, 123, "readvar"),
    ("smb.native-os", Method::Smb, 445, "native_os"),
    ("pjl.id", Method::Ipp, 631, "printer-make-and-model"),
];

/// The observation at this address; `None` if the source is none that we know.
pub(super) fn observation(banner: &Banner, ip: Ipv4Addr) -> Option<Observation> {
    let text = &banner.banner;
    let mac = mac(ip);
    let (method, fact) = match banner.source.as_str() {
        "snmp.sysDescr" => (Method::Snmp, system(text, String::new())),
        "snmp.sysObjectID" => {
            let (object_id, description) = object_id(text);
            (Method::Snmp, system(description, object_id))
        }
        "dhcp.vendor-class" => {
            let vendor_class = Text::clean(text);
            let dhcp =
                heard::Dhcp { client: Some(mac), vendor_class, message: 3, ..Default::default() };
            (Method::Dhcp, Fact::Dhcp(Box::new(dhcp)))
        }
        "mdns.device-info" => (Method::Mdns, device_info(text)),
        source => {
            let (_, method, port, field) = SAID.iter().find(|(name, ..)| *name == source)?;
            let mut said = Said::at(*port);
            said.add(field, Text::clean(text));
            (*method, Fact::Said(Box::new(said)))
        }
    };
    // Of what is heard on the link the frame is known; of what is asked over a router it is not.
    let mac = matches!(method, Method::Dhcp | Method::Mdns).then_some(mac);
    let (agent, network) = (AGENT.to_owned(), "banners".to_owned());
    Some(Observation {
        at: Timestamp::from_micros(AT),
        vantage: Vantage { agent, interface: String::new(), network }.into(),
        method,
        speaker: Speaker { ip: Some(IpAddr::V4(ip)), mac },
        fact,
    })
}

/// A burned-in address of no maker (00-00-5E is IANA's; RFC 7042 §2.1).
fn mac(ip: Ipv4Addr) -> Mac {
    let [_, _, high, low] = ip.octets();
    Mac::new([0x00, 0x00, 0x5e, 0x53, high, low])
}

fn system(description: &str, object_id: String) -> Fact {
    let (name, location, contact) = Default::default();
    Fact::System { description: Text::clean(description), object_id, name, location, contact }
}

/// An identifier at the beginning, and the rest.
fn object_id(text: &str) -> (String, &str) {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    let is_id =
        first.contains('.') && first.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.');
    if is_id { (first.trim_matches('.').to_owned(), rest) } else { (String::new(), text) }
}

/// The pairs of a TXT record, divided by commas; what has no `=` goes on with the value before it.
fn device_info(text: &str) -> Fact {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for part in text.split(',') {
        match (part.split_once('='), pairs.last_mut()) {
            (Some((key, value)), _) => pairs.push((key.trim().to_owned(), value.to_owned())),
            (None, Some((_, value))) => {
                value.push(',');
                value.push_str(part);
            }
            (None, None) => {}
        }
    }
    let mut told: Vec<(Text, Text)> =
        pairs.into_iter().map(|(key, value)| (Text::clean(&key), Text::clean(&value))).collect();
    told.sort();
    Fact::Service {
        service: Text::clean("_device-info._tcp"),
        instance: Text::default(),
        host: Text::default(),
        port: 0,
        txt: told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_before_a_description_is_taken_apart() {
        assert_eq!(
            object_id("1.3.6.1.4.1.99999.1 Zork 9"),
            ("1.3.6.1.4.1.99999.1".into(), "Zork 9")
        );
        assert_eq!(object_id("Zork 9"), (String::new(), "Zork 9"));
        assert_eq!(object_id("1.3.6.1.4.1.99999"), ("1.3.6.1.4.1.99999".into(), ""));
    }

    #[test]
    fn a_txt_value_may_hold_commas() {
        let Fact::Service { txt, .. } = device_info("model=Zork9,1,osxvers=99") else { panic!() };
        let pairs: Vec<(&str, &str)> = txt.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("model", "Zork9,1"), ("osxvers", "99")]);
    }
}
