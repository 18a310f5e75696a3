//! Signals by name: caught, told, waited for.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use rustix::process::Signal;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::teller::Teller;

const NAMES: [(&str, Signal); 20] = [
    ("ABRT", Signal::ABORT),
    ("ALRM", Signal::ALARM),
    ("BUS", Signal::BUS),
    ("CHLD", Signal::CHILD),
    ("CONT", Signal::CONT),
    ("FPE", Signal::FPE),
    ("HUP", Signal::HUP),
    ("INT", Signal::INT),
    ("KILL", Signal::KILL),
    ("PIPE", Signal::PIPE),
    ("QUIT", Signal::QUIT),
    ("SEGV", Signal::SEGV),
    ("STOP", Signal::STOP),
    ("TERM", Signal::TERM),
    ("TSTP", Signal::TSTP),
    ("TTIN", Signal::TTIN),
    ("TTOU", Signal::TTOU),
    ("USR1", Signal::USR1),
    ("USR2", Signal::USR2),
    ("WINCH", Signal::WINCH),
];

pub(crate) fn named(name: &str) -> Result<Signal, String> {
    let found = NAMES.into_iter().find(|(known, _)| *known == name);
    found.map(|(_, signal)| signal).ok_or_else(|| format!("no signal is called {name}"))
}

/// Its name, or its number where the table has none.
pub(crate) fn name(number: i32) -> String {
    let found = NAMES.into_iter().find(|(_, signal)| signal.as_raw() == number);
    found.map_or_else(|| number.to_string(), |(name, _)| name.to_owned())
}

/// What was caught and not waited for yet.
#[derive(Clone, Default)]
pub(crate) struct Signals {
    pending: Arc<(Mutex<Vec<String>>, Condvar)>,
}

impl Signals {
    /// Returns when they are caught.
    pub(crate) fn catch(&self, names: &[String], teller: &Teller) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let guard = runtime.enter();
        let streams: Vec<_> = names
            .iter()
            .map(|name| {
                let stream = signal(SignalKind::from_raw(named(name)?.as_raw()));
                Ok((name.clone(), stream.map_err(|error| format!("{name}: {error}"))?))
            })
            .collect::<Result<_, String>>()?;
        drop(guard);
        let (teller, signals) = (teller.clone(), self.clone());
        std::thread::spawn(move || {
            runtime.block_on(async {
                let mut tasks = tokio::task::JoinSet::new();
                for (name, mut stream) in streams {
                    let (teller, signals) = (teller.clone(), signals.clone());
                    tasks.spawn(async move {
                        while stream.recv().await.is_some() {
                            teller.tell(&json!({"event": "signal", "name": name}));
                            signals.note(&name);
                        }
                    });
                }
                while tasks.join_next().await.is_some() {}
            });
        });
        Ok(())
    }

    fn note(&self, name: &str) {
        self.pending.0.lock().unwrap_or_else(PoisonError::into_inner).push(name.to_owned());
        self.pending.1.notify_all();
    }

    pub(crate) fn wait(&self, name: &str) {
        let mut pending = self.pending.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(at) = pending.iter().position(|known| known == name) {
                pending.remove(at);
                return;
            }
            pending = self.pending.1.wait(pending).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
