use super::*;

/// Says `hello`, and takes what comes until a full stop.
struct Hello {
    heard: Vec<u8>,
    cut: Option<Cut>,
}

impl Conversation for Hello {
    fn method(&self) -> Method {
        Method::Ftp
    }

    fn begin(&mut self) -> Next {
        Next::Say(b"hello".to_vec())
    }

    fn hear(&mut self, octets: &[u8]) -> Next {
        self.heard.extend(octets);
        match octets.last() {
            Some(b'.') => Next::End(Outcome::Complete),
            Some(b'?') => Next::Say(b"yes".to_vec()),
            Some(b'!') => Next::Anew,
            _ => Next::Wait,
        }
    }

    fn resumes(&mut self, _cut: Cut) -> bool {
        self.heard.last() == Some(&b'~')
    }

    fn cut(&mut self, cut: Cut) -> Outcome {
        self.cut = Some(cut);
        Outcome::Partial
    }

    fn poll_fact(&mut self) -> Option<(Method, Fact)> {
        None
    }
}

const fn ms(millis: u64) -> Tick {
    Tick::from_micros(millis * 1000)
}

fn talk() -> Talk<Hello> {
    let mut talk = Talk::new(21, Duration::from_secs(1), Hello { heard: Vec::new(), cut: None });
    assert_eq!(talk.poll_transmit(ms(0)), Some(Ask::open(21)));
    assert_eq!(talk.poll_timeout(), Some(ms(1000)));
    assert_eq!(talk.poll_transmit(ms(0)), None, "one thing at a time");
    talk
}

fn ended(mut talk: Talk<Hello>) -> Outcome {
    assert!(talk.is_finished() && talk.poll_transmit(ms(99_999)).is_none());
    let facts: Vec<Fact> = std::iter::from_fn(|| talk.poll_fact()).collect();
    match facts.last() {
        Some(Fact::Asked { question: Question::Service { port: 21 }, outcome }) => *outcome,
        other => panic!("{other:?}"),
    }
}

#[test]
fn nobody_is_heard_before_the_connection_stands_and_after_it_ended() {
    let mut talk = talk();
    assert!(!talk.handle_stream(Stream::Octets(b"early."), ms(1)));
    assert!(talk.handle_stream(Stream::Opened, ms(2)));
    assert!(!talk.handle_stream(Stream::Opened, ms(2)), "once");
    assert_eq!(talk.poll_transmit(ms(3)), Some(Ask::say(21, b"hello".to_vec())));
    assert!(talk.handle_stream(Stream::Octets(b"220 here"), ms(4)));
    assert!(talk.handle_stream(Stream::Octets(b"."), ms(5)));
    assert!(!talk.handle_stream(Stream::Octets(b"more"), ms(6)));
    assert!(!talk.handle_stream(Stream::Closed, ms(6)));
    assert_eq!(talk.conversation.heard, b"220 here.");
    assert_eq!(talk.poll_fact(), Some(Fact::Answered(Reply::TcpOpen(21))));
    assert_eq!(ended(talk), Outcome::Complete);
}

#[test]
fn who_drips_is_heard_for_ten_seconds_and_no_longer() {
    let mut talk = talk();
    talk.handle_stream(Stream::Opened, ms(0));
    talk.poll_transmit(ms(0));
    let mut now = 0;
    while talk.poll_timeout().is_some_and(|at| at > ms(now)) {
        talk.handle_stream(Stream::Octets(b"x"), ms(now));
        now += 500;
    }
    assert_eq!(talk.poll_transmit(ms(now)), None);
    assert_eq!(talk.conversation.cut, Some(Cut::Silent));
    assert_eq!(now, 10_000);
    assert_eq!(ended(talk), Outcome::Partial);
}

#[test]
fn who_falls_silent_is_waited_for_three_times_the_timeout() {
    let mut talk = talk();
    talk.handle_stream(Stream::Opened, ms(0));
    talk.poll_transmit(ms(500));
    talk.handle_stream(Stream::Octets(b"x"), ms(700));
    assert_eq!(talk.poll_timeout(), Some(ms(3700)));
    assert_eq!(talk.poll_transmit(ms(3699)), None);
    assert!(!talk.is_finished());
    talk.poll_transmit(ms(3700));
    assert_eq!(ended(talk), Outcome::Partial);
}

#[test]
fn who_floods_is_cut_off() {
    let mut talk = talk();
    talk.handle_stream(Stream::Opened, ms(0));
    talk.poll_transmit(ms(0));
    let piece = vec![b'x'; 64 << 10];
    let pieces =
        (0..1000).take_while(|_| talk.handle_stream(Stream::Octets(&piece), ms(1))).count();
    assert_eq!(pieces, 5, "four fit, and the fifth ends it");
    assert_eq!(talk.conversation.cut, Some(Cut::Flooded));
    assert!(talk.conversation.heard.len() <= MOST_OCTETS);
}

#[test]
fn refused_silent_and_closed_are_told_apart() {
    let mut refused = talk();
    refused.handle_stream(Stream::Refused, ms(1));
    assert_eq!(ended(refused), Outcome::Refused);
    let mut silent = talk();
    silent.poll_transmit(ms(1000));
    assert_eq!(ended(silent), Outcome::Silent);
    let mut closed = talk();
    closed.handle_stream(Stream::Opened, ms(1));
    closed.handle_stream(Stream::Closed, ms(2));
    assert_eq!(closed.conversation.cut, Some(Cut::Closed));
    assert_eq!(ended(closed), Outcome::Partial);
}

#[test]
fn what_comes_before_the_next_word_left_belongs_to_the_answer() {
    let mut talk = talk();
    talk.handle_stream(Stream::Opened, ms(0));
    assert!(talk.handle_stream(Stream::Octets(b"really?"), ms(1)));
    assert_eq!(talk.poll_transmit(ms(2)), Some(Ask::say(21, b"helloyes".to_vec())));
    assert!(talk.handle_stream(Stream::Octets(b"well."), ms(3)));
    assert_eq!(ended(talk), Outcome::Complete);
}

#[test]
fn another_connection_goes_on_where_the_first_ended() {
    let mut talk = talk();
    talk.handle_stream(Stream::Opened, ms(0));
    talk.poll_transmit(ms(0));
    assert!(talk.handle_stream(Stream::Octets(b"one!"), ms(1)));
    assert_eq!(talk.poll_timeout(), Some(Tick::ZERO), "it is wanted at once");
    assert!(!talk.handle_stream(Stream::Octets(b"late"), ms(1)));
    assert_eq!(talk.poll_transmit(ms(2)), Some(Ask::open(21)));
    assert!(!talk.handle_stream(Stream::Octets(b"late"), ms(2)));
    talk.handle_stream(Stream::Opened, ms(3));
    assert_eq!(talk.poll_transmit(ms(3)), Some(Ask::say(21, b"hello".to_vec())));
    talk.handle_stream(Stream::Octets(b"two~"), ms(4));
    talk.handle_stream(Stream::Closed, ms(5));
    assert_eq!(talk.poll_transmit(ms(6)), Some(Ask::open(21)), "after it was closed");
    talk.handle_stream(Stream::Opened, ms(7));
    talk.poll_transmit(ms(7));
    assert_eq!(talk.poll_transmit(ms(3007)), Some(Ask::open(21)), "after silence");
    talk.handle_stream(Stream::Refused, ms(3008));
    assert_eq!(talk.conversation.heard, b"one!two~");
    assert_eq!(talk.conversation.cut, Some(Cut::Closed));
    assert_eq!(ended(talk), Outcome::Partial, "what was heard before is not refused");
}

#[test]
fn who_always_wants_another_connection_gets_five() {
    let mut talk = Talk::new(21, Duration::from_secs(1), Hello { heard: Vec::new(), cut: None });
    let mut opened = 0;
    while let Some(ask) = talk.poll_transmit(ms(0)) {
        assert_eq!(ask, Ask::open(21));
        opened += 1;
        talk.handle_stream(Stream::Opened, ms(0));
        talk.poll_transmit(ms(0));
        talk.handle_stream(Stream::Octets(b"!"), ms(0));
    }
    assert_eq!((opened, ended(talk)), (MOST_CONNECTIONS, Outcome::Partial));
}
