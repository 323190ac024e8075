use super::*;

fn parse(line: &str) -> Option<Options> {
    Options::parse(line.split_whitespace().map(Into::into))
}

#[test]
fn a_command_line_that_means_nothing_is_refused() {
    assert_eq!(parse(""), Some(Options::default()));
    let all = parse("--once --loopback --dir x --seed 7").unwrap();
    assert!(all.once && all.loopback);
    assert_eq!((all.dir, all.seed), (Some("x".into()), Some(7)));
    for wrong in ["--twice", "--dir", "--seed many", "once"] {
        assert_eq!(parse(wrong), None, "{wrong}");
    }
}
