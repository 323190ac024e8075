//! The lab.
use daicho_tests::lab::Lab;
#[test]
fn up() {
    let t = std::time::Instant::now();
    let lab = Lab::up().unwrap();
    println!("up {:?}", t.elapsed());
    if std::env::var_os("STAY").is_some() {
        std::io::stdin().read_line(&mut String::new()).unwrap();
    }
    let t = std::time::Instant::now();
    lab.down().unwrap();
    println!("down {:?}", t.elapsed());
}
