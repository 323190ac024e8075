//! `daicho-agent scan`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::handed::Handed;
use ring::rand::{SecureRandom, SystemRandom};

use super::{Scan, print, say};
use crate::config::{Declared, sighting, tables};
use crate::export::{Collector, Export, Output};
use crate::key;
use crate::plan::credential::Credential;
use crate::plan::{Network, Pace, Plan};
use crate::run::keeper::Keeper;
use crate::run::recall::Recall;
use crate::run::{self, Course, Ending, Show, Stops};

/// Scans what was named, and brings the result where it was wanted.
pub(super) fn scan(
    arguments: &Scan,
    declared: &Declared,
    state: impl Fn() -> Result<PathBuf, Complaint>,
) -> Result<(), Complaint> {
    let handed = if arguments.handed { handed()? } else { Handed::default() };
    let mut plan = plan(arguments, declared, &handed)?;
    let catalog = tables::catalog(declared.snmp_tables.as_deref())?;
    let collector = arguments.to.as_deref().map(|to| Collector::at(to, &state)).transpose()?;
    if let Some(name) = collector.as_ref().and_then(Collector::known_as) {
        // The name that a person gave it there; the collector takes no other.
        name.clone_into(&mut plan.agent);
    }
    let state = state()?;
    let key = key::load_or_create(&state)?;
    let output = arguments.output.as_deref().map(Output::create).transpose()?;
    let tabular = output.is_none() && collector.is_none();
    let show = match (&arguments.order, arguments.quiet) {
        (Some(_), _) => Show::Stages,
        (None, true) => Show::Nothing,
        (None, false) => Show::Progress,
    };
    let asked = collector.clone().map(|collector| (collector, plan.agent.clone()));
    let export = Export::new(key, output, collector, (&state, declared.spool(&state)));
    let stop_file = arguments.stop_file.clone().or_else(|| declared.stop_file.clone());
    let keeper = match &arguments.resume {
        Some(Some(file)) => Keeper::at(file),
        Some(None) | None => Keeper::of(&plan, &state),
    };
    let earlier = arguments.resume.is_some().then(|| keeper.read()).transpose()?;
    if let Some(weak) = weak(&plan).filter(|_| !arguments.quiet) {
        say(&weak);
    }
    let stops = match &arguments.order {
        // Whoever gave the order says when it ends.
        Some(order) => Stops { input: true, span: order.span(), ..Stops::default() },
        None => Stops { file: stop_file, collector: asked, ..Stops::default() },
    };
    let recall = Recall::of(&state);
    let course = Course { stops, keeper, recall, earlier, catalog };
    let ended = run::scan(plan, declared.backend, export, show, course)?;
    if tabular {
        print(&ended.hosts.table())?;
    }
    if !arguments.quiet || ended.ending == Ending::NothingAsked {
        say(&ended.summary());
    }
    match ended.delivery? {
        Some(file) if !arguments.quiet => {
            say(&format!("結果 / result: {}\n", file.display()));
        }
        Some(_) | None => {}
    }
    ending(ended.ending)
}

/// Which credentials of which networks are easy to overhear or to break; `None` if none is.
fn weak(plan: &Plan) -> Option<String> {
    let mut lines = String::new();
    for network in &plan.networks {
        let weak: BTreeSet<_> =
            network.credentials.iter().filter_map(Credential::weakness).collect();
        if !weak.is_empty() {
            let (name, weak) = (&network.name, weak.into_iter().collect::<Vec<_>>().join(", "));
            // Writing to a string does not fail.
            let _ = writeln!(
                lines,
                "{name}: SNMP の {weak} は盗聴や解読に弱いので、機器が対応していれば v3（SHA-256、AES-128 以上）に替えてください\n\
                 {name}: {weak} of SNMP is easy to overhear or to break; where devices can, use v3 with SHA-256 and AES-128 or better"
            );
        }
    }
    (!lines.is_empty()).then_some(lines)
}

fn ending(ending: Ending) -> Result<(), Complaint> {
    match ending {
        Ending::Complete => Ok(()),
        Ending::Interrupted => Err(Complaint::new(
            Exit::Interrupted,
            "走査は途中で中断されました。見つけた分は出力してあります",
            "the scan was interrupted; what was found until then was written",
        )),
        Ending::NothingAsked => Err(Complaint::new(
            Exit::Network,
            "どのアドレスにも問い合わせできませんでした。上の理由を見て、経路、権限、設定を確かめてください",
            "no address could be asked; see the reasons above, and check the route, the privilege and the configuration",
        )),
    }
}

/// The plan that the command line and the configuration mean together.
fn plan(arguments: &Scan, declared: &Declared, handed: &Handed) -> Result<Plan, Complaint> {
    if let Some(order) = &arguments.order {
        let declared = declared.with(order, handed)?;
        let (networks, pace) = declared.narrowed(order)?;
        return intended(&declared, networks, pace);
    }
    let chosen = declared.choose(&arguments.network, arguments.all_declared)?;
    let pace = Pace {
        packets_per_second: arguments.rate.unwrap_or(declared.pace.packets_per_second),
        target_packets_per_second: arguments
            .per_target
            .unwrap_or(declared.pace.target_packets_per_second),
        timeout: arguments.timeout.map_or(declared.pace.timeout, Duration::from_millis),
        waits: !arguments.no_wait,
        ..declared.pace
    };
    let networks = chosen.into_iter().map(|declaration| {
        let mut network = declaration.network;
        if !declaration.own_rate {
            network.packets_per_second = pace.packets_per_second;
        }
        network
    });
    intended(declared, networks.collect(), pace)
}

/// The credentials that came for the order: the first line of stdin. It stays in memory.
fn handed() -> Result<Handed, Complaint> {
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line);
    read.ok().and_then(|_| serde_json::from_str(&line).ok()).ok_or_else(|| {
        Complaint::new(
            Exit::Other,
            "走査のための認証情報を受け取れませんでした。もう一度走査を指示してください",
            "the credentials for the scan did not arrive; have it scanned again",
        )
    })
}

fn intended(declared: &Declared, networks: Vec<Network>, pace: Pace) -> Result<Plan, Complaint> {
    Ok(Plan {
        agent: declared.agent.clone().unwrap_or_else(run::host_name),
        networks,
        deny: declared.deny.clone(),
        sighting: sighted(declared)?,
        pace,
        seed: random()?,
    })
}

fn sighted(declared: &Declared) -> Result<sighting::Ouis, Complaint> {
    sighting::ouis(&declared.sighting.add, &declared.sighting.remove).map_err(|what| {
        Complaint::new(
            Exit::Other,
            format!("組み込みのメーカー一覧が壊れています（{what}）。インストールし直してください"),
            format!("the built-in list of makers is damaged ({what}); install again"),
        )
    })
}

fn random() -> Result<u64, Complaint> {
    let mut octets = [0; 8];
    match SystemRandom::new().fill(&mut octets) {
        Ok(()) => Ok(u64::from_be_bytes(octets)),
        Err(_) => Err(Complaint::new(
            Exit::Other,
            "乱数が得られません。システムを再起動してください",
            "the system has no random numbers; restart it",
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Declared;

    fn arguments(rate: Option<u32>) -> Scan {
        Scan {
            network: vec!["ward".to_owned(), "10.40.0.0/24".to_owned()],
            all_declared: false,
            output: None,
            to: None,
            rate,
            per_target: Some(5),
            timeout: None,
            order: None,
            handed: false,
            resume: None,
            stop_file: None,
            no_wait: false,
            quiet: false,
        }
    }

    #[test]
    fn a_faster_command_line_does_not_lift_the_rate_of_a_network() {
        let text = "[pace]\ntries = 3\n[[network]]\nname = \"ward\"\ncidr = \"10.30.0.0/24\"\npackets_per_second = 20";
        let declared = Declared::parse(text, Path::new("agent.toml")).unwrap();
        let plan = plan(&arguments(Some(5000)), &declared, &Handed::default()).unwrap();
        let rates: Vec<_> = plan.networks.iter().map(|it| it.packets_per_second).collect();
        assert_eq!(rates, [20, 5000]);
        let pace = (plan.pace.packets_per_second, plan.pace.target_packets_per_second);
        assert_eq!((pace, plan.pace.tries), ((5000, 5), 3));
    }
}
