//! The side of the process that talks to the collector: scans that it starts itself, or that the process
//! beside it starts ([`super::starter`]).

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use daicho_common::complaint::{Complaint, Exit};
use daicho_common::enrolment::Sentence;
use daicho_common::handed::Handed;
use daicho_common::job::{Order, Report, Stage};

use super::child::Child;
use super::starter::{News, Wish, failed, tell};

/// A scan that runs, whoever started it.
pub(super) trait Scan {
    /// How far it has got.
    fn stage(&self) -> Stage;

    /// Lets it end.
    fn stop(&mut self);

    /// The last report, once it has ended.
    fn ended(&mut self) -> Result<Option<Report>, Complaint>;
}

/// How scans are started.
pub(super) enum Starting {
    /// By this process.
    Here,
    /// By the one that started this one.
    Beside(Arc<Mutex<Heard>>),
}

/// What the process that starts scans said.
#[derive(Debug, Default)]
pub(super) struct Heard {
    stage: Stage,
    ended: Option<Result<Report, Sentence>>,
}

impl Starting {
    /// Beside another process, whose end, or wish to end, `end` is called at.
    pub(super) fn beside(end: impl Fn() + Send + 'static) -> Self {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let noted = Arc::clone(&heard);
        std::thread::spawn(move || {
            for line in io::stdin().lines().map_while(Result::ok) {
                note(&noted, serde_json::from_str(&line).ok(), &end);
            }
            let gone = Sentence {
                ja: "走査を起動するプロセスがなくなりました".to_owned(),
                en: "the process that starts scans is gone".to_owned(),
            };
            note(&noted, Some(News::Failed(gone)), &end);
            end();
        });
        Self::Beside(heard)
    }

    /// Starts the scan of an order; its result goes to the collector at this URL. The credentials that
    /// came with it are written to no file and no command line.
    pub(super) fn start(
        &self,
        (state, config): (&Path, Option<&Path>),
        (order, to): (&Order, &str),
        handed: Handed,
    ) -> Result<Box<dyn Scan>, Complaint> {
        let Self::Beside(heard) = self else {
            return Ok(Box::new(Child::start((state, config), (order, to), &handed)?));
        };
        *heard.lock().unwrap_or_else(PoisonError::into_inner) = Heard::default();
        let wish = Wish::Start(Box::new(order.clone()), to.to_owned(), handed);
        tell(&mut io::stdout(), &wish).map_err(|it| failed(&it))?;
        Ok(Box::new(There(Arc::clone(heard))))
    }
}

fn note(heard: &Mutex<Heard>, news: Option<News>, end: &impl Fn()) {
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    match news {
        Some(News::Reached(stage)) => heard.stage = stage,
        Some(News::Ended(report)) => heard.ended = Some(Ok(report)),
        Some(News::Failed(why)) => heard.ended = Some(Err(why)),
        Some(News::End) => end(),
        None => {}
    }
}

/// A scan that the other process runs.
struct There(Arc<Mutex<Heard>>);

impl Scan for There {
    fn stage(&self) -> Stage {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).stage.clone()
    }

    fn stop(&mut self) {
        // If nobody hears it, the scan ends with the process that would.
        let _ = tell(&mut io::stdout(), &Wish::Stop);
    }

    fn ended(&mut self) -> Result<Option<Report>, Complaint> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).ended.take() {
            None => Ok(None),
            Some(Ok(report)) => Ok(Some(report)),
            Some(Err(Sentence { ja, en })) => Err(Complaint::new(Exit::Other, ja, en)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use daicho_common::job::Course;

    use super::*;

    #[test]
    fn what_is_heard_of_a_scan_is_told_once_and_a_wish_to_end_is_passed_on() {
        let heard = Arc::new(Mutex::new(Heard::default()));
        let ends = AtomicUsize::new(0);
        let end = || _ = ends.fetch_add(1, Ordering::SeqCst);
        let mut scan = There(Arc::clone(&heard));
        let stage = Stage { planned: 4, ..Stage::default() };
        let report = Report { course: Course::Done, stage: stage.clone(), said: None };
        note(&heard, Some(News::Reached(stage.clone())), &end);
        assert_eq!((scan.stage(), scan.ended().unwrap()), (stage, None));
        note(&heard, Some(News::Ended(report.clone())), &end);
        note(&heard, Some(News::End), &end);
        note(&heard, None, &end);
        assert_eq!(scan.ended().unwrap(), Some(report));
        assert_eq!((scan.ended().unwrap(), ends.load(Ordering::SeqCst)), (None, 1));
    }
}
