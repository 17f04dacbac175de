//! Deadlines, and how long to wait before asking again.

use std::time::Duration;

use tokio::time::Instant;

use crate::client::CONNECT;

/// The longest that one attempt may take: a healthy table answers within milliseconds, and what
/// is still unanswered then is better asked for again, or looked up, while there is time.
const ATTEMPT: Duration = Duration::from_secs(2);

/// Less time than this is not worth an attempt.
pub(crate) const SHORTEST_ATTEMPT: Duration = Duration::from_millis(20);

/// Less time than this is not worth another attempt to connect, where that failed. The attempt has half
/// of it, and is to end by itself: cut short, it would leave in doubt what was certainly not sent.
pub(crate) const TO_CONNECT: Duration = CONNECT
    .saturating_mul(2)
    .saturating_add(Duration::from_millis(100));

/// The time for one operation where nobody has set a deadline.
const UNHURRIED: Duration = Duration::from_secs(10);

/// How often a request is sent before the store gives up on it.
const TRIES: u32 = 8;

/// The first wait lasts at most this long, each further one at most twice as long as the one before.
const FIRST_WAIT_MS: u64 = 25;

/// No wait is longer than this.
const LONGEST_WAIT_MS: u64 = 1000;

/// When an invocation's time is over.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// So much time from now on.
    pub(crate) fn within(budget: Duration) -> Self {
        // A budget beyond what the clock can count is none.
        Deadline(Instant::now().checked_add(budget))
    }

    /// The deadline of an operation that begins now.
    pub(crate) fn of_operation(self) -> Self {
        match self {
            Deadline(None) => Deadline::within(UNHURRIED),
            deadline => deadline,
        }
    }

    fn left(self) -> Duration {
        match self.0 {
            Some(at) => at.saturating_duration_since(Instant::now()),
            None => UNHURRIED,
        }
    }

    /// How long one attempt may take: at most half of what is left, so that after an attempt that
    /// hangs there is time to find out what became of it. `None` when there is no time for one.
    pub(crate) fn attempt(self) -> Option<Duration> {
        let left = self.left();
        (left >= SHORTEST_ATTEMPT).then(|| ATTEMPT.min(left / 2))
    }
}

/// The waits between the tries of one request: exponential, with full jitter, so that those who
/// met do not meet again.
/// <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    tried: u32,
}

impl Backoff {
    /// Waits before the next try; `false`, at once, when there is to be none.
    pub(crate) async fn wait(&mut self, deadline: Deadline) -> bool {
        self.wait_for(deadline, SHORTEST_ATTEMPT).await
    }

    /// The same before a try that is made only if so much time is left for it.
    pub(crate) async fn wait_for(&mut self, deadline: Deadline, time: Duration) -> bool {
        self.tried += 1;
        if self.tried >= TRIES {
            return false;
        }
        let wait = Duration::from_millis(fastrand::u64(0..=longest_wait_ms(self.tried)));
        if deadline.left() < wait + time {
            return false;
        }
        tokio::time::sleep(wait).await;
        true
    }
}

/// The longest wait after so many tries.
fn longest_wait_ms(tried: u32) -> u64 {
    FIRST_WAIT_MS
        .saturating_mul(1 << tried.saturating_sub(1).min(16))
        .min(LONGEST_WAIT_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_second() {
        let longest: Vec<u64> = (1..TRIES).map(longest_wait_ms).collect();
        assert_eq!(longest, [25, 50, 100, 200, 400, 800, 1000]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_attempt_leaves_as_much_time_as_it_takes() {
        for (budget_ms, attempt_ms) in [
            (60_000, Some(2000)),
            (4000, Some(2000)),
            (1000, Some(500)),
            (20, Some(10)),
            (19, None),
            (0, None),
        ] {
            let deadline = Deadline::within(Duration::from_millis(budget_ms));
            assert_eq!(
                deadline.attempt(),
                attempt_ms.map(Duration::from_millis),
                "{budget_ms}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn tries_end_and_so_does_time() {
        let mut backoff = Backoff::default();
        let deadline = Deadline::within(Duration::from_secs(60));
        let mut tries = 1;
        while backoff.wait(deadline).await {
            tries += 1;
        }
        assert_eq!(tries, TRIES);

        fastrand::seed(5);
        for _ in 0..100 {
            let deadline = Deadline::within(Duration::from_millis(40));
            let mut backoff = Backoff { tried: 1 };
            while backoff.wait(deadline).await {
                assert!(deadline.attempt().is_some(), "it waited for nothing");
            }
        }
    }
}
