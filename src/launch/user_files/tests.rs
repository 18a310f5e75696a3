//! The user's own files, hostile ones among them (T3, T21).

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use super::*;

const FAMILIES: [Family; 3] = [Family::Oracle, Family::MariaDb, Family::Shell];

fn written(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my.cnf");
    write(&file, text);
    (folder, file)
}

#[expect(clippy::disallowed_methods, reason = "a test lays out the files that it reads")]
fn write(file: &Path, text: &str) {
    fs::write(file, text).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
}

fn kept(family: Family, text: &str) -> String {
    let (_folder, file) = written(text);
    harmless(family, &[file])
}

#[test]
fn t21_what_would_undo_our_options_is_dropped() {
    let hostile = "[client]\nhost=evil\nport = 1\nsocket=/s\nprotocol=SOCKET\nuser=evil\npassword=\"x#y\"\nloose-password=x\n\
                   skip-ssl\nssl=0\nssl-mode=DISABLED\nloose_ssl_mode = DISABLED\nssl-ca=/nonexistent\nssl-capath=/evil\n\
                   ssl-cert=/x\nssl-crl=/x\nssl_cipher=NULL\ntls-version=TLSv1\nssl-fp=00\nssl-verify-server-cert\n\
                   plugin-dir=/evil\ndefault-auth=evil\ndns-srv-name=evil\ndns_srv=evil\nssl-session-data=/x\n\
                   bind-address=10.1.1.1\nlocal-infile=1\nloose-local-infile\nload-data-local-dir=/\nload_data=/\n\
                   pass=x\nho=evil\nenable-cleartext-plugin\nskip-enable-cleartext-plugin\n--host=evil\nnetwork-namespace=x\n";
    for family in FAMILIES {
        assert_eq!(kept(family, hostile), "[client]\n", "{family:?}");
    }
    let shell = "[mysqlsh]\nuri=evil\nssh=evil\nauth-method=x\nsave-passwords=always\nmysqlx\nredirect-primary\n";
    assert_eq!(kept(Family::Shell, shell), "[mysqlsh]\n");
}

#[test]
fn what_is_harmless_stays_as_it_was_written() {
    let text = "# comment\n; another\n\n[client]\r\n  default-character-set = utf8mb4 # why\n[ mysql ]\nprompt=\"\\\\u@\\\\h> \"\n\
                pager=less -S\nsafe-updates\nno-auto-rehash # comment = x\ndatabase=shop\n\tauto-vertical-output\n\
                [mysqldump]\nsingle-transaction\n";
    let expected = "[client]\ndefault-character-set= utf8mb4 # why\n[mysql]\nprompt=\"\\\\u@\\\\h> \"\npager=less -S\n\
                    safe-updates\nno-auto-rehash\ndatabase=shop\nauto-vertical-output\n[mysqldump]\nsingle-transaction\n";
    for family in FAMILIES {
        assert_eq!(kept(family, text), expected, "{family:?}");
    }
}

#[test]
fn t21_what_cannot_be_told_apart_is_dropped() {
    let long = format!("[client]\nprompt={}\n", "x".repeat(5000));
    for text in ["prompt=x\n", "[client\nprompt=x\n", "[cl]ient]\n", "[client]\npro mpt=x\n", "[client]\n=x\n", &long] {
        let kept = kept(Family::MariaDb, text);
        assert!(!kept.contains('x') || kept == "[cl]\n", "{text:?} gives {kept:?}");
    }
    // A carriage return in the middle of a line, which no reader may take for the end of it.
    assert_eq!(kept(Family::Oracle, "[client]\nprompt=a\rskip-ssl\nquick\n"), "[client]\nquick\n");
}

#[test]
fn includes_are_followed_as_the_clients_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let main = format!(
        "[client]\nquick\n!include {}\ncompress\n!includedir {}\nreconnect\n",
        path("one.inc").display(),
        folder.path().display()
    );
    write(&path("one.inc"), "[mysql]\npager=cat\nhost=evil\n");
    write(&path("b.cnf"), "[mysqldump]\nopt\n");
    write(&path("a.cnf"), "[mysqladmin]\nvertical\n");
    write(&path("c.txt"), "[mysql]\nhtml\n");
    write(&path("main"), &main);
    let expected = "[client]\nquick\n[mysql]\npager=cat\n[client]\ncompress\n[mysqladmin]\nvertical\n[mysqldump]\nopt\n[client]\nreconnect\n";
    assert_eq!(harmless(Family::Oracle, &[path("main")]), expected);
}

#[test]
fn a_file_that_includes_itself_ends() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my.cnf");
    write(&file, &format!("[client]\nquick\n!include {}\n", file.display()));
    let text = harmless(Family::Oracle, &[file]);
    assert_eq!(text.matches("quick").count(), DEEPEST + 1);
}

#[test]
fn files_that_are_not_there_or_open_to_all_are_left_out() {
    let (folder, file) = written("[client]\nquick\n");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let fifo = folder.path().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    let files = [file, fifo, folder.path().to_owned(), folder.path().join("nothing")];
    assert_eq!(harmless(Family::Oracle, &files), "");
}

#[test]
fn standard_places() {
    let environment = Environment::of([("HOME", "/home/a"), ("MYSQL_HOME", "/m"), ("MARIADB_HOME", "/n")]);
    let paths = |family, program| {
        let files = standard(family, Path::new(program), &environment);
        files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(paths(Family::Oracle, "/usr/bin/mysql"), "/etc/my.cnf /etc/mysql/my.cnf /m/my.cnf /home/a/.my.cnf");
    assert_eq!(paths(Family::MariaDb, "/bin/mysql"), "/etc/my.cnf /etc/mysql/my.cnf /n/my.cnf /home/a/.my.cnf");
    assert_eq!(
        paths(Family::Oracle, "/opt/brew/bin/mysql"),
        "/etc/my.cnf /etc/mysql/my.cnf /opt/brew/etc/my.cnf /m/my.cnf /home/a/.my.cnf"
    );
}
