//! Every dependency may be shipped: its licence is on the list of `deny.toml`.
//!
//! `cargo deny check` says more (advisories, duplicates) where it is installed; this test needs
//! nothing but cargo.

use std::path::Path;
use std::process::Command;

/// Whether an SPDX expression (of the plain kind that crates use) can be satisfied from `allowed`.
fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], "");
    // In every expression met so far AND binds a bracketed OR to one more licence, so reading
    // it as AND of ORs is right both for "A OR B", "A AND B" and "(A OR B) AND C".
    expression
        .split(" AND ")
        .all(|clause| clause.split(" OR ").any(|term| allowed.iter().any(|a| a == term.trim())))
}

#[test]
fn every_dependency_has_a_licence_that_deny_toml_allows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let policy = std::fs::read_to_string(root.join("deny.toml")).unwrap();
    let policy: toml::Value = toml::from_str(&policy).unwrap();
    let allowed: Vec<String> = policy["licenses"]["allow"].clone().try_into().unwrap();
    let exceptions = policy["licenses"]["exceptions"].as_array().unwrap();
    let excepted = |package: &serde_json::Value| {
        exceptions.iter().any(|exception| {
            let allowed: Vec<String> = exception["allow"].clone().try_into().unwrap();
            package["name"].as_str() == exception["crate"].as_str()
                && satisfied(package["license"].as_str().unwrap_or("none"), &allowed)
        })
    };
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(&root)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 50);
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none");
        assert!(
            satisfied(licence, &allowed) || excepted(package),
            "{}: {licence}",
            package["name"]
        );
    }
}

#[test]
fn an_expression_is_satisfied_only_by_what_it_asks_for() {
    let allowed = ["MIT".to_owned(), "ISC".to_owned()];
    assert!(satisfied("MIT OR GPL-3.0", &allowed));
    assert!(satisfied("(Apache-2.0 OR MIT) AND ISC", &allowed));
    assert!(!satisfied("MIT AND GPL-3.0", &allowed));
    assert!(!satisfied("GPL-3.0", &allowed));
}
