//! Which dialogue asks by which protocol, and what leads to which.

use std::net::IpAddr;
use std::time::Duration;

use daicho_common::observation::{Fact, Method};
use daicho_common::text::Text;
use daicho_common::wire::http::Uri;
use ring::digest;

use crate::engine::governor;
use crate::plan::Network;
use crate::probe::Dialogue;
use crate::probe::dicom::Dicom;
use crate::probe::escl::Escl;
use crate::probe::fallback::Fallback;
use crate::probe::greeting::{Greeted, Terminal};
use crate::probe::http::Http;
use crate::probe::inquiry::{Inquiry, Single};
use crate::probe::ipp::Ipp;
use crate::probe::llmnr::{Connected, Llmnr};
use crate::probe::node_status::NodeStatus;
use crate::probe::ntp::Ntp;
use crate::probe::rdp::Rdp;
use crate::probe::rtsp::Rtsp;
use crate::probe::sip::Sip;
use crate::probe::smb::Smb;
use crate::probe::ssdp::Ssdp;
use crate::probe::ssh::Ssh;
use crate::probe::talk::{Conversation, Talk};
use crate::probe::tls::Tls;
use crate::probe::upnp::Upnp;
use crate::probe::wsd::Wsd;
use crate::probe::wsd::metadata::Metadata;

/// Longest address of an endpoint of WS-Discovery that is asked about, in octets.
const MOST_ADDRESS: usize = 256;

/// Who asks a host, and with which numbers.
pub(super) struct Caller {
    /// The host.
    pub(super) host: IpAddr,
    /// How long an answer is awaited.
    pub(super) timeout: Duration,
    /// How often a datagram is sent in all.
    pub(super) tries: u8,
    /// A number that nobody can foresee, for identifiers.
    pub(super) number: u64,
}

impl Caller {
    /// Everything that the network allows, port by port.
    pub(super) fn all(&self, network: &Network) -> Vec<Box<dyn Dialogue>> {
        let asked = network.questions.asked.iter();
        let ports = asked.flat_map(|(method, ports)| ports.iter().map(|port| (*method, *port)));
        let asked = ports.filter_map(|(method, port)| self.dialogue(method, port));
        asked.chain(self.named(network)).collect()
    }

    /// What is asked of this host because a person named it.
    fn named<'s>(&'s self, network: &'s Network) -> impl Iterator<Item = Box<dyn Dialogue>> + 's {
        let named = network.questions.dicom.iter();
        let named = named.filter(|it| IpAddr::V4(it.host) == self.host);
        let named = named.filter(|it| !governor::is_forbidden(it.port));
        named.filter_map(|it| self.talk(Dicom::new(it.port, &it.called, &it.calling), it.port))
    }

    /// What follows from something that the host said.
    pub(super) fn after(
        &self,
        network: &Network,
        (method, fact): (Method, &Fact),
    ) -> Vec<Box<dyn Dialogue>> {
        let host = self.host;
        let allowed = |page: &Page| {
            network.questions.allows(page.method) && !governor::is_forbidden(page.port)
        };
        let pages = pages(host, method, fact).into_iter().filter(allowed);
        let pages = pages.map(|page| self.page(host, &page));
        let others = self.announced(network, fact).into_iter();
        pages.chain(others).chain(self.discovered(network, host, (method, fact))).collect()
    }

    /// What follows from an endpoint of WS-Discovery: its metadata, or the question where that is.
    fn discovered(
        &self,
        network: &Network,
        host: IpAddr,
        (method, fact): (Method, &Fact),
    ) -> Option<Box<dyn Dialogue>> {
        let Fact::Said(said) = fact else { return None };
        if method != Method::Wsd || !network.questions.allows(method) {
            return None;
        }
        let address = said.get("address").filter(|address| address.len() <= MOST_ADDRESS)?;
        if said.get("xaddrs").is_none() {
            return self.single(Wsd::resolve(self.number, address, said.port), said.port);
        }
        let pages = said.all("xaddrs").filter_map(|text| Page::at(host, text));
        let mut pages = pages.filter(|page| page.method == Method::Http);
        let page = pages.find(|page| !governor::is_forbidden(page.port))?;
        let at = (page.port, page.path.as_str());
        self.talk(Metadata::new(host, at, address, self.number), page.port)
    }

    /// What a service that DNS-SD announced is asked by its own protocol.
    fn announced(&self, network: &Network, fact: &Fact) -> Option<Box<dyn Dialogue>> {
        let Fact::Service { service, port, txt, .. } = fact else { return None };
        if *port == 0 || governor::is_forbidden(*port) {
            return None;
        }
        self.service(network, (service.as_str(), *port), txt)
    }

    /// The dialogue that reads a page.
    fn page(&self, host: IpAddr, page: &Page) -> Box<dyn Dialogue> {
        let Page { port, path, names, .. } = page;
        if page.method == Method::Tls {
            let tls = Tls::new(host, (*port, path), names, self.octets(*port));
            Box::new(Talk::new(*port, self.timeout, tls))
        } else if page.method == Method::Upnp {
            Box::new(Talk::new(*port, self.timeout, Upnp::new(host, *port, path)))
        } else {
            let http = Http::new(host, (*port, false), path, names);
            Box::new(Talk::new(*port, self.timeout, http))
        }
    }

    /// 32 octets that nobody can foresee who does not know the number.
    fn octets(&self, port: u16) -> [u8; 32] {
        let seed = [self.number.to_be_bytes().as_slice(), &port.to_be_bytes()].concat();
        let digest = digest::digest(&digest::SHA256, &seed);
        digest.as_ref().try_into().unwrap_or([0; 32])
    }

    /// Who asks a service that DNS-SD announced at this port, with these pairs.
    fn service(
        &self,
        network: &Network,
        (service, port): (&str, u16),
        txt: &[(Text, Text)],
    ) -> Option<Box<dyn Dialogue>> {
        let said = |key: &str| {
            let pair = txt.iter().find(|(of, _)| of.as_str().eq_ignore_ascii_case(key));
            pair.map(|(_, value)| value.as_str())
        };
        match service {
            "_ipp._tcp" if network.questions.allows(Method::Ipp) => {
                self.talk(Ipp::new(self.host, port, said("rp"), self.short()), port)
            }
            "_uscan._tcp" if network.questions.allows(Method::Escl) => {
                self.talk(Escl::new(self.host, port, said("rs")), port)
            }
            _ => None,
        }
    }

    /// The number in 32 bits.
    const fn short(&self) -> u32 {
        (self.number >> 32) as u32
    }

    /// An identifier of 16 bits that nobody can foresee.
    fn id(&self) -> u16 {
        u16::try_from(self.number >> 16 & 0xffff).unwrap_or_default()
    }

    /// One question by datagram to this port.
    #[expect(clippy::unnecessary_wraps, reason = "the arms of `dialogue` are options")]
    fn single(&self, inquiry: impl Inquiry + 'static, port: u16) -> Option<Box<dyn Dialogue>> {
        let target = (self.host, port).into();
        Some(Box::new(Single::new(target, self.timeout, self.tries, inquiry)))
    }

    /// A conversation over a connection to this port.
    #[expect(clippy::unnecessary_wraps, reason = "the arms of `dialogue` are options")]
    fn talk(
        &self,
        conversation: impl Conversation + 'static,
        port: u16,
    ) -> Option<Box<dyn Dialogue>> {
        Some(Box::new(Talk::new(port, self.timeout, conversation)))
    }

    /// LLMNR by datagram, and where that is silent over a connection.
    fn llmnr(&self, port: u16) -> Box<dyn Dialogue> {
        let inquiry = Llmnr::new(self.host, self.id());
        let connected = Connected::new(inquiry.clone());
        let single = Single::new((self.host, port).into(), self.timeout, self.tries, inquiry);
        Box::new(Fallback::new(single, Talk::new(port, self.timeout, connected)))
    }

    /// The dialogue that asks by this protocol at this port.
    fn dialogue(&self, method: Method, port: u16) -> Option<Box<dyn Dialogue>> {
        match method {
            Method::Http | Method::Tls => {
                let (path, names) = ("/".to_owned(), Vec::new());
                Some(self.page(self.host, &Page { method, port, path, names }))
            }
            Method::NodeStatus => self.single(NodeStatus::new(self.id(), port), port),
            Method::LlmnrQuery => Some(self.llmnr(port)),
            Method::SsdpSearch => {
                Some(Box::new(Ssdp::new((self.host, port), self.timeout, self.tries)))
            }
            Method::Smb => self.talk(Smb::new(self.number, port), port),
            Method::Rdp => self.talk(Rdp::new(self.host, port), port),
            Method::Sip => self.single(Sip::new(self.host, self.number, port), port),
            Method::Rtsp => self.talk(Rtsp::new(port), port),
            Method::Ipp => self.talk(Ipp::new(self.host, port, None, self.short()), port),
            Method::Ntp => self.single(Ntp::new(self.number, port), port),
            Method::Ftp => self.talk(Greeted::ftp(port), port),
            Method::Smtp => self.talk(Greeted::smtp(port), port),
            Method::Imap => self.talk(Greeted::imap(port), port),
            Method::Telnet => self.talk(Terminal::new(port), port),
            Method::Ssh => self.talk(Ssh::new(port, self.octets(port)), port),
            Method::Wsd => self.single(Wsd::probe(self.number, port), port),
            // Hosts are named for DICOM one by one; where a description or a scanner is, SSDP and DNS-SD
            // say; and the others are no questions to a host beside SNMP and DNS-SD.
            Method::Dicom
            | Method::Upnp
            | Method::Escl
            | Method::Arp
            | Method::NeighbourTable
            | Method::Ndp
            | Method::IcmpEcho
            | Method::IcmpTimestamp
            | Method::TcpConnect
            | Method::TcpSyn
            | Method::Udp
            | Method::Snmp
            | Method::Mdns
            | Method::ArpHeard
            | Method::NdpHeard
            | Method::Dhcp
            | Method::Dhcp6
            | Method::Lldp
            | Method::Cdp
            | Method::Edp
            | Method::Fdp
            | Method::Sonmp
            | Method::Stp
            | Method::Ssdp
            | Method::Nbns
            | Method::Browser
            | Method::Llmnr
            | Method::Igmp
            | Method::Mld
            | Method::Vrrp
            | Method::Hsrp
            | Method::TcpHeard
            | Method::Hl7
            | Method::FrameHeader
            | Method::Dns => None,
        }
    }
}

/// A page that the host said it has.
struct Page {
    /// How it is read.
    method: Method,
    /// At which TCP port.
    port: u16,
    /// From the first slash on.
    path: String,
    /// Names that the host gave itself.
    names: Vec<String>,
}

impl Page {
    /// A page of this address, if it is one of this host.
    fn at(host: IpAddr, text: &str) -> Option<Self> {
        let uri = Uri::parse(text).filter(|uri| uri.is_at(host, std::iter::empty()))?;
        let method = if uri.authority.secure { Method::Tls } else { Method::Http };
        Some(Self { method, port: uri.authority.port, path: uri.path, names: Vec::new() })
    }
}

/// Which pages a host says it has: services of DNS-SD, redirects, and what a description presents.
fn pages(host: IpAddr, method: Method, fact: &Fact) -> Vec<Page> {
    if let Fact::Service { service, host: name, port, txt, .. } = fact {
        let secure = service.as_str() == "_https._tcp";
        if *port == 0 || !(secure || service.as_str() == "_http._tcp") {
            return Vec::new();
        }
        let method = if secure { Method::Tls } else { Method::Http };
        // RFC 6763 leaves the keys to the service; of HTTP it is the path.
        let path = txt.iter().find(|(key, _)| key.as_str() == "path");
        let path = path.map_or_else(|| "/".to_owned(), |(_, path)| path.as_str().to_owned());
        let names = [name.as_str()].into_iter().filter(|name| !name.is_empty());
        let names = names.map(str::to_owned).collect();
        return vec![Page { method, port: *port, path, names }];
    }
    if let Fact::Ssdp(ssdp) = fact {
        let plain = Page::at(host, ssdp.location.as_str());
        let plain = plain.filter(|page| page.method == Method::Http);
        return plain.map(|page| Page { method: Method::Upnp, ..page }).into_iter().collect();
    }
    let Fact::Said(said) = fact else { return Vec::new() };
    let name = if method == Method::Http {
        "location"
    } else if method == Method::Upnp {
        "presentation_url"
    } else {
        return Vec::new();
    };
    said.all(name).filter_map(|location| Page::at(host, location)).collect()
}

#[cfg(test)]
mod tests;
