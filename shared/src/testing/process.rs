//! Measures the memory of a process, and the processor time of a process or a thread. Processor time, unlike elapsed
//! time, does not depend on other work of the machine.

use std::fs;
use std::io;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Returns the processor time of the calling thread.
///
/// # Errors
/// The system has no such clock.
pub fn thread_processor_time() -> io::Result<Duration> {
    Ok(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)?.into())
}

/// Returns the processor time of all threads of a running process.
///
/// # Errors
/// The process does not exist, or the system has no such clock.
#[cfg(target_os = "linux")]
pub fn processor_time(process_id: u32) -> io::Result<Duration> {
    let process = i32::try_from(process_id).map_err(io::Error::other)?;
    let clock = nix::time::clock_getcpuclockid(nix::unistd::Pid::from_raw(process))?;
    Ok(clock_gettime(clock)?.into())
}

/// Returns an error: this system has no such clock.
///
/// # Errors
/// Always.
#[cfg(not(target_os = "linux"))]
pub fn processor_time(_process_id: u32) -> io::Result<Duration> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Returns the peak memory of a process, if the system reports it.
pub fn peak_resident_bytes(process_id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process_id}/status")).ok()?;
    high_water_mark(&status)
}

fn high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peak_memory_is_read_in_kib() {
        let status = "VmPeak:\t  9000 kB\nVmHWM:\t    4104 kB\nVmRSS:\t 4000 kB\n";
        assert_eq!(high_water_mark(status), Some(4104 * 1024));
    }

    #[test]
    fn work_takes_processor_time() {
        let before = thread_processor_time().unwrap();
        let sum = (0..1_000_000_u64).fold(0, |sum, n| std::hint::black_box(sum ^ n));
        assert!(thread_processor_time().unwrap() > before, "{sum}");
        if cfg!(target_os = "linux") {
            assert!(processor_time(std::process::id()).unwrap() > Duration::ZERO);
        }
    }
}
