use daicho_common::coverage::PacketKind;
use daicho_common::observation::said::Said;
use daicho_common::observation::{Outcome as End, Question};
use daicho_common::text::Text;

use super::net::hosts;
use super::*;
use crate::probe::talk::{Conversation, Cut, Next, Talk};

/// Says each of its words, waits until it comes back, and tells what did.
pub(super) struct Parrot {
    words: Vec<&'static str>,
    heard: Vec<u8>,
    said: Said,
    facts: Vec<(Method, Fact)>,
}

impl Parrot {
    pub(super) fn boxed(port: u16, words: &[&'static str]) -> Box<dyn Dialogue> {
        let mut words = words.to_vec();
        words.reverse();
        let (heard, said, facts) = (Vec::new(), Said::at(port), Vec::new());
        Box::new(Talk::new(port, Duration::from_millis(400), Self { words, heard, said, facts }))
    }

    fn end(&mut self, outcome: End) -> End {
        self.facts.push((Method::Ssh, Fact::Said(Box::new(self.said.clone()))));
        self.facts.push((Method::Tls, Fact::Said(Box::new(Said::at(1)))));
        outcome
    }
}

impl Conversation for Parrot {
    fn method(&self) -> Method {
        Method::Ssh
    }

    fn subject(&self) -> &str {
        self.words.last().copied().unwrap_or_default()
    }

    fn begin(&mut self) -> Next {
        Next::Say(self.words.last().unwrap().as_bytes().to_vec())
    }

    fn hear(&mut self, octets: &[u8]) -> Next {
        self.heard.extend(octets);
        if self.heard != self.words.last().unwrap().as_bytes() {
            return Next::Wait;
        }
        self.said.add("word", Text::from_wire(&std::mem::take(&mut self.heard)));
        self.words.pop();
        if self.words.is_empty() { Next::End(self.end(End::Complete)) } else { self.begin() }
    }

    fn cut(&mut self, cut: Cut) -> End {
        self.end(if cut == Cut::Closed { End::Partial } else { End::Silent })
    }

    fn poll_fact(&mut self) -> Option<(Method, Fact)> {
        self.facts.pop()
    }
}

pub(super) fn echoing(ports: &[u16]) -> Host {
    Host { echoing: ports.to_vec(), refuses: true, ..Host::with_mac(4) }
}

fn asked(outcome: &Outcome, port: u16) -> Vec<End> {
    let ended = |(_, fact): (Method, Fact)| {
        let Fact::Asked { question: Question::Service { port: of }, outcome } = fact else {
            return None;
        };
        (of == port).then_some(outcome)
    };
    outcome.facts().into_iter().filter_map(ended).collect()
}

pub(super) fn words(outcome: &Outcome) -> Vec<String> {
    let said = |(method, fact): (Method, Fact)| {
        let Fact::Said(said) = fact else { return None };
        let words = || said.all("word").map(str::to_owned).collect::<Vec<_>>();
        (method == Method::Ssh).then(words)
    };
    outcome.facts().into_iter().filter_map(said).flatten().collect()
}

#[test]
fn a_conversation_is_opened_held_word_by_word_and_hung_up() {
    let mut net = Net::new([(ip("10.20.0.4"), echoing(&[7]))]);
    let interviewer: Interviewer = Box::new(|_, _| vec![Parrot::boxed(7, &["one", "two"])]);
    let outcome = net.run(plan(&["10.20.0.0/24"]), &means("10.20.0.1/24"), interviewer);
    assert_eq!(words(&outcome), ["one", "two"]);
    assert_eq!(asked(&outcome, 7), [End::Complete]);
    let aside = (Method::Tls, Fact::Said(Box::new(Said::at(1))));
    assert!(outcome.facts().contains(&aside), "what was learned by another method is told so");
    assert_eq!(net.over, [SocketAddr::from(([10, 20, 0, 4], 7))]);
    let count = |kind| {
        let rows = outcome.account.sent.iter().filter(|row| row.kind == kind);
        rows.map(|row| (row.packets, row.octets)).collect::<Vec<_>>()
    };
    assert_eq!(count(PacketKind::TcpOpen), [(1, 0)]);
    assert_eq!(count(PacketKind::Said), [(2, 6)]);
    let to_it =
        net.record.iter().filter(|(_, p)| matches!(p, Packet::Open { .. } | Packet::Say { .. }));
    let at: Vec<Tick> = to_it.map(|(at, _)| *at).collect();
    assert!(at.windows(2).all(|w| w[1].since(w[0]) >= Duration::from_millis(10)), "{at:?}");
}

#[test]
fn a_port_that_refuses_is_told_so_and_not_tried_again() {
    let mut net = Net::new([(ip("10.20.0.4"), echoing(&[7]))]);
    let interviewer: Interviewer = Box::new(|_, _| {
        vec![Parrot::boxed(8, &["a"]), Parrot::boxed(8, &["b"]), Parrot::boxed(7, &["c"])]
    });
    let outcome = net.run(plan(&["10.20.0.0/24"]), &means("10.20.0.1/24"), interviewer);
    assert_eq!((asked(&outcome, 8), words(&outcome)), (vec![End::Refused], vec!["c".to_owned()]));
    let opened = net.record.iter().filter(|(_, p)| matches!(p, Packet::Open { .. })).count();
    assert_eq!((opened, net.over.len()), (2, 2));
}

#[test]
fn what_a_knock_found_shut_is_not_opened() {
    let mut net = Net::new([(ip("10.20.0.4"), echoing(&[7]))]);
    let mut full = plan(&["10.20.0.0/24"]);
    full.networks[0].policy = Policy::Full;
    let interviewer: Interviewer = Box::new(|_, _| vec![Parrot::boxed(443, &["a"])]);
    let outcome = net.run(full, &means("10.20.0.1/24"), interviewer);
    assert!(!net.record.iter().any(|(_, packet)| matches!(packet, Packet::Open { .. })));
    assert_eq!(asked(&outcome, 443), []);
}

#[test]
fn a_silent_port_and_a_connection_that_closes_are_told_apart() {
    let mute = Host { refuses: false, echoing: vec![7], ..Host::with_mac(4) };
    let mut net = Net::new([(ip("10.20.0.4"), mute)]);
    let interviewer: Interviewer =
        Box::new(|_, _| vec![Parrot::boxed(9, &["a"]), Parrot::boxed(7, &["bye", "more"])]);
    let outcome = net.run(plan(&["10.20.0.0/24"]), &means("10.20.0.1/24"), interviewer);
    assert_eq!((asked(&outcome, 9), asked(&outcome, 7)), (vec![End::Silent], vec![End::Partial]));
    assert_eq!(words(&outcome), ["bye"]);
}

#[test]
fn no_conversation_goes_to_a_forbidden_port_or_a_denied_host() {
    let host = echoing(&[7, 515, 2575, 9100, 9107]);
    let denied = Host { macs: vec![Mac::new([0, 0x1a, 0x2b, 0, 0, 5])], ..host.clone() };
    let mut net = Net::new([(ip("10.20.0.4"), host), (ip("10.20.0.5"), denied)]);
    let interviewer: Interviewer =
        Box::new(|_, _| [515, 2575, 9100, 9107, 7].map(|port| Parrot::boxed(port, &["a"])).into());
    let mut plan = plan(&["10.20.0.0/24"]);
    plan.deny.macs = vec![Mac::new([0, 0x1a, 0x2b, 0, 0, 5])];
    let outcome = net.run(plan, &means("10.20.0.1/24"), interviewer);
    let sent = |(_, packet): &(Tick, Packet)| {
        let (Packet::Open { to } | Packet::Say { to, .. }) = packet else { return None };
        Some(*to)
    };
    let opened: Vec<_> = net.record.iter().filter_map(sent).collect();
    assert_eq!(opened, [SocketAddr::from(([10, 20, 0, 4], 7)); 2]);
    assert_eq!(words(&outcome), ["a"]);
}

#[test]
fn what_a_service_said_leads_to_one_more_question_and_in_no_circle() {
    let mut net = Net::new([(ip("10.20.0.4"), echoing(&[7, 70]))]);
    // Everything that is said leads to port 70, also what is said at port 70.
    net.leads = Some(Box::new(|_, _, (method, _)| {
        if method == Method::Ssh { vec![Parrot::boxed(70, &["led"])] } else { Vec::new() }
    }));
    let interviewer: Interviewer = Box::new(|_, _| vec![Parrot::boxed(7, &["one"])]);
    let outcome = net.run(plan(&["10.20.0.0/24"]), &means("10.20.0.1/24"), interviewer);
    assert_eq!(words(&outcome), ["one", "led"]);
}

#[test]
fn two_things_that_one_port_has_are_both_asked_for_and_each_once() {
    let mut net = Net::new([(ip("10.20.0.4"), echoing(&[7, 70]))]);
    net.leads = Some(Box::new(|_, _, (method, _)| {
        let led = ["root", "media", "root"].map(|it| Parrot::boxed(70, &[it]));
        if method == Method::Ssh { led.into() } else { Vec::new() }
    }));
    let interviewer: Interviewer = Box::new(|_, _| vec![Parrot::boxed(7, &["one"])]);
    let outcome = net.run(plan(&["10.20.0.0/24"]), &means("10.20.0.1/24"), interviewer);
    assert_eq!(words(&outcome), ["one", "root", "media"]);
}

#[test]
fn no_more_connections_are_open_at_once_than_the_system_bears() {
    let many = hosts((1..=2).flat_map(|c| (1..=200).map(move |d| (c, d))));
    let echoing = many.into_iter().map(|(ip, host)| (ip, Host { echoing: vec![7], ..host }));
    let mut net = Net::new(echoing);
    net.delay = Duration::from_millis(300);
    let mut fast = plan(&["10.20.0.0/20"]);
    fast.pace.canary = false;
    let interviewer: Interviewer = Box::new(|_, _| vec![Parrot::boxed(7, &["one"])]);
    let outcome = net.run(fast, &means("10.20.0.1/20"), interviewer);
    assert_eq!(words(&outcome).len(), 400);
    // Each connection stands for the two delays of its opening and its word at least.
    let opens = net.record.iter().filter(|(_, packet)| matches!(packet, Packet::Open { .. }));
    let opened: Vec<Tick> = opens.map(|(at, _)| *at).collect();
    let most = opened.iter().map(|from| {
        opened
            .iter()
            .filter(|at| *at >= from && at.since(*from) < Duration::from_millis(600))
            .count()
    });
    assert!(most.max().unwrap() <= 256);
}
