//! Child processes, and what the system says of them: memory and CPU time, measured from outside.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::failure::{Failure, ensure, failure};

/// A child that is this program again; killed when it is dropped.
pub(crate) struct Process {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// Memory and CPU time of a process at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    /// Memory that is resident now, in KiB.
    pub(crate) resident: u64,
    /// The most that was resident since the last [`Process::forget_peak`], in KiB.
    pub(crate) peak: u64,
    /// User and system time so far.
    pub(crate) cpu: Duration,
}

impl Process {
    /// Starts this program with these words, with at most `files` open files if that is said.
    pub(crate) fn start(words: &[&str], files: Option<u32>) -> Result<Self, Failure> {
        let this = std::env::current_exe()?;
        let mut command = match files {
            None => Command::new(this),
            Some(files) => {
                let mut command = Command::new("sh");
                command.args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\"")]).arg(this);
                command
            }
        };
        let mut child = command.args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let output = BufReader::new(output.ok_or_else(|| failure("a child without an output"))?);
        Ok(Self { child, input, output })
    }

    /// The next line that it says.
    pub(crate) fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        let read = self.output.read_line(&mut line)?;
        ensure(read > 0, || "the process under attack has ended".to_owned())?;
        Ok(line.trim_end().to_owned())
    }

    /// Says a line to it.
    pub(crate) fn tell(&mut self, line: &str) -> Result<(), Failure> {
        let input = self.input.as_mut().ok_or_else(|| failure("the process under attack is told nothing more"))?;
        Ok(writeln!(input, "{line}")?)
    }

    /// What the system says of it.
    pub(crate) fn read(&self) -> Result<Reading, Failure> {
        let status = self.proc("status")?;
        let stat = self.proc("stat")?;
        let missing = || failure("/proc says something that was not expected: this program needs Linux");
        let resident = kibibytes(&status, "VmRSS:").ok_or_else(missing)?;
        let peak = kibibytes(&status, "VmHWM:").ok_or_else(missing)?;
        Ok(Reading { resident, peak, cpu: cpu(&stat).ok_or_else(missing)? })
    }

    /// Lets the peak begin at what is resident now.
    pub(crate) fn forget_peak(&self) -> Result<(), Failure> {
        Ok(std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5")?)
    }

    /// Ends its input, and waits until it has ended by itself; how long that took.
    pub(crate) fn stop(mut self, patience: Duration) -> Result<Duration, Failure> {
        let start = Instant::now();
        self.input = None;
        while start.elapsed() < patience {
            if let Some(status) = self.child.try_wait()? {
                ensure(status.success(), || format!("the process under attack ended with {status}"))?;
                return Ok(start.elapsed());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Err(failure(format!("the process under attack did not end within {patience:?}")))
    }

    fn proc(&self, file: &str) -> Result<String, Failure> {
        Ok(std::fs::read_to_string(format!("/proc/{}/{file}", self.child.id()))?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only for a process that has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line of `/proc/PID/status`.
fn kibibytes(status: &str, name: &str) -> Option<u64> {
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

/// The 14th and 15th field of `/proc/PID/stat`; the second one may have spaces, and ends with the last parenthesis.
fn cpu(stat: &str) -> Option<Duration> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(TICK * u32::try_from(ticks()? + ticks()?).ok()?)
}

/// What Linux counts CPU time in for programs, whatever the kernel was built with.
const TICK: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_in_kibibytes() {
        let status = "Name:\tabuse\nVmHWM:\t    9999 kB\nVmRSS:\t    1234 kB\n";
        assert_eq!((kibibytes(status, "VmRSS:"), kibibytes(status, "VmHWM:")), (Some(1_234), Some(9_999)));
        assert_eq!(kibibytes(status, "VmSwap:"), None);
    }

    #[test]
    fn cpu_time_is_user_and_system_time_whatever_the_program_is_called() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194304 100 0 0 0 12 30 0 0 20 0 3 0 100 1 1";
        assert_eq!(cpu(stat), Some(Duration::from_millis(420)));
        assert_eq!(cpu("7 (x) S 1"), None);
    }
}
