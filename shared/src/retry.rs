//! What a setback calls for, and how long to wait first. It has no clock and draws nothing: the store hands it time
//! and chance, and so does the simulation (`bench sim`).

use std::time::Duration;

/// An attempt that failed, and may succeed another time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setback {
    /// A condition does not hold: what was read is no longer so.
    Stale,
    /// Another transaction held one of the items.
    Contended,
    /// The service was short of capacity, out of reach, or too slow to answer.
    Unavailable,
}

/// What to do about a setback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// To read and decide anew: the same request cannot succeed.
    DecideAgain,
    /// To send the same request again: it came at the wrong moment. What was decided stays good, and a request whose
    /// answer was lost is recognised by its client token.
    SendAgain,
}

impl Setback {
    /// The same where others are after the last units, too
    /// ([`takes_last_units`](crate::inventory::movement::StockChanges::takes_last_units)): who is in the way is taken to
    /// have got them.
    #[must_use]
    pub fn over_last_units(self) -> Setback {
        if self == Setback::Contended { Setback::Stale } else { self }
    }

    /// What to do about it.
    pub fn remedy(self) -> Remedy {
        match self {
            Setback::Stale => Remedy::DecideAgain,
            Setback::Contended | Setback::Unavailable => Remedy::SendAgain,
        }
    }
}

/// Pauses between attempts: each drawn from zero to a ceiling that doubles ("full jitter", AWS Architecture Blog,
/// "Exponential Backoff And Jitter", 2015), until there is no time left.
#[derive(Debug, Clone)]
pub struct FullJitter {
    ceiling: Duration,
}

/// How long to wait before asking again for what a batch left out.
pub const LEFT_OUT_PAUSE: Duration = Duration::from_millis(20);

impl FullJitter {
    /// The ceiling of the first pause.
    pub const FIRST: Duration = Duration::from_millis(10);
    /// The ceiling that all pauses stay under.
    pub const LARGEST: Duration = Duration::from_millis(800);

    /// No pause was made yet, and that is the ceiling of the first.
    pub fn beginning_at(ceiling: Duration) -> FullJitter {
        FullJitter { ceiling }
    }

    /// The pause before the next attempt, if there is time for one. `left` is the time that is left, and `draw` the
    /// part of the ceiling to wait, from 0 to 1.
    pub fn pause(&mut self, left: Duration, draw: f64) -> Option<Duration> {
        let pause = self.ceiling.mul_f64(draw.clamp(0.0, 1.0));
        self.ceiling = (self.ceiling * 2).min(FullJitter::LARGEST);
        (pause < left).then_some(pause)
    }
}

impl Default for FullJitter {
    /// No pause was made yet.
    fn default() -> FullJitter {
        FullJitter::beginning_at(FullJitter::FIRST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_double_up_to_the_largest() {
        let mut jitter = FullJitter::default();
        let pauses: Vec<_> = (0..9).map_while(|_| jitter.pause(Duration::MAX, 1.0)).map(|p| p.as_millis()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 800, 800]);
    }

    #[test]
    fn pauses_end_with_the_time_there_is() {
        let mut jitter = FullJitter::default();
        assert_eq!(jitter.pause(Duration::from_millis(6), 0.5), Some(Duration::from_millis(5)));
        assert_eq!(jitter.pause(Duration::from_millis(10), 0.5), None);
        assert_eq!(FullJitter::default().pause(Duration::ZERO, 0.0), None);
    }

    #[test]
    fn only_what_is_no_longer_so_is_decided_anew() {
        assert_eq!(Setback::Stale.remedy(), Remedy::DecideAgain);
        assert_eq!(Setback::Contended.remedy(), Remedy::SendAgain);
        assert_eq!(Setback::Unavailable.remedy(), Remedy::SendAgain);
    }

    #[test]
    fn a_conflict_over_the_last_units_is_lost() {
        let over_last_units = [Setback::Stale, Setback::Contended, Setback::Unavailable].map(Setback::over_last_units);
        assert_eq!(over_last_units, [Setback::Stale, Setback::Stale, Setback::Unavailable]);
    }
}
