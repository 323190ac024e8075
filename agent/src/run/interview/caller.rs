//! Which dialogue asks by which protocol, and what leads to which.

use std::net::IpAddr;
use std::time::Duration;

use daicho_common::observation::{Fact, Method};

use crate::plan::Network;
use crate::probe::Dialogue;
use crate::probe::fallback::Fallback;
use crate::probe::inquiry::{Inquiry, Single};
use crate::probe::llmnr::{Connected, Llmnr};
use crate::probe::node_status::NodeStatus;
use crate::probe::ntp::Ntp;
use crate::probe::rdp::Rdp;
use crate::probe::rtsp::Rtsp;
use crate::probe::sip::Sip;
use crate::probe::smb::Smb;
use crate::probe::talk::{Conversation, Talk};

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
        ports.filter_map(|(method, port)| self.dialogue(method, port)).collect()
    }

    /// What follows from something that the host said.
    pub(super) fn after(
        &self,
        _network: &Network,
        (_method, _fact): (Method, &Fact),
    ) -> Vec<Box<dyn Dialogue>> {
        Vec::new()
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
            Method::NodeStatus => self.single(NodeStatus::new(self.id(), port), port),
            Method::LlmnrQuery => Some(self.llmnr(port)),
            Method::SsdpSearch => None,
            Method::Upnp => None,
            Method::Wsd => None,
            Method::Smb => self.talk(Smb::new(self.number, port), port),
            Method::Rdp => self.talk(Rdp::new(self.host, port), port),
            Method::Http => None,
            Method::Tls => None,
            Method::Ssh => None,
            Method::Ftp => None,
            Method::Telnet => None,
            Method::Smtp => None,
            Method::Imap => None,
            Method::Sip => self.single(Sip::new(self.host, self.number, port), port),
            Method::Rtsp => self.talk(Rtsp::new(port), port),
            Method::Ipp => None,
            Method::Escl => None,
            Method::Ntp => self.single(Ntp::new(self.number, port), port),
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
