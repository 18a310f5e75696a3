//! Where events go: whole lines, to the file that was named or to standard output.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::Arc;

use rdsconn_lab::client::REPORT;

#[derive(Clone)]
pub(crate) struct Teller {
    file: Option<Arc<File>>,
}

impl Teller {
    pub(crate) fn open() -> Result<Self, String> {
        let Some(path) = std::env::var_os(REPORT) else { return Ok(Self { file: None }) };
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        Ok(Self { file: Some(Arc::new(file.map_err(|error| format!("{}: {error}", path.display()))?)) })
    }

    /// One line, in one write, so that threads do not mix theirs. Nobody may be reading: that is no trouble.
    pub(crate) fn tell(&self, event: &serde_json::Value) {
        let line = format!("{event}\n");
        let _ = match &self.file {
            Some(file) => (&**file).write_all(line.as_bytes()),
            None => std::io::stdout().lock().write_all(line.as_bytes()),
        };
    }
}
