use super::*;

const HOST: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 20, 0, 9));

const fn ms(millis: u64) -> Tick {
    Tick::from_micros(millis * 1000)
}

fn search() -> Ssdp {
    Ssdp::new((HOST, 1900), Duration::from_millis(500), 2)
}

fn answer(n: usize) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nUSN: uuid:{n}::upnp:rootdevice\r\n\
         SERVER: Box/1 UPnP/1.0\r\nLOCATION: http://10.20.0.9:8200/{n}.xml\r\nDATE: now\r\n\r\n"
    )
    .into_bytes()
}

fn facts(mut ssdp: Ssdp) -> (Vec<heard::Ssdp>, Outcome) {
    let mut answers = Vec::new();
    while let Some(fact) = ssdp.poll_fact() {
        if let Fact::Ssdp(answer) = fact {
            answers.push(*answer);
        } else if let Fact::Asked { question: Question::Service { port: 1900 }, outcome } = fact {
            assert_eq!(ssdp.poll_fact(), None, "it comes last");
            return (answers, outcome);
        } else {
            panic!("{fact:?}");
        }
    }
    panic!("no end told")
}

#[test]
fn answers_of_the_host_are_taken_takes_any_port_until_their_time_is_over() {
    let mut ssdp = search();
    let asked = ssdp.poll_transmit(ms(0)).unwrap();
    assert_eq!((asked.port, asked.outlet), (1900, Outlet::Udp));
    assert!(asked.octets.windows(15).any(|it| it == b"upnp:rootdevice"));
    assert!(ssdp.handle_datagram((HOST, 49_152).into(), &answer(1), ms(10)));
    assert!(ssdp.handle_datagram((HOST, 1900).into(), &answer(1), ms(20)));
    assert!(ssdp.handle_datagram((HOST, 1900).into(), &answer(2), ms(20)));
    assert_eq!((ssdp.poll_transmit(ms(1499)), ssdp.poll_timeout()), (None, Some(ms(1500))));
    assert_eq!(ssdp.poll_transmit(ms(1500)), None);
    assert!(ssdp.is_finished());
    assert!(!ssdp.handle_datagram((HOST, 1900).into(), &answer(3), ms(1600)));
    let (answers, outcome) = facts(ssdp);
    assert_eq!((answers.len(), outcome), (2, Outcome::Complete));
    assert_eq!(answers[1].location.as_str(), "http://10.20.0.9:8200/2.xml");
    assert_eq!(answers[1].server.as_str(), "Box/1 UPnP/1.0");
}

#[test]
fn others_and_what_is_no_answer_change_nothing() {
    let mut ssdp = search();
    assert!(!ssdp.handle_datagram((HOST, 1900).into(), &answer(1), ms(0)), "nothing was asked");
    ssdp.poll_transmit(ms(0));
    let other = SocketAddr::from(([10, 20, 0, 8], 1900));
    assert!(!ssdp.handle_datagram(other, &answer(1), ms(1)));
    for octets in
        [b"".as_slice(), b"\xff\0", b"NOTIFY * HTTP/1.1\r\nNT: a\r\n\r\n", b"HTTP/1.1 404\r\n\r\n"]
    {
        assert!(!ssdp.handle_datagram((HOST, 1900).into(), octets, ms(1)));
    }
    let again = ssdp.poll_transmit(ms(1500)).unwrap();
    assert!(again.octets.windows(8).any(|it| it == b"ssdp:all"), "the second try asks for all");
    assert_eq!(ssdp.poll_transmit(ms(3000)), None);
    assert_eq!(facts(ssdp), (Vec::new(), Outcome::Silent));
}

#[test]
fn a_flood_of_answers_ends_it() {
    let mut ssdp = search();
    ssdp.poll_transmit(ms(0));
    let taken =
        (0..10_000).take_while(|n| ssdp.handle_datagram((HOST, 1900).into(), &answer(*n), ms(1)));
    assert_eq!(taken.count(), MOST_ANSWERS);
    let (answers, outcome) = facts(ssdp);
    assert_eq!((answers.len(), outcome), (MOST_ANSWERS, Outcome::Partial));
}

#[test]
fn an_unreachable_port_refuses() {
    let mut ssdp = search();
    ssdp.handle_unreachable(ms(0));
    assert!(!ssdp.is_finished());
    ssdp.poll_transmit(ms(0));
    ssdp.handle_unreachable(ms(1));
    assert_eq!((ssdp.poll_transmit(ms(9999)), facts(ssdp)), (None, (Vec::new(), Outcome::Refused)));
}
