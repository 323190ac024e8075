use super::*;
use crate::evidence;
use crate::resolve::case::Case;
use daicho_common::observation::table::{Cell, Row};
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

#[test]
fn routers_whose_own_tables_say_that_they_share_an_address_are_one_way_out_of_its_network() {
    const B: &str = "00:1a:2b:00:00:0b";
    let shares = |case: Case, at: &str, (table, index): (&str, &[u32])| {
        let rows = vec![Row { index: index.to_vec(), cells: BTreeMap::new() }];
        let (table, context) = (table.into(), String::new());
        case.tells(at, Fact::Rows(Box::new(Rows { table, context, rows })))
    };
    let takes_part =
        |case, at: &str| shares(case, at, ("vrrpAssoIpAddrTable", &[3, 7, 10, 0, 0, 1]));
    let case = Case::new().arp("10.0.0.2", A).arp("10.0.0.3", B);
    let found = duties(&takes_part(takes_part(case, "10.0.0.2"), "10.0.0.3"));
    let [duty] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((duty.kind, duty.devices.len(), duty.sources.len()), (Kind::Gateway, 2, 2));
    assert_eq!(duty.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.1"]);
    // A router with no address near by says nothing of a network that is known.
    let far = takes_part(Case::new().arp("192.168.9.2", A), "192.168.9.2");
    assert_eq!(duties(&far), []);
    // One that is the same on every link says nothing of which link it is; of others a link has 64 bits.
    let six = |ip: &str| {
        let octets = ip.parse::<std::net::Ipv6Addr>().unwrap().octets().map(u32::from);
        let index = [&[3, 7, 2, 16][..], &octets].concat();
        let case = Case::new().arp("10.0.0.2", A).neighbour("2001:db8:7::2", A);
        let case = shares(case, "10.0.0.2", ("vrrpv3AssociatedIpAddrTable", &index));
        let found = duties(&case).into_iter().flat_map(|duty| duty.addresses);
        found.map(|ip| ip.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(six("2001:db8:7::1"), vec!["2001:db8:7::1".to_owned()]);
    assert_eq!(six("2001:db8:8::1"), [] as [String; 0]);
    assert_eq!(six("fe80::1"), [] as [String; 0]);
}

#[test]
fn a_member_of_a_virtual_router_waits_where_its_tables_said_last_that_it_does_not_forward() {
    const B: &str = "00:1a:2b:00:00:0b";
    let rows = |case: Case, at: &str, (table, index, column, value): (&str, &[u32], &str, i32)| {
        let cells = BTreeMap::from([(column.to_owned(), Cell::Integer(value))]);
        let rows = vec![Row { index: index.to_vec(), cells }];
        let (table, context) = (table.into(), String::new());
        case.tells(at, Fact::Rows(Box::new(Rows { table, context, rows })))
    };
    let member = |case: Case, at: &str, state: i32| {
        let shared = [3, 7, 10, 0, 0, 1];
        let case = rows(case, at, ("vrrpAssoIpAddrTable", &shared, "vrrpAssoIpAddrRowStatus", 1));
        rows(case, at, ("vrrpOperTable", &[3, 7], "vrrpOperState", state))
    };
    let waiting = |case: &Case| {
        let found = duties(case);
        let [duty] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(duty.devices.len(), 2);
        duty.waiting.iter().map(|id| id.0.to_string()).collect::<Vec<_>>()
    };
    let case = Case::new().arp("10.0.0.2", A).arp("10.0.0.3", B);
    let case = member(member(case, "10.0.0.2", 3), "10.0.0.3", 2);
    assert_eq!(waiting(&case), ["mac-001a2b00000b"]);
    // A day later it took over; what the other said before stands until it is asked again.
    let case = rows(case.day(1), "10.0.0.3", ("vrrpOperTable", &[3, 7], "vrrpOperState", 3));
    assert_eq!(waiting(&case), [] as [String; 0]);
    let case = rows(case, "10.0.0.2", ("vrrpOperTable", &[3, 7], "vrrpOperState", 1));
    assert_eq!(waiting(&case), ["mac-001a2b00000a"]);
}
