//! Facts about this machine that a number has to carry.

use crate::bench::Environment;
use serde::{Deserialize, Serialize};
use std::time::{SystemTime, UNIX_EPOCH};

/// The machine a worker runs on.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Host {
    /// Host name.
    pub host: String,
    /// Operating system and kernel.
    pub system: String,
    /// Processor name.
    pub cpu: String,
    /// Logical processors that the process may use.
    pub cores: u32,
}

impl Host {
    /// This machine. What cannot be found out is said to be unknown.
    pub fn here() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).ok().map(|s| s.trim().to_string());
        let unknown = || "unknown".to_string();
        let kernel = read("/proc/sys/kernel/osrelease");
        let os = match std::env::consts::OS {
            "linux" => "Linux",
            "macos" => "macOS",
            "windows" => "Windows",
            other => other,
        };
        let cpu = read("/proc/cpuinfo").and_then(|text| {
            let line = text.lines().find(|l| l.starts_with("model name"))?;
            Some(line.split_once(':')?.1.trim().to_string())
        });
        Self {
            host: read("/proc/sys/kernel/hostname")
                .or_else(|| std::env::var("HOSTNAME").ok())
                .or_else(|| std::env::var("COMPUTERNAME").ok())
                .unwrap_or_else(unknown),
            system: kernel.map_or_else(|| os.to_string(), |kernel| format!("{os} {kernel}")),
            cpu: cpu.unwrap_or_else(|| std::env::consts::ARCH.into()),
            cores: std::thread::available_parallelism().map_or(1, |n| n.get() as u32),
        }
    }

    /// The environment of a run that starts now.
    pub fn environment(&self, runtime: String, threads: Option<u32>) -> Environment {
        Environment {
            host: self.host.clone(),
            system: self.system.clone(),
            cpu: self.cpu.clone(),
            cores: self.cores,
            threads,
            runtime,
            program: crate::VERSION.into(),
            started: rfc3339(SystemTime::now()),
            ..Environment::default()
        }
    }
}

/// Memory, as far as the system tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Memory {
    /// Most that this process has had in RAM, in bytes.
    pub peak: u64,
    /// What the machine (or the container) can still give, in bytes.
    pub available: u64,
}

impl Memory {
    /// Of this process, now; none on systems without /proc.
    pub fn now() -> Option<Self> {
        let peak = kibibytes(&std::fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")?;
        let mut available = kibibytes(&std::fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")?;
        let number = |path: &str| -> Option<u64> { std::fs::read_to_string(path).ok()?.trim().parse().ok() };
        // A container's limit, which is "max" where there is none.
        if let (Some(limit), Some(used)) = (
            number("/sys/fs/cgroup/memory.max"),
            number("/sys/fs/cgroup/memory.current"),
        ) {
            available = available.min(limit.saturating_sub(used));
        }
        Some(Self { peak, available })
    }

    /// As [`Self::now`], with the peak of the process that computes for this one added, when there is one.
    pub fn with(process: Option<u32>) -> Option<Self> {
        let mut memory = Self::now()?;
        if let Some(pid) = process
            && let Ok(status) = std::fs::read_to_string(format!("/proc/{pid}/status"))
        {
            memory.peak += kibibytes(&status, "VmHWM:").unwrap_or(0);
        }
        Some(memory)
    }

    /// True when what took the peak from `before` to here would, twice over, not fit any more: doubling a batch about
    /// doubles what the last doubling took.
    pub fn forbids_doubling(&self, before: u64) -> bool {
        let next = self.peak.saturating_sub(before).saturating_mul(2);
        // A fifth is left to everybody else.
        next > self.available / 5 * 4
    }
}

/// The number in a line such as `VmHWM:     1234 kB`, in bytes.
pub(super) fn kibibytes(text: &str, start: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(start))?;
    line.trim()
        .strip_suffix("kB")?
        .trim()
        .parse::<u64>()
        .ok()?
        .checked_mul(1024)
}

/// The time as RFC 3339 in UTC, to the second.
pub fn rfc3339(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days to civil date, after Howard Hinnant's chrono-compatible algorithms: eras of 400 years that start in March.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_are_written_as_rfc_3339() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_827_696, "2000-02-29T12:34:56Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
            (4_102_444_799, "2099-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_doubling_that_would_not_fit_is_forbidden() {
        let memory = |peak, available| Memory { peak, available };
        assert!(!memory(1_000, 1_000).forbids_doubling(700), "600 of 1,000");
        assert!(memory(1_200, 1_000).forbids_doubling(700), "1,000 of 1,000");
        assert!(!memory(500, 1_000).forbids_doubling(700));
        assert_eq!(kibibytes("VmPeak: 1 kB\nVmHWM:\t  12 kB\n", "VmHWM:"), Some(12 << 10));
        assert_eq!(kibibytes("VmHWM: twelve kB", "VmHWM:"), None);
        #[cfg(target_os = "linux")]
        assert!(Memory::now().is_some_and(|m| m.peak > 0 && m.available > 0));
    }

    #[test]
    fn this_machine_has_a_name_and_cores() {
        let host = Host::here();
        assert!(!host.host.is_empty() && !host.system.is_empty() && !host.cpu.is_empty() && host.cores >= 1);
    }
}
