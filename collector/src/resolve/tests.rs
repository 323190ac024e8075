use daicho_common::observation::heard::{self, Capability};
use daicho_common::observation::{Fact, Method, Outcome};

use super::case::{Case, ip, mac};
use super::*;
use crate::evidence::Grade;
use crate::fingerprint::Class;

mod carried;
mod decided;
mod inferred;
mod said;
mod trees;

const A: &str = "00:1a:2b:00:00:0a";
const B: &str = "00:1a:2b:00:00:0b";
const C: &str = "00:1a:2b:00:00:0c";
const RANDOM: &str = "da:11:22:33:44:55";
const VRRP: &str = "00:00:5e:00:01:0a";
const ID_A: &str = "mac-001a2b00000a";
const ID_B: &str = "mac-001a2b00000b";

fn device(case: &Case, id: &str) -> Device {
    let devices = case.devices();
    let ids: Vec<_> = devices.iter().map(|device| device.id.0.clone()).collect();
    let found = devices.into_iter().find(|device| device.id.0 == id);
    found.unwrap_or_else(|| panic!("{id} is not among {ids:?}"))
}

fn names(device: &Device) -> Vec<&str> {
    device.names.iter().map(|name| name.value.as_str()).collect()
}

fn ips(device: &Device) -> Vec<IpAddr> {
    device.addresses.iter().map(|address| address.ip).collect()
}

fn odd(device: &Device) -> Vec<Oddity> {
    device.oddities.iter().map(|oddity| oddity.value.clone()).collect()
}

#[test]
fn what_an_address_says_belongs_to_the_mac_that_answers_for_it() {
    let case = Case::new().arp("10.0.0.1", A).system("10.0.0.1", "srv");
    let device = device(&case, ID_A);
    assert_eq!(names(&device), ["srv"]);
    let reason = JoinReason::MacHadAddress { mac: mac(A), ip: ip("10.0.0.1") };
    assert_eq!(device.joins.len(), 1);
    assert_eq!(device.joins[0].reason, reason);
    assert_eq!(device.joins[0].sources, [case.seen[0].id()]);
    assert_eq!(device.names[0].sources, [case.seen[1].id()]);
}

#[test]
fn a_reused_lease_never_overwrites_the_other_pc() {
    let case = Case::new()
        .arp("10.0.0.1", A)
        .system("10.0.0.1", "first")
        .day(3)
        .arp("10.0.0.1", B)
        .system("10.0.0.1", "second")
        .lists("10.0.0.1", &[B], &["10.0.0.1"]);
    assert_eq!(case.ids(), [ID_A, ID_B]);
    assert_eq!(names(&device(&case, ID_A)), ["first"]);
    assert_eq!(names(&device(&case, ID_B)), ["second"]);
    assert_eq!(case.resolve().contested, []);
}

#[test]
fn a_lease_that_moves_behind_a_router_leaves_two_devices() {
    let case = Case::new()
        .system("10.0.0.1", "first")
        .lists("10.0.0.1", &[A], &[])
        .day(3)
        .system("10.0.0.1", "second")
        .lists("10.0.0.1", &[B], &[]);
    assert_eq!(case.ids(), [ID_A, ID_B]);
    assert_eq!(names(&device(&case, ID_B)), ["second"]);
}

#[test]
fn a_pc_moved_to_another_floor_is_one_device_with_two_addresses() {
    let case = Case::new()
        .arp("10.0.0.1", A)
        .day(5)
        .network("floor-3")
        .arp("10.3.0.9", A)
        .echo("10.3.0.9");
    let device = device(&case, ID_A);
    assert_eq!(case.ids().len(), 1);
    assert_eq!(ips(&device), [ip("10.3.0.9"), ip("10.0.0.1")]);
    assert!(device.addresses[1].last_seen < device.addresses[0].first_seen);
}

#[test]
fn two_agents_that_see_one_network_give_one_device() {
    let case =
        Case::new().arp("10.0.0.1", A).agent("a2").arp("10.0.0.1", A).system("10.0.0.1", "s");
    assert_eq!(case.ids(), [ID_A]);
}

#[test]
fn a_virtual_router_mac_joins_nothing() {
    let case = Case::new()
        .arp("10.0.0.1", VRRP)
        .arp("10.0.0.2", A)
        .arp("10.0.0.3", B)
        .lists("10.0.0.2", &[A, VRRP], &["10.0.0.2", "10.0.0.1"])
        .system("10.0.0.1", "r1")
        .lists("10.0.0.1", &[A, VRRP], &["10.0.0.2", "10.0.0.1"])
        .day(1)
        .arp("10.0.0.1", VRRP)
        .lists("10.0.0.3", &[B, VRRP], &["10.0.0.3", "10.0.0.1"])
        .lists("10.0.0.1", &[B, VRRP], &["10.0.0.3", "10.0.0.1"]);
    assert_eq!(case.ids(), ["ip-ward-10.0.0.1", ID_A, ID_B]);
    assert_eq!(odd(&device(&case, "ip-ward-10.0.0.1")), [Oddity::VirtualRouter]);
    assert_eq!(ips(&device(&case, ID_A)), [ip("10.0.0.2")]);
}

#[test]
fn an_ha_pair_with_a_floating_address_stays_two_devices() {
    let case = Case::new()
        .arp("10.0.0.2", A)
        .arp("10.0.0.3", B)
        .arp("10.0.0.1", A)
        .lists("10.0.0.2", &[A], &["10.0.0.2", "10.0.0.1"])
        .lists("10.0.0.1", &[A], &["10.0.0.2", "10.0.0.1"])
        .lists("10.0.0.3", &[B], &["10.0.0.3"])
        .day(1)
        .arp("10.0.0.1", B)
        .lists("10.0.0.3", &[B], &["10.0.0.3", "10.0.0.1"])
        .lists("10.0.0.1", &[B], &["10.0.0.3", "10.0.0.1"]);
    assert_eq!(case.ids(), [ID_A, ID_B]);
}

#[test]
fn an_ha_pair_behind_a_router_stays_two_devices() {
    let case = Case::new()
        .lists("10.0.0.2", &[A], &["10.0.0.2", "10.0.0.1"])
        .lists("10.0.0.1", &[A], &["10.0.0.2", "10.0.0.1"])
        .day(1)
        .lists("10.0.0.3", &[B], &["10.0.0.3", "10.0.0.1"])
        .lists("10.0.0.1", &[B], &["10.0.0.3", "10.0.0.1"]);
    let ids = case.ids();
    assert!(ids.contains(&ID_A.to_owned()) && ids.contains(&ID_B.to_owned()), "{ids:?}");
}

#[test]
fn two_nics_of_one_analyser_are_one_device_when_it_lists_both_itself() {
    let case = Case::new()
        .arp("10.0.0.1", A)
        .network("lab")
        .arp("10.9.0.1", B)
        .network("ward")
        .lists("10.0.0.1", &[A, B], &["10.0.0.1", "10.9.0.1"])
        .network("lab")
        .lists("10.9.0.1", &[A, B], &[]);
    assert_eq!(case.ids(), [ID_A]);
    let device = device(&case, ID_A);
    let joined = JoinReason::OwnInterface { mac: mac(B), asked: ip("10.0.0.1") };
    assert!(device.joins.iter().any(|join| join.reason == joined), "{:?}", device.joins);
    assert_eq!(ips(&device), [ip("10.9.0.1"), ip("10.0.0.1")]);
}

#[test]
fn two_nics_that_nobody_lists_stay_two_devices() {
    let case = Case::new().arp("10.0.0.1", A).arp("10.0.0.2", B).system("10.0.0.1", "analyser");
    let case = case.system("10.0.0.2", "analyser");
    assert_eq!(case.ids(), [ID_A, ID_B]);
}

#[test]
fn a_cloned_interface_table_joins_nothing() {
    let both = Case::new()
        .arp("10.0.0.1", A)
        .arp("10.0.0.2", B)
        .lists("10.0.0.1", &[A, C], &[])
        .lists("10.0.0.2", &[A, C], &[]);
    assert_eq!(both.ids(), [ID_A, ID_B]);
    assert_eq!(device(&both, ID_A).macs.len(), 1);
    let copy_only = Case::new().arp("10.0.0.1", A).arp("10.0.0.2", B).lists("10.0.0.2", &[A], &[]);
    assert_eq!(copy_only.ids(), [ID_A, ID_B]);
    let routed = Case::new().lists("10.0.0.1", &[C], &[]).lists("10.0.0.2", &[C], &[]);
    assert_eq!(routed.ids(), ["ip-ward-10.0.0.1", "ip-ward-10.0.0.2"]);
}

#[test]
fn a_factory_address_that_many_devices_list_joins_nothing() {
    let case = Case::new()
        .arp("10.0.0.1", A)
        .arp("10.0.0.2", B)
        .echo("192.168.1.1")
        .lists("10.0.0.1", &[A], &["10.0.0.1", "192.168.1.1"])
        .lists("10.0.0.2", &[B], &["10.0.0.2", "192.168.1.1"]);
    assert_eq!(case.ids(), ["ip-ward-192.168.1.1", ID_A, ID_B]);
}

#[test]
fn addresses_that_every_machine_has_bind_nothing() {
    let own = ["127.0.0.1", "169.254.1.1", "0.0.0.0"];
    let case = Case::new().arp("10.0.0.1", A).lists("10.0.0.1", &[A], &own).echo("127.0.0.1");
    assert_eq!(case.ids(), ["ip-ward-127.0.0.1", ID_A]);
    assert_eq!(ips(&device(&case, ID_A)), [ip("10.0.0.1")]);
}

#[test]
fn an_own_address_for_which_another_device_answers_is_not_taken() {
    let case = Case::new().arp("10.0.0.1", A).arp("10.0.0.2", B).lists(
        "10.0.0.1",
        &[A],
        &["10.0.0.1", "10.0.0.2"],
    );
    assert_eq!(case.ids(), [ID_A, ID_B]);
    assert_eq!(ips(&device(&case, ID_A)), [ip("10.0.0.1")]);
}

#[test]
fn a_router_asked_at_two_addresses_is_one_device_when_each_lists_the_other() {
    let own = ["10.1.0.1", "10.2.0.1", "10.3.0.1"];
    let case = Case::new().lists("10.1.0.1", &[A, B], &own).lists("10.2.0.1", &[A, B], &own).lists(
        "10.3.0.1",
        &[A, B],
        &own,
    );
    assert_eq!(case.ids(), [ID_A]);
}

#[test]
fn one_site_does_not_join_the_same_address_of_another() {
    let case = Case::new()
        .lists("10.0.0.1", &[], &["10.0.0.1", "192.168.0.1"])
        .agent("a2")
        .network("clinic")
        .echo("192.168.0.1");
    assert_eq!(case.ids(), ["ip-clinic-192.168.0.1", "ip-ward-10.0.0.1"]);
}

#[test]
fn a_proxy_is_not_the_devices_behind_it() {
    let mut case = Case::new();
    for host in 1..=9 {
        case = case.arp(&format!("10.0.0.{host}"), A);
    }
    let case = case.system("10.0.0.3", "behind");
    assert_eq!(case.ids(), ["ip-ward-10.0.0.3", ID_A]);
    let proxy = device(&case, ID_A);
    assert_eq!(odd(&proxy), [Oddity::ProxyArp]);
    assert_eq!(ips(&proxy), [] as [IpAddr; 0]);
    assert_eq!(names(&device(&case, "ip-ward-10.0.0.3")), ["behind"]);
}

#[test]
fn a_server_with_many_addresses_in_its_own_table_is_no_proxy() {
    let own: Vec<String> = (1..=20).map(|host| format!("10.0.0.{host}")).collect();
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let mut case = Case::new();
    for address in &own {
        case = case.arp(address, A);
    }
    let case = case.lists("10.0.0.1", &[A], &own);
    assert_eq!(case.ids(), [ID_A]);
    assert_eq!(device(&case, ID_A).addresses.len(), 20);
    assert_eq!(odd(&device(&case, ID_A)), []);
}

#[test]
fn leases_that_pile_up_over_weeks_are_no_proxy() {
    let mut case = Case::new();
    for day in 1..=20 {
        case = case.day(day).arp(&format!("10.0.0.{day}"), A);
    }
    assert_eq!(odd(&device(&case, ID_A)), []);
}

#[test]
fn the_ipv6_addresses_of_a_device_are_its_own_beside_its_ipv4_one() {
    let mut case = Case::new().arp("10.0.0.7", A).neighbour("fe80::7", A);
    for number in 1..=20 {
        case = case.neighbour(&format!("2001:db8::{number:x}"), A);
    }
    let case = case.neighbour("2001:db8::b", B).system("fe80::7", "nas");
    assert_eq!(case.ids(), [ID_A, ID_B]);
    let nas = device(&case, ID_A);
    assert_eq!((nas.addresses.len(), odd(&nas)), (22, vec![]));
    assert_eq!(names(&nas), ["nas"]);
}

#[test]
fn one_who_answers_for_very_many_ipv6_addresses_is_a_proxy() {
    let many = (1..=33).map(|number| format!("2001:db8::{number:x}"));
    let case = many.fold(Case::new(), |case, address| case.neighbour(&address, A));
    assert_eq!(odd(&device(&case, ID_A)), [Oddity::ProxyArp]);
}

#[test]
fn the_same_link_local_address_on_two_links_is_two_devices() {
    let case = Case::new().neighbour("fe80::1", A).echo("fe80::1");
    let case = case.network("clinic").neighbour("fe80::1", B).echo("fe80::1");
    assert_eq!(case.ids(), [ID_A, ID_B]);
    assert_eq!(device(&case, ID_B).addresses[0].network, "clinic");
    let unbound = Case::new().echo("fe80::1").network("clinic").echo("fe80::1");
    assert_eq!(unbound.ids().len(), 2);
}

#[test]
fn a_random_mac_names_no_device_and_follows_no_one() {
    let case = Case::new().arp("10.0.0.7", RANDOM).day(1).arp("10.0.0.8", RANDOM);
    let ids = ["ip-ward-10.0.0.7-da1122334455", "ip-ward-10.0.0.8-da1122334455"];
    assert_eq!(case.ids(), ids);
    assert_eq!(odd(&device(&case, ids[0])), [Oddity::RandomisedMac]);
}

#[test]
fn silence_and_empty_addresses_make_no_device() {
    let case = Case::new()
        .asked("10.0.0.1", Outcome::Silent)
        .arp("0.0.0.0", A)
        .arp("10.0.0.2", "00:00:00:00:00:00")
        .arp("10.0.0.3", "ff:ff:ff:ff:ff:ff");
    assert_eq!(case.ids(), [] as [&str; 0]);
    assert_eq!(Case::new().asked("10.0.0.1", Outcome::Refused).ids(), ["ip-ward-10.0.0.1"]);
}

#[test]
fn two_devices_at_one_address_are_told_and_not_joined() {
    let case =
        Case::new().arp("10.0.0.1", A).arp("10.0.0.1", B).lists("10.0.0.1", &[A, B], &["10.0.0.1"]);
    assert_eq!(case.ids(), [ID_A, ID_B]);
    let contested = case.resolve().contested;
    assert_eq!(contested.len(), 1);
    assert_eq!(contested[0].macs, [mac(A), mac(B)]);
    assert_eq!(contested[0].sources.len(), 2);
}

#[test]
fn a_name_that_was_changed_is_no_longer_its_name() {
    let case = Case::new().arp("10.0.0.1", A).system("10.0.0.1", "old");
    let case = case.service("10.0.0.1", "_ipp._tcp", "Printer.LOCAL");
    let case = case.day(9).system("10.0.0.1", "new");
    assert_eq!(names(&device(&case, ID_A)), ["new", "Printer"]);
}
