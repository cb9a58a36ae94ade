//! `cargo benchmark password-times`: how long the policy judges new passwords that are meant to take long.
//!
//! Random passwords of parts that each make zxcvbn work: signs that stand for letters, repetitions, words of its lists,
//! names of the account. The seed is fixed, so that two runs judge the same passwords.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use fastrand::Rng;
use ops::ui;
use shared::auth::policy::PasswordPolicy;
use shared::model::password::Password;

/// The longest password, in characters.
const MAX_CHARS: usize = 128;

const PARTS: [&str; 16] = [
    "4@8({[<3", "691!|+7", "$50%2", "h0$p!+4l", "p@$$w0rd", "1l|7", "aaaa", "abcabc", "1234",
    "qwerty", "2026", "wojciech", "hospital", "a", "\u{fdfa}", " ",
];

#[derive(clap::Args)]
pub struct Options {
    /// Passwords to judge
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..))]
    passwords: u32,
}

pub fn run(options: &Options) {
    let policy = PasswordPolicy::new(NonZeroUsize::MIN).with_context("Quillon, Farrow");
    // The first password of a process waits for the lists of words.
    judge(&policy, "correct-horse-battery-staple");
    let mut random = Rng::with_seed(19);
    let mut worst = (Duration::ZERO, String::new());
    for _ in 0..options.passwords {
        let password = password(&mut random);
        let time = judge(&policy, &password);
        if time > worst.0 {
            worst = (time, password);
        }
    }
    let (time, password) = worst;
    ui::status("Slowest", format!("{:.1} ms: {password}", time.as_secs_f64() * 1000.0));
}

/// Returns how long the policy judges a password.
#[allow(clippy::disallowed_methods, reason = "measures elapsed time")]
fn judge(policy: &PasswordPolicy, password: &str) -> Duration {
    let (password, started) = (Password::from(password), Instant::now());
    // Whether it is weak does not matter here.
    let _judged = policy.check(&password, &["wojciech.kowalik", "wojciech.kowalik@example.com"]);
    started.elapsed()
}

/// Returns a password of a few parts, repeated to a random length.
fn password(random: &mut Rng) -> String {
    let parts: Vec<&str> = (0..random.usize(1..8)).filter_map(|_| random.choice(PARTS)).collect();
    let length = random.usize(8..=MAX_CHARS);
    parts.concat().chars().cycle().take(length).collect()
}
