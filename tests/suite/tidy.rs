//! The files that name functions and routes agree with one another, and every route has its tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::routes::bad_input::fields;
use crate::routes::{auth, roles};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn names(folder: &str, name_of: impl Fn(&Path) -> Option<String>) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder can be read");
    entries.filter_map(|entry| name_of(&entry.expect("an entry").path())).collect()
}

fn stem(path: &Path) -> Option<String> {
    path.file_stem()?.to_str().map(str::to_owned)
}

fn folders() -> BTreeSet<String> {
    names("functions", |path| path.is_dir().then(|| stem(path)).flatten())
}

/// The names in lines such as `CodeUri: functions/health/`.
fn named_in_template(prefix: &str, suffix: &str) -> Vec<String> {
    let template = fs::read_to_string(root().join("template.yaml")).expect("the template can be read");
    let rest = template.lines().filter_map(|line| line.split_once(prefix)).map(|(_, rest)| rest);
    rest.map(|rest| rest.split(suffix).next().unwrap_or_default().trim().to_owned()).collect()
}

#[test]
fn each_function_has_a_folder_an_event_a_place_in_the_template_and_one_in_the_registry() {
    let folders = folders();
    assert_eq!(names("events", stem), folders, "events/");
    let registered: BTreeSet<_> = local::registry::functions().into_keys().map(str::to_owned).collect();
    assert_eq!(registered, folders, "local's registry");
    for (prefix, suffix) in [("CodeUri: functions/", "/"), ("Binary: ", " }")] {
        let named = named_in_template(prefix, suffix);
        assert_eq!(named.iter().cloned().collect::<BTreeSet<_>>(), folders, "template.yaml, {prefix}");
        assert_eq!(named.len(), folders.len(), "template.yaml names one twice, {prefix}");
    }
}

#[test]
fn each_function_is_a_package_of_its_folders_name() {
    for folder in folders() {
        let manifest = root().join("functions").join(&folder).join("Cargo.toml");
        let manifest = fs::read_to_string(manifest).expect("the manifest can be read");
        assert!(manifest.contains(&format!("name = \"{folder}\"")), "{folder}");
    }
}

#[test]
fn each_route_is_in_the_table_of_roles() {
    let routes = auth::routes().into_iter().map(|(method, path, _)| format!("{method} {path}"));
    let rows = roles::rows().map(|row| format!("{} {}", row.method, row.path));
    assert_eq!(rows.collect::<BTreeSet<_>>(), routes.collect());
}

#[test]
fn openapi_yaml_is_what_it_would_be_if_it_were_made_now() {
    let made = local::openapi::document().expect("a document");
    let differs = made.lines().zip(local::openapi::WRITTEN.lines()).find(|(made, written)| made != written);
    assert!(made == local::openapi::WRITTEN, "openapi.yaml is stale: {differs:?}; run `cargo run -p local -- openapi`");
}

#[test]
fn openapi_yaml_has_the_templates_routes_public_or_not() {
    let document: serde_json::Value = serde_norway::from_str(local::openapi::WRITTEN).expect("YAML");
    let paths = document["paths"].as_object().expect("paths").iter();
    let described = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods").iter();
        methods.map(move |(method, route)| {
            let is_public = route["security"].as_array().expect("its security").is_empty();
            format!("{} {path} {is_public}", method.to_uppercase())
        })
    });
    let routes = auth::routes().into_iter().map(|(method, path, is_public)| format!("{method} {path} {is_public}"));
    assert_eq!(described.collect::<BTreeSet<_>>(), routes.collect());
}

#[test]
fn each_route_with_a_body_is_in_the_table_of_fields() {
    // Stripe's webhook has a test of its own, as its body is not of this API's making.
    let is_own = |path: &str| !path.starts_with("/api/") && path != "/payments/webhook";
    let routes = auth::routes()
        .into_iter()
        .filter(|(method, path, _)| ["POST", "PUT", "PATCH"].contains(method) && is_own(path));
    let sections = fields::sections().map(|section| section.split(',').next().unwrap_or_default().to_owned());
    assert_eq!(sections.collect::<BTreeSet<_>>(), routes.map(|(method, path, _)| format!("{method} {path}")).collect());
}

#[test]
fn each_route_has_a_file_of_tests() {
    let sources = sources(&root().join("tests/suite/routes"));
    let aliases = include_str!("routes/aliases.rs");
    for (method, path, _) in auth::routes() {
        let fixed = path.split('{').next().expect("a path");
        let alias = path.starts_with("/api/") && aliases.contains(&format!("\"{fixed}"));
        assert!(alias || sources.contains(&format!("//! `{method} {path}`.")), "no file of tests for {method} {path}");
    }
}

/// The text of every file in a folder and the folders in it.
fn sources(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("the folder can be read").map(|entry| entry.expect("an entry").path());
    let text = |path: PathBuf| {
        if path.is_dir() { sources(&path) } else { fs::read_to_string(path).expect("the file can be read") }
    };
    entries.map(text).collect()
}

/// The paths of all tests of the suite.
fn tests() -> BTreeSet<String> {
    let listed = Command::new(std::env::current_exe().expect("this binary")).arg("--list").output();
    let listed = String::from_utf8(listed.expect("the tests are listed").stdout).expect("text");
    listed.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

/// What is named in backticks in each row of the tables of a document.
fn named_in_rows(document: &str) -> Vec<Vec<String>> {
    let document = fs::read_to_string(root().join("docs").join(document)).expect("the document can be read");
    let rows = document.lines().filter(|line| line.starts_with("| "));
    rows.map(|row| row.split('`').skip(1).step_by(2).map(str::to_owned).collect()).collect()
}

/// docs/promises.md names tests by their paths.
#[test]
fn each_promise_names_tests_that_there_are() {
    let named = named_in_rows("promises.md");
    assert_eq!(named.len(), 1 + 12, "a head and so many promises");
    are_tests(named.iter().skip(1).inspect(|names| assert!(!names.is_empty())).flatten().map(String::as_str));
}

/// Each of these is the path of a test.
pub(crate) fn are_tests<'a>(names: impl IntoIterator<Item = &'a str>) {
    let there_are = tests();
    for name in names {
        assert!(there_are.contains(name), "there is no test {name}");
    }
}

/// docs/mutants.md names files of `shared`, and tests of the suite that catch their mutants.
#[test]
fn the_mutants_are_of_files_and_caught_by_tests_that_there_are() {
    let (there_are, sources) = (tests(), root().join("shared/src"));
    let rows = named_in_rows("mutants.md");
    assert!(rows.iter().any(|row| row.len() == 2), "no row names a file and a test");
    for row in rows {
        let mut names = row.iter();
        assert!(names.next().is_none_or(|file| sources.join(file).is_file()), "{row:?}");
        for name in names {
            assert!(there_are.contains(name), "there is no test {name}");
        }
    }
}
