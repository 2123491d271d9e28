//! The process groups that programs of ours lead: signalled as a whole, killed when their handle is dropped, and stopped
//! and released with us, since a terminal's Ctrl-Z reaches our own group alone. All of signals that differs between
//! platforms is in this file.

#[cfg(unix)]
pub use unix::{Group, can_stop, go_on, stop, stop_group};

#[cfg(not(unix))]
pub use elsewhere::{Group, can_stop, go_on, stop, stop_group};

#[cfg(unix)]
mod unix {
    use std::{
        collections::BTreeMap,
        sync::{
            Arc, Mutex, MutexGuard, PoisonError,
            atomic::{AtomicBool, Ordering},
        },
        thread::sleep,
        time::{Duration, Instant},
    };

    use tokio::process::Child;

    use rustix::{
        io,
        process::{Pid, Signal, getpid, getppid, getsid, kill_current_process_group, kill_process, kill_process_group},
    };

    /// The right to signal a group, which ends with its leader: numbers are given away again.
    pub struct Group {
        id: Option<Pid>,
    }

    /// All groups of this process that run.
    struct Running {
        /// We are being stopped: what begins now does not run on without us.
        stopped: bool,
        /// Whether each is held, whatever becomes of us.
        groups: BTreeMap<i32, bool>,
    }

    static RUNNING: Mutex<Running> = Mutex::new(Running { stopped: false, groups: BTreeMap::new() });

    fn running() -> MutexGuard<'static, Running> {
        RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(id: Pid, signal: Signal) {
        // no such group: it has ended by itself
        let _ = kill_process_group(id, signal);
    }

    impl Group {
        /// Of a program that `spawn` begins, as the leader of a group. Whoever stops us meanwhile waits until it is known.
        pub fn of(spawn: impl FnOnce() -> std::io::Result<Child>) -> std::io::Result<(Child, Self)> {
            let mut running = running();
            let child = spawn()?;
            let group = Self::known(child.id(), &mut running);
            drop(running);
            Ok((child, group))
        }

        /// That a program of ours leads which runs already.
        pub fn led_by(pid: u32) -> Self {
            Self::known(Some(pid), &mut running())
        }

        fn known(pid: Option<u32>, running: &mut Running) -> Self {
            let id = pid.and_then(|pid| i32::try_from(pid).ok()).and_then(Pid::from_raw);
            if let Some(id) = id {
                running.groups.insert(id.as_raw_pid(), false);
                if running.stopped {
                    send(id, Signal::STOP);
                }
            }
            Self { id }
        }

        /// Stops it where it is; it keeps files and memory.
        pub fn hold(&self) {
            self.held(true);
        }

        pub fn release(&self) {
            self.held(false);
        }

        fn held(&self, held: bool) {
            let Some(id) = self.id else { return };
            let mut running = running();
            running.groups.insert(id.as_raw_pid(), held);
            match held {
                true => send(id, Signal::STOP),
                false if running.stopped => {}
                false => send(id, Signal::CONT),
            }
        }

        /// Asks it to end, held or not.
        pub fn end(&self) {
            if let Some(id) = self.id {
                send(id, Signal::TERM);
                send(id, Signal::CONT);
            }
        }

        pub fn kill(&self) {
            if let Some(id) = self.id {
                send(id, Signal::KILL);
            }
        }

        /// It has ended: its number may be another's by now.
        pub fn over(&mut self) {
            if let Some(id) = self.id.take() {
                running().groups.remove(&id.as_raw_pid());
            }
        }
    }

    impl Drop for Group {
        fn drop(&mut self) {
            self.kill();
            self.over();
        }
    }

    /// A shell waits for us: one in our session that is not of our own group, or a script of our group.
    pub fn can_stop() -> bool {
        getppid().is_some_and(|parent| getsid(Some(parent)).ok() == getsid(None).ok())
    }

    /// As SIGTSTP, which we handle ourselves: it stops, unless nobody is there who could let us go on (POSIX: the default
    /// action is not taken in an orphaned process group), as in a container or a window that a program opened for us.
    const STOP_WHERE_SOMEBODY_WAITS: Signal = Signal::TTIN;

    /// Within this time the system has stopped us, however busy it is, or does not.
    const STOPS_WITHIN: Duration = Duration::from_secs(2);

    /// Stops what we run and then us, until somebody lets us go on.
    pub fn stop() {
        stand_still(|| kill_process(getpid(), STOP_WHERE_SOMEBODY_WAITS));
    }

    /// The same with our whole group, as the terminal itself does it: who started us stops with us.
    pub fn stop_group() {
        stand_still(|| kill_current_process_group(STOP_WHERE_SOMEBODY_WAITS));
    }

    /// A signal to the process stops its threads one by one, this one maybe only after it has gone on for a while.
    fn stand_still(stop: impl FnOnce() -> io::Result<()>) {
        stop_running();
        let goes_on = Arc::new(AtomicBool::new(false));
        let heard = signal_hook::flag::register(Signal::CONT.as_raw(), Arc::clone(&goes_on));
        let end = Instant::now() + STOPS_WITHIN;
        if stop().is_ok() && heard.is_ok() {
            while !goes_on.load(Ordering::SeqCst) && Instant::now() < end {
                sleep(Duration::from_millis(10));
            }
        }
        heard.map(signal_hook::low_level::unregister).ok();
        go_on();
    }

    fn stop_running() {
        let mut running = running();
        running.stopped = true;
        each(&running, Signal::STOP);
    }

    /// What we run goes on with us, but for what is held.
    pub fn go_on() {
        let mut running = running();
        running.stopped = false;
        each(&running, Signal::CONT);
    }

    fn each(running: &Running, signal: Signal) {
        let free = running.groups.iter().filter(|(_, held)| !**held);
        free.filter_map(|(id, _)| Pid::from_raw(*id)).for_each(|id| send(id, signal));
    }
}

/// Without groups and signals a program is ended by its own handle, and nothing is held.
#[cfg(not(unix))]
mod elsewhere {
    use tokio::process::Child;

    pub struct Group;

    impl Group {
        pub fn of(spawn: impl FnOnce() -> std::io::Result<Child>) -> std::io::Result<(Child, Self)> {
            Ok((spawn()?, Self))
        }

        pub fn led_by(_: u32) -> Self {
            Self
        }

        pub fn hold(&self) {}

        pub fn release(&self) {}

        pub fn end(&self) {}

        pub fn kill(&self) {}

        pub fn over(&mut self) {}
    }

    pub fn can_stop() -> bool {
        false
    }

    pub fn stop() {}

    pub fn stop_group() {}

    pub fn go_on() {}
}
