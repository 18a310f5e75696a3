//! A strict reader of ssh_config files, for machines that have no `ssh` program.
//!
//! The subset: `Host` with wildcards and negation, and the directives of [`DIRECTIVES`]. Directives that make no difference
//! to rdsconn are taken. `Include`, `Match`, and everything else is an error that names file and line: a reader that
//! guessed would connect to the wrong place. The first value of a directive counts, as in `ssh_config(5)`.

use std::path::{Path, PathBuf};

use super::Settings;
use super::bastion::display_name;
use super::directives::{DEFAULT_IDENTITIES, Treatment, Values, treatment};
use super::error::Error;
use super::pattern::matches_list;
use super::tokens::local_user;
use crate::os::WholeFile;
use crate::target::BastionName;

/// Directives whose values the reader takes over as they are.
const DIRECTIVES: [&str; 13] = [
    "addressfamily",
    "globalknownhostsfile",
    "hashknownhosts",
    "hostkeyalias",
    "hostname",
    "identitiesonly",
    "identityagent",
    "identityfile",
    "port",
    "requiredrsasize",
    "stricthostkeychecking",
    "user",
    "userknownhostsfile",
];

/// Directives that take several values on one line.
const LISTS: [&str; 2] = ["globalknownhostsfile", "userknownhostsfile"];

/// Harmless to whoever asks `ssh -G`, which has followed them; this reader would have to follow them itself.
const NEEDS_SSH: [&str; 5] =
    ["canonicaldomains", "canonicalizehostname", "canonicalizepermittedcnames", "ignoreunknown", "tag"];

const LARGEST_FILE: usize = 1 << 20;

/// What the configuration files say of a bastion, in the form in which `ssh -G` says it.
pub(super) fn read(name: &BastionName, settings: &Settings) -> Result<Values, Error> {
    let mut values = Values::default();
    let mut set = |directive: &str, value: String| values.0.push((directive.to_owned(), value));
    if let Some(user) = &name.user {
        set("user", user.clone());
    }
    if let Some(port) = name.port {
        set("port", port.to_string());
    }
    for (file, required) in files(settings) {
        let text = match WholeFile::read(&file, LARGEST_FILE) {
            Ok(Some(read)) => checked_text(&file, read)?,
            Ok(None) if !required => continue,
            Ok(None) => {
                let source = std::io::Error::from(std::io::ErrorKind::NotFound);
                return Err(Error::UnreadableFile { path: file, source });
            }
            Err(source) => return Err(Error::UnreadableFile { path: file, source }),
        };
        values.0.extend(parse(&text, &name.host).map_err(|(line, message)| Error::ConfigLine {
            file,
            line,
            message,
        })?);
    }
    values.check_supported(&display_name(name))?;
    add_defaults(&mut values, name, settings);
    Ok(values)
}

fn files(settings: &Settings) -> Vec<(PathBuf, bool)> {
    if let Some(file) = &settings.ssh_config {
        return vec![(file.clone(), true)];
    }
    let own = settings.environment.home().map(|home| (home.join(".ssh/config"), false));
    own.into_iter().chain([(PathBuf::from("/etc/ssh/ssh_config"), false)]).collect()
}

/// `ssh` refuses a configuration that others can write; so does this reader.
fn checked_text(path: &Path, file: WholeFile) -> Result<String, Error> {
    let wrong = |message: String| Error::ConfigLine { file: path.to_owned(), line: 1, message };
    if file.mode & 0o022 != 0 {
        return Err(wrong(format!("the file's mode {:04o} lets others write it", file.mode)));
    }
    if file.owner != 0 && file.owner != rustix::process::getuid().as_raw() {
        return Err(wrong(format!("the file belongs to user {}", file.owner)));
    }
    String::from_utf8(file.bytes).map_err(|_| wrong("not valid UTF-8".to_owned()))
}

fn add_defaults(values: &mut Values, name: &BastionName, settings: &Settings) {
    if let Some((_, host)) = values.0.iter_mut().find(|(directive, _)| directive == "hostname") {
        *host = host.replace("%h", &name.host).replace("%%", "%");
    }
    let mut default = |directive: &str, value: &str| {
        if values.first(directive).is_none() {
            values.0.push((directive.to_owned(), value.to_owned()));
        }
    };
    default("userknownhostsfile", "~/.ssh/known_hosts ~/.ssh/known_hosts2");
    default("globalknownhostsfile", "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2");
    if let Some(user) = local_user(&settings.environment) {
        default("user", &user);
    }
    if values.first("identityfile").is_none() {
        values.0.extend(DEFAULT_IDENTITIES.map(|file| ("identityfile".to_owned(), file.to_owned())));
    }
}

/// The directives of one file that apply to a host. The error is a line number and what is wrong there.
fn parse(text: &str, host: &str) -> Result<Vec<(String, String)>, (usize, String)> {
    let mut values = Vec::new();
    let mut applies = true;
    for (index, line) in text.lines().enumerate() {
        let wrong = |message: String| (index + 1, message);
        let words = words(line).map_err(|message| wrong(message.to_owned()))?;
        let Some((keyword, arguments)) = words.split_first() else { continue };
        let directive = keyword.to_ascii_lowercase();
        if arguments.is_empty() {
            return Err(wrong(format!("{keyword} has no value")));
        }
        if directive == "host" {
            applies = matches_list(arguments.iter().map(String::as_str), host);
            continue;
        }
        // What does not apply is checked too: a file that cannot be read whole is not understood.
        let taken =
            DIRECTIVES.contains(&directive.as_str()) && (arguments.len() == 1 || LISTS.contains(&directive.as_str()));
        let harmless = treatment(&directive) == Treatment::Harmless && !NEEDS_SSH.contains(&directive.as_str());
        let refused_later = matches!(treatment(&directive), Treatment::RefusedUnless(_));
        if !(taken || harmless || refused_later) {
            return Err(wrong(format!("{keyword} needs the ssh program, which is not installed")));
        }
        if applies {
            values.push((directive, arguments.join(" ")));
        }
    }
    Ok(values)
}

/// Splits a line into its keyword and arguments: blanks, one optional `=` after the keyword, double quotes, `#` comments.
fn words(line: &str) -> Result<Vec<String>, &'static str> {
    let mut words: Vec<String> = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() && !rest.starts_with('#') {
        let (word, after) = if let Some(quoted) = rest.strip_prefix('"') {
            let (word, after) = quoted.split_once('"').ok_or("a quotation mark is missing")?;
            if !after.is_empty() && !after.starts_with(char::is_whitespace) {
                return Err("text follows a closing quotation mark");
            }
            (word, after)
        } else {
            let is_keyword = words.is_empty();
            let end = rest.find(|character: char| character.is_whitespace() || (is_keyword && character == '='));
            rest.split_at(end.unwrap_or(rest.len()))
        };
        if word.contains('"') || word.contains('\\') {
            return Err("quotation marks and backslashes inside a word are not supported");
        }
        words.push(word.to_owned());
        rest = after.trim_start();
        if words.len() == 1 {
            rest = rest.strip_prefix('=').unwrap_or(rest).trim_start();
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "
        # a comment
        User = first
        Host other *.prod !db.prod
            HostName=%h.example   # trailing
            Port\t2222
            IdentityFile \"~/a key\"
            User second
        Host *
            IdentityFile ~/.ssh/last
            ServerAliveInterval 30
            UserKnownHostsFile ~/one ~/two
    ";

    fn value_of(values: &[(String, String)], name: &str) -> Vec<String> {
        values.iter().filter(|(directive, _)| directive == name).map(|(_, value)| value.clone()).collect()
    }

    #[test]
    fn blocks_apply_by_pattern_and_the_first_value_comes_first() {
        let bastion = parse(FILE, "bastion.prod").unwrap();
        assert_eq!(value_of(&bastion, "user"), ["first", "second"]);
        assert_eq!(value_of(&bastion, "hostname"), ["%h.example"]);
        assert_eq!(value_of(&bastion, "port"), ["2222"]);
        assert_eq!(value_of(&bastion, "identityfile"), ["~/a key", "~/.ssh/last"]);
        assert_eq!(value_of(&bastion, "userknownhostsfile"), ["~/one ~/two"]);
        let database = parse(FILE, "db.prod").unwrap();
        assert_eq!(value_of(&database, "port"), [""; 0]);
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_line() {
        let table = [
            "Include other",
            "Match host x",
            "Host a\nMatch all",
            "Ciphers aes128-ctr",
            "CanonicalizeHostname yes",
            "NoSuchDirective yes",
            "User",
            "User a b",
            "IdentityFile \"half",
            "IdentityFile a\\ b",
            "Host unrelated\n  Nonsense 1",
        ];
        for text in table {
            let (line, _) = parse(text, "bastion").unwrap_err();
            assert_eq!(line, text.lines().count(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn r23_no_text_makes_the_reader_panic(text in "\\PC{0,200}", host in "[a-z.*?!]{0,20}") {
            let _ = parse(&text, &host);
        }
    }
}
