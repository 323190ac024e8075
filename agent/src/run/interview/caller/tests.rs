use daicho_common::observation::heard;
use daicho_common::observation::said::Said;
use daicho_common::text::Text;

use super::*;

use crate::plan::question::{Dicom as Named, Questions};
use crate::plan::window::Windows;
use crate::plan::{Medical, Policy};

const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 20, 0, 9));

fn led(method: Method, fact: &Fact) -> Vec<(Method, u16, String)> {
    let pages = pages(HOST, method, fact).into_iter();
    pages.map(|page| (page.method, page.port, page.path)).collect()
}

fn redirect(to: &str) -> Fact {
    let mut said = Said::at(80);
    said.add("location", Text::clean(to));
    Fact::Said(Box::new(said))
}

#[test]
fn a_redirect_leads_to_another_port_of_the_same_host_and_nowhere_else() {
    let to = |to| led(Method::Http, &redirect(to));
    assert_eq!(to("https://10.20.0.9/login"), [(Method::Tls, 443, "/login".to_owned())]);
    assert_eq!(to("http://10.20.0.9:8081/"), [(Method::Http, 8081, "/".to_owned())]);
    for elsewhere in ["https://10.20.0.8/", "https://example.com/", "/login", "ftp://10.20.0.9/"] {
        assert_eq!(to(elsewhere), [], "{elsewhere}");
    }
}

#[test]
fn a_web_service_of_dns_sd_is_read_at_its_own_port() {
    let fact = |service: &str, port| Fact::Service {
        service: service.into(),
        instance: "NAS".into(),
        host: "nas.local".into(),
        port,
        txt: vec![("path".into(), "/admin".into())],
    };
    assert_eq!(
        led(Method::Mdns, &fact("_http._tcp", 5000)),
        [(Method::Http, 5000, "/admin".to_owned())]
    );
    assert_eq!(
        led(Method::Mdns, &fact("_https._tcp", 5001)),
        [(Method::Tls, 5001, "/admin".to_owned())]
    );
    assert_eq!(led(Method::Mdns, &fact("_http._tcp", 0)), []);
    assert_eq!(led(Method::Mdns, &fact("_ssh._tcp", 22)), []);
}

#[test]
fn an_answer_of_ssdp_leads_to_the_description_on_the_same_host() {
    let answer = |location: &str| {
        let location = Text::clean(location);
        let [target, name, server] = ["upnp:rootdevice", "uuid:1", "Box/1"].map(Text::clean);
        Fact::Ssdp(Box::new(heard::Ssdp { target, name, server, location, gone: false }))
    };
    let to = |location| led(Method::SsdpSearch, &answer(location));
    assert_eq!(
        to("http://10.20.0.9:8200/root.xml"),
        [(Method::Upnp, 8200, "/root.xml".to_owned())]
    );
    for elsewhere in
        ["http://10.20.0.8/a.xml", "https://10.20.0.9/a.xml", "http://10.20.0.9:0/", ""]
    {
        assert_eq!(to(elsewhere), [], "{elsewhere}");
    }
    let mut said = Said::at(8200);
    said.add("presentation_url", Text::clean("http://10.20.0.9:5000/"));
    let shown = led(Method::Upnp, &Fact::Said(Box::new(said)));
    assert_eq!(shown, [(Method::Http, 5000, "/".to_owned())]);
}

fn caller(host: IpAddr) -> Caller {
    Caller { host, timeout: Duration::from_secs(1), tries: 2, number: 0x1234_5678 }
}

/// A network whose hosts are asked this.
fn network(questions: Questions) -> Network {
    Network {
        name: "3F".into(),
        cidr: "10.20.0.0/24".parse().unwrap(),
        vlan: None,
        ipv6: false,
        policy: Policy::Full,
        medical: Medical::Sighting,
        packets_per_second: 100,
        credentials: Vec::new(),
        snmp_port: 161,
        tcp_ports: Vec::new(),
        questions,
        windows: Windows::default(),
    }
}

#[test]
fn an_association_is_asked_of_the_hosts_that_were_named_and_of_nobody_else() {
    let named = |host: u8, port| Named {
        host: [10, 20, 0, host].into(),
        port,
        called: "ARCHIVE".into(),
        calling: "DAICHO".into(),
    };
    // Even where the protocol stands among those that everybody is asked by.
    let asked = [(Method::Dicom, vec![104])].into();
    let dicom = vec![named(9, 104), named(7, 11_112), named(9, 4242), named(9, 2575)];
    let network = network(Questions { asked, dicom, ..Questions::default() });
    let asked = |host: u8| -> Vec<(Method, Option<u16>)> {
        let dialogues = caller([10, 20, 0, host].into()).all(&network);
        dialogues.iter().map(|dialogue| (dialogue.method(), dialogue.port())).collect()
    };
    assert_eq!(asked(9), [(Method::Dicom, Some(104)), (Method::Dicom, Some(4242))]);
    assert_eq!(asked(7), [(Method::Dicom, Some(11_112))]);
    for other in (0..=255).filter(|host| !matches!(host, 7 | 9)) {
        assert_eq!(asked(other), [], "{other}");
    }
}

#[test]
fn an_endpoint_of_ws_discovery_leads_to_its_metadata_on_the_same_host_and_nowhere_else() {
    let asked = [(Method::Wsd, vec![3702])].into();
    let network = network(Questions { asked, ..Questions::default() });
    let led = |address: &str, xaddrs: &[&str]| -> Vec<(Method, Option<u16>)> {
        let mut said = Said::at(3702);
        said.add("address", Text::clean(address));
        for at in xaddrs {
            said.add("xaddrs", Text::clean(at));
        }
        let leads = caller(HOST).after(&network, (Method::Wsd, &Fact::Said(Box::new(said))));
        leads.iter().map(|lead| (lead.method(), lead.port())).collect()
    };
    let elsewhere = "http://10.20.0.8:5357/x";
    let metadata = led("urn:uuid:1", &[elsewhere, "http://10.20.0.9:5357/x"]);
    assert_eq!(metadata, [(Method::Wsd, Some(5357))]);
    assert_eq!(led("urn:uuid:1", &[]), [(Method::Wsd, None)], "where it is, is asked by datagram");
    for refused in
        [elsewhere, "http://10.20.0.9:9100/x", "https://10.20.0.9/x", "http://example.com/"]
    {
        assert_eq!(led("urn:uuid:1", &[refused]), [], "{refused}");
    }
    assert_eq!(led("", &["http://10.20.0.9:5357/x"]), []);
    assert_eq!(led(&"x".repeat(500), &["http://10.20.0.9:5357/x"]), []);
}

#[test]
fn a_scanner_of_dns_sd_is_asked_by_escl_where_that_is_allowed() {
    let fact = |port| Fact::Service {
        service: "_uscan._tcp".into(),
        instance: "Scanner".into(),
        host: "scanner.local".into(),
        port,
        txt: vec![("rs".into(), "eSCL".into())],
    };
    let led = |asked: &[Method], port| -> Vec<(Method, Option<u16>)> {
        let asked = asked.iter().map(|method| (*method, Vec::new())).collect();
        let network = network(Questions { asked, ..Questions::default() });
        let leads = caller(HOST).after(&network, (Method::Mdns, &fact(port)));
        leads.iter().map(|lead| (lead.method(), lead.port())).collect()
    };
    assert_eq!(led(&[Method::Escl], 8080), [(Method::Escl, Some(8080))]);
    assert_eq!(led(&[Method::Ipp], 8080), []);
    assert_eq!(led(&[Method::Escl], 9100), [], "a forbidden port");
    assert_eq!(led(&[Method::Escl], 0), []);
}
