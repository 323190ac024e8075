//! What hosts are asked: `questions`, `ports`, `name_server` and `dicom` of a network.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::observation::Method;
use ipnet::IpNet;

use super::{Checker, PORTS};
use crate::config::questions::List;
use crate::config::written;
use crate::plan::Policy;
use crate::plan::question::{Dicom, Questions};

/// Most hosts that may be named for DICOM in one network.
const HOSTS: usize = 256;

/// Longest title of an application entity, in characters (PS3.5 §6.2, AE).
const TITLE: usize = 16;

/// The title that the agent gives itself if none was written.
const CALLING: &str = "DAICHO";

/// The port of DICOM unless another is written (IANA acr-nema).
const DICOM: i64 = 104;

impl Checker<'_> {
    /// What the hosts of a network are asked.
    pub(super) fn questions(
        &self,
        key: &impl Fn(&str) -> String,
        written: &written::Network,
        (cidr, policy): (IpNet, Policy),
    ) -> Result<Questions, Complaint> {
        let list = List::builtin().map_err(|error| {
            Complaint::new(
                Exit::Other,
                format!("組み込みの質問の一覧を読めません（{error}）。プログラムを入れ直してください"),
                format!("the built-in list of questions cannot be read ({error}); install the program again"),
            )
        })?;
        let mut asked = match &written.questions {
            None => list.under(policy),
            Some(names) => self.chosen(&key("questions"), names, (&list, policy))?,
        };
        self.own_ports(key, &written.ports, (&list, &mut asked))?;
        let within = |ip: &Ipv4Addr| cidr.contains(&std::net::IpAddr::V4(*ip));
        let name_server = match &written.name_server {
            None => None,
            Some(text) => Some(text.parse::<Ipv4Addr>().map_err(|_| {
                self.wrong(
                    &key("name_server"),
                    format_args!("{text:?}"),
                    "宣言したネットワークの中にあるネームサーバーの IPv4 アドレスを書いてください",
                    "write the IPv4 address of a name server in a declared network",
                )
            })?),
        };
        let dicom = written.dicom.iter().map(|host| self.dicom(key, host, within));
        let dicom: Vec<Dicom> = dicom.collect::<Result<_, _>>()?;
        if dicom.len() > HOSTS {
            return Err(self.wrong(
                &key("dicom"),
                dicom.len(),
                &format!("{HOSTS} 台までにしてください"),
                &format!("name at most {HOSTS} hosts"),
            ));
        }
        let presence = match &written.presence {
            None => list.unasked(policy),
            Some(ports) => self.tcp_ports(&key("presence"), Some(ports))?,
        };
        Ok(Questions { asked, presence, dicom, name_server })
    }

    /// The questions that were named, instead of those of the policy.
    fn chosen(
        &self,
        key: &str,
        names: &[String],
        (list, policy): (&List, Policy),
    ) -> Result<BTreeMap<Method, Vec<u16>>, Complaint> {
        if policy == Policy::Sighting && !names.is_empty() {
            return Err(self.wrong(
                key,
                format_args!("{names:?}"),
                "policy が \"sighting\" のネットワークでは何も質問しません。この行を消してください",
                "nothing is asked in a network whose policy is \"sighting\"; remove this line",
            ));
        }
        names.iter().map(|name| self.question(key, name, list)).collect()
    }

    fn question(
        &self,
        key: &str,
        name: &str,
        list: &List,
    ) -> Result<(Method, Vec<u16>), Complaint> {
        list.named(name).ok_or_else(|| {
            self.wrong(
                key,
                format_args!("{name:?}"),
                &format!("次のどれかを書いてください: {}", list.names()),
                &format!("write one of: {}", list.names()),
            )
        })
    }

    /// Ports of its own instead of those of the list.
    fn own_ports(
        &self,
        key: &impl Fn(&str) -> String,
        written: &BTreeMap<String, Vec<i64>>,
        (list, asked): (&List, &mut BTreeMap<Method, Vec<u16>>),
    ) -> Result<(), Complaint> {
        for (name, ports) in written {
            let key = key(&format!("ports.{name}"));
            let (method, _) = self.question(&key, name, list)?;
            if ports.len() > PORTS {
                return Err(self.wrong(
                    &key,
                    format_args!("{} 個 / {} ports", ports.len(), ports.len()),
                    &format!("{PORTS} 個までにしてください"),
                    &format!("name at most {PORTS}"),
                ));
            }
            let ports: Vec<u16> =
                ports.iter().map(|port| self.port(&key, *port)).collect::<Result<_, _>>()?;
            if let Some(known) = asked.get_mut(&method) {
                *known = ports;
            }
        }
        Ok(())
    }

    fn dicom(
        &self,
        key: &impl Fn(&str) -> String,
        written: &written::Dicom,
        within: impl Fn(&Ipv4Addr) -> bool,
    ) -> Result<Dicom, Complaint> {
        let host = written.host.parse().ok().filter(within).ok_or_else(|| {
            self.wrong(
                &key("dicom.host"),
                format_args!("{:?}", written.host),
                "このネットワークの中の機器の IPv4 アドレスを書いてください",
                "write the IPv4 address of a host in this network",
            )
        })?;
        let title = |field: &str, text: &str| {
            let fits = (1..=TITLE).contains(&text.chars().count())
                && text.chars().all(|c| c.is_ascii_graphic() || c == ' ')
                && !text.contains('\\')
                && !text.trim().is_empty();
            fits.then(|| text.trim().to_owned()).ok_or_else(|| {
                self.wrong(
                    &key(field),
                    format_args!("{text:?}"),
                    "AE タイトル（英数字 16 文字まで）を書いてください",
                    "write the title of an application entity: at most 16 ASCII characters",
                )
            })
        };
        Ok(Dicom {
            host,
            port: self.port(&key("dicom.port"), written.port.unwrap_or(DICOM))?,
            called: title("dicom.called", &written.called)?,
            calling: title("dicom.calling", written.calling.as_deref().unwrap_or(CALLING))?,
        })
    }
}
