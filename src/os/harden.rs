//! Keeps other programs of the same user, and core files, away from the memory that holds keys and tokens.

use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limit that this process was started with, for the programs that it starts.
static CORE_LIMIT: OnceLock<Rlimit> = OnceLock::new();

/// No core file, and on Linux no attaching by anybody but root, as ssh-agent does. Called once, by `main`. A system that
/// does not allow it changes nothing else.
pub fn harden_process() {
    let limit = Rlimit { current: Some(0), ..core_limit() };
    let _ = setrlimit(Resource::Core, limit);
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}

/// The limit on core files that this process was started with.
pub(super) fn core_limit() -> Rlimit {
    *CORE_LIMIT.get_or_init(|| getrlimit(Resource::Core))
}
