//! The part of the table for IPv6, which Linux tells by netlink only (rtnetlink(7)): one question for
//! all rows, and messages with a row each.

use std::io::{self, Read};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use daicho_common::addr::Mac;
use nix::net::if_::if_nameindex;
use socket2::{Domain, Protocol, Socket, Type};

use super::Neighbour;

/// How long the kernel is waited for.
const PATIENCE: Duration = Duration::from_millis(200);
/// Octets that the kernel puts into one answer at most, several times over.
const ROOM: usize = 64 << 10;
/// Most rows that are read.
const MOST: usize = 1 << 15;

/// Octets of the header of a message (`struct nlmsghdr`) and of a row's own (`struct ndmsg`).
const HEADER: usize = 16;
const ROW: usize = 12;

const ERROR: u16 = 2;
const DONE: u16 = 3;
const NEW_NEIGHBOUR: u16 = 28;
const GET_NEIGHBOURS: u16 = 30;
/// A request for all there is (`NLM_F_REQUEST`, `NLM_F_DUMP`).
const DUMP: u16 = 0x301;
/// The family of IPv6 (`AF_INET6`).
const INET6: u8 = 10;
/// Attributes: the address, and the link-layer address (`NDA_DST`, `NDA_LLADDR`).
const ADDRESS: u16 = 1;
const LINK_ADDRESS: u16 = 2;
/// States in which the neighbour was there: reachable, stale, delay, probe, permanent (`NUD_*`).
const KNOWN: u16 = 0x02 | 0x04 | 0x08 | 0x10 | 0x80;

/// A row, with the number of its interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    index: u32,
    ip: Ipv6Addr,
    mac: Mac,
}

/// The complete rows.
///
/// # Errors
/// If the kernel cannot be asked, or does not answer to the end.
pub(super) fn read() -> io::Result<Vec<Neighbour>> {
    let route = Protocol::from(libc::NETLINK_ROUTE);
    let socket = Socket::new(Domain::from(libc::AF_NETLINK), Type::RAW, Some(route))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.send(&question())?;
    let (mut rows, mut buffer) = (Vec::new(), vec![0; ROOM]);
    loop {
        let length = (&socket).read(&mut buffer)?;
        let answer = buffer.get(..length).unwrap_or_default();
        if parse(answer, &mut rows)? || rows.len() > MOST {
            break;
        }
    }
    let names = if_nameindex()?;
    let known = |row: Row| {
        let name = names.iter().find(|it| it.index() == row.index)?;
        let interface = name.name().to_str().ok()?.to_owned();
        Some(Neighbour { interface, ip: IpAddr::V6(row.ip), mac: row.mac })
    };
    Ok(rows.into_iter().filter_map(known).collect())
}

/// The question for all rows of IPv6, in the octet order of this machine.
fn question() -> Vec<u8> {
    let length = u32::try_from(HEADER + ROW).unwrap_or_default();
    let mut octets = length.to_ne_bytes().to_vec();
    octets.extend([GET_NEIGHBOURS, DUMP].into_iter().flat_map(u16::to_ne_bytes));
    octets.resize(HEADER, 0);
    octets.push(INET6);
    octets.resize(HEADER + ROW, 0);
    octets
}

fn two(octets: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(octets.get(at..at + 2)?.try_into().ok()?))
}

fn four(octets: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(octets.get(at..at + 4)?.try_into().ok()?))
}

/// The first piece of octets that begin with its length, and the rest: lengths are rounded up to
/// four. `None` at the end, and where a length cannot be.
fn piece(octets: &[u8], length: usize, least: usize) -> Option<(&[u8], &[u8])> {
    let whole = octets.get(..length).filter(|whole| whole.len() >= least)?;
    Some((whole, octets.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

/// Adds the rows of an answer. Returns whether it was the last.
fn parse(mut octets: &[u8], rows: &mut Vec<Row>) -> io::Result<bool> {
    while let Some(length) = four(octets, 0) {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let Some((message, rest)) = piece(octets, length, HEADER) else { break };
        match two(message, 4) {
            Some(DONE) => return Ok(true),
            Some(ERROR) => return Err(io::ErrorKind::InvalidData.into()),
            Some(NEW_NEIGHBOUR) => rows.extend(row(message)),
            _ => {}
        }
        octets = rest;
    }
    Ok(false)
}

/// The row of a message, if its neighbour is known.
fn row(message: &[u8]) -> Option<Row> {
    let body = message.get(HEADER..)?;
    let index = four(body, 4)?;
    if body.first() != Some(&INET6) || two(body, 8)? & KNOWN == 0 {
        return None;
    }
    let (mut ip, mut mac) = (None, None);
    let mut rest = body.get(ROW..)?;
    while let Some(length) = two(rest, 0) {
        let Some((attribute, after)) = piece(rest, usize::from(length), 4) else { break };
        let value = attribute.get(4..).unwrap_or_default();
        match two(attribute, 2) {
            Some(ADDRESS) => ip = <[u8; 16]>::try_from(value).ok().map(Ipv6Addr::from),
            Some(LINK_ADDRESS) => mac = <[u8; 6]>::try_from(value).ok().map(Mac::new),
            _ => {}
        }
        rest = after;
    }
    let mac = mac.filter(|mac| *mac != Mac::ZERO && !mac.is_group())?;
    Some(Row { index, ip: ip?, mac })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + value.len()).unwrap();
        let mut octets = [length, kind].into_iter().flat_map(u16::to_ne_bytes).collect::<Vec<_>>();
        octets.extend(value);
        octets.resize(octets.len().next_multiple_of(4), 0);
        octets
    }

    fn message(kind: u16, body: &[u8]) -> Vec<u8> {
        let mut octets = u32::try_from(HEADER + body.len()).unwrap().to_ne_bytes().to_vec();
        octets.extend(kind.to_ne_bytes());
        octets.resize(HEADER, 0);
        octets.extend(body);
        octets
    }

    fn neighbour(state: u16, ip: &str, mac: &[u8]) -> Vec<u8> {
        let mut body = vec![INET6, 0, 0, 0];
        body.extend(3_u32.to_ne_bytes());
        body.extend(state.to_ne_bytes());
        body.resize(ROW, 0);
        body.extend(attribute(ADDRESS, &ip.parse::<Ipv6Addr>().unwrap().octets()));
        body.extend(attribute(LINK_ADDRESS, mac));
        message(NEW_NEIGHBOUR, &body)
    }

    #[test]
    fn rows_of_neighbours_that_were_there_are_read_to_the_end() {
        let mac = [0, 0x1a, 0x2b, 0, 0, 9];
        let octets = [
            neighbour(0x02, "fe80::9", &mac),
            neighbour(0x20, "fe80::10", &mac),
            neighbour(0x40, "ff02::1", &[0x33, 0x33, 0, 0, 0, 1]),
            neighbour(0x04, "2001:db8::9", &mac),
            message(DONE, &[0; 4]),
        ]
        .concat();
        let mut rows = Vec::new();
        assert!(parse(&octets, &mut rows).unwrap());
        let row = |ip: &str| Row { index: 3, ip: ip.parse().unwrap(), mac: Mac::new(mac) };
        assert_eq!(rows, [row("fe80::9"), row("2001:db8::9")]);
        assert!(parse(&message(ERROR, &[0; 20]), &mut rows).is_err());
    }

    #[test]
    fn stumps_and_lengths_that_cannot_be_end_it() {
        let whole = neighbour(0x02, "fe80::9", &[0, 0x1a, 0x2b, 0, 0, 9]);
        for end in 0..whole.len() {
            let mut rows = Vec::new();
            assert!(!parse(&whole[..end], &mut rows).unwrap());
            assert_eq!(rows, []);
        }
        for at in 0..whole.len() {
            for octet in [0, 1, 0xff] {
                let mut changed = whole.clone();
                changed[at] = octet;
                let _ = parse(&changed, &mut Vec::new());
            }
        }
    }

    #[test]
    fn the_kernel_answers_to_the_end() {
        read().unwrap();
    }
}
