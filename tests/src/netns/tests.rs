use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use super::*;

fn interfaces() -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir("/sys/class/net")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Two namespaces, a cable, and an octet that goes from one to the other.
fn talk() {
    let (one, other) = (
        Namespace::create(name("talk", "one")).unwrap(),
        Namespace::create(name("talk", "other")).unwrap(),
    );
    cable((&one, "left"), (&other, "right")).unwrap();
    one.ip(&["addr", "add", "10.99.0.1/24", "dev", "left"]).unwrap();
    other.ip(&["addr", "add", "10.99.0.2/24", "dev", "right"]).unwrap();
    let listener = other.enter(|| TcpListener::bind("10.99.0.2:7070")).unwrap().unwrap();
    let mut stream = one.enter(|| TcpStream::connect("10.99.0.2:7070")).unwrap().unwrap();
    stream.write_all(b"x").unwrap();
    let mut octet = [0];
    listener.accept().unwrap().0.read_exact(&mut octet).unwrap();
    assert_eq!(octet, *b"x");
    assert!(TcpStream::connect("127.0.0.1:7070").is_err(), "the listener is not outside");
}

#[test]
fn namespaces_come_and_go_twice_in_a_row_and_leave_nothing() {
    if !may() {
        println!("skipped: needs root");
        return;
    }
    let before = interfaces();
    talk();
    talk();
    assert_eq!(interfaces(), before);
    assert!(!Path::new(MOUNTED).join(name("talk", "one")).exists());
}

#[test]
fn what_a_killed_process_left_is_removed_and_what_a_living_one_has_stays() {
    if !may() {
        println!("skipped: needs root");
        return;
    }
    let alive = Namespace::create(name("stale", "alive")).unwrap();
    // No process has this id: it is above the largest that Linux gives (2^22).
    let dead = format!("{OURS}-4194305-stale-dead");
    ip(&["netns", "add", &dead]).unwrap();
    assert!(remove_stale().unwrap().contains(&dead));
    assert!(Path::new(MOUNTED).join(alive.name()).exists());
    assert!(!Path::new(MOUNTED).join(&dead).exists());
}

#[test]
fn only_names_of_ours_have_an_owner() {
    assert_eq!(owner(&name("demo", "lan")), Some(std::process::id()));
    for other in ["daicho-lan", "daicho", "docker-12-x-y", "daicho-x12-demo-lan"] {
        assert_eq!(owner(other), None, "{other}");
    }
}
