use super::*;

fn read(octets: &[u8]) -> (Vec<Frame>, Option<Damage>) {
    let mut frames = Vec::new();
    match Frames::new(octets) {
        Err(damage) => return (frames, Some(damage)),
        Ok(all) => {
            for frame in all {
                match frame {
                    Ok(frame) => frames.push(frame),
                    Err(damage) => return (frames, Some(damage)),
                }
            }
        }
    }
    (frames, None)
}

/// A pcap of two frames, in either octet order.
fn pcap(word: fn(u32) -> [u8; 4], half: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mut file = word(0xa1b2_c3d4).to_vec();
    file.extend(half(2));
    file.extend(half(4));
    for field in [0, 0, 65_535, 1] {
        file.extend(word(field));
    }
    for (seconds, frame) in [(1_700_000_000, &b"first"[..]), (1_700_000_001, b"second!")] {
        let length = u32::try_from(frame.len()).unwrap();
        for field in [seconds, 250_000, length, 100] {
            file.extend(word(field));
        }
        file.extend(frame);
    }
    file
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let padded = body.len().next_multiple_of(4);
    let length = u32::try_from(padded + 12).unwrap().to_le_bytes();
    let mut block = kind.to_le_bytes().to_vec();
    block.extend(length);
    block.extend(body);
    block.resize(8 + padded, 0);
    block.extend(length);
    block
}

fn pcapng() -> Vec<u8> {
    let section = [&[0x4d, 0x3c, 0x2b, 0x1a][..], &[1, 0, 0, 0], &[0xff; 8]].concat();
    // Ethernet, nanoseconds.
    let interface = [1, 0, 0, 0, 0, 0, 4, 0, 9, 0, 1, 0, 9, 0, 0, 0, 0, 0, 0, 0];
    let nanos = 1_700_000_000_250_000_000u64;
    let (high, low) =
        (u32::try_from(nanos >> 32).unwrap(), u32::try_from(nanos & 0xffff_ffff).unwrap());
    let mut packet = Vec::new();
    for field in [0, high, low, 5, 60] {
        packet.extend(field.to_le_bytes());
    }
    packet.extend(b"frame");
    [block(0x0a0d_0d0a, &section), block(1, &interface), block(5, b"statistic"), block(6, &packet)]
        .concat()
}

#[test]
fn both_octet_orders_of_pcap_read_the_same() {
    let little = read(&pcap(u32::to_le_bytes, u16::to_le_bytes));
    let big = read(&pcap(u32::to_be_bytes, u16::to_be_bytes));
    assert!(little.1.is_none() && big.1.is_none());
    assert_eq!(little.0, big.0);
    assert_eq!(little.0.len(), 2);
    assert_eq!(little.0[0].octets, b"first");
    assert_eq!(little.0[0].at.micros(), 1_700_000_000_250_000);
    assert_eq!(little.0[0].link, LinkType::Ethernet);
    assert_eq!(little.0[0].wire_length, 100);
}

#[test]
fn a_pcapng_with_nanoseconds_and_unknown_blocks_is_read() {
    let (frames, damage) = read(&pcapng());
    assert!(damage.is_none(), "{damage:?}");
    assert_eq!(frames.len(), 1);
    assert_eq!(frames[0].octets, b"frame");
    assert_eq!(frames[0].at.micros(), 1_700_000_000_250_000);
}

#[test]
fn a_cut_capture_gives_the_frames_before_the_cut_and_says_so() {
    for (file, headers) in
        [(pcap(u32::to_le_bytes, u16::to_le_bytes), [24, 45, 45]), (pcapng(), [28, 60, 84])]
    {
        let whole = read(&file).0;
        for end in 0..file.len() {
            let (frames, damage) = read(&file[..end]);
            assert_eq!(damage.is_none(), headers.contains(&end), "cut at {end}");
            assert!(whole.starts_with(&frames));
        }
    }
}

#[test]
fn lengths_that_lie_neither_panic_nor_allocate() {
    let mut file = pcap(u32::to_le_bytes, u16::to_le_bytes);
    file[32..36].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(matches!(read(&file).1, Some(Damage::Nonsense { .. })));
    let mut file = pcapng();
    file[32..36].copy_from_slice(&0xffff_fffcu32.to_le_bytes());
    assert!(matches!(read(&file).1, Some(Damage::Nonsense { .. })));
    assert!(matches!(read(b"PK\x03\x04zip").1, Some(Damage::NotACapture)));
    assert!(matches!(read(b"").1, Some(Damage::NotACapture)));
}

proptest::proptest! {
    #[test]
    fn no_flipped_octet_makes_reading_panic(at in 0usize..120, to in proptest::prelude::any::<u8>()) {
        for mut file in [pcap(u32::to_le_bytes, u16::to_le_bytes), pcapng()] {
            if let Some(octet) = file.get_mut(at) {
                *octet = to;
            }
            let _ = read(&file);
        }
    }
}
