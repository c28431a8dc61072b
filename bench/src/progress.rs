//! A bar, while somebody watches.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar of `length` steps on stderr, if that is a terminal; otherwise one that nobody sees.
pub(crate) fn bar(length: u64) -> ProgressBar {
    const TEMPLATE: &str = "{elapsed_precise} {bar:40} {percent:>3} % {msg}";
    let target = match std::io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(length), target).with_style(style)
}

/// How often a bar that moves by the clock is drawn again.
pub(crate) const TICK: Duration = Duration::from_millis(100);
