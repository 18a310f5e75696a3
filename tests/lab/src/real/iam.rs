//! The way from MariaDB's PAM plugin to the [`Gate`] in the test process: a PAM service, a module compiled on the spot,
//! and a unix socket.
//!
//! Protocol of `tests/lab/pam/pam_rdsconn_lab.c`: user, NUL, token, end of stream; one byte back, `1` or `0`.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use super::janitor::Janitor;
use super::requirements::Programs;
use super::run_tool;
use crate::verifier::Gate;

const PAM_FOLDER: &str = "/etc/pam.d";
const PREFIX: &str = "rdsconn-lab-";

/// Tells the labs of one process apart.
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The listening end. Dropping it ends its thread.
#[derive(Debug)]
pub(super) struct IamService {
    socket: PathBuf,
    closed: Arc<AtomicBool>,
    name: String,
}

impl IamService {
    /// Compiles the module, registers a PAM service under a name of its own and answers it from `gate`.
    pub(super) fn start(programs: &Programs, lab: &Path, janitor: &Janitor, gate: &Arc<Gate>) -> Result<Self, String> {
        let socket = lab.join("verifier.sock");
        let module = compile(programs, lab)?;
        let listener = UnixListener::bind(&socket).map_err(|error| format!("{}: {error}", socket.display()))?;
        let closed = Arc::new(AtomicBool::new(false));
        let (gate, over) = (Arc::clone(gate), Arc::clone(&closed));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let gate = Arc::clone(&gate);
                // A login that fails here is refused, which is all there is to say.
                thread::spawn(move || stream.and_then(|stream| answer(&stream, &gate)));
            }
        });

        remove_stale_services();
        let name = format!("{PREFIX}{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        let file = Path::new(PAM_FOLDER).join(&name);
        janitor.remove_in_the_end(&file);
        let text = format!("auth required {} {}\naccount required pam_permit.so\n", module.display(), socket.display());
        fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Self { socket, closed, name })
    }

    /// The PAM service's name, for `IDENTIFIED VIA pam USING`.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for IamService {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        // Wakes the accepting thread, which then sees that it is over.
        drop(UnixStream::connect(&self.socket));
    }
}

fn compile(programs: &Programs, lab: &Path) -> Result<PathBuf, String> {
    let source = lab.join("pam_rdsconn_lab.c");
    let module = lab.join("pam_rdsconn_lab.so");
    fs::write(&source, include_str!("../../pam/pam_rdsconn_lab.c")).map_err(|error| error.to_string())?;
    let mut command = Command::new(&programs.cc);
    command
        .args(["-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC", "-o"])
        .arg(&module)
        .arg(&source)
        .arg("-lpam");
    run_tool(&mut command)?;
    Ok(module)
}

fn answer(mut stream: &UnixStream, gate: &Gate) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut request = Vec::new();
    // No password the server passes on is longer.
    stream.take(1 << 20).read_to_end(&mut request)?;
    let text = String::from_utf8_lossy(&request);
    let admitted = text.split_once('\0').is_some_and(|(user, token)| gate.admit(user, token).is_ok());
    stream.write_all(if admitted { b"1" } else { b"0" })
}

/// Removes services whose process is gone and whose janitor was killed too.
fn remove_stale_services() {
    let Ok(entries) = fs::read_dir(PAM_FOLDER) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|rest| rest.split_once('-'));
        if let Some((pid, _)) = owner
            && pid.parse::<u32>().is_ok_and(|pid| !Path::new(&format!("/proc/{pid}")).exists())
        {
            // Another lab may be removing it at the same time.
            let _ = fs::remove_file(entry.path());
        }
    }
}
