//! CPU time of processes, and the core that a process keeps to.

use std::time::Duration;

use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;

use crate::Failure;

/// CPU time that a process has used so far, user and system, all threads.
///
/// # Errors
/// When there is no such process.
pub fn of(process: u32) -> Result<Duration, Failure> {
    let clock = ClockId::pid_cpu_clock_id(Pid::from_raw(i32::try_from(process)?))?;
    Ok(clock_gettime(clock)?.into())
}

/// CPU time that this process has used so far.
///
/// # Errors
/// When the system has no such clock.
pub fn own() -> Result<Duration, Failure> {
    Ok(clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?.into())
}

/// Keeps this thread, and those it starts from now on, to these cores. A core that does not exist is taken modulo.
///
/// # Errors
/// When the system refuses.
pub fn pin(cores: &[usize]) -> Result<(), Failure> {
    let mut set = CpuSet::new();
    for core in cores {
        set.set(core % self::cores())?;
    }
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

/// Cores of this machine.
pub fn cores() -> usize {
    let listed = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    listed.lines().filter(|line| line.starts_with("processor")).count().max(1)
}

/// Allows as many open files as the system lets a process ask for: a thousand connections need them.
///
/// # Errors
/// When the system refuses.
pub fn raise_open_files() -> Result<(), Failure> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    Ok(setrlimit(Resource::RLIMIT_NOFILE, most, most)?)
}

/// Where the measured process runs.
pub const MEASURED_CORE: usize = 0;
/// Where the other one runs.
pub const OTHER_CORE: usize = 1;
