//! Which dialogue asks by which protocol, and what leads to which.

use std::net::IpAddr;
use std::time::Duration;

use daicho_common::observation::{Fact, Method};
use daicho_common::text::Text;

use crate::plan::Network;
use crate::probe::Dialogue;
use crate::probe::ipp::Ipp;
use crate::probe::talk::{Conversation, Talk};

/// Who asks a host, and with which numbers.
pub(super) struct Caller {
    /// The host.
    pub(super) host: IpAddr,
    /// How long an answer is awaited.
    pub(super) timeout: Duration,
    /// How often a datagram is sent in all.
    #[expect(dead_code, reason = "no question over UDP is asked here yet")]
    pub(super) tries: u8,
    /// A number that nobody can foresee, for identifiers.
    pub(super) number: u64,
}

impl Caller {
    /// Everything that the network allows, port by port.
    pub(super) fn all(&self, network: &Network) -> Vec<Box<dyn Dialogue>> {
        let asked = network.questions.asked.iter();
        let ports = asked.flat_map(|(method, ports)| ports.iter().map(|port| (*method, *port)));
        ports.filter_map(|(method, port)| self.dialogue(method, port)).collect()
    }

    /// What follows from something that the host said.
    pub(super) fn after(
        &self,
        network: &Network,
        (_method, fact): (Method, &Fact),
    ) -> Vec<Box<dyn Dialogue>> {
        match fact {
            Fact::Service { service, port, txt, .. } if *port != 0 => {
                self.service(network, (service.as_str(), *port), txt).into_iter().collect()
            }
            _ => Vec::new(),
        }
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
                Some(self.talk(port, Ipp::new(self.host, port, said("rp"), self.short())))
            }
            _ => None,
        }
    }

    /// A conversation at this port.
    fn talk(&self, port: u16, conversation: impl Conversation + 'static) -> Box<dyn Dialogue> {
        Box::new(Talk::new(port, self.timeout, conversation))
    }

    /// The number in 32 bits.
    const fn short(&self) -> u32 {
        (self.number >> 32) as u32
    }

    /// The dialogue that asks by this protocol at this port.
    fn dialogue(&self, method: Method, port: u16) -> Option<Box<dyn Dialogue>> {
        match method {
            Method::NodeStatus => None,
            Method::LlmnrQuery => None,
            Method::SsdpSearch => None,
            Method::Upnp => None,
            Method::Wsd => None,
            Method::Smb => None,
            Method::Rdp => None,
            Method::Http => None,
            Method::Tls => None,
            Method::Ssh => None,
            Method::Ftp => None,
            Method::Telnet => None,
            Method::Smtp => None,
            Method::Imap => None,
            Method::Sip => None,
            Method::Rtsp => None,
            Method::Ipp => Some(self.talk(port, Ipp::new(self.host, port, None, self.short()))),
            Method::Escl => None,
            Method::Ntp => None,
            Method::Dicom => None,
            // These are no questions to a host beside SNMP and DNS-SD.
            Method::Arp
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
            | Method::FrameHeader
            | Method::Dns => None,
        }
    }
}
