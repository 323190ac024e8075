use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use daicho_common::coverage::PacketKind;
use daicho_common::observation::{Outcome as End, Question};

use super::net::{hosts, talker};
use super::*;
use crate::probe::Ask;

/// Asks `questions` times, each up to twice, and takes the same octets with 0x84 in the third for
/// an answer, as [`Net`] gives it.
pub(super) struct Chat {
    method: Method,
    port: u16,
    questions: u8,
    tries: u8,
    most: u8,
    until: Option<Tick>,
    facts: Vec<Fact>,
}

impl Chat {
    pub(super) fn boxed(method: Method, port: u16, questions: u8) -> Box<dyn Dialogue> {
        Self::patient(method, port, questions, 2)
    }

    /// The same, with up to `most` tries of each question.
    pub(super) fn patient(method: Method, port: u16, questions: u8, most: u8) -> Box<dyn Dialogue> {
        let (tries, until, facts) = (most, None, Vec::new());
        Box::new(Self { method, port, questions, tries, most, until, facts })
    }

    fn outlet(&self) -> Outlet {
        if self.method == Method::Snmp { Outlet::Snmp } else { Outlet::Mdns }
    }

    fn end(&mut self, outcome: End) {
        self.questions = 0;
        self.until = None;
        self.facts.push(Fact::Asked { question: Question::SnmpSystem, outcome });
    }
}

impl Dialogue for Chat {
    fn method(&self) -> Method {
        self.method
    }

    fn poll_transmit(&mut self, now: Tick) -> Option<Ask> {
        if self.questions == 0 || self.until.is_some_and(|until| until > now) {
            return None;
        }
        if self.tries == 0 {
            self.end(End::Silent);
            return None;
        }
        self.tries -= 1;
        self.until = Some(now.after(Duration::from_millis(700)));
        let octets = vec![7, self.questions, 0];
        Some(Ask { outlet: self.outlet(), port: self.port, kind: PacketKind::Snmp, octets })
    }

    fn poll_timeout(&self) -> Option<Tick> {
        self.until
    }

    fn handle_datagram(&mut self, from: SocketAddr, octets: &[u8], _: Tick) -> bool {
        let answer = from.port() == self.port
            && octets == [7, self.questions, 0x84]
            && self.until.take().is_some();
        if answer {
            (self.questions, self.tries) = (self.questions - 1, self.most);
            if self.questions == 0 {
                self.end(End::Complete);
            }
        }
        answer
    }

    fn handle_unreachable(&mut self, _: Tick) {
        self.end(End::Refused);
    }

    fn poll_fact(&mut self) -> Option<Fact> {
        self.facts.pop()
    }

    fn is_finished(&self) -> bool {
        self.questions == 0
    }
}

pub(super) fn interviewer() -> Interviewer {
    Box::new(|_, _| vec![Chat::boxed(Method::Snmp, 161, 5), Chat::boxed(Method::Mdns, 5353, 1)])
}

fn asked(outcome: End) -> Fact {
    Fact::Asked { question: Question::SnmpSystem, outcome }
}

#[test]
fn live_hosts_are_questioned_one_packet_at_a_time_while_the_sweep_goes_on() {
    let switch = Host { talks: vec![161, 5353], ..Host::with_mac(4) };
    let mut net = Net::new([(ip("10.20.0.4"), switch), (ip("10.20.0.9"), talker())]);
    let mut slow = plan(&["10.20.0.0/24"]);
    slow.pace.packets_per_second = 200;
    slow.pace.target_packets_per_second = 20;
    let outcome = net.run(slow, &means("10.20.0.1/24"), interviewer());
    let facts = outcome.facts();
    assert_eq!(
        facts.iter().filter(|fact| **fact == (Method::Snmp, asked(End::Complete))).count(),
        1
    );
    assert_eq!(facts.iter().filter(|fact| **fact == (Method::Snmp, asked(End::Silent))).count(), 1);
    assert_eq!(
        facts.iter().filter(|fact| **fact == (Method::Mdns, asked(End::Complete))).count(),
        2
    );
    let snmp = coverage(&outcome, Method::Snmp);
    assert_eq!(snmp.asked.iter().collect::<Vec<_>>(), [ip("10.20.0.4"), ip("10.20.0.9")]);
    assert_eq!(snmp.answered.iter().collect::<Vec<_>>(), [ip("10.20.0.4")]);
    assert_partition(&outcome, &[ip("10.20.0.1")]);
    let last_frame = net.record.iter().rposition(|(_, p)| matches!(p, Packet::Frame { .. }));
    let first_question = net.record.iter().position(|(_, p)| matches!(p, Packet::Datagram { .. }));
    assert!(first_question < last_frame, "side by side");
    assert_eq!((outcome.progress.found, outcome.progress.questioned), (2, 2));
    assert_eq!(outcome.progress.left, Some(Duration::ZERO));
}

#[test]
fn the_link_layer_address_of_the_speaker_is_told_only_where_its_frames_were_seen() {
    let host = Host { talks: vec![161], echoes: true, ..Host::with_mac(4) };
    let mut net = Net::new([(ip("10.20.0.4"), host.clone()), (ip("10.30.0.4"), host)]);
    let plan = plan(&["10.20.0.0/24", "10.30.0.0/24"]);
    let outcome = net.run(plan, &means("10.20.0.1/24"), interviewer());
    let snmp: Vec<_> = outcome.observations.iter().filter(|o| o.method == Method::Snmp).collect();
    assert_eq!(snmp.len(), 2);
    for observation in snmp {
        let on_link = observation.speaker.ip == Some(ip("10.20.0.4"));
        let mac = on_link.then_some(Mac::new([0, 0x1a, 0x2b, 0, 0, 4]));
        assert_eq!(observation.speaker.mac, mac, "{:?}", observation.speaker.ip);
        assert_eq!(observation.vantage.interface, if on_link { "eth0" } else { "" });
    }
}

#[test]
fn a_contested_address_speaks_for_no_link_layer_address() {
    let mut host = Host { talks: vec![161], ..Host::with_mac(4) };
    host.macs.push(Mac::new([0, 0x1a, 0x2b, 0, 0, 5]));
    let mut net = Net::new([(ip("10.20.0.4"), host)]);
    let outcome = net.run(plan(&["10.20.0.0/24"]), &means("10.20.0.1/24"), interviewer());
    let snmp = outcome.observations.iter().find(|o| o.method == Method::Snmp).unwrap();
    assert_eq!(snmp.speaker.mac, None);
}

#[test]
fn sighting_asks_nobody_and_no_community_means_no_snmp() {
    let mut sighted = sighting(plan(&["10.20.0.0/24"]));
    sighted.networks[0].tcp_ports = vec![443];
    let mut net = Net::new(hosts([(0, 4)]));
    let outcome = net.run(sighted, &means("10.20.0.1/24"), interviewer());
    assert!(net.record.iter().all(|(_, packet)| matches!(packet, Packet::Frame { .. })));
    assert_eq!(coverage(&outcome, Method::Mdns).not_asked[1].why, Why::Own);
    assert!(coverage(&outcome, Method::Mdns).not_asked.iter().any(|n| n.why == Why::Policy));
    let mut plan = plan(&["10.20.0.0/24"]);
    plan.networks[0].credentials.clear();
    let outcome = Net::new([]).run(plan, &means("10.20.0.1/24"), nobody());
    assert!(coverage(&outcome, Method::Snmp).not_asked.iter().any(|n| n.why == Why::NoCredential));
    assert!(coverage(&outcome, Method::Snmp).asked.is_empty());
}

#[test]
fn the_full_policy_knocks_on_the_ports_of_live_hosts_only() {
    let mut full = plan(&["10.20.0.0/24"]);
    full.networks[0].policy = Policy::Full;
    let host = Host { open: vec![443], refuses: true, ..Host::with_mac(4) };
    let mut net = Net::new([(ip("10.20.0.4"), host), (ip("10.20.0.5"), Host::with_mac(5))]);
    let outcome = net.run(full, &means("10.20.0.1/24"), nobody());
    let knocked: Vec<_> = net
        .record
        .iter()
        .filter_map(|(_, p)| if let Packet::Connect { to } = p { Some(*to) } else { None })
        .collect();
    assert_eq!(knocked.len(), 4);
    assert!(knocked.iter().all(|to| [ip("10.20.0.4"), ip("10.20.0.5")].contains(&to.ip())));
    let replies: Vec<_> =
        outcome.facts().into_iter().filter(|(method, _)| *method == Method::TcpConnect).collect();
    let reply = |reply| (Method::TcpConnect, Fact::Answered(reply));
    assert_eq!(replies, [reply(Reply::TcpRefused(22)), reply(Reply::TcpOpen(443))]);
    let tcp = coverage(&outcome, Method::TcpConnect);
    assert_eq!((tcp.asked.len(), tcp.answered.len()), (2, 1));
    assert_partition(&outcome, &[ip("10.20.0.1")]);
}

#[test]
fn an_unreachable_port_ends_a_dialogue_and_an_unsent_packet_is_not_taken_for_silence() {
    let host = Host { refuses: true, ..Host::with_mac(4) };
    let mut net = Net::new([(ip("10.20.0.4"), host)]);
    let outcome = net.run(plan(&["10.20.0.0/24"]), &means("10.20.0.1/24"), interviewer());
    let facts = outcome.facts();
    assert!(facts.contains(&(Method::Snmp, asked(End::Refused))));
    assert!(!facts.contains(&(Method::Snmp, asked(End::Silent))));

    let now = Now { tick: Tick::ZERO, wall: Timestamp::from_micros(0) };
    let link = means("10.30.0.1/24");
    let mut engine = Engine::new(plan(&["10.30.0.4/32"]), &link, interviewer(), now);
    let frame = engine.poll_transmit(now).unwrap();
    let mut answering = Net::new([(ip("10.30.0.4"), Host::with_mac(4))]);
    answering.answer_frame(&mut engine, frame.packet(), now);
    let later = Now { tick: Tick::from_micros(2_000_000), ..now };
    let question = engine.poll_transmit(later).unwrap();
    engine.handle(Input::NotSent { packet: question.packet(), unreachable: true }, later);
    let observed: Vec<_> = std::iter::from_fn(|| engine.poll_observation()).collect();
    assert!(observed.iter().all(|o| o.method == Method::Arp));
    let account = engine.finish(later);
    let snmp = account.coverage.iter().find(|c| c.method == Method::Snmp).unwrap();
    assert!(snmp.not_asked.iter().any(|n| n.why == Why::Unreachable));
    assert_eq!(account.sent.len(), 1, "only the ARP request counts");
}

#[test]
fn a_refused_or_unsent_last_question_ends_the_interview_for_good() {
    let snmp =
        |port| -> Interviewer { Box::new(move |_, _| vec![Chat::boxed(Method::Snmp, port, 2)]) };
    let one = |port, unsendable: &[IpAddr]| {
        let mut net = Net::new([(ip("10.30.0.4"), Host { echoes: true, ..Host::default() })]);
        net.unsendable_datagrams = unsendable.to_vec();
        let outcome = net.run(plan(&["10.30.0.4/32"]), &means("10.20.0.1/24"), snmp(port));
        assert_partition(&outcome, &[]);
        assert_eq!(outcome.progress.questioned, 1);
        assert_eq!(outcome.observations.len(), 1, "only the echo");
        (net.record.len(), coverage(&outcome, Method::Snmp).not_asked[0].why)
    };
    assert_eq!(one(515, &[]), (1, Why::ForbiddenPort));
    assert_eq!(one(161, &[ip("10.30.0.4")]), (2, Why::Unreachable));
}

/// A dialogue that is counted while it lives, with the most there ever were.
struct Counted(Box<dyn Dialogue>, Arc<Mutex<(usize, usize)>>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.lock().unwrap().0 -= 1;
    }
}

impl Dialogue for Counted {
    fn method(&self) -> Method {
        self.0.method()
    }
    fn poll_transmit(&mut self, now: Tick) -> Option<Ask> {
        self.0.poll_transmit(now)
    }
    fn poll_timeout(&self) -> Option<Tick> {
        self.0.poll_timeout()
    }
    fn handle_datagram(&mut self, from: SocketAddr, octets: &[u8], now: Tick) -> bool {
        self.0.handle_datagram(from, octets, now)
    }
    fn handle_unreachable(&mut self, now: Tick) {
        self.0.handle_unreachable(now);
    }
    fn poll_fact(&mut self) -> Option<Fact> {
        self.0.poll_fact()
    }
    fn is_finished(&self) -> bool {
        self.0.is_finished()
    }
}

#[test]
fn a_thousand_live_hosts_share_the_places_for_interviews() {
    let most = Arc::new(Mutex::new((0_usize, 0_usize)));
    let counter = Arc::clone(&most);
    let interviewer: Interviewer = Box::new(move |_, _| {
        let mut count = counter.lock().unwrap();
        count.0 += 1;
        count.1 = count.1.max(count.0);
        vec![Box::new(Counted(Chat::boxed(Method::Snmp, 161, 1), Arc::clone(&counter)))]
    });
    let host = Host { talks: vec![161], ..Host::with_mac(4) };
    let net: IpNet = "10.20.0.0/20".parse().unwrap();
    let mut net = Net::new(net.hosts().skip(1).take(3000).map(|ip| (ip, host.clone())));
    net.delay = Duration::from_millis(400);
    let outcome = net.run(plan(&["10.20.0.0/20"]), &means("10.20.0.1/20"), interviewer);
    assert_eq!(coverage(&outcome, Method::Snmp).answered.len(), 3000);
    let (now, most) = *most.lock().unwrap();
    assert_eq!(now, 0);
    assert!((500..=1024).contains(&most), "{most}");
}

#[test]
fn the_browse_of_a_link_and_the_interview_of_a_host_tell_the_same_service_once() {
    let printer = ip("10.20.0.4");
    let mut net = Net::new([(printer, Host::with_mac(4))]);
    net.printer = Some(printer);
    let interviewer: Interviewer = Box::new(|_, ip| {
        vec![Box::new(crate::probe::mdns::Mdns::new(ip, Duration::from_millis(500), 2, 1))]
    });
    let outcome = net.run(plan(&["10.20.0.0/24"]), &means("10.20.0.1/24"), interviewer);
    let to = |wanted: IpAddr| {
        let subjects = net.record.iter().filter_map(|(_, packet)| governor::subject(packet));
        subjects.filter(|(to, port)| *to == wanted && *port == Some(5353)).count()
    };
    assert!(to(crate::probe::mdns::GROUP.into()) > 0, "the link was browsed");
    assert!(to(printer) > 0, "the host was interviewed");
    let facts = outcome.facts();
    let services = facts.iter().filter(|(_, fact)| matches!(fact, Fact::Service { .. }));
    assert_eq!(services.count(), 1, "{facts:?}");
}
