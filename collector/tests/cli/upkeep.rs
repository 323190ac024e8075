//! Copies of the database, and whether a site is well.

use super::*;

#[test]
fn a_copy_is_made_looked_at_and_put_back_with_the_other_kept() {
    let folder = filled();
    assert!(run(&folder, &["import", "ward.daicho"]).status.success());
    let copied = run(&folder, &["backup", "copy.db"]);
    assert!(stdout(&copied).contains("観測 2 件"), "{}", stderr(&copied));
    complains(&run(&folder, &["backup", "copy.db"]), 4, &["copy.db"]);
    assert!(run(&folder, &["import", "台帳.csv"]).status.success());
    let sound = run(&folder, &["check", "--lang", "en"]);
    assert!(stdout(&sound).contains("1 versions of books"), "{}", stderr(&sound));
    let back = run(&folder, &["restore", "copy.db", "--lang", "en"]);
    assert!(stdout(&back).contains("0 versions of books"), "{}", stderr(&back));
    let kept = names(folder.path()).into_iter().find(|name| name.starts_with("daicho.db.before-"));
    let kept = run(&folder, &["check", &kept.unwrap(), "--lang", "en"]);
    assert!(stdout(&kept).contains("1 versions of books"), "{}", stderr(&kept));
}

#[test]
fn a_damaged_database_is_told_with_where_and_what_to_do() {
    let folder = filled();
    complains(&run(&folder, &["check"]), 4, &["daicho.db"]);
    assert!(run(&folder, &["import", "ward.daicho"]).status.success());
    let path = folder.path().join("daicho.db");
    let mut octets = std::fs::read(&path).unwrap();
    octets.iter_mut().skip(4096).for_each(|octet| *octet ^= 0x5a);
    std::fs::write(&path, octets).unwrap();
    let told = run(&folder, &["check"]);
    assert!(matches!(told.status.code(), Some(4 | 8)), "{}", stderr(&told));
}

#[test]
fn copies_in_a_folder_are_named_by_the_time_and_the_oldest_go() {
    let folder = filled();
    assert!(run(&folder, &["import", "ward.daicho"]).status.success());
    let into = folder.path().join("copies");
    std::fs::create_dir(&into).unwrap();
    std::fs::write(into.join("daicho-20200101-000000.db"), "").unwrap();
    let copied = run(&folder, &["backup", "--into", "copies", "--keep", "1"]);
    assert!(stdout(&copied).contains("daicho-20200101-000000.db"), "{}", stderr(&copied));
    assert_eq!(names(&into).len(), 1);
}

#[test]
fn the_doctor_tells_what_is_wrong_and_ends_with_one() {
    let folder = filled();
    assert!(run(&folder, &["import", "ward.daicho"]).status.success());
    file(&folder, "free.toml", "listen = \"127.0.0.1:0\"\n");
    let well = run(&folder, &["doctor", "--config", "free.toml"]);
    assert!(well.status.success(), "{}{}", stdout(&well), stderr(&well));
    assert!(stdout(&well).contains("[注意] 台帳"), "{}", stdout(&well));

    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("listen = \"{}\"\n", holder.local_addr().unwrap());
    // Somebody who hangs up without an answer.
    std::thread::spawn(move || drop(holder.accept()));
    file(&folder, "taken.toml", taken);
    let ill = run(&folder, &["doctor", "--config", "taken.toml", "--json", "--lang", "en"]);
    assert_eq!(ill.status.code(), Some(1));
    let told: serde_json::Value = serde_json::from_str(&stdout(&ill)).unwrap();
    let bad: Vec<_> = told.as_array().unwrap().iter().filter(|one| one["state"] == "bad").collect();
    assert_eq!(bad.len(), 1, "{told}");
    assert_eq!(bad[0]["subject"], "port of the pages");
}

#[test]
fn old_observations_are_folded_once_and_nothing_else_changes() {
    let folder = folder();
    let key = key();
    // Five weeks of 2020.
    for week in 1..=5_u32 {
        let at = 1_580_000_000_000_000 + i64::from(week) * 7 * 86_400_000_000;
        file(&folder, &format!("{week}.daicho"), sealed_at(&key, week, at));
        let name = format!("{week}.daicho");
        assert!(run(&folder, &["import", &name]).status.success());
    }
    let keeps_all = run(&folder, &["retain", "--lang", "en"]);
    assert!(stdout(&keeps_all).contains("retention_days"), "{}", stdout(&keeps_all));
    file(&folder, "fold.toml", "retention_days = 90\n");
    let devices = || stdout(&run(&folder, &["export", "--what", "devices"]));
    let before = devices();
    let retained =
        run(&folder, &["retain", "--config", "fold.toml", "--lang", "en", "--by", "田中"]);
    let told = stdout(&retained);
    assert!(told.contains("(6 of 10)"), "{told}{}", stderr(&retained));
    assert_eq!(devices(), before);
    let again = run(&folder, &["retain", "--config", "fold.toml", "--lang", "en"]);
    assert!(stdout(&again).contains("(0 of 4)"), "{}", stdout(&again));
    let left = stdout(&run(&folder, &["export", "--what", "observations", "--format", "jsonl"]));
    assert_eq!(left.lines().count(), 4, "the first and the last of two devices");
    file(&folder, "short.toml", "retention_days = 3\n");
    assert_eq!(run(&folder, &["retain", "--config", "short.toml"]).status.code(), Some(3));
}

#[test]
fn a_database_on_a_server_is_left_to_the_servers_own_tools_and_no_timer_fails() {
    let folder = folder();
    file(&folder, "server.toml", "store = \"postgres://daicho@127.0.0.1:1/daicho\"\n");
    let by_timer = run(&folder, &["backup", "--into", "copies", "--config", "server.toml"]);
    assert_eq!(by_timer.status.code(), Some(0), "{}", stderr(&by_timer));
    assert!(stdout(&by_timer).contains("pg_dump"), "{}", stdout(&by_timer));
    complains(&run(&folder, &["restore", "x.db", "--config", "server.toml"]), 2, &["pg_restore"]);
    complains(&run(&folder, &["check", "--config", "server.toml"]), 2, &["pg_amcheck"]);
}
