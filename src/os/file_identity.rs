//! Whether two paths lead to one file.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// A file itself, whatever it is called and whichever links lead to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileIdentity {
    device: u64,
    inode: u64,
}

impl FileIdentity {
    /// The file at the end of all links.
    #[expect(clippy::disallowed_methods, reason = "src/os is the one place that looks at files")]
    pub fn of(path: &Path) -> io::Result<Self> {
        std::fs::metadata(path).map(|found| Self { device: found.dev(), inode: found.ino() })
    }

    /// The program that is running.
    pub fn of_this_program() -> io::Result<Self> {
        // Unlike its path, this leads to the program also after it was replaced on disk.
        let linux = Path::new("/proc/self/exe");
        Self::of(linux).or_else(|_| Self::of(&std::env::current_exe()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_one_file_and_copies_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        crate::os::files::create_private(&path("file"), "text").unwrap();
        crate::os::files::create_private(&path("copy"), "text").unwrap();
        std::os::unix::fs::symlink("file", path("link")).unwrap();
        std::fs::hard_link(path("file"), path("hard")).unwrap();
        let identity = |name| FileIdentity::of(&path(name)).unwrap();
        assert_eq!(identity("file"), identity("link"));
        assert_eq!(identity("file"), identity("hard"));
        assert_ne!(identity("file"), identity("copy"));
        assert!(FileIdentity::of(&path("absent")).is_err());
        assert_eq!(
            FileIdentity::of(&std::env::current_exe().unwrap()).unwrap(),
            FileIdentity::of_this_program().unwrap()
        );
    }
}
