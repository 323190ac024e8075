//! What a scan came to, in words: who was found, what was sent, and what could not be done and why.

use std::fmt::Write;

use daicho_common::coverage::{Coverage, NotAsked, Why};
use daicho_common::observation::Method;

use super::progress::span;
use super::{Ended, Ending};

/// Whether not one address was asked by any method, for want of a way or a right to ask.
pub(super) fn nothing_asked(coverage: &[Coverage]) -> bool {
    coverage.iter().all(|it| it.asked.is_empty())
        && coverage.iter().flat_map(|it| &it.not_asked).any(|it| match it.why {
            Why::NoPrivilege | Why::Unreachable | Why::SendFailed | Why::SenderTaken => true,
            Why::Denied
            | Why::Policy
            | Why::NotOnLink
            | Why::TaggedOnly
            | Why::NoCredential
            | Why::Interrupted
            | Why::Budget
            | Why::Window
            | Why::NotRead
            | Why::Own
            | Why::NoSignOfLife
            | Why::NotNeeded
            | Why::BackedOff
            | Why::Lost
            | Why::ForbiddenPort => false,
        })
}

impl Ended {
    /// The summary, in Japanese and in English.
    pub fn summary(&self) -> String {
        let (hosts, packets) = (self.hosts.len(), self.progress.packets);
        let (planned, took) = (self.progress.planned, span(self.took));
        let (ja, en) = match self.ending {
            Ending::Complete => ("走査が終わりました", "scan finished"),
            Ending::Interrupted => ("走査を中断しました", "scan interrupted"),
            Ending::NothingAsked => ("走査できませんでした", "nothing was scanned"),
        };
        let mut text = format!(
            "{ja}: {planned} アドレス中 {hosts} 台を発見、送信 {packets} パケット、{took}\n\
             {en}: {hosts} hosts found on {planned} addresses, {packets} packets sent, {took}\n"
        );
        let held = self.progress.backed_off;
        if held > 0 {
            let _ = write!(
                text,
                "質問の後に応答が途絶えた機器があり、{held} 台への質問を控えました。その機器の様子を確かめてください\n\
                 a device went silent after it was questioned, and {held} hosts were left in peace: see to that device\n"
            );
        }
        if self.outages > 0 {
            let _ = write!(
                text,
                "走査中にこの端末のインターフェースが {0} 回落ちました。答えのなかった分は問い合わせ直したか、下に挙げてあります。ケーブルを確かめてください\n\
                 an interface of this machine went down {0} times in mid-scan; what was not answered was asked again or is listed below: see to the cable\n",
                self.outages
            );
        }
        let left_out: Vec<_> = self.coverage.iter().flat_map(lines).collect();
        if !left_out.is_empty() {
            text += "できなかったこと / what could not be done:\n";
            text.extend(left_out);
        }
        text
    }
}

fn lines(coverage: &Coverage) -> impl Iterator<Item = String> + '_ {
    // No gaps: nobody looks for the agent itself, where nobody is there is nobody to question, and
    // who has answered needs no second chance.
    let gaps = coverage
        .not_asked
        .iter()
        .filter(|gap| !matches!(gap.why, Why::Own | Why::NoSignOfLife | Why::NotNeeded));
    gaps.map(|NotAsked { addresses, why }| {
        let (ja, en) = reason(*why);
        let (count, method) = (addresses.len(), method(coverage.method));
        format!("  {} {method}: {count} アドレス: {ja} / {count} addresses: {en}\n", coverage.cidr)
    })
}

pub(crate) const fn method(method: Method) -> &'static str {
    match method {
        Method::Arp => "ARP",
        Method::NeighbourTable => "近隣表/neighbour table",
        Method::Ndp => "NDP",
        Method::IcmpEcho => "ICMP echo",
        Method::IcmpTimestamp => "ICMP timestamp",
        Method::TcpConnect => "TCP",
        Method::TcpSyn => "TCP SYN",
        Method::Udp => "UDP",
        Method::Snmp => "SNMP",
        Method::Mdns => "mDNS",
        Method::ArpHeard => "ARP（聴取/heard）",
        Method::NdpHeard => "NDP（聴取/heard）",
        Method::Dhcp => "DHCP",
        Method::Dhcp6 => "DHCPv6",
        Method::Lldp => "LLDP",
        Method::Cdp => "CDP",
        Method::Edp => "EDP",
        Method::Fdp => "FDP",
        Method::Sonmp => "SONMP",
        Method::Stp => "STP",
        Method::Ssdp => "SSDP",
        Method::Nbns => "NBNS",
        Method::Browser => "NetBIOS browser",
        Method::Llmnr => "LLMNR",
        Method::Igmp => "IGMP",
        Method::Mld => "MLD",
        Method::Vrrp => "VRRP",
        Method::Hsrp => "HSRP",
        Method::TcpHeard => "TCP（聴取/heard）",
        Method::Hl7 => "HL7（聴取/heard）",
        Method::FrameHeader => "VLAN",
        Method::Dns => "reverse DNS",
        Method::NodeStatus => "NetBIOS node status",
        Method::LlmnrQuery => "LLMNR (asked)",
        Method::SsdpSearch => "SSDP (asked)",
        Method::Upnp => "UPnP",
        Method::Wsd => "WS-Discovery",
        Method::Smb => "SMB",
        Method::Rdp => "RDP",
        Method::Http => "HTTP",
        Method::Tls => "TLS",
        Method::Ssh => "SSH",
        Method::Ftp => "FTP",
        Method::Telnet => "Telnet",
        Method::Smtp => "SMTP",
        Method::Imap => "IMAP",
        Method::Sip => "SIP",
        Method::Rtsp => "RTSP",
        Method::Ipp => "IPP",
        Method::Escl => "eSCL",
        Method::Ntp => "NTP",
        Method::Dicom => "DICOM",
    }
}

const fn reason(why: Why) -> (&'static str, &'static str) {
    match why {
        Why::Denied => ("拒否リストにある", "on the deny list"),
        Why::Policy => ("ネットワークの方針で行わない", "not allowed by the policy of the network"),
        Why::NoPrivilege => (
            "権限がない（root か CAP_NET_RAW が必要）",
            "no privilege (root or CAP_NET_RAW is needed)",
        ),
        Why::NotOnLink => ("ルーターの先にある", "behind a router"),
        Why::TaggedOnly => {
            ("VLAN タグ付きの ARP だけで調べる", "looked at by VLAN-tagged ARP only")
        }
        Why::SenderTaken => (
            "送信元に設定したアドレス（address）をほかの機器が使っている",
            "somebody else has the address that is configured as the sender",
        ),
        Why::Unreachable => ("経路がない", "no route"),
        Why::SendFailed => ("システムが送信を拒否した", "the system refused to send"),
        Why::NoCredential => ("コミュニティ名が設定されていない", "no community is configured"),
        Why::Interrupted => ("中断のため", "interrupted"),
        Why::Budget => ("パケット数の上限に達した", "the budget of packets was used up"),
        Why::Window => ("走査してよい時間帯の外だった", "outside of the scanning windows"),
        Why::NotRead => (
            "システムの近隣テーブルを読めなかった",
            "the system's neighbour table could not be read",
        ),
        Why::Own => ("エージェント自身", "the agent's own address"),
        Why::NoSignOfLife => ("在席が確認できなかった", "no sign of life"),
        Why::NotNeeded => ("他の方法に応答済み", "it had answered to another method"),
        Why::BackedOff => ("応答が途絶えたため控えた", "left in peace after it went silent"),
        Why::Lost => ("結果の一部が失われた", "part of the result was lost"),
        Why::ForbiddenPort => ("送信禁止のポート", "a forbidden port"),
    }
}
