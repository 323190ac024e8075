//! The sockets, on loopback.

use std::net::{SocketAddr, TcpListener, UdpSocket};

use super::*;

const WAIT: Duration = Duration::from_secs(5);

/// What comes first out of the channel.
async fn first(mut incoming: Receiver<Arrival>) -> Arrival {
    tokio::time::timeout(WAIT, incoming.recv()).await.unwrap().unwrap()
}

async fn slot(slots: &Arc<Semaphore>) -> OwnedSemaphorePermit {
    Arc::clone(slots).acquire_owned().await.unwrap()
}

/// A port on which nobody listens: it was free a moment ago.
fn closed_port() -> SocketAddr {
    UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn a_shared_socket_says_which_targets_port_is_unreachable() {
    let (arrivals, incoming) = mpsc::channel(8);
    let shared = udp::Shared::open(Outlet::Snmp, arrivals).unwrap();
    let to = closed_port();
    shared.send(b"?", to, None).await.unwrap();
    assert_eq!(first(incoming).await, Arrival::PortUnreachable { outlet: Outlet::Snmp, to });
}

#[tokio::test]
async fn a_port_that_is_unreachable_by_ipv6_is_told_too() {
    let Ok(closed) = UdpSocket::bind("[::1]:0") else {
        println!("skipped: this system has no IPv6");
        return;
    };
    let to = closed.local_addr().unwrap();
    drop(closed);
    let (arrivals, incoming) = mpsc::channel(8);
    let shared = udp::Shared::open_six(Outlet::Udp, arrivals).unwrap();
    shared.send(b"?", to, None).await.unwrap();
    assert_eq!(first(incoming).await, Arrival::PortUnreachable { outlet: Outlet::Udp, to });
}

#[tokio::test]
async fn a_refusal_by_one_target_does_not_keep_the_next_from_being_asked() {
    let (arrivals, mut incoming) = mpsc::channel(8);
    let shared = udp::Shared::open(Outlet::Mdns, arrivals).unwrap();
    let host = UdpSocket::bind("127.0.0.1:0").unwrap();
    let (silent, live) = (closed_port(), host.local_addr().unwrap());
    for _ in 0..3 {
        shared.send(b"?", silent, None).await.unwrap();
        shared.send(b"?", live, None).await.unwrap();
    }
    host.set_read_timeout(Some(WAIT)).unwrap();
    let mut octets = [0; 8];
    let mut asker = silent;
    for _ in 0..3 {
        asker = host.recv_from(&mut octets).unwrap().1;
    }
    host.send_to(b"!", ("127.0.0.1", asker.port())).unwrap();
    let mut refusals = 0;
    loop {
        let arrival = tokio::time::timeout(WAIT, incoming.recv()).await.unwrap().unwrap();
        if arrival == (Arrival::PortUnreachable { outlet: Outlet::Mdns, to: silent }) {
            refusals += 1;
            continue;
        }
        let octets = b"!".to_vec();
        assert_eq!(arrival, Arrival::Datagram { outlet: Outlet::Mdns, from: live, octets });
        break;
    }
    assert!(refusals > 0);
}

#[tokio::test]
async fn a_connected_datagram_frees_its_slot_when_it_is_refused() {
    let (arrivals, incoming) = mpsc::channel(8);
    let (slots, to) = (Arc::new(Semaphore::new(1)), closed_port());
    udp::ask(to, b"?", WAIT, slot(&slots).await, arrivals).unwrap();
    assert_eq!(first(incoming).await, Arrival::PortUnreachable { outlet: Outlet::Connected, to });
    assert_eq!(slots.available_permits(), 1);
}

#[tokio::test]
async fn silence_frees_the_slot_and_says_nothing() {
    let (arrivals, mut incoming) = mpsc::channel(8);
    let slots = Arc::new(Semaphore::new(1));
    let host = UdpSocket::bind("127.0.0.1:0").unwrap();
    let wait = Duration::from_millis(10);
    udp::ask(host.local_addr().unwrap(), b"?", wait, slot(&slots).await, arrivals).unwrap();
    assert_eq!(incoming.recv().await, None);
    assert_eq!(slots.available_permits(), 1);
}

#[tokio::test]
async fn a_connection_is_accepted_or_refused() {
    let slots = Arc::new(Semaphore::new(1));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap();
    let (arrivals, incoming) = mpsc::channel(8);
    tcp::attempt(to, WAIT, slot(&slots).await, arrivals).unwrap();
    assert_eq!(first(incoming).await, Arrival::Connected { to });
    drop(listener);
    let (arrivals, incoming) = mpsc::channel(8);
    tcp::attempt(to, WAIT, slot(&slots).await, arrivals).unwrap();
    assert_eq!(first(incoming).await, Arrival::Refused { to });
    assert_eq!(slots.available_permits(), 1);
}

#[test]
fn what_there_is_no_way_to_is_told_from_what_is_refused() {
    let not_sent = |kind: io::ErrorKind| NotSent::from(io::Error::from(kind)).unreachable;
    assert!(not_sent(io::ErrorKind::NetworkUnreachable));
    assert!(not_sent(io::ErrorKind::NetworkDown));
    assert!(!not_sent(io::ErrorKind::PermissionDenied));
    assert!(!not_sent(io::ErrorKind::TimedOut));
}
