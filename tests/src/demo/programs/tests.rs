use super::*;

#[test]
fn a_signal_ends_the_program_that_runs_and_is_told() {
    let signals = Signals::take().unwrap();
    signals.run(&mut Command::new("true")).unwrap();
    assert!(!signals.run(&mut Command::new("false")).unwrap_err().is::<Stopped>());
    // The program signals this process, then would run for ever.
    let mut program = Command::new("sh");
    program.args(["-c", "kill -TERM $PPID; exec tail -f /dev/null"]);
    let begun = std::time::Instant::now();
    assert!(signals.run(&mut program).unwrap_err().is::<Stopped>());
    assert!(begun.elapsed() < Duration::from_secs(4), "it was asked to end and could hear it");
}
