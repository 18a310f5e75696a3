//! Finding programs and asking them who they are, with scripts in their place.

use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use super::*;

/// A folder of scripts, first in `PATH`.
struct Programs {
    folder: TempDir,
}

impl Programs {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    #[expect(clippy::disallowed_methods, reason = "a test lays out the programs that it finds")]
    fn add(&self, name: &str, script: &str, mode: u32) {
        let path = self.folder.path().join(name);
        std::fs::write(&path, script).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    fn environment(&self) -> Environment {
        Environment::of([("PATH", self.folder.path().to_str().unwrap())])
    }

    fn find(&self, name: &str) -> Result<Client, Error> {
        Client::find(name, &BTreeMap::new(), &self.environment())
    }

    async fn identify(&self, name: &str) -> Result<Flavour, Error> {
        Flavour::identify(&self.find(name).unwrap(), &self.environment()).await
    }
}

fn answering(text: &str) -> String {
    format!("#!/bin/sh\nfor word; do [ \"$word\" = --version ] && echo '{text}'; done\n")
}

#[test]
fn missing_and_not_executable_are_told_apart() {
    let programs = Programs::new();
    programs.add("good", "#!/bin/sh\n", 0o755);
    programs.add("plain", "#!/bin/sh\n", 0o644);
    let path = |name: &str| programs.folder.path().join(name);
    assert_eq!(programs.find("good").unwrap().program(), path("good"));
    assert_eq!(programs.find(path("good").to_str().unwrap()).unwrap().program(), path("good"));
    for name in ["absent", "", "./absent", "/absent", path("absent").to_str().unwrap()] {
        assert!(matches!(programs.find(name), Err(Error::NotFound { client }) if client == name), "{name:?}");
    }
    for name in ["plain", path("plain").to_str().unwrap(), programs.folder.path().to_str().unwrap()] {
        assert!(matches!(programs.find(name), Err(Error::NotExecutable { .. })), "{name:?}");
    }
}

#[test]
fn a_recipe_names_the_program() {
    let programs = Programs::new();
    programs.add("real", "#!/bin/sh\n", 0o755);
    let recipes = [
        ("mine".to_owned(), Recipe { program: "real".into(), ..Recipe::default() }),
        ("lost".to_owned(), Recipe { program: "absent".into(), ..Recipe::default() }),
    ];
    let recipes = BTreeMap::from(recipes);
    let found = Client::find("mine", &recipes, &programs.environment()).unwrap();
    assert_eq!(found.program(), programs.folder.path().join("real"));
    let lost = Client::find("lost", &recipes, &programs.environment()).unwrap_err();
    assert_eq!(lost.to_string(), "\"absent\" is not found");
}

#[test]
fn the_first_installed_client_is_the_default() {
    let programs = Programs::new();
    let environment = programs.environment();
    let default = |configured| default_client(configured, &BTreeMap::new(), &environment);
    let none = default(None).unwrap_err();
    assert_eq!(none.to_string(), "no client is configured, and none of mysqlsh, mysql, mariadb is installed");
    for name in ["mariadb", "mysql", "mysqlsh"] {
        programs.add(name, "#!/bin/sh\n", 0o755);
        assert_eq!(default(None).unwrap().program(), programs.folder.path().join(name));
    }
    assert_eq!(default(Some("mariadb")).unwrap().program(), programs.folder.path().join("mariadb"));
    assert!(matches!(default(Some("mycli")), Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn a_name_that_two_share_is_asked() {
    let programs = Programs::new();
    programs.add("mysql", &answering("mysql  Ver 15.1 Distrib 10.11.19-MariaDB, for x"), 0o755);
    programs.add("mysqldump", &answering("mysqldump  Ver 8.4.3 for Linux on x86_64 (MySQL Community Server)"), 0o755);
    programs.add("psql", "#!/bin/sh\nexit 3\n", 0o755);
    assert_eq!(programs.identify("mysql").await.unwrap(), MARIADB_10);
    assert_eq!(programs.identify("mysqldump").await.unwrap(), known(Family::Oracle, Tool::Dump, (8, 4, 3)));
    // Not even run.
    assert_eq!(programs.identify("psql").await.unwrap(), Flavour::Other);
}

#[tokio::test]
async fn t21_an_option_file_cannot_hide_the_version() {
    let programs = Programs::new();
    let script = "#!/bin/sh\n[ \"$1\" = --no-defaults ] || { echo 'unknown variable' >&2; exit 7; }\n\
                  echo 'mysql from 11.8.9-MariaDB, client 15.2 for x'\n";
    programs.add("mysql", script, 0o755);
    assert_eq!(programs.identify("mysql").await.unwrap(), MARIADB_11);
}

#[tokio::test]
async fn who_gives_no_answer_is_not_guessed_at() {
    let programs = Programs::new();
    programs.add("mysql", &answering("a wrapper of mine"), 0o755);
    let error = programs.identify("mysql").await.unwrap_err();
    assert!(matches!(&error, Error::Unrecognised { answer, .. } if answer == "a wrapper of mine"), "{error}");
    // Found, and executable by its mode, but nothing that runs here.
    programs.add("mariadb", "#!/no/such/interpreter\n", 0o755);
    assert!(matches!(programs.identify("mariadb").await, Err(Error::NotExecutable { source: Some(_), .. })));
}
