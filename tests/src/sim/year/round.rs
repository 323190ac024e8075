//! The weeks pass: leases change hands, agents look.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use daicho_common::addr::Mac;
use daicho_common::observation::table::{Cell, MOST_ROWS};
use daicho_common::observation::{Fact, Method, Observation, Speaker, Vantage};
use daicho_common::time::Timestamp;

use super::ground::View;
use super::making::{Making, always};
use super::tell::{Asked, row, table};
use super::{Happening, Identity, Nic, WEEKS, What, Year};

/// One day, one second and one millisecond, in microseconds.
const DAY: i64 = 86_400_000_000;
const SECOND: i64 = 1_000_000;
const MILLISECOND: i64 = 1_000;
/// Of a thousand weeks in how many a lease is kept.
const KEPT: u64 = 960;
/// In one of how many weeks a device is asked what it is, when nothing is new about it.
const ASKED: u64 = 6;

/// One network card that is there this week.
#[derive(Clone, Copy)]
struct Present {
    body: usize,
    nic: usize,
    network: usize,
    ip: IpAddr,
}

/// A card that is there: the device, the card, its MAC address, its network, its own address.
type There = (usize, usize, Mac, usize, Option<IpAddr>);

/// Who has a lease: a MAC address in a network (RFC 2131 §2.1), whatever hangs on it.
type Card = (usize, Mac);

struct Round {
    made: Making,
    leases: HashMap<Card, (IpAddr, u32)>,
    known: HashMap<(usize, usize, IpAddr, Mac), usize>,
    year: Year,
    said: Vec<(Observation, Option<usize>)>,
}

/// Lets the year pass.
pub(super) fn pass(mut made: Making) -> Year {
    let mac = made.mac();
    let mut nic = super::Nic::new(mac, 0);
    nic.fixed = made.networks.first().map(super::ground::Network::router);
    let says = vec![
        always(What::System("core".into(), "Sample router".into())),
        always(What::Interfaces(vec![mac])),
    ];
    let router = made.add(Happening::Fixed, vec![nic], says);
    if let Some(body) = made.bodies.get_mut(router) {
        body.awake = 1000;
    }
    let mut round = Round {
        made,
        leases: HashMap::new(),
        known: HashMap::new(),
        year: Year::default(),
        said: Vec::new(),
    };
    for week in 0..WEEKS {
        let present = round.present(week);
        for (place, one) in (0..).zip(&present) {
            round.look(week, (place, *one));
        }
        round.tables(week, router, &present);
    }
    let mut year = round.year;
    round.said.sort_by_key(|(observation, _)| observation.at);
    (year.seen, year.of) = round.said.into_iter().unzip();
    year.bodies = round.made.bodies.iter().map(|body| body.happening).collect();
    year
}

impl Round {
    /// Who is there this week, and where.
    fn present(&mut self, week: u32) -> Vec<Present> {
        let mut there = Vec::new();
        for number in 0..self.made.bodies.len() {
            let Some(body) = self.made.bodies.get(number) else { continue };
            let awake = body.awake;
            let nics: Vec<There> = body
                .nics
                .iter()
                .enumerate()
                .filter(|(_, nic)| nic.weeks.contains(&week))
                .map(|(at, nic)| (number, at, nic.mac, nic.network, nic.fixed))
                .collect();
            if self.made.dice.chance(awake) {
                there.extend(nics);
            }
        }
        self.leases.retain(|_, (_, last)| *last + 2 >= week);
        let mut taken: BTreeSet<IpAddr> = self.leases.values().map(|(ip, _)| *ip).collect();
        let pools = self.pools();
        there
            .into_iter()
            .map(|(body, nic, mac, network, fixed)| {
                let pool = pools.get(network).copied().unwrap_or(1);
                let ip =
                    fixed.unwrap_or_else(|| self.lease((network, mac), (pool, week), &mut taken));
                Present { body, nic, network, ip }
            })
            .collect()
    }

    /// How many addresses each network leases: a third more than it has cards for them.
    fn pools(&self) -> Vec<u16> {
        let mut cards: BTreeMap<usize, BTreeSet<Mac>> = BTreeMap::new();
        for body in &self.made.bodies {
            for nic in body.nics.iter().filter(|nic| nic.fixed.is_none()) {
                cards.entry(nic.network).or_default().insert(nic.mac);
            }
        }
        let size = |number| cards.get(&number).map_or(8, |cards| cards.len() * 4 / 3 + 8);
        (0..self.made.networks.len())
            .map(|n| u16::try_from(size(n).min(1000)).unwrap_or(8))
            .collect()
    }

    fn lease(
        &mut self,
        card: Card,
        (pool, week): (u16, u32),
        taken: &mut BTreeSet<IpAddr>,
    ) -> IpAddr {
        if let Some((ip, last)) = self.leases.get_mut(&card)
            && (*last == week || self.made.dice.chance(KEPT))
        {
            *last = week;
            return *ip;
        }
        let first = u16::try_from(self.made.dice.below(u64::from(pool))).unwrap_or(0);
        let Some(of) = self.made.networks.get(card.0) else { return IpAddr::from([0; 4]) };
        // Past the pool's end there is more, for who finds it full.
        let mut free = (0..2000).map(|step| of.lease((first + step) % 1020));
        let ip = free.find(|ip| !taken.contains(ip)).unwrap_or_else(|| of.lease(first));
        taken.insert(ip);
        if let Some((old, _)) = self.leases.insert(card, (ip, week)) {
            taken.remove(&old);
        }
        ip
    }

    /// The card, with the network's place in the day.
    fn nic(&self, one: Present) -> Option<Nic> {
        self.made.bodies.get(one.body)?.nics.get(one.nic).cloned()
    }

    fn identity(&mut self, body: usize, network: usize, (ip, mac): (IpAddr, Mac)) -> (usize, bool) {
        let next = self.year.identities.len();
        let name = self.made.networks.get(network).map(|of| of.name.clone()).unwrap_or_default();
        let number = *self.known.entry((body, network, ip, mac)).or_insert(next);
        if number == next {
            let tokens = BTreeSet::new();
            self.year.identities.push(Identity { body, network: name, ip, mac, tokens });
        }
        (number, number == next)
    }

    fn own(&mut self, identity: usize, tokens: impl IntoIterator<Item = String>) {
        if let Some(identity) = self.year.identities.get_mut(identity) {
            identity.tokens.extend(tokens);
        }
    }

    fn say(
        &mut self,
        (agent, network): (&str, usize),
        (at, method, identity): (i64, Method, Option<usize>),
        (speaker, fact): (Speaker, Fact),
    ) {
        let Some(of) = self.made.networks.get(network) else { return };
        let vantage =
            Vantage { agent: agent.to_owned(), interface: String::new(), network: of.name.clone() };
        let (at, vantage) = (Timestamp::from_micros(at), vantage.into());
        self.said.push((Observation { at, vantage, method, speaker, fact }, identity));
    }

    /// One card is looked at.
    fn look(&mut self, week: u32, (place, one): (i64, Present)) {
        let Some(nic) = self.nic(one) else { return };
        let Some(network) = self.made.networks.get(one.network) else { return };
        let (view, agents) = (network.view, network.agents.clone());
        let day = i64::from(week) * 7 + i64::from(nic.day);
        let lookup = i64::try_from(one.network).unwrap_or(0);
        let at = day * DAY + 9 * 3600 * SECOND + lookup * 600 * SECOND + place * 20 * MILLISECOND;
        let (identity, new) = self.identity(one.body, one.network, (one.ip, nic.mac));
        if nic.own && nic.behind.is_none() && view != View::Dark {
            self.own(identity, [format!("mac {}", nic.mac)]);
        }
        if view == View::Link {
            for agent in &agents {
                self.arp(agent, (identity, at), (&one, &nic));
            }
        }
        // Whose a dock is this time shows only when it is asked.
        let asked = new || !nic.mac.is_local() && !nic.own || self.made.dice.below(ASKED) == 0;
        if asked {
            self.interview(week, (identity, at), (&one, &nic));
        }
    }

    fn arp(&mut self, agent: &str, (identity, at): (usize, i64), (one, nic): (&Present, &Nic)) {
        let IpAddr::V4(ip) = one.ip else { return };
        let mac = nic.behind.unwrap_or(nic.mac);
        // That somebody answers for another says as much of the one as of the other.
        let identity = nic.behind.is_none().then_some(identity);
        let speaker = Speaker { ip: Some(one.ip), mac: Some(mac) };
        let said = (speaker, Fact::Arp { ip, mac });
        self.say((agent, one.network), (at, Method::Arp, identity), said);
    }

    fn interview(&mut self, week: u32, (identity, at): (usize, i64), (one, nic): (&Present, &Nic)) {
        let Some(body) = self.made.bodies.get(one.body) else { return };
        let link = self.made.networks.get(one.network).is_some_and(|of| of.view == View::Link);
        let says: Vec<_> =
            body.says.iter().filter(|saying| saying.weeks.contains(&week)).cloned().collect();
        let asked = Asked { ip: one.ip, mac: nic.mac, own: nic.own };
        let mut at = at + 200 * SECOND;
        for saying in says {
            let heard = matches!(saying.what, What::Dhcp(_) | What::Mdns(_));
            if heard && (!link || nic.behind.is_some()) {
                continue;
            }
            if saying.own {
                self.own(identity, saying.what.tokens(&asked));
            }
            for (method, fact) in saying.what.facts(&asked) {
                at += MILLISECOND;
                let mac = (method == Method::Dhcp).then_some(nic.mac);
                let speaker = Speaker { ip: Some(one.ip), mac };
                self.say(("agent-1", one.network), (at, method, Some(identity)), (speaker, fact));
            }
        }
    }

    /// The router's neighbour tables of the networks behind it.
    fn tables(&mut self, week: u32, router: usize, present: &[Present]) {
        let mut rows = Vec::new();
        for one in present {
            let view = self.made.networks.get(one.network).map(|of| of.view);
            let (Some(View::Tabled), Some(nic), IpAddr::V4(ip)) = (view, self.nic(*one), one.ip)
            else {
                continue;
            };
            let number = u32::try_from(one.network).unwrap_or(0) + 1;
            let mut index = vec![number];
            index.extend(ip.octets().map(u32::from));
            let cells = [
                ("ipNetToMediaPhysAddress", Cell::from_octets(&nic.mac.octets())),
                ("ipNetToMediaType", Cell::Integer(3)),
            ];
            rows.push((nic.day, row(index, &cells)));
        }
        let Some(home) = self.made.bodies.get(router).and_then(|body| body.nics.first()).cloned()
        else {
            return;
        };
        let Some(ip) = home.fixed else { return };
        let (identity, _) = self.identity(router, home.network, (ip, home.mac));
        for day in 0..7 {
            let of_day: Vec<_> =
                rows.iter().filter(|(on, _)| *on == day).map(|(_, row)| row.clone()).collect();
            let at = (i64::from(week) * 7 + i64::from(day)) * DAY + 12 * 3600 * SECOND;
            for rows in of_day.chunks(MOST_ROWS) {
                let fact = table("ipNetToMediaTable", rows.to_vec());
                let speaker = Speaker { ip: Some(ip), mac: None };
                self.say(
                    ("agent-1", home.network),
                    (at, Method::Snmp, Some(identity)),
                    (speaker, fact),
                );
            }
        }
    }
}
