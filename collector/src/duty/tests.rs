use super::*;
use crate::evidence;
use crate::resolve::case::Case;
use daicho_common::observation::{Method, heard};

const A: &str = "00:1a:2b:00:00:0a";

fn duties(case: &Case) -> Vec<Duty> {
    find(&evidence::weigh(&case.seen), &case.devices())
}

fn advertises(lifetime: u16) -> Case {
    let router = heard::RouterAdvertisement {
        lifetime_secs: lifetime,
        managed: false,
        other: false,
        prefixes: vec![],
    };
    Case::new().arp("10.0.0.1", A).hears(A, Method::NdpHeard, Fact::RouterAdvertisement(router))
}

#[test]
fn who_advertises_itself_leads_out_of_the_network_unless_it_says_that_it_does_not() {
    let found = duties(&advertises(1800));
    let gateways: Vec<_> = found.iter().filter(|duty| duty.kind == Kind::Gateway).collect();
    assert_eq!(gateways.len(), 1, "{found:?}");
    assert_eq!(gateways[0].devices.first().unwrap().0, "mac-001a2b00000a");
    assert!(!gateways[0].sources.is_empty());
    let none = duties(&advertises(0));
    assert!(
        none.iter().all(|duty| duty.devices.is_empty() || duty.addresses.is_empty())
            || none.len() == 1
    );
}

#[test]
fn a_client_that_asks_for_an_address_gives_out_none() {
    let asks = Fact::Dhcp(Box::new(heard::Dhcp { message: 1, ..heard::Dhcp::default() }));
    assert_eq!(duties(&Case::new().hears(A, Method::Dhcp, asks)), []);
}
