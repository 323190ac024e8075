use super::*;
use crate::probe::rehearsal::{Held, rehearse};

fn greeted(make: fn(u16) -> Greeted, octets: &[u8], end: Cut) -> Held {
    let held = rehearse(|| make(21), &[octets], end);
    assert_eq!(held.asked, Vec::<Vec<u8>>::new());
    held
}

#[test]
fn servers_greet_and_are_told_nothing() {
    let ftp = b"220-Welcome\r\n No uploads please\r\n220 (FTPd 3.1)\r\n";
    for (make, octets, text) in [
        (Greeted::ftp as fn(u16) -> Greeted, &ftp[..], "Welcome No uploads please (FTPd 3.1)"),
        (Greeted::ftp, b"120 Ready in 5 minutes\r\n220 now\r\n", "now"),
        (Greeted::smtp, b"220 mx.byoin.test ESMTP Mailer\r\n", "mx.byoin.test ESMTP Mailer"),
        (Greeted::imap, b"* OK [CAPABILITY IMAP4rev1] ready.\r\n", "[CAPABILITY IMAP4rev1] ready."),
    ] {
        let held = greeted(make, octets, Cut::Silent);
        assert_eq!(held.outcome, Outcome::Complete, "{text}");
        assert_eq!(held.said().get("greeting"), Some(text));
    }
}

#[test]
fn a_server_that_wants_nobody_says_why() {
    for (make, octets, text) in [
        (Greeted::ftp as fn(u16) -> Greeted, &b"421 Too many users\r\n"[..], "Too many users"),
        (Greeted::smtp, b"554 No service\r\n", "No service"),
        (Greeted::imap, b"* BYE full\r\n", "full"),
    ] {
        let held = greeted(make, octets, Cut::Silent);
        assert_eq!((held.outcome, held.said().get("greeting")), (Outcome::Refused, Some(text)));
    }
}

#[test]
fn what_is_cut_or_no_greeting_says_so() {
    let held = greeted(Greeted::ftp, b"220-Printer FTP\r\n more", Cut::Closed);
    assert_eq!(held.outcome, Outcome::Partial);
    assert_eq!(held.said().get("greeting"), Some("Printer FTP more"));
    for octets in [&b"SSH-2.0-x\r\n"[..], b"\0\x01\x02", b"HTTP/1.1 400 Bad\r\n"] {
        for make in [Greeted::ftp as fn(u16) -> Greeted, Greeted::imap] {
            let held = greeted(make, octets, Cut::Silent);
            assert_eq!((held.outcome, held.facts), (Outcome::Malformed, Vec::new()));
        }
    }
    assert_eq!(Greeted::smtp(25).cut(Cut::Silent), Outcome::Silent);
    assert_eq!(Greeted::smtp(25).cut(Cut::Closed), Outcome::Refused);
}

#[test]
fn a_flood_is_heard_to_a_bound() {
    for flood in [
        b"220-<script>\x1b[2J\r\n".repeat(20_000),
        [b"220 ".to_vec(), vec![b'x'; 1 << 20]].concat(),
    ] {
        let mut ftp = Greeted::ftp(21);
        let next = flood.chunks(1460).map(|piece| ftp.hear(piece)).find(|next| *next != Next::Wait);
        assert_eq!(next, Some(Next::End(Outcome::Partial)));
        assert!(ftp.heard.len() <= MOST_OCTETS);
        let Some((_, Fact::Said(said))) = ftp.poll_fact() else { panic!("nothing said") };
        assert!(said.get("greeting").unwrap().chars().count() <= 1024);
    }
}

/// Everything said in one, outcome, and greeting.
fn terminal(octets: &[u8], pieces: &[usize]) -> (Vec<u8>, Outcome, Option<String>) {
    let (mut it, mut asked, mut rest) = (Terminal::new(23), Vec::new(), octets);
    assert_eq!(it.begin(), Next::Wait);
    let mut outcome = None;
    for length in pieces.iter().chain(std::iter::repeat(&usize::MAX)) {
        if rest.is_empty() || outcome.is_some() {
            break;
        }
        let (piece, after) = rest.split_at((*length).min(rest.len()));
        rest = after;
        match it.hear(piece) {
            Next::Say(octets) => asked.extend(octets),
            Next::End(end) => outcome = Some(end),
            Next::Wait | Next::Anew => {}
        }
    }
    let outcome = outcome.unwrap_or_else(|| it.cut(Cut::Silent));
    let greeting = it.poll_fact().and_then(|(_, fact)| {
        let Fact::Said(said) = fact else { return None };
        said.get("greeting").map(str::to_owned)
    });
    (asked, outcome, greeting)
}

#[test]
fn a_terminal_shows_its_prompt_after_every_option_is_refused_once() {
    let octets = b"\xff\xfd\x18\xff\xfd\x18\xff\xfb\x01\xff\xfe\x03\xff\xfa\x18\x01\xff\xf0\r\n\
        Switch 24\r\0\r\nUser Access: members\r\n\r\nsw-01 login: ";
    let whole = terminal(octets, &[]);
    assert_eq!(whole.0, b"\xff\xfc\x18\xff\xfe\x01");
    assert_eq!(whole.1, Outcome::Complete);
    assert_eq!(whole.2.as_deref(), Some("Switch 24 User Access: members sw-01 login:"));
    assert_eq!(terminal(octets, &vec![1; octets.len()]), whole);
    for at in 1..octets.len() {
        assert_eq!(terminal(octets, &[at]), whole, "{at}");
    }
}

#[test]
fn prompts_end_the_wait_and_lines_do_not() {
    for (text, ends) in [
        ("Password: ", true),
        ("RT-8>", true),
        ("sw-01# ", true),
        ("ユーザー名：", true),
        ("Note: ", false),
        ("#######", false),
        ("<b>", false),
        ("Login: use it\r\n", false),
    ] {
        let next = Terminal::new(23).hear(text.as_bytes());
        assert_eq!(next == Next::End(Outcome::Complete), ends, "{text}");
    }
}

#[test]
fn endless_options_and_floods_are_bounded() {
    let options: Vec<u8> =
        (0..=254).flat_map(|option| [255, 253, option, 255, 251, option]).collect();
    let (asked, outcome, greeting) = terminal(&options.repeat(20), &[]);
    assert_eq!((asked.len(), outcome, greeting), (3 * MOST_OPTIONS, Outcome::Partial, None));
    let (_, outcome, greeting) = terminal(&vec![b'x'; 1 << 20], &[]);
    assert_eq!((outcome, greeting.map(|text| text.len())), (Outcome::Partial, Some(1024)));
    let endless = [vec![255, 250], vec![7; 1 << 20]].concat();
    assert_eq!(terminal(&endless, &[1460; 10]), (Vec::new(), Outcome::Malformed, None));
    assert_eq!(Terminal::new(23).cut(Cut::Silent), Outcome::Silent);
    assert_eq!(Terminal::new(23).cut(Cut::Closed), Outcome::Refused);
}
