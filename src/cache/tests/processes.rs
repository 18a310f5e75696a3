//! R11, R22: many processes at once, some of them killed. A test starts itself again as the program: a process that finds
//! [`HOME`] in its environment is one of those, and tells its parent on stderr what it does.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::*;

/// Where a process that a test has started keeps its tokens, in which storage, and which number it has.
const HOME: &str = "RDSCONN_TEST_HOME";
const STORAGE: &str = "RDSCONN_TEST_STORAGE";
const NUMBER: &str = "RDSCONN_TEST_NUMBER";

/// This very test again, as a process.
fn again(test: &str, home: &Path, storage: Storage, number: usize) -> Command {
    this_test(Command::new(std::env::current_exe().unwrap()), test, home, storage, number)
}

/// The same, started by a script of the shell, with what the script does to it.
pub(super) fn again_after(script: &str, test: &str, home: &Path) -> Command {
    let is_mounted = script.contains("mount");
    let mut shell = Command::new(if is_mounted { "unshare" } else { "env" });
    if is_mounted {
        shell.arg("--mount");
    }
    if is_mounted && !rustix::process::geteuid().is_root() {
        shell.arg("--map-root-user");
    }
    shell.args(["sh", "-c", &format!("{script} && exec \"$0\" \"$@\"")]).arg(std::env::current_exe().unwrap());
    this_test(shell, test, home, Storage::File, 0)
}

fn this_test(mut command: Command, test: &str, home: &Path, storage: Storage, number: usize) -> Command {
    command.args(["--exact", "--nocapture", "--test-threads=1", &format!("cache::tests::{test}")]);
    command.env(HOME, home).env(STORAGE, format!("{storage:?}")).env(NUMBER, number.to_string());
    command.env_remove("XDG_RUNTIME_DIR").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// What the parent has said, if this is a process that a test has started.
pub(super) fn told() -> Option<(PathBuf, Storage, usize)> {
    let home = PathBuf::from(std::env::var_os(HOME)?);
    let storage = if std::env::var(STORAGE).unwrap() == "Auto" { Storage::Auto } else { Storage::File };
    Some((home, storage, std::env::var(NUMBER).unwrap().parse().unwrap()))
}

/// AWS, as seen by one of many processes: each minting leaves a byte, and lasts until the parent has let everybody go.
#[derive(Debug)]
struct Slow {
    home: PathBuf,
    number: usize,
}

impl TokenProvider for Slow {
    type Error = NoCredentials;

    async fn token(&self, request: TokenRequest<'_>) -> Result<AuthToken, NoCredentials> {
        let mut count = std::fs::File::options().append(true).create(true).open(self.home.join("minted")).unwrap();
        count.write_all(b"x").unwrap();
        // Opened while the parent has it open, which it has until it reads this line.
        let mut gate = std::fs::File::open(self.home.join("gate")).unwrap();
        eprintln!("minting");
        // Ends when nobody has it open for writing any more.
        gate.read_to_end(&mut Vec::new()).unwrap();
        let secret = SecretString::from(format!("of process {}", self.number));
        let not_after = SystemTime::now() + Duration::from_mins(14);
        Ok(AuthToken { user: request.user.to_owned(), secret, not_after, may_be_stale: false })
    }

    async fn identity(&self) -> Option<Identity> {
        Some(identity("who", "login"))
    }
}

fn asks((home, storage, number): (PathBuf, Storage, usize)) {
    let cache = cache_of(&home, storage);
    let tokens = CachedTokens::new(Slow { home, number }, cache, Duration::from_mins(5));
    // All begin at once: the parent closes the pipe when everybody is here.
    eprintln!("ready");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    eprintln!("asking");
    let token = run(tokens.token(request(&endpoint(), "dba"))).unwrap();
    eprintln!("token {}", text(&token));
}

/// Starts 200 processes on an empty cache, kills the first that mints if wanted, and says how many minted and what came out.
fn two_hundred_ask(test: &str, storage: Storage, is_killed: bool) -> (usize, BTreeMap<String, usize>) {
    const MANY: usize = 200;
    let home = Home::new();
    rustix::fs::mkfifoat(rustix::fs::CWD, home.path().join("gate"), rustix::fs::Mode::RWXU).unwrap();
    // Open for both, so that it opens at once; while it is open, minting lasts.
    let gate = std::fs::File::options().read(true).write(true).open(home.path().join("gate")).unwrap();
    let mut children: Vec<Child> =
        (0..MANY).map(|number| again(test, home.path(), storage, number).spawn().unwrap()).collect();
    let (says, heard) = std::sync::mpsc::channel();
    for (number, child) in children.iter_mut().enumerate() {
        let (lines, says) = (BufReader::new(child.stderr.take().unwrap()).lines(), says.clone());
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| says.send((number, line)).unwrap()));
    }
    drop(says);
    let (mut gate, mut killed) = (Some(gate), None);
    let (mut ready, mut asking, mut minting) = (0, 0, 0);
    let mut tokens = BTreeMap::new();
    // Ends when the last process has closed its stderr.
    for (number, line) in heard {
        match line.as_str() {
            "ready" => ready += 1,
            "asking" => asking += 1,
            "minting" => minting += 1,
            line => match line.strip_prefix("token ") {
                Some(token) => *tokens.entry(token.to_owned()).or_default() += 1,
                None => panic!("process {number}: {line}"),
            },
        }
        if ready == MANY {
            for child in &mut children {
                drop(child.stdin.take());
            }
        }
        if is_killed && killed.is_none() && line == "minting" {
            children[number].kill().unwrap();
            killed = Some(number);
        }
        // Everybody asks, somebody who lives is minting: let that one end.
        if asking == MANY && minting > usize::from(is_killed) {
            gate = None;
        }
    }
    drop(gate);
    for (number, mut child) in children.into_iter().enumerate() {
        assert_eq!(child.wait().unwrap().success(), killed != Some(number), "process {number}");
    }
    (std::fs::read(home.path().join("minted")).unwrap().len(), tokens)
}

#[test]
fn r11_two_hundred_processes_have_one_token_minted() {
    const THIS: &str = "processes::r11_two_hundred_processes_have_one_token_minted";
    if let Some(told) = told() {
        return asks(told);
    }
    for storage in [Storage::File, Storage::Auto] {
        let (minted, tokens) = two_hundred_ask(THIS, storage, false);
        assert_eq!((minted, tokens.len(), tokens.values().sum()), (1, 1, 200_usize), "{storage:?}: {tokens:?}");
    }
}

/// The kernel frees the lock of a process that is killed while it mints: one other mints, and nobody waits for the dead.
#[test]
fn r11_a_killed_holder_holds_nobody_up() {
    const THIS: &str = "processes::r11_a_killed_holder_holds_nobody_up";
    if let Some(told) = told() {
        return asks(told);
    }
    let (minted, tokens) = two_hundred_ask(THIS, Storage::File, true);
    assert_eq!((minted, tokens.len(), tokens.values().sum()), (2, 1, 199_usize), "{tokens:?}");
}

/// How many users there are tokens for, processes that write them, threads in each, and writes of each thread.
const USERS: usize = 8;
const WRITERS: usize = 16;
const THREADS: usize = 4;
const WRITES: usize = 1000;

fn key_of(user: usize) -> Key {
    Key::new(&identity("who", "login"), request(&endpoint(), &format!("user{user}")))
}

fn entry_of(user: usize, number: usize) -> Entry {
    // Of many lengths, so that one that is torn or mixed with another shows.
    let secret = SecretString::from(format!("user{user}:{number}:{}", "x".repeat(number % 4096)));
    let not_after = SystemTime::now() + Duration::from_mins(14);
    let token = AuthToken { user: format!("user{user}"), secret, not_after, may_be_stale: false };
    Entry::new(key_of(user), &token, SystemTime::now())
}

/// A whole entry of this user, or none.
fn looks_whole(cache: &Cache, user: usize) -> bool {
    let Some(token) = cache.get(&key_of(user), SystemTime::now()).map(Entry::into_token) else { return false };
    let (head, tail) = text(&token).rsplit_once(':').unwrap();
    let number: usize = head.strip_prefix(&format!("user{user}:")).expect("another user's").parse().unwrap();
    assert!(tail.len() == number % 4096 && tail.bytes().all(|byte| byte == b'x'), "torn: {head}");
    true
}

fn writes((home, storage, left): (PathBuf, Storage, usize)) {
    let cache = cache_of(&home, storage);
    let written = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (cache, written) = (&cache, &written);
            scope.spawn(move || {
                for number in 0..left {
                    let user = (number + thread) % USERS;
                    cache.put(&entry_of(user, number * 31 + thread), SystemTime::now());
                    if number % 3 == 0 {
                        cache.remove(&key_of((user + 1) % USERS), None);
                    }
                    if (written.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(THREADS) {
                        // One mark for a write of each thread.
                        eprintln!(".");
                    }
                }
            });
        }
    });
}

/// Has its share written by a process, which is killed twice at some point on the way and started again for the rest.
fn writer(test: &str, home: &Path, storage: Storage, writer: usize) -> usize {
    let (mut done, mut killed) = (0, 0);
    while done < WRITES {
        let mut child = again(test, home, storage, WRITES - done).spawn().unwrap();
        // A point of this writer's own; beyond what is left, it is not killed any more.
        let last = if killed < 2 { 97 + (writer * 131 + killed * 257) % 400 } else { WRITES };
        let mut marks = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let seen = marks.by_ref().take(last).inspect(|mark| assert_eq!(mark, ".")).count();
        if seen == last {
            child.kill().unwrap();
            killed += 1;
        }
        done += seen + marks.count();
        assert_eq!(child.wait().unwrap().success(), seen < last || done >= WRITES && last == WRITES);
    }
    killed
}

#[test]
fn r22_sixty_four_writers_that_are_killed_leave_whole_entries_or_none() {
    const THIS: &str = "processes::r22_sixty_four_writers_that_are_killed_leave_whole_entries_or_none";
    if let Some(told) = told() {
        return writes(told);
    }
    for storage in [Storage::File, Storage::Auto] {
        let (home, is_over) = (Home::new(), AtomicBool::new(false));
        let ((hits, looks), killed) = std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let (cache, mut hits, mut looks) = (home.cache(storage), 0_usize, 0_usize);
                while !is_over.load(Ordering::Acquire) {
                    hits += (0..USERS).filter(|user| looks_whole(&cache, *user)).count();
                    looks += USERS;
                }
                (hits, looks)
            });
            let path = home.path();
            let writers: Vec<_> =
                (0..WRITERS).map(|number| scope.spawn(move || writer(THIS, path, storage, number))).collect();
            let killed: usize = writers.into_iter().map(|writer| writer.join().unwrap()).sum();
            is_over.store(true, Ordering::Release);
            (reader.join().unwrap(), killed)
        });
        assert!(hits > looks / 10 && killed > WRITERS, "{storage:?}: {hits} hits of {looks}, {killed} killed");
        let cache = home.cache(storage);
        let listed = cache.list(SystemTime::now());
        assert!(listed.len() <= USERS && listed.iter().all(|kept| kept.user.starts_with("user")), "{listed:?}");
        // What the killed ones left behind is in nobody's way.
        for user in 0..USERS {
            assert!(cache.put(&entry_of(user, user), SystemTime::now()) && looks_whole(&cache, user));
        }
        assert!(cache.clear() >= USERS && cache.list(SystemTime::now()).is_empty());
    }
}
