//! Threads that wait for work awake: to hand it over takes them less than a microsecond, and to wake one takes tens of these.
//!
//! There is one crew in a process. Who finds it at work does without.

#![expect(unsafe_code, reason = "helpers are lent work that does not live as long as they do")]

use std::hint::spin_loop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU8};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// How long a helper waits awake: longer than a chain takes between two evaluations, as long as these are short.
const AWAKE: Duration = Duration::from_micros(200);
/// Looks between two at the clock.
const LOOKS: usize = 64;

/// A helper has nothing to do.
const IDLE: u8 = 0;
/// It is offered work.
const OFFERED: u8 = 1;
/// It is at work.
const WORKING: u8 = 2;

type Work = &'static (dyn Fn() + Sync);

/// What a helper and its master share, in cache lines of its own.
#[repr(align(128))]
struct Post {
    state: AtomicU8,
    is_asleep: AtomicBool,
    has_panicked: AtomicBool,
    work: Mutex<Option<Work>>,
}

struct Helper {
    post: Arc<Post>,
    thread: Thread,
}

struct Crew {
    /// The process that the helpers are threads of: one that was forked off has none of them.
    process: u32,
    helpers: Vec<Helper>,
}

static CREW: Mutex<Crew> = Mutex::new(Crew { process: 0, helpers: Vec::new() });

/// Has up to `threads` threads, this one among them, do the same work at once, and returns when all of these are done. The
/// work is to be such that it does not matter how many do it: as a rule, each takes of it what is left.
///
/// # Panics
/// Where it panics on any of them.
fn together(threads: usize, work: impl Fn() + Sync) {
    let helpers = threads.saturating_sub(1);
    let crew = if helpers == 0 { Err(TryLockError::WouldBlock) } else { CREW.try_lock() };
    let mut crew = match crew {
        Ok(crew) => crew,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return work(),
    };
    let offers = Offers(crew.of(helpers));
    let work: &(dyn Fn() + Sync) = &work;
    // SAFETY: no helper has it when `offers` is dropped, which is before `work` is, whether or not this thread panics.
    let lent = unsafe { std::mem::transmute::<&(dyn Fn() + Sync), Work>(work) };
    offers.0.iter().for_each(|helper| helper.offer(lent));
    work();
    let posts = offers.0;
    drop(offers);
    let has_panicked = posts.iter().any(|helper| helper.post.has_panicked.load(Relaxed));
    assert!(!has_panicked, "a thread that helped has panicked");
}

/// Has up to `threads` threads, this one among them, work on the items, each on the next that is left.
pub(crate) fn share<T>(threads: usize, items: impl Iterator<Item = T> + Send, work: impl Fn(T) + Sync) {
    let items = Mutex::new(items);
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    together(threads, || {
        while let Some(item) = next() {
            work(item);
        }
    });
}

/// Offers to helpers; dropped, they hold no longer.
struct Offers<'c>(&'c [Helper]);

impl Drop for Offers<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(Helper::take_back);
    }
}

impl Crew {
    /// So many helpers, or as many as there can be.
    fn of(&mut self, helpers: usize) -> &[Helper] {
        let process = std::process::id();
        if process != self.process {
            self.helpers.clear();
            self.process = process;
        }
        while self.helpers.len() < helpers {
            let Ok(helper) = Helper::start(self.helpers.len() + 1) else { break };
            self.helpers.push(helper);
        }
        &self.helpers[..helpers.min(self.helpers.len())]
    }
}

impl Helper {
    /// Starts the helper of that number. One for whom there is no core does not wait awake.
    fn start(number: usize) -> std::io::Result<Self> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let awake = if number < cores { AWAKE } else { Duration::ZERO };
        let (state, work) = (AtomicU8::new(IDLE), Mutex::new(None));
        let (is_asleep, has_panicked) = (AtomicBool::new(false), AtomicBool::new(false));
        let post = Arc::new(Post { state, is_asleep, has_panicked, work });
        let shared = Arc::clone(&post);
        let thread = thread::Builder::new().name(format!("helper {number}")).spawn(move || shared.serve(awake))?;
        Ok(Self { post, thread: thread.thread().clone() })
    }

    fn offer(&self, work: Work) {
        let Self { post, thread } = self;
        // It may have, when its master had, too.
        post.has_panicked.store(false, Relaxed);
        *post.work.lock().unwrap_or_else(PoisonError::into_inner) = Some(work);
        post.state.store(OFFERED, SeqCst);
        if post.is_asleep.load(SeqCst) {
            thread.unpark();
        }
    }

    /// Takes an offer back that it has not come to, or waits until it is done.
    fn take_back(&self) {
        let Post { state, work, .. } = &*self.post;
        if state.compare_exchange(OFFERED, IDLE, Acquire, Acquire).is_ok() {
            *work.lock().unwrap_or_else(PoisonError::into_inner) = None;
            return;
        }
        let mut looks = 0;
        while state.load(Acquire) != IDLE {
            looks += 1;
            // It may wait for a core.
            if looks % (100 * LOOKS) == 0 { thread::yield_now() } else { spin_loop() }
        }
    }
}

impl Post {
    /// Does what is offered, for ever.
    fn serve(&self, awake: Duration) {
        loop {
            self.wait(awake);
            if self.state.compare_exchange(OFFERED, WORKING, Acquire, Relaxed).is_err() {
                continue;
            }
            let work = self.work.lock().unwrap_or_else(PoisonError::into_inner).take();
            if work.is_some_and(|work| catch_unwind(AssertUnwindSafe(work)).is_err()) {
                self.has_panicked.store(true, Relaxed);
            }
            self.state.store(IDLE, Release);
        }
    }

    /// Waits for an offer, at first awake.
    fn wait(&self, awake: Duration) {
        let begun = Instant::now();
        while begun.elapsed() < awake {
            for _ in 0..LOOKS {
                if self.state.load(Relaxed) == OFFERED {
                    return;
                }
                spin_loop();
            }
        }
        self.is_asleep.store(true, SeqCst);
        while self.state.load(SeqCst) != OFFERED {
            thread::park();
        }
        self.is_asleep.store(false, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::atomic::AtomicUsize;
    use std::sync::atomic::Ordering::Relaxed;
    use std::thread;

    use super::together;

    /// Under Miri a round takes seconds.
    const ROUNDS: usize = if cfg!(miri) { 6 } else { 2000 };

    /// Every piece of work is done once, whoever does it, however many threads are asked for and from however many at once.
    #[test]
    fn all_work_is_done_once() {
        let count = |threads: usize, pieces: usize| {
            let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
            together(threads, || {
                while next.fetch_add(1, Relaxed) < pieces {
                    done.fetch_add(1, Relaxed);
                }
            });
            done.into_inner()
        };
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| (0..ROUNDS).for_each(|round| assert_eq!(count(round % 9, round % 23), round % 23)));
            }
        });
    }

    #[test]
    fn panics_are_passed_on_and_the_crew_goes_on() {
        for _ in 0..ROUNDS.min(20) {
            let panicked = catch_unwind(AssertUnwindSafe(|| together(3, || panic!("as the test wants it"))));
            assert!(panicked.is_err());
            let calls = AtomicUsize::new(0);
            together(3, || _ = calls.fetch_add(1, Relaxed));
            assert!((1..=3).contains(&calls.into_inner()));
        }
    }
}
