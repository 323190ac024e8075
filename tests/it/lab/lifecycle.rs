use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// Set where this binary runs a second time, as the test that is going to die.
const DOOMED: &str = "DAICHO_TEST_DOOMED";
/// What the doomed says when its lab is up.
const UP: &str = "the lab is up";

/// Names in a directory, as far as they begin so.
fn names(directory: impl AsRef<Path>, prefix: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<_> = names.filter(|name| name.starts_with(prefix)).collect();
    names.sort();
    names
}

/// Namespaces and directories of labs of this process id.
fn left_by(process: u32) -> (Vec<String>, Vec<String>) {
    let namespaces = names("/run/netns", &format!("daicho-{process}-lab"));
    (namespaces, names(std::env::temp_dir(), &format!("daicho-lab-{process}-")))
}

/// The processes that live in a namespace.
fn inhabitants(namespace: &str) -> Vec<String> {
    let output = Command::new("ip").args(["netns", "pids", namespace]).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Those of these processes that still run. One that ended stays in the table until whoever
/// inherited it asks how (state Z of `proc_pid_stat(5)`): it runs no more.
fn living(processes: &[String]) -> Vec<&str> {
    let lives = |process: &&String| {
        let stat = std::fs::read_to_string(Path::new("/proc").join(process).join("stat"));
        stat.is_ok_and(|stat| !stat.rsplit(')').next().is_some_and(|s| s.starts_with(" Z")))
    };
    processes.iter().filter(lives).map(String::as_str).collect()
}

#[test]
fn the_lab_comes_up_and_goes_down_twice_in_a_row_and_leaves_nothing() {
    let interfaces = names("/sys/class/net", "");
    for _ in 0..2 {
        let Some(lab) = super::lab() else { return };
        let hosts: Vec<_> = lab.hosts().iter().map(|h| h.namespace().name().to_owned()).collect();
        assert!(hosts.iter().all(|name| inhabitants(name).len() > 1), "the daemons live inside");
        let processes: Vec<_> = hosts.iter().flat_map(|name| inhabitants(name)).collect();
        assert_eq!(names("/sys/class/net", ""), interfaces, "nothing is put outside");
        lab.down().unwrap();
        assert_eq!(living(&processes), [""; 0]);
        assert_eq!(left_by(std::process::id()), (vec![], vec![]));
    }
}

#[test]
fn the_lab_comes_up_again_after_a_test_that_died() {
    if std::env::var_os(DOOMED).is_some() {
        let lab = super::lab();
        println!("\n{UP}: {}", lab.is_some());
        // Waits for the death that is coming, in vain if the parent dies first.
        std::io::stdin().read_line(&mut String::new()).unwrap();
        return;
    }
    let name = "lab::lifecycle::the_lab_comes_up_again_after_a_test_that_died";
    let mut doomed = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(DOOMED, "yes")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = BufReader::new(doomed.stdout.take().unwrap());
    let up = said.lines().map(Result::unwrap).find(|line| line.contains(UP)).unwrap();
    let (namespaces, directories) = left_by(doomed.id());
    let processes: Vec<_> = namespaces.iter().flat_map(|name| inhabitants(name)).collect();
    doomed.kill().unwrap();
    doomed.wait().unwrap();
    // Where there can be no lab, this says so.
    let Some(lab) = super::lab() else { return };
    assert!(up.ends_with("true"), "{up}");
    assert!(processes.len() > 6 && namespaces.len() == 8 && directories.len() == 1, "it was up");
    assert_eq!(living(&processes), [""; 0], "no daemon outlives its lab");
    assert_eq!(left_by(doomed.id()), (vec![], vec![]), "the next lab cleans up after it");
    lab.down().unwrap();
}
