//! Two ways to ask the same: the second is tried only where the first stayed silent.
//!
//! One that was answered or refused is not asked again in another way. How the question ended is told
//! once, by whichever way was tried last.

use std::net::SocketAddr;

use daicho_common::observation::{Fact, Method, Outcome};
use daicho_common::time::Tick;

use super::{Ask, Dialogue, Stream};

/// Two dialogues by the same method, as one.
pub struct Fallback<A, B> {
    first: A,
    second: B,
    /// Whether the second is being held.
    moved_on: bool,
}

impl<A: Dialogue, B: Dialogue> Fallback<A, B> {
    /// Asks by `first`, and where that is silent by `second`.
    pub const fn new(first: A, second: B) -> Self {
        Self { first, second, moved_on: false }
    }

    fn current(&mut self) -> &mut dyn Dialogue {
        if self.moved_on { &mut self.second } else { &mut self.first }
    }
}

impl<A: Dialogue, B: Dialogue> Dialogue for Fallback<A, B> {
    fn method(&self) -> Method {
        self.first.method()
    }

    fn poll_transmit(&mut self, now: Tick) -> Option<Ask> {
        if self.moved_on {
            return self.second.poll_transmit(now);
        }
        let ask = self.first.poll_transmit(now);
        if ask.is_some() || !self.first.is_finished() {
            return ask;
        }
        // Whoever said something left more than how the question ended.
        let silent =
            matches!(self.first.poll_fact(), Some(Fact::Asked { outcome: Outcome::Silent, .. }));
        self.moved_on = silent;
        if silent { self.second.poll_transmit(now) } else { None }
    }

    fn poll_timeout(&self) -> Option<Tick> {
        if self.moved_on { self.second.poll_timeout() } else { self.first.poll_timeout() }
    }

    fn handle_datagram(&mut self, from: SocketAddr, octets: &[u8], now: Tick) -> bool {
        self.current().handle_datagram(from, octets, now)
    }

    fn handle_unreachable(&mut self, now: Tick) {
        self.current().handle_unreachable(now);
    }

    /// That of the second from the beginning: when the first falls silent, a connection has to be free.
    fn port(&self) -> Option<u16> {
        self.second.port()
    }

    fn handle_stream(&mut self, event: Stream<'_>, now: Tick) -> bool {
        self.current().handle_stream(event, now)
    }

    fn poll_fact(&mut self) -> Option<Fact> {
        self.current().poll_fact()
    }

    fn poll_aside(&mut self) -> Option<(Method, Fact)> {
        self.current().poll_aside()
    }

    fn is_finished(&self) -> bool {
        if self.moved_on { self.second.is_finished() } else { self.first.is_finished() }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use daicho_common::observation::Question;

    use super::*;
    use crate::probe::inquiry::Single;
    use crate::probe::ntp::Ntp;
    use crate::probe::rtsp::Rtsp;
    use crate::probe::talk::Talk;

    const SECOND: Duration = Duration::from_secs(1);

    fn pair() -> Fallback<Single<Ntp>, Talk<Rtsp>> {
        let target = SocketAddr::from((Ipv4Addr::new(10, 20, 0, 9), 123));
        let first = Single::new(target, SECOND, 1, Ntp::new(7, 123));
        Fallback::new(first, Talk::new(554, SECOND, Rtsp::new(554)))
    }

    fn facts(pair: &mut Fallback<Single<Ntp>, Talk<Rtsp>>) -> Vec<Fact> {
        std::iter::from_fn(|| pair.poll_fact()).collect()
    }

    #[test]
    fn only_silence_leads_to_the_second_way_and_the_end_is_told_once() {
        let mut pair = pair();
        assert_eq!(pair.poll_transmit(Tick::ZERO).unwrap().port, 123);
        let later = pair.poll_timeout().unwrap();
        assert_eq!(pair.poll_transmit(later), Some(Ask::open(554)));
        assert!(!pair.is_finished());
        assert!(pair.handle_stream(Stream::Refused, later));
        assert!(pair.is_finished());
        let question = Question::Service { port: 554 };
        let end = Fact::Asked { question, outcome: Outcome::Refused };
        assert_eq!(facts(&mut pair), [end]);
    }

    #[test]
    fn whoever_refused_is_not_asked_in_another_way() {
        let mut pair = pair();
        assert!(pair.poll_transmit(Tick::ZERO).is_some());
        pair.handle_unreachable(Tick::ZERO);
        assert!(pair.is_finished());
        let question = Question::Service { port: 123 };
        let end = Fact::Asked { question, outcome: Outcome::Refused };
        assert_eq!(facts(&mut pair), [end]);
        assert_eq!(pair.poll_transmit(Tick::ZERO), None);
    }
}
