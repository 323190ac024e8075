use super::*;
use crate::probe::ssdp::Search;
use crate::probe::wsd::{self, Wsd, envelope};

const fn ms(millis: u64) -> Tick {
    Tick::from_micros(millis * 1000)
}

fn from(last: u8) -> SocketAddr {
    SocketAddr::from(([10, 20, 0, last], 40_000))
}

fn search() -> Call<Search> {
    Call::new(1900, Duration::from_secs(1), Search::of_group())
}

fn response(name: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: {name}\r\nSERVER: Box/1\r\n\
         LOCATION: http://10.20.0.7:49152/desc.xml\r\n\r\n"
    )
    .into_bytes()
}

fn facts(call: &mut impl GroupQuestion) -> Vec<(IpAddr, Fact)> {
    std::iter::from_fn(|| call.poll_fact()).collect()
}

/// Lets both rounds pass from `now` on.
fn wait_to_the_end(call: &mut impl GroupQuestion) {
    for now in [ms(1000), ms(2000), ms(3000)] {
        call.poll_transmit(now);
    }
    assert!(call.is_finished() && call.poll_timeout().is_none());
}

#[test]
fn the_group_is_asked_twice_and_no_more() {
    let mut call = search();
    let ask = call.poll_transmit(ms(0)).unwrap();
    assert_eq!((ask.port, ask.outlet, call.group()), (1900, Outlet::Udp, GROUP));
    let text = String::from_utf8(ask.octets.clone()).unwrap();
    assert!(text.contains("HOST: 239.255.255.250:1900\r\n"), "{text}");
    assert_eq!(call.poll_transmit(ms(999)), None);
    assert_eq!(call.poll_timeout(), Some(ms(1000)));
    assert_eq!(call.poll_transmit(ms(1000)), Some(ask));
    assert_eq!(call.poll_transmit(ms(2000)), None);
    assert!(call.is_finished());
    assert_eq!(call.poll_transmit(ms(9000)), None);
}

#[test]
fn each_host_is_told_once_with_what_it_said() {
    let mut call = search();
    assert!(!call.handle_datagram(from(7), &response("a"), ms(0)), "nothing was asked yet");
    call.poll_transmit(ms(0));
    for (host, name) in [(7, "a"), (7, "a"), (7, "b"), (9, "a")] {
        assert!(call.handle_datagram(from(host), &response(name), ms(1)));
    }
    for other in [&b"NOTIFY * HTTP/1.1\r\nNT: upnp:rootdevice\r\n\r\n"[..], b"", b"\xff\0", b"<a/>"]
    {
        assert!(!call.handle_datagram(from(8), other, ms(1)));
    }
    wait_to_the_end(&mut call);
    let told = facts(&mut call);
    let hosts: Vec<_> = told.iter().map(|(host, _)| *host).collect();
    assert_eq!(hosts, [from(7).ip(), from(7).ip(), from(9).ip()]);
    assert!(told.iter().all(|(_, fact)| matches!(fact, Fact::Ssdp(_))));
    assert!(!call.handle_datagram(from(7), &response("c"), ms(4000)), "it is over");
}

#[test]
fn a_flood_of_answers_and_of_senders_is_bounded() {
    let mut call = search();
    call.poll_transmit(ms(0));
    for n in 0..200_u32 {
        call.handle_datagram(from(7), &response(&n.to_string()), ms(1));
    }
    for n in 0..10_000_u32 {
        let sender = SocketAddr::from((Ipv4Addr::from(0x0a00_0000 + n), 1900));
        call.handle_datagram(sender, &response("x"), ms(1));
    }
    wait_to_the_end(&mut call);
    assert_eq!(facts(&mut call).len(), MOST_FACTS + MAX_HOSTS - 1);
}

#[test]
fn a_question_about_one_host_is_answered_by_that_host_alone() {
    let mut call = search().about(from(7).ip());
    call.poll_transmit(ms(0));
    assert!(!call.handle_datagram(from(8), &response("a"), ms(1)));
    assert!(call.handle_datagram(from(7), &response("a"), ms(1)));
    wait_to_the_end(&mut call);
    assert_eq!(facts(&mut call).len(), 1);
}

#[test]
fn an_answer_of_ws_discovery_counts_if_it_relates_to_the_question() {
    let mut call = Call::new(wsd::PORT, Duration::from_secs(1), Wsd::probe(7, wsd::PORT));
    call.poll_transmit(ms(0));
    let answer = |id: &str| {
        format!(
            "<e><RelatesTo>{id}</RelatesTo><ProbeMatch><Address>urn:uuid:1</Address>\
             <Types>pub:Computer</Types></ProbeMatch></e>"
        )
    };
    assert!(!call.handle_datagram(from(7), answer("urn:uuid:other").as_bytes(), ms(1)));
    let related = answer(&envelope::message_id(7));
    assert!(call.handle_datagram(from(7), related.as_bytes(), ms(1)));
    wait_to_the_end(&mut call);
    let told = facts(&mut call);
    let [(host, Fact::Said(said))] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((*host, said.get("types")), (from(7).ip(), Some("Computer")));
}
