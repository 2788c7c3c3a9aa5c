//! Work that Python watches: it goes on without Python's lock, and ends when somebody asks for it.

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::errors::refused;

/// How often signals are looked for.
const EVERY: Duration = Duration::from_millis(50);

/// Does `work` on a thread of its own. Meanwhile `look` is called about twenty times a second, and signals are handled: an
/// exception of either sets `asked`, which `work` has to look at, and is what is returned.
pub fn watched<T: Send>(
    py: Python<'_>,
    asked: &AtomicBool,
    mut look: impl FnMut(Python<'_>) -> PyResult<()> + Send,
    work: impl FnOnce() -> anyhow::Result<T> + Send,
) -> PyResult<T> {
    py.detach(|| {
        thread::scope(|scope| {
            let (send, done) = sync_channel(1);
            // Nobody receives it only if this thread panics, too.
            let worker = scope.spawn(move || drop(send.send(work())));
            let mut exception = None;
            let result = loop {
                match done.recv_timeout(EVERY) {
                    Ok(result) => break Some(result),
                    Err(RecvTimeoutError::Disconnected) => break None,
                    Err(RecvTimeoutError::Timeout) if exception.is_none() => {
                        exception = Python::attach(|py| py.check_signals().and_then(|()| look(py))).err();
                        asked.store(exception.is_some(), Relaxed);
                    }
                    Err(RecvTimeoutError::Timeout) => (),
                }
            };
            let joined = worker.join();
            match (exception, result, joined) {
                (Some(exception), ..) => Err(exception),
                (None, Some(result), Ok(())) => result.map_err(refused),
                _ => Err(PyRuntimeError::new_err("a defect of amc ended the work: what it was is on stderr")),
            }
        })
    })
}
