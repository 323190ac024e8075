//! What the kernel hands up (classic BPF): frames of the protocols that are listened to, and a few
//! more. It only spares work; what is read is decided in `listen`.

use socket2::SockFilter;

/// UDP ports, as source or destination.
const PORTS: [u32; 12] = [67, 68, 137, 138, 546, 547, 1900, 1985, 2029, 4011, 5353, 5355];

/// Where to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    /// At the next instruction.
    Next,
    /// At this place.
    Label(&'static str),
}

/// An instruction before its jumps are known.
enum Step {
    Mark(&'static str),
    Do(u16, u32),
    If(u16, u32, To, To),
}

const LOAD_HALF: u16 = 0x28;
const LOAD_OCTET: u16 = 0x30;
const LOAD_HALF_AFTER_HEADER: u16 = 0x48;
const LOAD_OCTET_AFTER_HEADER: u16 = 0x50;
const HEADER_LENGTH: u16 = 0xb1;
const NO_HEADER: u16 = 0x01;
const AND: u16 = 0x54;
const SHIFT_RIGHT: u16 = 0x74;
const ADD_HEADER_LENGTH: u16 = 0x0c;
/// What was counted becomes the length of headers.
const TO_HEADER_LENGTH: u16 = 0x07;
const EQUAL: u16 = 0x15;
const AT_LEAST: u16 = 0x35;
const ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;
const TAKE: To = To::Label("take");
const DROP: To = To::Label("drop");

fn equals(value: u32, to: To) -> Step {
    Step::If(EQUAL, value, to, To::Next)
}

/// Of a TCP header what tells whether it accepts a connection: SYN and ACK, and neither RST nor FIN.
const HANDSHAKE: u32 = 0x17;
const ACCEPTED: u32 = 0x12;
/// The first octet of a message of HL7 (MLLP).
const HL7: u32 = 0x0b;

/// TCP behind the headers whose length is known and `at` so many octets more: what accepts a connection,
/// and data that may be HL7. Who looks behind the end of the frame drops it.
fn tcp(at: u32) -> [Step; 10] {
    [
        Step::Do(LOAD_OCTET_AFTER_HEADER, at + 13),
        Step::Do(AND, HANDSHAKE),
        equals(ACCEPTED, TAKE),
        // The data offset, in words of four octets, stands in the upper half of its octet.
        Step::Do(LOAD_OCTET_AFTER_HEADER, at + 12),
        Step::Do(AND, 0xf0),
        Step::Do(SHIFT_RIGHT, 2),
        Step::Do(ADD_HEADER_LENGTH, 0),
        Step::Do(TO_HEADER_LENGTH, 0),
        Step::Do(LOAD_OCTET_AFTER_HEADER, at),
        Step::If(EQUAL, HL7, TAKE, DROP),
    ]
}

fn steps() -> Vec<Step> {
    let mut steps = vec![
        Step::Do(LOAD_HALF, 12),
        equals(0x0800, To::Label("IPv4")),
        equals(0x86dd, To::Label("IPv6")),
        // ARP, LLDP, and what has a second VLAN tag.
        equals(0x0806, TAKE),
        equals(0x88cc, TAKE),
        equals(0x8100, TAKE),
        // A length: LLC, as spanning tree and CDP have it.
        Step::If(AT_LEAST, 0x0600, DROP, TAKE),
        Step::Mark("IPv4"),
        Step::Do(LOAD_OCTET, 23),
        equals(2, TAKE),
        equals(112, TAKE),
        equals(6, To::Label("TCP in IPv4")),
        Step::If(EQUAL, 17, To::Next, DROP),
        Step::Do(LOAD_HALF, 20),
        Step::If(ANY_BIT, 0x1fff, DROP, To::Next),
        Step::Do(HEADER_LENGTH, 14),
    ];
    for at in [14, 16] {
        steps.push(Step::Do(LOAD_HALF_AFTER_HEADER, at));
        steps.extend(PORTS.map(|port| equals(port, TAKE)));
    }
    steps.extend([
        Step::If(AT_LEAST, 0, DROP, DROP),
        Step::Mark("TCP in IPv4"),
        Step::Do(LOAD_HALF, 20),
        Step::If(ANY_BIT, 0x1fff, DROP, To::Next),
        Step::Do(HEADER_LENGTH, 14),
    ]);
    steps.extend(tcp(14));
    steps.extend([
        Step::Mark("IPv6"),
        Step::Do(LOAD_OCTET, 20),
        // Extension headers, behind which is MLD.
        equals(0, TAKE),
        equals(44, TAKE),
        equals(58, TAKE),
        equals(112, TAKE),
        equals(6, To::Label("TCP in IPv6")),
        Step::If(EQUAL, 17, To::Next, DROP),
    ]);
    for at in [54, 56] {
        steps.push(Step::Do(LOAD_HALF, at));
        steps.extend(PORTS.map(|port| equals(port, TAKE)));
    }
    steps.extend([
        Step::If(AT_LEAST, 0, DROP, DROP),
        Step::Mark("TCP in IPv6"),
        Step::Do(NO_HEADER, 0),
    ]);
    steps.extend(tcp(54));
    steps.extend([
        Step::Mark("drop"),
        Step::Do(RETURN, 0),
        Step::Mark("take"),
        Step::Do(RETURN, 0x4_0000),
    ]);
    steps
}

/// An instruction: its code, how far to jump if so and if not, and its constant.
type Instruction = (u16, u8, u8, u32);

/// The program.
pub(super) fn program() -> Vec<SockFilter> {
    let filter = |(code, yes, no, k)| SockFilter::new(code, yes, no, k);
    instructions().into_iter().map(filter).collect()
}

fn instructions() -> Vec<Instruction> {
    let steps = steps();
    let mut places = Vec::new();
    let mut at = 0usize;
    for step in &steps {
        match step {
            Step::Mark(name) => places.push((*name, at)),
            Step::Do(..) | Step::If(..) => at += 1,
        }
    }
    let mut program = Vec::new();
    for step in &steps {
        let next = program.len() + 1;
        let jump = |to: To| match to {
            To::Next => 0,
            To::Label(name) => {
                let place =
                    places.iter().find(|(known, _)| *known == name).map(|(_, at)| at - next);
                // Labels are further on, and the program is shorter than a jump can be.
                place.and_then(|distance| u8::try_from(distance).ok()).unwrap_or(u8::MAX)
            }
        };
        match *step {
            Step::Mark(_) => {}
            Step::Do(code, k) => program.push((code, 0, 0, k)),
            Step::If(code, k, yes, no) => program.push((code, jump(yes), jump(no), k)),
        }
    }
    program
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel would do with a frame: whether it is handed up (the kernel's documentation,
    /// networking/filter). Whatever is behind the end of the frame ends the program.
    fn takes(frame: &[u8]) -> bool {
        let (program, mut at, mut a, mut x) = (instructions(), 0, 0u32, 0u32);
        let octet = |place: u32| frame.get(usize::try_from(place).unwrap()).map(|o| u32::from(*o));
        let half = |place| Some(octet(place)? << 8 | octet(place + 1)?);
        loop {
            let (code, yes, no, k) = program[at];
            at += 1;
            let jump = |so| usize::from(if so { yes } else { no });
            let loaded = match code {
                LOAD_HALF => half(k),
                LOAD_OCTET => octet(k),
                LOAD_HALF_AFTER_HEADER => half(x + k),
                LOAD_OCTET_AFTER_HEADER => octet(x + k),
                AND => Some(a & k),
                SHIFT_RIGHT => Some(a >> k),
                ADD_HEADER_LENGTH => Some(a + x),
                _ => Some(a),
            };
            let Some(loaded) = loaded else { return false };
            a = loaded;
            match code {
                HEADER_LENGTH => x = (octet(k).unwrap_or_default() & 0x0f) * 4,
                NO_HEADER => x = k,
                TO_HEADER_LENGTH => x = a,
                EQUAL => at += jump(a == k),
                AT_LEAST => at += jump(a >= k),
                ANY_BIT => at += jump(a & k != 0),
                RETURN => return k > 0,
                _ => {}
            }
        }
    }

    /// A frame of IPv4 with so many words of options, or of IPv6.
    fn frame(options: Option<usize>, protocol: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; 12];
        if let Some(words) = options {
            frame.extend([8, 0, 0x45 + u8::try_from(words).unwrap()]);
            frame.extend([0; 8]);
            frame.push(protocol);
            frame.resize(34 + words * 4, 0);
        } else {
            frame.extend([0x86, 0xdd, 0x60, 0, 0, 0, 0, 0, protocol]);
            frame.resize(54, 0);
        }
        [frame, payload.to_vec()].concat()
    }

    /// A TCP segment with so many words of options.
    fn tcp_segment(flags: u8, words: u8, data: &[u8]) -> Vec<u8> {
        let mut octets = vec![0; 20 + usize::from(words) * 4];
        (octets[12], octets[13]) = ((5 + words) << 4, flags);
        [octets, data.to_vec()].concat()
    }

    const BEHIND: [Option<usize>; 3] = [Some(0), Some(3), None];

    #[test]
    fn who_accepts_a_connection_is_heard_and_no_other_handshake() {
        for options in BEHIND {
            let heard = |flags| takes(&frame(options, 6, &tcp_segment(flags, 5, &[])));
            assert!(heard(0x12) && heard(0x52), "{options:?}");
            for flags in [0x02, 0x10, 0x11, 0x14, 0x18, 0x13, 0x16, 0x04] {
                assert!(!heard(flags), "{options:?} {flags:02x}");
            }
        }
    }

    #[test]
    fn data_of_hl7_is_heard_and_no_other() {
        for options in BEHIND {
            for words in [0, 3, 10] {
                let heard =
                    |data: &[u8]| takes(&frame(options, 6, &tcp_segment(0x18, words, data)));
                assert!(heard(b"\x0bMSH|"), "{options:?} {words}");
                assert!(!heard(b"GET / HTTP/1.1") && !heard(b""), "{options:?} {words}");
            }
        }
    }

    #[test]
    fn later_fragments_of_tcp_and_stumps_are_not_heard() {
        let mut later = frame(Some(0), 6, &tcp_segment(0x12, 0, &[]));
        later[21] = 1;
        assert!(!takes(&later));
        for options in BEHIND {
            let whole = frame(options, 6, &tcp_segment(0x18, 0, b"\x0b"));
            for end in 0..whole.len() {
                assert!(!takes(&whole[..end]), "{options:?} {end}");
            }
        }
    }

    #[test]
    fn datagrams_are_heard_by_their_ports() {
        let datagram = |port: u16| [&[0x80, 0][..], &port.to_be_bytes(), &[0; 4]].concat();
        for options in BEHIND {
            assert!(takes(&frame(options, 17, &datagram(5353))), "{options:?}");
            assert!(!takes(&frame(options, 17, &datagram(53))), "{options:?}");
        }
    }
}
