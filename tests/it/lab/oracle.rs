use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use daicho_tests::lab::{Lab, SCANNER_INTERFACE};
use mdns_sd::{IfKind, Receiver, ScopedIp, ServiceDaemon, ServiceEvent};

/// The name under which a host lists its service types (RFC 6763 §9).
const TYPES: &str = "_services._dns-sd._udp.local.";
/// A browse ends when nothing new came for so long; one answer in 20–120 ms is normal (RFC 6762 §6).
const QUIET: Duration = Duration::from_millis(2500);

/// Every service that mdns-sd finds from the scanner's place: (address, type).
pub(super) fn browse(lab: &Lab) -> BTreeSet<(String, String)> {
    lab.scanner().enter(browse_here).unwrap()
}

fn browse_here() -> BTreeSet<(String, String)> {
    // Its sockets and its thread are made in this thread's namespace, and stay there.
    let daemon = ServiceDaemon::new().unwrap();
    daemon.disable_interface(IfKind::All).unwrap();
    daemon.enable_interface(IfKind::Name(SCANNER_INTERFACE.to_owned())).unwrap();
    let types: BTreeSet<String> =
        events(&daemon.browse(TYPES).unwrap(), QUIET)
            .into_iter()
            .filter_map(|event| {
                if let ServiceEvent::ServiceFound(_, kind) = event { Some(kind) } else { None }
            })
            .collect();
    let browses: Vec<_> = types.iter().map(|kind| daemon.browse(kind).unwrap()).collect();
    // All browse at once, so the others have been quiet while the first was waited for.
    let quiet = std::iter::once(QUIET).chain(std::iter::repeat(QUIET / 25));
    let events = browses.iter().zip(quiet).flat_map(|(browse, quiet)| events(browse, quiet));
    let found = events.filter_map(|event| {
        if let ServiceEvent::ServiceResolved(service) = event { Some(service) } else { None }
    });
    let found = found.flat_map(|service| {
        let kind = service.ty_domain.trim_end_matches(".local.").to_owned();
        let addresses: Vec<_> = service.addresses.iter().map(ScopedIp::to_ip_addr).collect();
        let v4 = addresses.into_iter().filter(IpAddr::is_ipv4);
        v4.map(move |address| (address.to_string(), kind.clone())).collect::<Vec<_>>()
    });
    let found = found.collect();
    daemon.shutdown().unwrap();
    found
}

/// What comes until nothing new came for so long.
fn events(receiver: &Receiver<ServiceEvent>, quiet: Duration) -> Vec<ServiceEvent> {
    let mut events = Vec::new();
    let mut until = Instant::now() + quiet;
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        let Ok(event) = receiver.recv_timeout(left) else { break };
        // The daemon repeats that it searches, for ever: that is no news.
        if !matches!(event, ServiceEvent::SearchStarted(_)) {
            until = Instant::now() + quiet;
            events.push(event);
        }
    }
    events
}

#[test]
fn the_lab_announces_what_it_declares_and_nothing_else() {
    let Some(lab) = super::lab() else { return };
    assert_eq!(browse(&lab), super::declared_services(&lab));
    lab.down().unwrap();
}
