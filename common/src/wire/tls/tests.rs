use proptest::prelude::*;

use super::*;

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![kind, 3, 1];
    sized::<2>(&mut out, |out| out.extend(content));
    out
}

fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![kind];
    sized::<3>(&mut out, |out| out.extend(body));
    out
}

/// A flight of TLS 1.0 whose messages are cut over records.
fn flight() -> Vec<u8> {
    let hello = [&[3, 1], [7; 32].as_slice(), &[0, 0, 0x0a, 0]].concat();
    let mut chain = Vec::new();
    sized::<3>(&mut chain, |out| {
        sized::<3>(out, |out| out.extend(b"leaf"));
        sized::<3>(out, |out| out.extend(b"root"));
    });
    let all = [handshake(2, &hello), handshake(11, &chain), handshake(14, &[])].concat();
    let (first, second) = all.split_at(50);
    [record(HANDSHAKE, first), record(HANDSHAKE, second), record(ALERT, &[1, 0])].concat()
}

fn read(octets: &[u8], piece: usize) -> Result<Vec<Message>, Malformed> {
    let mut reader = Reader::default();
    let mut all = Vec::new();
    for piece in octets.chunks(piece) {
        all.extend(reader.read(piece)?);
    }
    Ok(all)
}

#[test]
fn a_flight_cut_anywhere_is_the_same_flight() {
    let octets = flight();
    let expected = vec![
        Message::ServerHello { version: TLS_1_0, cipher: 0x000a },
        Message::Certificate(vec![b"leaf".to_vec(), b"root".to_vec()]),
        Message::ServerHelloDone,
        Message::Alert { fatal: false, description: 0 },
    ];
    for piece in 1..=octets.len() {
        assert_eq!(read(&octets, piece), Ok(expected.clone()), "{piece}");
    }
}

#[test]
fn a_hello_is_well_formed_and_comes_back() {
    for server_name in [None, Some("nas.example".to_owned())] {
        let hello = ClientHello { random: [9; 32], server_name };
        let octets = hello.encode();
        assert_eq!(octets.get(..3), Some([HANDSHAKE, 3, 1].as_slice()));
        let lengths = [
            u16::from_be_bytes([octets[3], octets[4]]),
            u16::from_be_bytes([octets[7], octets[8]]),
        ];
        assert_eq!(lengths.map(usize::from), [octets.len() - 5, octets.len() - 9]);
        assert_eq!(ClientHello::decode(&octets), Ok(hello));
        for end in 0..octets.len() {
            assert!(ClientHello::decode(&octets[..end]).is_err());
        }
    }
}

#[test]
fn other_protocols_and_endless_messages_are_refused() {
    assert!(read(b"HTTP/1.1 400 Bad Request\r\n", 5).is_err());
    assert!(read(b"SSH-2.0-x\r\n", 100).is_err());
    // Ten megabytes of certificates are announced.
    let huge = record(HANDSHAKE, &[11, 0x98, 0x96, 0x80, 0, 0, 0]);
    assert!(read(&huge, 100).is_err());
    assert!(read(&[22, 3, 1, 0xff, 0xff], 5).is_err());
    let many: Vec<u8> = (0..50).flat_map(|_| [0, 0, 1, 0]).collect();
    let list = [&[0, 0, 200], many.as_slice()].concat();
    let Ok(messages) = read(&record(HANDSHAKE, &handshake(11, &list)), 999) else { panic!() };
    assert!(
        matches!(messages.as_slice(), [Message::Certificate(chain)] if chain.len() == MOST_CERTIFICATES)
    );
}

#[test]
fn goodbye_is_two_warnings() {
    let said = read(&goodbye(TLS_1_0), 1).unwrap();
    let warning = |description| Message::Alert { fatal: false, description };
    assert_eq!(said, [warning(90), warning(0)]);
}

proptest! {
    #[test]
    fn hellos_come_back(random: [u8; 32], name in proptest::option::of("[a-z.]{1,30}")) {
        let hello = ClientHello { random, server_name: name };
        prop_assert_eq!(ClientHello::decode(&hello.encode()), Ok(hello));
    }

    #[test]
    fn nothing_panics(content in proptest::collection::vec(any::<u8>(), 0..100), piece in 1usize..20) {
        let _ = read(&record(HANDSHAKE, &content), piece);
        let _ = read(&[record(HANDSHAKE, &handshake(11, &content)), content.clone()].concat(), piece);
        let _ = ClientHello::decode(&content);
    }
}
