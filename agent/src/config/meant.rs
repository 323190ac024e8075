//! From what was written to what was meant: every range is checked here, and each error names the
//! file, the key, and what to write instead.

use std::fmt::Display;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::span::NoSpan;
use ipnet::IpNet;

use super::permission::Permission;
use super::{Declaration, Declared, Sighting, TCP_PORTS, credentials, offset, scope, written};
use crate::engine::governor;
use crate::plan::window::Windows;
use crate::plan::{DenyList, Medical, Network, Pace, Policy};
use crate::spool;

/// Longest name, in characters.
const NAME: usize = 64;
/// Most TCP ports of one network.
const PORTS: usize = 16;

/// What hosts are asked.
mod questions;
/// VLANs.
mod vlan;

/// The file that is being checked: every complaint names it.
pub(super) struct Checker<'a> {
    pub(super) file: &'a Path,
}

/// What was written, as meant.
pub(super) fn check(written: written::File, file: &Path) -> Result<Declared, Complaint> {
    let checker = Checker { file };
    let pace = checker.pace(&written.pace)?;
    let utc_offset = checker.utc_offset(written.agent.utc_offset.as_deref())?;
    let networks = written
        .network
        .iter()
        .enumerate()
        .map(|(n, network)| checker.network(n + 1, network, (pace, utc_offset)))
        .collect::<Result<Vec<_>, _>>()?;
    checker.distinct(&networks)?;
    checker.tags(written.agent.link, &networks)?;
    Ok(Declared {
        file: Some(file.to_owned()),
        agent: written.agent.name.map(|name| checker.name("agent.name", &name)).transpose()?,
        state: written.agent.state,
        backend: written.agent.link,
        log_format: written.agent.log_format,
        stop_file: written.agent.stop_file,
        snmp_tables: written.agent.snmp_tables,
        utc_offset,
        spool: checker.spool(written.agent.spool_mib)?,
        pace,
        deny: checker.deny(&written.deny)?,
        sighting: Sighting {
            add: checker.ouis("sighting_ouis.add", &written.sighting_ouis.add)?,
            remove: checker.ouis("sighting_ouis.remove", &written.sighting_ouis.remove)?,
        },
        secret_files: secret_files(&networks),
        permission: checker.permission(&written.collector)?,
        networks,
    })
}

/// The files that hold secrets, each once.
fn secret_files(networks: &[Declaration]) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    for file in networks.iter().flat_map(|network| &network.secret_files) {
        if !files.contains(file) {
            files.push(file.clone());
        }
    }
    files
}

impl Checker<'_> {
    /// The configuration.
    pub(super) fn file(&self) -> &Path {
        self.file
    }

    /// A complaint about `key`: what is written there, and what may be.
    pub(super) fn wrong(&self, key: &str, found: impl Display, ja: &str, en: &str) -> Complaint {
        Complaint::new(
            Exit::Config,
            format!("設定ファイル {} の {key} が {found} です。{ja}", self.file.display()),
            format!("{key} in the configuration {} is {found}; {en}", self.file.display()),
        )
    }

    fn within(&self, key: &str, value: i64, least: u32, most: u32) -> Result<u32, Complaint> {
        u32::try_from(value).ok().filter(|value| (least..=most).contains(value)).ok_or_else(|| {
            self.wrong(
                key,
                value,
                &format!("{least}～{most} の整数にしてください"),
                &format!("write a whole number from {least} to {most}"),
            )
        })
    }

    fn name(&self, key: &str, name: &str) -> Result<String, Complaint> {
        let fits = (1..=NAME).contains(&name.chars().count())
            && name.trim() == name
            && !name.chars().any(char::is_control);
        if fits {
            return Ok(name.to_owned());
        }
        Err(self.wrong(
            key,
            format_args!("{name:?}"),
            &format!("前後に空白のない 1～{NAME} 文字にしてください"),
            &format!("write 1 to {NAME} characters without spaces at the ends"),
        ))
    }

    fn spool(&self, written: Option<i64>) -> Result<u64, Complaint> {
        let Some(value) = written else { return Ok(spool::MOST) };
        Ok(u64::from(self.within("agent.spool_mib", value, 1, 1_000_000)?) << 20)
    }

    fn pace(&self, written: &written::Pace) -> Result<Pace, Complaint> {
        let mut pace = Pace::default();
        if let Some(value) = written.packets_per_second {
            pace.packets_per_second =
                self.within("pace.packets_per_second", value, 1, 1_000_000)?;
        }
        if let Some(value) = written.target_packets_per_second {
            pace.target_packets_per_second =
                self.within("pace.target_packets_per_second", value, 1, 1_000)?;
        }
        if let Some(value) = written.timeout_ms {
            let millis = self.within("pace.timeout_ms", value, 50, 60_000)?;
            pace.timeout = Duration::from_millis(millis.into());
        }
        if let Some(value) = written.tries {
            let tries = self.within("pace.tries", value, 1, 10)?;
            pace.tries = u8::try_from(tries).unwrap_or(pace.tries);
        }
        if let Some(value) = written.silences {
            let silences = self.within("pace.silences", value, 1, 10)?;
            pace.silences = u8::try_from(silences).unwrap_or(pace.silences);
        }
        if let Some(value) = written.link_wait_seconds {
            let seconds = self.within("pace.link_wait_seconds", value, 1, 3_600)?;
            pace.link_wait = Duration::from_secs(seconds.into());
        }
        pace.canary = written.canary.unwrap_or(pace.canary);
        if let Some(value) = written.budget {
            pace.budget = u64::try_from(value).map_err(|_| {
                self.wrong(
                    "pace.budget",
                    value,
                    "0（上限なし）以上の整数にしてください",
                    "write 0 (no limit) or more",
                )
            })?;
        }
        Ok(pace)
    }

    pub(super) fn deny(&self, written: &written::Deny) -> Result<DenyList, Complaint> {
        let each = |key: &str, found: &str, ja: &str, en: &str| {
            self.wrong(key, format_args!("{found:?}"), ja, en)
        };
        let mut deny = DenyList { interfaces: written.interfaces.clone(), ..DenyList::default() };
        for text in &written.nets {
            deny.nets.push(net(text).ok_or_else(|| {
                each(
                    "deny.nets",
                    text,
                    "10.20.0.7 か 10.20.0.0/24 の形で書いてください",
                    "write an address or a network, like 10.20.0.7 or 10.20.0.0/24",
                )
            })?);
        }
        for text in &written.macs {
            deny.macs.push(text.parse().map_err(|_| {
                each(
                    "deny.macs",
                    text,
                    "00:1a:2b:3c:4d:5e の形で書いてください",
                    "write a MAC address, like 00:1a:2b:3c:4d:5e",
                )
            })?);
        }
        deny.ouis = self.ouis("deny.ouis", &written.ouis)?;
        Ok(deny)
    }

    fn ouis<C: FromIterator<[u8; 3]>>(&self, key: &str, found: &[String]) -> Result<C, Complaint> {
        let one = |text: &String| {
            oui(text).ok_or_else(|| {
                self.wrong(
                    key,
                    format_args!("{text:?}"),
                    "00:1a:2b の形で書いてください",
                    "write the first three octets of a MAC address, like 00:1a:2b",
                )
            })
        };
        found.iter().map(one).collect()
    }

    fn permission(&self, written: &written::Collector) -> Result<Permission, Complaint> {
        let prefix = |text: &String| {
            scope::cidr(text).map_err(|unfit| {
                let key = "collector.may_declare";
                self.wrong(key, format_args!("{text:?}"), &unfit.ja, &unfit.en)
            })
        };
        Ok(Permission {
            may_declare: written.may_declare.iter().map(prefix).collect::<Result<_, _>>()?,
            policy: policy(written.policy),
            credentials: written.credentials,
        })
    }

    pub(super) fn network(
        &self,
        number: usize,
        written: &written::Network,
        (pace, utc_offset): (Pace, i32),
    ) -> Result<Declaration, Complaint> {
        let label = written.name.as_deref().unwrap_or(&written.cidr);
        let key = |field: &str| format!("[[network]] {number} ({label}) {field}");
        let cidr = scope::cidr(&written.cidr).map_err(|unfit| {
            self.wrong(&key("cidr"), format_args!("{:?}", written.cidr), &unfit.ja, &unfit.en)
        })?;
        let name = match &written.name {
            Some(name) => self.name(&key("name"), name)?,
            None => cidr.to_string(),
        };
        let rate = written
            .packets_per_second
            .map(|rate| self.within(&key("packets_per_second"), rate, 1, 1_000_000))
            .transpose()?;
        let (snmp, secret_files) = credentials::gathered(self, key, &written.snmp)?;
        let snmp_port = match snmp.port {
            Some(port) => self.port(&key("snmp.port"), port)?,
            None => 161,
        };
        let policy = policy(written.policy);
        let network = Network {
            name,
            cidr,
            vlan: self.vlan(&key, written, cidr)?,
            ipv6: written.ipv6 || matches!(cidr, IpNet::V6(_)),
            policy,
            questions: self.questions(&key, written, (cidr, policy))?,
            medical: match written.medical {
                written::Medical::Sighting => Medical::Sighting,
                written::Medical::Ask => Medical::Ask,
            },
            packets_per_second: rate.unwrap_or(pace.packets_per_second),
            credentials: credentials::all(self, key, &snmp)?,
            snmp_port,
            tcp_ports: self.tcp_ports(&key("tcp_ports"), written.tcp_ports.as_deref())?,
            windows: self.windows(&key("windows"), &written.windows, utc_offset)?,
        };
        Ok(Declaration { network, own_rate: rate.is_some(), secret_files })
    }

    fn utc_offset(&self, written: Option<&str>) -> Result<i32, Complaint> {
        let Some(text) = written else { return Ok(Declared::default().utc_offset) };
        offset::seconds(text).ok_or_else(|| {
            self.wrong(
                "agent.utc_offset",
                format_args!("{text:?}"),
                "+09:00 の形で、14 時間以内にしてください",
                "write it like +09:00, at most 14 hours",
            )
        })
    }

    fn windows(&self, key: &str, written: &[String], offset: i32) -> Result<Windows, Complaint> {
        let span = |text: &String| {
            text.parse().map_err(|NoSpan| {
                self.wrong(
                    key,
                    format_args!("{text:?}"),
                    "\"22:00-05:00\" か \"月-金 22:00-05:00\" の形で書いてください",
                    "write it like \"22:00-05:00\" or \"Mon-Fri 22:00-05:00\"",
                )
            })
        };
        Ok(Windows { spans: written.iter().map(span).collect::<Result<_, _>>()?, offset })
    }

    fn port(&self, key: &str, port: i64) -> Result<u16, Complaint> {
        let port = u16::try_from(self.within(key, port, 1, 65_535)?).unwrap_or_default();
        if governor::is_forbidden(port) {
            return Err(self.wrong(
                key,
                port,
                "515 と 9100～9107 はプリンターが届いたものを印刷してしまい、2575 は HL7 の電文の口なので、決して送信しません。この番号を消してください",
                "nothing is ever sent to 515 and 9100-9107, where printers print whatever comes in, nor to 2575, where HL7 messages are taken; remove this number",
            ));
        }
        Ok(port)
    }

    fn tcp_ports(&self, key: &str, written: Option<&[i64]>) -> Result<Vec<u16>, Complaint> {
        let Some(written) = written else { return Ok(TCP_PORTS.to_vec()) };
        if written.len() > PORTS {
            return Err(self.wrong(
                key,
                format_args!("{} 個 / {} ports", written.len(), written.len()),
                &format!("{PORTS} 個までにしてください"),
                &format!("name at most {PORTS}"),
            ));
        }
        written.iter().map(|port| self.port(key, *port)).collect()
    }

    /// Names and addresses must say which network is meant.
    fn distinct(&self, networks: &[Declaration]) -> Result<(), Complaint> {
        for (n, Declaration { network: a, .. }) in networks.iter().enumerate() {
            for Declaration { network: b, .. } in networks.iter().take(n) {
                if a.name == b.name {
                    return Err(self.wrong(
                        "[[network]] name",
                        format_args!("{:?} ×2", a.name),
                        "名前は 1 つのネットワークだけに付けてください",
                        "give each network a name of its own",
                    ));
                }
                if scope::overlap(a.cidr, b.cidr) {
                    return Err(self.overlap(a, b));
                }
            }
        }
        Ok(())
    }
}

const fn policy(written: written::Policy) -> Policy {
    match written {
        written::Policy::Sighting => Policy::Sighting,
        written::Policy::Gentle => Policy::Gentle,
        written::Policy::Full => Policy::Full,
    }
}

fn net(text: &str) -> Option<IpNet> {
    text.parse::<IpNet>()
        .map(|net| net.trunc())
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .ok()
}

/// The first three octets of a MAC address, in any of its spellings.
pub(super) fn oui(text: &str) -> Option<[u8; 3]> {
    // Three octets are the first half of a MAC address, in any of its spellings.
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.' | ' ')).collect();
    let mac = format!("{digits}000000").parse::<daicho_common::addr::Mac>().ok()?;
    (digits.len() == 6).then(|| mac.oui())
}
