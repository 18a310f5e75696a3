//! Looks at a process and all its descendants from outside, again and again, as anybody on the machine can who may read
//! `/proc`: command lines, environments, what descriptors point to. Says which of a test's secrets could be seen there.
//! Linux only. Looks as fast as it can, a thousand times a second on an idle machine; how often it did look is told.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::wire::lock;

#[cfg(test)]
mod tests;

/// Where something of a process can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `/proc/PID/cmdline`; every user of the machine may read it.
    CommandLine,
    /// `/proc/PID/environ`; the same user and root may read it.
    Environment,
    /// The names of the files behind `/proc/PID/fd`.
    Descriptors,
}

/// A needle that was seen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting {
    /// What the test calls it; the needle itself is not printed.
    pub needle: String,
    /// Where it was.
    pub place: Place,
    /// The first word of the command line that the process had then; empty in the middle of its first exec.
    pub program: String,
    /// The process.
    pub process: u32,
}

/// What was seen, and how well was looked.
#[derive(Clone, Debug, Default)]
pub struct Sightings {
    /// How many times every process was looked at.
    pub samples: u64,
    /// The longest time between two looks.
    pub longest_gap: Duration,
    /// From the first look to the last.
    pub elapsed: Duration,
    /// The distinct command lines.
    pub command_lines: BTreeSet<Vec<String>>,
    /// The distinct processes; the first one's descendants, and itself.
    pub processes: BTreeSet<u32>,
    /// Needles that were seen.
    pub found: BTreeSet<Sighting>,
    /// What could not be read although the process was there, by the name of its program: of other users, or not dumpable.
    /// Root can read everything.
    pub unreadable: BTreeSet<(String, Place)>,
}

impl Sightings {
    /// Whether a program of this name (the last part of the first word) was among the processes. A test that finds no
    /// needles has to ask, else it may have looked at nothing.
    pub fn saw(&self, program: &str) -> bool {
        self.command_lines.iter().any(|line| base_name(line) == program)
    }

    /// Fails the test if any needle was seen, if a program of one of these names never ran, or if it could not be looked
    /// into. Other programs may hide themselves, as rdsconn does from all but root.
    ///
    /// # Panics
    /// In those cases, saying what was seen.
    #[track_caller]
    pub fn assert_clean(&self, programs: &[&str]) {
        assert!(self.found.is_empty(), "seen from outside: {:#?}", self.found);
        for program in programs {
            assert!(self.saw(program), "{program} was never seen, only {:?}", self.command_lines);
            let hidden = self.unreadable.iter().find(|(name, _)| name == program);
            assert!(hidden.is_none(), "could not look into {hidden:?}");
        }
    }
}

fn base_name(line: &[String]) -> &str {
    line.first().map_or("", |first| last_part(first))
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

struct Shared {
    sightings: Mutex<Sightings>,
    looked: Condvar,
    stopping: AtomicBool,
}

/// A thread that looks until it is told to stop.
pub struct Watch {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Starts to look at `process` and its descendants; has looked once when it returns. `needles` are names and secrets.
    ///
    /// With the test's own process ([`std::process::id`]) it sees everything from its first moment on, other tests'
    /// programs too.
    pub fn over(process: u32, needles: &[(&str, &[u8])]) -> Self {
        let shared =
            Arc::new(Shared { sightings: Mutex::default(), looked: Condvar::new(), stopping: AtomicBool::new(false) });
        let needles = needles.iter().map(|(name, needle)| ((*name).to_owned(), needle.to_vec())).collect();
        let mut eye = Looker { needles, known: BTreeMap::from([(process, Seen::default())]), new: Vec::new() };
        let of_thread = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            let started = Instant::now();
            let mut last = started;
            while !of_thread.stopping.load(Ordering::SeqCst) {
                let news = eye.look();
                let now = Instant::now();
                {
                    let mut sightings = lock(&of_thread.sightings);
                    news.add_to(&mut sightings);
                    sightings.samples += 1;
                    sightings.longest_gap = sightings.longest_gap.max(now - last);
                    sightings.elapsed = now - started;
                }
                of_thread.looked.notify_all();
                last = now;
                // The rate that is wanted, not a wait for anything; without it the thread would eat a whole core.
                std::thread::sleep(Duration::from_micros(300));
            }
        });
        let running = Self { shared, thread: Some(thread) };
        running.wait_until(Duration::from_mins(1), |sightings| sightings.samples > 0);
        running
    }

    /// What was seen so far.
    pub fn so_far(&self) -> Sightings {
        lock(&self.shared.sightings).clone()
    }

    /// Waits until what was seen is as wanted; says whether that came true in time.
    pub fn wait_until(&self, limit: Duration, wanted: impl Fn(&Sightings) -> bool) -> bool {
        let guard = lock(&self.shared.sightings);
        let end = self.shared.looked.wait_timeout_while(guard, limit, |sightings| !wanted(sightings));
        let (guard, _) = end.unwrap_or_else(PoisonError::into_inner);
        wanted(&guard)
    }

    /// Stops looking.
    pub fn finish(mut self) -> Sightings {
        self.stop();
        self.so_far()
    }

    fn stop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What one process showed last, so that only changes are searched.
#[derive(Default)]
struct Seen {
    command_line: Vec<u8>,
    environment: Vec<u8>,
    descriptors: Vec<u8>,
}

/// What is new since the last look.
#[derive(Default)]
struct News {
    processes: Vec<u32>,
    command_lines: Vec<Vec<String>>,
    found: Vec<Sighting>,
    unreadable: Vec<(String, Place)>,
}

impl News {
    fn add_to(self, sightings: &mut Sightings) {
        sightings.processes.extend(self.processes);
        sightings.command_lines.extend(self.command_lines);
        sightings.found.extend(self.found);
        sightings.unreadable.extend(self.unreadable);
    }
}

struct Looker {
    needles: Vec<(String, Vec<u8>)>,
    /// Processes stay known after their parent has gone and they belong to another.
    known: BTreeMap<u32, Seen>,
    new: Vec<u32>,
}

impl Looker {
    fn look(&mut self) -> News {
        let mut news = News::default();
        let mut waiting: Vec<u32> = self.known.keys().copied().collect();
        let mut done = BTreeSet::new();
        while let Some(process) = waiting.pop() {
            if !done.insert(process) {
                continue;
            }
            match self.look_at(process, &mut news) {
                Ok(()) => {
                    children(process, &mut self.new);
                    waiting.append(&mut self.new);
                }
                Err(error) if has_ended(&error) => drop(self.known.remove(&process)),
                // Whoever looks has too few descriptors for a moment, or so; the next look tells.
                Err(_) => {}
            }
        }
        news
    }

    /// # Errors
    /// When the process has gone.
    fn look_at(&mut self, process: u32, news: &mut News) -> io::Result<()> {
        let folder = Path::new("/proc").join(process.to_string());
        let Self { needles, known, .. } = self;
        let seen = known.entry(process).or_default();
        let command_line = fs::read(folder.join("cmdline"))?;
        news.processes.push(process);
        // In the middle of an exec there is none; the one before says more.
        let named = if command_line.is_empty() { &seen.command_line } else { &command_line };
        let program = words(named).first().cloned().unwrap_or_default();
        let search = |place: Place, now: io::Result<Vec<u8>>, before: &mut Vec<u8>, news: &mut News| {
            let now = match now {
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    news.unreadable.push((last_part(&program).to_owned(), place));
                    return;
                }
                // Between two looks of this one; the next notices.
                Err(_) => return,
                Ok(now) => now,
            };
            if now == *before {
                return;
            }
            for (name, needle) in needles.iter() {
                if !needle.is_empty() && now.windows(needle.len()).any(|window| window == needle.as_slice()) {
                    let (needle, program) = (name.clone(), program.clone());
                    news.found.push(Sighting { needle, place, program, process });
                }
            }
            if place == Place::CommandLine && !now.is_empty() {
                news.command_lines.push(words(&now));
            }
            *before = now;
        };
        search(Place::CommandLine, Ok(command_line), &mut seen.command_line, news);
        search(Place::Environment, fs::read(folder.join("environ")), &mut seen.environment, news);
        search(Place::Descriptors, descriptors(&folder), &mut seen.descriptors, news);
        Ok(())
    }
}

fn has_ended(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(rustix::io::Errno::SRCH.raw_os_error())
}

fn words(command_line: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(command_line);
    text.trim_end_matches('\0').split('\0').map(str::to_owned).collect()
}

/// The names behind all descriptors, one after another.
fn descriptors(folder: &Path) -> io::Result<Vec<u8>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder.join("fd"))? {
        // Closed meanwhile.
        let Ok(target) = entry.and_then(|entry| fs::read_link(entry.path())) else { continue };
        all.extend_from_slice(target.as_os_str().as_encoded_bytes());
        all.push(0);
    }
    Ok(all)
}

/// The kernel lists the children of each thread.
fn children(process: u32, out: &mut Vec<u32>) {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return };
    for thread in threads.flatten() {
        if let Ok(list) = fs::read_to_string(thread.path().join("children")) {
            out.extend(list.split_whitespace().filter_map(|number| number.parse::<u32>().ok()));
        }
    }
}
