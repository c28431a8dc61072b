//! What the kernel says of another process (proc(5)).

use std::fs;
use std::io;
use std::time::Duration;

/// The CPU that all living threads of a process have had.
///
/// # Errors
/// There is no such process, or the kernel does not tell.
pub(crate) fn cpu_time(pid: u32) -> io::Result<Duration> {
    let mut total = None;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        // Threads may end while they are looked at.
        let Ok(schedstat) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        let nanos = schedstat.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
        let nanos = Duration::from_nanos(nanos.ok_or(io::ErrorKind::InvalidData)?);
        total = Some(total.unwrap_or_default() + nanos);
    }
    total.ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// The memory of a process in bytes: the most that it ever had in RAM (`VmHWM`), or what it has now (`VmRSS`).
///
/// # Errors
/// There is no such process.
pub(crate) fn memory(pid: u32, field: &str) -> io::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    Ok(kilobytes.ok_or(io::ErrorKind::InvalidData)? * 1_024)
}

/// The child of a process that runs the program `name`.
///
/// # Errors
/// There is none, or processes cannot be listed.
pub(crate) fn child_of(parent: u32, name: &str) -> io::Result<u32> {
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|pid| pid.parse().ok()) else { continue };
        // Processes may end while they are looked at.
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        // "pid (name) state ppid …", and a name may have anything in it.
        let Some((start, rest)) = stat.rsplit_once(") ") else { continue };
        let is_named = start.split_once(" (").is_some_and(|(_, comm)| comm == name);
        if is_named && rest.split(' ').nth(1) == Some(&parent.to_string()) {
            return Ok(pid);
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_time() {
        let pid = std::process::id();
        assert!(cpu_time(pid).unwrap() > Duration::ZERO);
        let (now, peak) = (memory(pid, "VmRSS").unwrap(), memory(pid, "VmHWM").unwrap());
        assert!(now > 100_000 && peak >= now, "{now} {peak}");
    }

    #[test]
    fn a_child_is_found_by_its_name() {
        let mut child = std::process::Command::new("sleep").arg("10").spawn().unwrap();
        assert_eq!(child_of(std::process::id(), "sleep").unwrap(), child.id());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
