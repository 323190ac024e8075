//! Methods and kinds of packet.

use daicho_common::coverage::PacketKind;
use daicho_common::observation::Method;

use crate::words::Word;

/// How something was learned.
pub const fn method(method: Method) -> Word {
    match method {
        Method::Arp => Word::MethodArp,
        Method::NeighbourTable => Word::MethodNeighbourTable,
        Method::Ndp => Word::MethodNdp,
        Method::IcmpEcho => Word::MethodIcmpEcho,
        Method::IcmpTimestamp => Word::MethodIcmpTimestamp,
        Method::TcpConnect => Word::MethodTcpConnect,
        Method::TcpSyn => Word::MethodTcpSyn,
        Method::Udp => Word::MethodUdp,
        Method::Snmp => Word::MethodSnmp,
        Method::Mdns => Word::MethodMdns,
        Method::ArpHeard => Word::MethodArpHeard,
        Method::NdpHeard => Word::MethodNdpHeard,
        Method::Dhcp => Word::MethodDhcp,
        Method::Dhcp6 => Word::MethodDhcp6,
        Method::Lldp => Word::MethodLldp,
        Method::Cdp => Word::MethodCdp,
        Method::Edp => Word::MethodEdp,
        Method::Fdp => Word::MethodFdp,
        Method::Sonmp => Word::MethodSonmp,
        Method::Stp => Word::MethodStp,
        Method::Ssdp => Word::MethodSsdp,
        Method::Nbns => Word::MethodNbns,
        Method::Browser => Word::MethodBrowser,
        Method::Llmnr => Word::MethodLlmnr,
        Method::Igmp => Word::MethodIgmp,
        Method::Mld => Word::MethodMld,
        Method::Vrrp => Word::MethodVrrp,
        Method::Hsrp => Word::MethodHsrp,
        Method::TcpHeard => Word::MethodTcpHeard,
        Method::Hl7 => Word::MethodHl7,
        Method::FrameHeader => Word::MethodFrameHeader,
        Method::Dns => Word::MethodDns,
        Method::NodeStatus => Word::MethodNodeStatus,
        Method::LlmnrQuery => Word::MethodLlmnrQuery,
        Method::SsdpSearch => Word::MethodSsdpSearch,
        Method::Upnp => Word::MethodUpnp,
        Method::Wsd => Word::MethodWsd,
        Method::Smb => Word::MethodSmb,
        Method::Rdp => Word::MethodRdp,
        Method::Http => Word::MethodHttp,
        Method::Tls => Word::MethodTls,
        Method::Ssh => Word::MethodSsh,
        Method::Ftp => Word::MethodFtp,
        Method::Telnet => Word::MethodTelnet,
        Method::Smtp => Word::MethodSmtp,
        Method::Imap => Word::MethodImap,
        Method::Sip => Word::MethodSip,
        Method::Rtsp => Word::MethodRtsp,
        Method::Ipp => Word::MethodIpp,
        Method::Escl => Word::MethodEscl,
        Method::Ntp => Word::MethodNtp,
        Method::Dicom => Word::MethodDicom,
    }
}

/// A kind of packet.
pub const fn packet(kind: PacketKind) -> Word {
    match kind {
        PacketKind::ArpRequest => Word::PacketArpRequest,
        PacketKind::NeighbourSolicitation => Word::PacketNeighbourSolicitation,
        PacketKind::ListenerQuery => Word::PacketListenerQuery,
        PacketKind::Echo => Word::PacketEcho,
        PacketKind::Timestamp => Word::PacketTimestamp,
        PacketKind::TcpConnect => Word::PacketTcpConnect,
        PacketKind::TcpSyn => Word::PacketTcpSyn,
        PacketKind::TcpReset => Word::PacketTcpReset,
        PacketKind::Snmp => Word::PacketSnmp,
        PacketKind::Mdns => Word::PacketMdns,
        PacketKind::TcpOpen => Word::PacketTcpOpen,
        PacketKind::Said => Word::PacketSaid,
        PacketKind::Dns => Word::PacketDns,
        PacketKind::NodeStatus => Word::PacketNodeStatus,
        PacketKind::Llmnr => Word::PacketLlmnr,
        PacketKind::Ssdp => Word::PacketSsdp,
        PacketKind::Wsd => Word::PacketWsd,
        PacketKind::Sip => Word::PacketSip,
        PacketKind::Ntp => Word::PacketNtp,
    }
}
