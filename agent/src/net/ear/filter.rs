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
const HEADER_LENGTH: u16 = 0xb1;
const EQUAL: u16 = 0x15;
const AT_LEAST: u16 = 0x35;
const ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;
const TAKE: To = To::Label("take");
const DROP: To = To::Label("drop");

fn equals(value: u32, to: To) -> Step {
    Step::If(EQUAL, value, to, To::Next)
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
        Step::If(EQUAL, 17, To::Next, DROP),
        Step::Do(LOAD_HALF, 20),
        Step::If(ANY_BIT, 0x1fff, DROP, To::Next),
        Step::Do(HEADER_LENGTH, 14),
    ];
    for at in [14, 16] {
        steps.push(Step::Do(LOAD_HALF_AFTER_HEADER, at));
        steps.extend(PORTS.map(|port| equals(port, TAKE)));
    }
    steps.push(Step::If(AT_LEAST, 0, DROP, DROP));
    steps.extend([
        Step::Mark("IPv6"),
        Step::Do(LOAD_OCTET, 20),
        // Extension headers, behind which is MLD.
        equals(0, TAKE),
        equals(44, TAKE),
        equals(58, TAKE),
        equals(112, TAKE),
        Step::If(EQUAL, 17, To::Next, DROP),
    ]);
    for at in [54, 56] {
        steps.push(Step::Do(LOAD_HALF, at));
        steps.extend(PORTS.map(|port| equals(port, TAKE)));
    }
    steps.extend([
        Step::Mark("drop"),
        Step::Do(RETURN, 0),
        Step::Mark("take"),
        Step::Do(RETURN, 0x4_0000),
    ]);
    steps
}

/// The program.
pub(super) fn program() -> Vec<SockFilter> {
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
            Step::Do(code, k) => program.push(SockFilter::new(code, 0, 0, k)),
            Step::If(code, k, yes, no) => {
                program.push(SockFilter::new(code, jump(yes), jump(no), k));
            }
        }
    }
    program
}
