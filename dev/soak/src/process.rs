//! What the system knows of a process: memory, CPU time, open sockets. Read from `/proc`, as Linux has it.

use std::time::Duration;

use crate::Failure;

/// Resident memory, in bytes.
///
/// # Errors
/// When there is no such process, or no `/proc`.
pub(crate) fn memory(process: u32) -> Result<u64, Failure> {
    let status = read(process, "status")?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
    Ok(kilobytes.and_then(|number| number.trim().parse::<u64>().ok()).ok_or("no VmRSS in /proc/PID/status")? << 10)
}

/// CPU time that it has used, user and system, all threads.
///
/// # Errors
/// As [`memory`].
pub(crate) fn cpu(process: u32) -> Result<Duration, Failure> {
    let stat = read(process, "stat")?;
    // The name may hold anything, a parenthesis too; numbers follow the last one.
    let numbers = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = numbers.skip(11).take(2).filter_map(|number| number.parse::<u64>().ok()).sum();
    Ok(Duration::from_millis(ticks * 10))
}

/// Sockets that it holds.
///
/// # Errors
/// As [`memory`].
pub(crate) fn sockets(process: u32) -> Result<usize, Failure> {
    let files = std::fs::read_dir(format!("/proc/{process}/fd"))?;
    let is_socket = |file: std::io::Result<std::fs::DirEntry>| {
        let target = std::fs::read_link(file.ok()?.path()).ok()?;
        target.to_string_lossy().starts_with("socket:").then_some(())
    };
    Ok(files.filter_map(is_socket).count())
}

fn read(process: u32, file: &str) -> Result<String, Failure> {
    let path = format!("/proc/{process}/{file}");
    Ok(std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_gets_time_and_sockets() {
        let this = std::process::id();
        assert!(memory(this).unwrap() > 1 << 20);
        let before = sockets(this).unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(sockets(this).unwrap() > before || listener.local_addr().is_err());
        let until = cpu(this).unwrap() + Duration::from_millis(20);
        while cpu(this).unwrap() < until {
            std::hint::black_box(0);
        }
        assert!(memory(u32::MAX).unwrap_err().to_string().contains("/proc/4294967295/status"));
    }
}
