//! How much CPU the threads of this process have had, by what they are for.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

/// CPU time by the name of the threads that had it. Threads are named for what runs on them, so this tells the
/// functions from the cloud around them.
pub(crate) type CpuTimes = BTreeMap<String, Duration>;

/// What each living thread of this process has had so far (`/proc/self/task`, proc(5)). The scheduler counts in
/// nanoseconds.
///
/// # Errors
/// There is no such list, or not in that form: it is Linux's.
pub(crate) fn cpu_times() -> io::Result<CpuTimes> {
    let mut times = CpuTimes::new();
    for thread in fs::read_dir("/proc/self/task")? {
        // A thread may end while it is looked at.
        let Ok((name, time)) = cpu_time(&thread?.path()) else { continue };
        *times.entry(name).or_default() += time;
    }
    if times.is_empty() { Err(io::ErrorKind::Unsupported.into()) } else { Ok(times) }
}

/// What was had between two looks.
pub(crate) fn since(before: &CpuTimes, after: &CpuTimes) -> CpuTimes {
    let had = |name: &String| before.get(name).copied().unwrap_or_default();
    after.iter().map(|(name, time)| (name.clone(), time.saturating_sub(had(name)))).collect()
}

fn cpu_time(thread: &Path) -> io::Result<(String, Duration)> {
    let name = fs::read_to_string(thread.join("comm"))?;
    let schedstat = fs::read_to_string(thread.join("schedstat"))?;
    let nanos = schedstat.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    let nanos = nanos.ok_or(io::ErrorKind::InvalidData)?;
    Ok((name.trim_end().to_owned(), Duration::from_nanos(nanos)))
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Instant;

    use super::*;

    #[test]
    fn work_is_put_down_to_the_thread_that_did_it() {
        let before = cpu_times().unwrap();
        let spin = || {
            let started = Instant::now();
            while started.elapsed() < Duration::from_millis(50) {}
            // Only living threads are counted.
            since(&before, &cpu_times().unwrap())["spinner"]
        };
        let (spun, idle) = thread::scope(|scope| {
            let spinner = thread::Builder::new().name("spinner".to_owned()).spawn_scoped(scope, spin).unwrap();
            let idler = thread::Builder::new().name("idler".to_owned());
            let idler = idler.spawn_scoped(scope, || {
                thread::sleep(Duration::from_millis(50));
                cpu_times().unwrap()["idler"]
            });
            (spinner.join().unwrap(), idler.unwrap().join().unwrap())
        });
        // Others may have kept it from the CPU for most of that time.
        assert!(spun > Duration::from_millis(1) && spun < Duration::from_millis(60), "{spun:?}");
        assert!(idle < spun, "{idle:?} {spun:?}");
    }
}
