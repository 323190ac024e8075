//! `daicho-agent listen`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use daicho_common::complaint::{Complaint, Exit};
use ipnet::IpNet;

use super::{Listen, say};
use crate::config::Declared;
use crate::export::{Collector, Export, Output};
use crate::key;
use crate::listen::{Layer, Place};
use crate::net::interfaces;
use crate::plan::Link;
use crate::run::listening::{self, Destinations, Ended, Source};
use crate::run::{self, summary};

/// Hears what was named, and brings the result where it was wanted.
pub(super) fn listen(
    arguments: &Listen,
    declared: &Declared,
    state: impl Fn() -> Result<PathBuf, Complaint>,
) -> Result<(), Complaint> {
    let networks = networks(arguments, declared)?;
    let collector = arguments.to.as_deref().map(|to| Collector::at(to, &state)).transpose()?;
    let known_as = collector.as_ref().and_then(Collector::known_as).map(str::to_owned);
    let lines = arguments.jsonl || (arguments.output.is_none() && collector.is_none());
    let source = match &arguments.pcap {
        Some(file) => Source::Capture(file.clone(), in_capture(file, networks)),
        None => Source::Live(
            live(&arguments.interface, &networks, &interfaces::up())?,
            arguments.seconds.map(Duration::from_secs),
        ),
    };
    let export = if arguments.output.is_some() || collector.is_some() {
        let state = state()?;
        let key = key::load_or_create(&state)?;
        let output = arguments.output.as_deref().map(Output::create).transpose()?;
        let export = Export::new(key, output, collector, (&state, declared.spool(&state)));
        Some(if arguments.pcap.is_none() { export.persistent() } else { export })
    } else {
        None
    };
    let agent = known_as.or_else(|| declared.agent.clone()).unwrap_or_else(run::host_name);
    let ended = listening::listen(&agent, source, Destinations { export, lines })?;
    if !arguments.quiet {
        say(&account(&ended));
    }
    match ended.delivery? {
        Some(file) if !arguments.quiet => say(&format!("結果 / result: {}\n", file.display())),
        Some(_) | None => {}
    }
    match (&ended.damage, &arguments.pcap) {
        (Some(damage), Some(file)) => Err(broken_off(file, &damage.to_string())),
        _ => Ok(()),
    }
}

/// The networks that count: those named, else those declared.
fn networks(arguments: &Listen, declared: &Declared) -> Result<Vec<(String, IpNet)>, Complaint> {
    let all = arguments.network.is_empty();
    if all && declared.networks.is_empty() {
        return Ok(Vec::new());
    }
    let chosen = declared.choose(&arguments.network, all)?;
    Ok(chosen.into_iter().map(|it| (it.network.name, it.network.cidr)).collect())
}

/// The place that a capture stands for: its file's name, if no network was named.
fn in_capture(file: &Path, networks: Vec<(String, IpNet)>) -> Place {
    let only_these = !networks.is_empty();
    let networks = if only_these {
        networks
    } else {
        let name = file.file_stem().unwrap_or_default().to_string_lossy();
        vec![(name.into_owned(), IpNet::default())]
    };
    Place { interface: String::new(), networks, on_link: Vec::new(), only_these }
}

/// Each interface with the networks that count on it, those that it is connected to first.
fn live(
    names: &[String],
    networks: &[(String, IpNet)],
    links: &[Link],
) -> Result<Vec<Place>, Complaint> {
    let place = |name: &String| {
        let link =
            links.iter().find(|link| link.interface == *name).ok_or_else(|| no_link(name))?;
        let on_link: Vec<IpNet> = link.addresses.iter().map(IpNet::trunc).collect();
        let mut here = if networks.is_empty() {
            on_link.iter().map(|net| (net.to_string(), *net)).collect()
        } else {
            networks.to_vec()
        };
        let touches =
            |net: &IpNet| on_link.iter().any(|own| own.contains(net) || net.contains(own));
        here.sort_by_key(|(_, net)| !touches(net));
        if here.is_empty() {
            here.push((name.clone(), IpNet::default()));
        }
        Ok(Place { interface: name.clone(), networks: here, on_link, only_these: true })
    };
    names.iter().map(place).collect()
}

fn no_link(name: &str) -> Complaint {
    Complaint::new(
        Exit::Network,
        format!(
            "インターフェース {name} がないか、動いていません。`ip link` で名前と状態を確かめてください"
        ),
        format!(
            "the interface {name} is not there or not up; check its name and state with `ip link`"
        ),
    )
}

fn broken_off(file: &Path, why: &str) -> Complaint {
    let shown = file.display();
    Complaint::new(
        Exit::Input,
        format!(
            "キャプチャ {shown} は途中で壊れています（{why}）。そこまでの分は出力しました。取り直してください"
        ),
        format!(
            "the capture {shown} is damaged ({why}); what came before that was written, capture it again"
        ),
    )
}

/// What became of the frames.
fn account(ended: &Ended) -> String {
    let counts = &ended.counts;
    let mut text = format!(
        "フレーム {}、観測 {}、話者 {}、重複 {}、対象外アドレス {}、読まない種類 {}、途中で切れたもの {}\n\
         {} frames, {} observations, {} speakers, {} repeated, {} from elsewhere, {} not read, {} cut\n",
        counts.frames,
        counts.told,
        counts.speakers,
        counts.repeated,
        counts.outside,
        counts.not_read,
        counts.cut,
        counts.frames,
        counts.told,
        counts.speakers,
        counts.repeated,
        counts.outside,
        counts.not_read,
        counts.cut,
    );
    let forgotten = Some(counts.forgotten).filter(|count| *count > 0);
    text.extend(forgotten.map(|count| {
        format!("記憶から外した事実 / facts forgotten for want of memory: {count}\n")
    }));
    let left_out = Some(counts.left_out).filter(|count| *count > 0);
    text.extend(left_out.map(|count| {
        format!("1 台から多すぎるため省いた事実 / facts left out, too many of one host: {count}\n")
    }));
    text.extend(counts.malformed.iter().map(|(layer, count)| {
        let name = match layer {
            Layer::Link => "Ethernet",
            Layer::Internet => "IP",
            Layer::Datagram => "UDP/TCP",
            Layer::Protocol(method) => summary::method(*method),
        };
        format!("  {name}: 壊れたもの / malformed: {count}\n")
    }));
    text
}
